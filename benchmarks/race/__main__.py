"""`python -m benchmarks.race` → results/*.json of all groups, and their sections in README.md.

    --quick         fewer rounds, no reference interpreter; the goals are printed and nothing is written
    --only GROUP    only this group (may be given again)

Each group runs in processes of its own, one after the other: what one leaves behind in threads and
memory the next does not meet.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from time import perf_counter
from typing import Any

from benchmarks import report
from benchmarks.measure import conditions
from benchmarks.race import blocks, compilers, dispatch, memory, others, starting, targets
from benchmarks.race.contest import merged, progress
from benchmarks.race.tables import goals_table

CHECKOUT = Path(__file__).parents[2]

GROUPS: dict[str, Callable[[bool, bool], list[dict[str, Any]]]] = {
    "dispatch": dispatch.measure,
    "blocks": lambda quick, first: blocks.measure(quick),
    "targets": lambda quick, first: targets.measure(quick),
    "compilers": lambda quick, first: compilers.measure(quick),
    "starting": lambda quick, first: starting.measure(quick),
    "memory": lambda quick, first: memory.measure(quick),
}
# Where code lies in memory changes from process to process, and the cost of tiny calls with it.
PROCESSES = {"dispatch": 4}

# They would keep the caches from being written that are measured here, or move them.
_HINDRANCES = ("PYTHONDONTWRITEBYTECODE", "PYTHONPYCACHEPREFIX", "PYTHONOPTIMIZE")


def main() -> None:
    """Measure, and write down what was found."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.race")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--only", action="append", choices=GROUPS, metavar="GROUP")
    parser.add_argument("--group", choices=GROUPS, help=argparse.SUPPRESS)
    parser.add_argument("--number", type=int, default=0, help=argparse.SUPPRESS)
    parser.add_argument("--to", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.group:
        contests = GROUPS[options.group](options.quick, options.number == 0)
        run = {"conditions": conditions() | {"packages": others.versions()}, "contests": contests}
        options.to.write_text(json.dumps(run), "utf-8")
        return
    for line in [f"{name}: {why}" for name, why in others.missing().items()]:
        progress(line)
    found = {}
    for group in options.only or GROUPS:
        found[group] = _run(group, options.quick)
        if not options.quick:
            report.write(group, found[group])
    if options.quick:
        print("\n".join(goals_table(found)))


def _run(group: str, quick: bool) -> dict[str, Any]:
    """Run a group in its processes and return its results."""
    environment = {k: v for k, v in os.environ.items() if k not in _HINDRANCES}
    runs = []
    start = perf_counter()
    for number in range(1 if quick else PROCESSES.get(group, 1)):
        progress(f"{group}, process {number + 1}")
        with tempfile.TemporaryDirectory() as folder:
            target = Path(folder) / "run.json"
            command = [sys.executable, "-m", "benchmarks.race", "--group", group]
            command += ["--number", str(number), "--to", str(target), *["--quick"] * quick]
            subprocess.run(command, cwd=CHECKOUT, env=environment, check=True)
            runs.append(json.loads(target.read_text("utf-8")))
    contests = runs[0]["contests"]
    if len(runs) > 1:
        contests = [merged(list(same)) for same in zip(*[r["contests"] for r in runs], strict=True)]
    seconds = round(perf_counter() - start)
    progress(f"{group}: {seconds} s")
    run = {"conditions": runs[0]["conditions"], "seconds": seconds, "skipped": others.missing()}
    return {"suite": group, "runs": [run | {"contests": contests}]}


if __name__ == "__main__":
    main()
