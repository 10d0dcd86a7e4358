"""results/auto.json → its section of README.md: `auto`, the best fixed choice, and a kept pool."""

from __future__ import annotations

import statistics
from typing import Any

FIXED = ("inline", "thread", "process")
AUTO = "auto"
POOL = "kept ThreadPoolExecutor"


def table(results: dict[str, Any]) -> str:
    """Return the table, without its title: one row a block."""
    lines = [
        f"| block | {AUTO} | best fixed choice | speed ÷ its speed | goal | time ÷ {POOL} | goal |",
        "| --- | --: | --- | --: | --: | --: | --: |",
    ]
    for run in results["runs"]:
        lines += [row(contest) for contest in run["contests"]]
    return "\n".join(lines)


def row(contest: dict[str, Any]) -> str:
    """Return the row of one block."""
    samples: dict[str, list[float]] = contest["samples"]
    medians = {name: statistics.median(taken) for name, taken in samples.items()}
    best = min((name for name in FIXED if name in medians), key=lambda name: medians[name])
    cells = [contest["name"], _shown(medians[AUTO]), f"`{best}` {_shown(medians[best])}"]
    speed, at_least = _ratio(samples[best], samples[AUTO]), contest["of_best"]
    misses = at_least is not None and round(speed, 2) < at_least
    cells += [_bold(f"{speed:.2f}", misses), "" if at_least is None else f"≥ {at_least:g}"]
    if POOL in samples:
        share, at_most = _ratio(samples[AUTO], samples[POOL]), contest["of_pool"]
        cells += [_bold(f"{share:.3f}", round(share, 3) > at_most), f"≤ {at_most:g}"]
    else:
        cells += ["", ""]
    return f"| {' | '.join(cells)} |"


def _ratio(first: list[float], second: list[float]) -> float:
    """Return the median of the ratios of samples that were taken in the same round."""
    return statistics.median([a / b for a, b in zip(first, second, strict=True)])


def _bold(text: str, is_missed: bool) -> str:
    return f"**{text}**" if is_missed else text


def _shown(seconds: float) -> str:
    return f"{seconds * 1e6:.1f} µs" if seconds < 1e-3 else f"{seconds * 1e3:.1f} ms"
