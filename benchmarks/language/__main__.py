"""`python -m benchmarks.language` → results/language.json and the table in README.md.

    --python PATH   measure on this Python (again for another one); the default is the one that runs this
    --only TEXT     only the comparisons whose name contains TEXT; nothing is written
    --quick         fewer rounds in fewer processes; nothing is written

Each process measures every comparison. Where code lies in memory differs from process to process, and
changes the figures of tiny functions by some percent: several processes average over that.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from benchmarks import report
from benchmarks.language.comparisons import COMPARISONS, Comparison, is_same_bytecode
from benchmarks.measure import Samples, conditions, interleaved, summary

CHECKOUT = Path(__file__).parents[2]
PROCESSES = 7
ROUNDS = 15
SECONDS = 0.001


def main() -> None:
    """Measure, and write down what was found."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.language")
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
    results = {"suite": "language", "runs": runs}
    if options.only or options.quick:
        print(report.language_tables(results))
    else:
        report.write("language", results)


def _run(python: str, only: str, processes: int) -> dict[str, Any]:
    """Measure in several processes of one Python, one after the other."""
    command = [python, "-m", "benchmarks.language", "--one-process", "--only", only]
    found = []
    for number in range(processes):
        print(f"{python}: process {number + 1} of {processes}", file=sys.stderr)
        process = subprocess.run(command, cwd=CHECKOUT, stdout=subprocess.PIPE, check=True)
        found.append(json.loads(process.stdout))
    comparisons = []
    for index, comparison in enumerate(_chosen(only)):
        samples = [Samples(*process["samples"][index]) for process in found]
        described = {
            "group": comparison.group,
            "name": comparison.name,
            "against": comparison.against,
            "goal": comparison.goal,
            "same_bytecode": found[0]["same_bytecode"][index],
        }
        comparisons.append(described | summary(samples))
    return {"conditions": found[0]["conditions"], "comparisons": comparisons}


def _measure(only: str) -> dict[str, Any]:
    """Measure everything once, in this process."""
    sides = [comparison.sides() for comparison in _chosen(only)]
    return {
        "conditions": conditions(),
        "same_bytecode": [is_same_bytecode(*pair) for pair in sides],
        "samples": [interleaved(*pair, ROUNDS, SECONDS) for pair in sides],
    }


def _chosen(only: str) -> list[Comparison]:
    return [comparison for comparison in COMPARISONS if only in comparison.id]


if __name__ == "__main__":
    main()
