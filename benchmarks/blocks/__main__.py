"""`python -m benchmarks.blocks` → results/blocks.json and the table in README.md.

    --python PATH   measure on this Python (again for another one); the default is the one that runs this
    --only TEXT     only the comparisons whose name contains TEXT; nothing is written
    --quick         fewer processes; nothing is written

How long it takes to wake a thread depends on where the system puts it, and it mostly stays there: several
processes average over that.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from benchmarks import report
from benchmarks.blocks.comparisons import COMPARISONS, Comparison
from benchmarks.measure import Samples, conditions, interleaved, summary

CHECKOUT = Path(__file__).parents[2]
PROCESSES = 7
ROUNDS = 9
SECONDS = 0.005


def main() -> None:
    """Measure, and write down what was found."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.blocks")
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
    results = {"suite": "block_costs", "runs": runs}
    if options.only or options.quick:
        print(report.block_tables(results))
    else:
        report.write("block_costs", results)


def _run(python: str, only: str, processes: int) -> dict[str, Any]:
    """Measure in several processes of one Python, one after the other."""
    command = [python, "-m", "benchmarks.blocks", "--one-process", "--only", only]
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
            "name": f"{comparison.branches} branches, {comparison.name}",
            "against": comparison.against,
            "goal": comparison.goal,
            "same_bytecode": False,
        }
        comparisons.append(described | summary(samples))
    return {"conditions": found[0]["conditions"], "comparisons": comparisons}


def _measure(only: str) -> dict[str, Any]:
    """Measure everything once, in this process."""
    return {
        "conditions": conditions(),
        "samples": [
            interleaved(*comparison.sides(), ROUNDS, SECONDS) for comparison in _chosen(only)
        ],
    }


def _chosen(only: str) -> list[Comparison]:
    return [comparison for comparison in COMPARISONS if only in comparison.id]


if __name__ == "__main__":
    main()
