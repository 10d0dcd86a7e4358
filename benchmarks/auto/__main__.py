"""`python -m benchmarks.auto` → results/auto.json and a table: how `auto` does against the fixed choices.

--only TEXT     only the contests whose name contains TEXT; nothing is written
--quick         a fifth of the time; nothing is written
"""

from __future__ import annotations

import argparse
import json
import statistics
from pathlib import Path
from typing import Any

from benchmarks.auto.contests import AUTO, FIXED, POOL, Contest, measure
from benchmarks.measure import conditions

RESULTS = Path(__file__).parents[1] / "results" / "auto.json"


def main() -> None:
    """Measure, and write down what was found."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.auto")
    parser.add_argument("--only", default="", metavar="TEXT")
    parser.add_argument("--quick", action="store_true")
    options = parser.parse_args()
    found = []
    for contest, held in measure(options.only, options.quick):
        print(_line(contest, held), flush=True)
        found.append(held)
    if not (options.only or options.quick):
        run = {"conditions": conditions(), "contests": found}
        text = json.dumps({"suite": "auto", "runs": [run]}, indent=1, ensure_ascii=False)
        RESULTS.write_text(text + "\n", encoding="utf-8")


def _line(contest: Contest, held: dict[str, Any]) -> str:
    samples: dict[str, list[float]] = held["samples"]
    medians = {name: statistics.median(taken) for name, taken in samples.items()}
    parts = [f"{contest.name}:", f"auto {_shown(medians[AUTO])}"]
    fixed = {name: medians[name] for name in FIXED if name in medians}
    best = min(fixed, key=lambda name: fixed[name])
    speed = _ratio(samples[best], samples[AUTO])
    goal = "" if contest.of_best is None else f" (goal: at least {contest.of_best:g})"
    parts.append(f"· {speed:.2f} times the speed of {best}{goal}")
    if POOL in samples:
        share = _ratio(samples[AUTO], samples[POOL])
        parts.append(f"· {share:.3f} of the time of a {POOL} (goal: at most {contest.of_pool:g})")
    return " ".join(parts)


def _ratio(first: list[float], second: list[float]) -> float:
    """Return the median of the ratios of samples that were taken in the same round."""
    return statistics.median([a / b for a, b in zip(first, second, strict=True)])


def _shown(seconds: float) -> str:
    return f"{seconds * 1e6:.1f} µs" if seconds < 1e-3 else f"{seconds * 1e3:.1f} ms"


if __name__ == "__main__":
    main()
