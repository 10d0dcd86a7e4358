"""`python -m benchmarks.orchestration` → results/orchestration.json and the table in README.md.

--python PATH   measure on this Python (again for another one); the default is the one that runs this
--only TEXT     only the comparisons whose name contains TEXT; nothing is written
--quick         fewer processes; nothing is written
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from benchmarks import report
from benchmarks.measure import Samples, conditions, interleaved, summary
from benchmarks.orchestration.comparisons import COMPARISONS, GOAL_ADDED, GOAL_RATIO, Comparison

CHECKOUT = Path(__file__).parents[2]
PROCESSES = 7
ROUNDS = 15
SECONDS = 0.001


def main() -> None:
    """Measure, and write down what was found."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.orchestration")
    parser.add_argument("--python", action="append", metavar="PATH")
    parser.add_argument("--only", default="", metavar="TEXT")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--one-process", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one_process:
        json.dump(_measure(options.only), sys.stdout)
        return
    runs = [
        _run(python, options.only, 2 if options.quick else PROCESSES)
        for python in options.python or [sys.executable]
    ]
    goals = {"ratio": GOAL_RATIO, "added": GOAL_ADDED}
    results = {"suite": "orchestration", "goals": goals, "runs": runs}
    if options.only or options.quick:
        print(report.orchestration_tables(results))
    else:
        report.write("orchestration", results)


def _run(python: str, only: str, processes: int) -> dict[str, Any]:
    """Measure in several processes of one Python, one after the other."""
    command = [python, "-m", "benchmarks.orchestration", "--one-process", "--only", only]
    found = []
    for number in range(processes):
        print(f"{python}: process {number + 1} of {processes}", file=sys.stderr)
        process = subprocess.run(command, cwd=CHECKOUT, stdout=subprocess.PIPE, check=True)
        found.append(json.loads(process.stdout))
    comparisons = []
    for index, comparison in enumerate(_chosen(only)):
        samples = [Samples(*process["samples"][index]) for process in found]
        described = {
            "function": comparison.function,
            "name": comparison.name,
            "by_hand": comparison.by_hand,
        }
        comparisons.append(described | summary(samples))
    return {"conditions": found[0]["conditions"], "comparisons": comparisons}


def _measure(only: str) -> dict[str, Any]:
    """Measure everything once, in this process."""
    sides = [comparison.sides() for comparison in _chosen(only)]
    return {
        "conditions": conditions(),
        "samples": [interleaved(*pair, ROUNDS, SECONDS) for pair in sides],
    }


def _chosen(only: str) -> list[Comparison]:
    return [comparison for comparison in COMPARISONS if only in comparison.id]


if __name__ == "__main__":
    main()
