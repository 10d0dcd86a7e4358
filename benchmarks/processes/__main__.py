"""`python -m benchmarks.processes` → results/processes.json and the table in README.md.

    --joblib FOLDER   where joblib is installed (`pip install --target FOLDER joblib`): it is no
                      dependency of this project, and without it the arrays are not compared
    --rounds N        how often each comparison is made
    --quick           few rounds; nothing is written

Branches that compute are timed in turns with the same work in two processes written by hand, in one
process that has them all warm. The array is handed over cold: each time is that of the first block
in a Python of its own, the start of the workers included, the imports of the libraries not.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
from pathlib import Path
from time import perf_counter
from typing import Any

from benchmarks import report
from benchmarks.measure import PAIRS, conditions
from benchmarks.processes import workloads

CHECKOUT = Path(__file__).parents[2]
MEGABYTES = 100
# Rounds for so much time of a core, on the machine that the page is from.
ROUNDS_OF = {"50 ms": 230_000, "200 ms": 920_000}

COLD = """
import sys
from time import perf_counter
from benchmarks.processes import workloads
import numpy
work = workloads.{function}({megabytes})
if "joblib" not in sys.modules:
    import dana_runtime.execution.processes.slots
start = perf_counter()
result = work()
print(perf_counter() - start, result)
"""


def main() -> None:
    """Measure, and write down what was found."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.processes")
    parser.add_argument("--joblib", metavar="FOLDER")
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--quick", action="store_true")
    options = parser.parse_args()
    rounds = 3 if options.quick else options.rounds
    comparisons = [_busy(name, count, rounds) for name, count in ROUNDS_OF.items()]
    if options.joblib:
        comparisons.append(_array(options.joblib, rounds))
    results = {"suite": "processes", "conditions": conditions(), "comparisons": comparisons}
    if options.quick:
        print(report.processes_tables(results))
    else:
        report.write("processes", results)


def _busy(name: str, count: int, rounds: int) -> dict[str, Any]:
    ours, by_hand, close = workloads.busy(count)
    assert ours() == by_hand()
    times: tuple[list[float], list[float]] = [], []
    for _ in range(rounds):
        taken: tuple[list[float], list[float]] = [], []
        for number in range(PAIRS):
            for side in (0, 1) if number % 2 == 0 else (1, 0):
                taken[side].append(_seconds((ours, by_hand)[side]))
        # Other work makes a time longer and never shorter: the shortest one tells most.
        for side in (0, 1):
            times[side].append(min(taken[side]))
    close()
    # The speed-up of one is to that of the other as the times are, the other way round.
    return _described(f"two branches that compute, {name} each", "two processes by hand", times)


def _seconds(work: workloads.Work) -> float:
    start = perf_counter()
    work()
    return perf_counter() - start


def _array(folder: str, rounds: int) -> dict[str, Any]:
    times: tuple[list[float], list[float]] = [], []
    for number in range(rounds):
        for side in (0, 1) if number % 2 == 0 else (1, 0):
            times[side].append(_cold(("array_in_blocks", "array_in_joblib")[side], folder))
    return _described(f"two branches on one array of {MEGABYTES} MB, cold", "joblib", times)


def _cold(function: str, folder: str) -> float:
    program = COLD.format(function=function, megabytes=MEGABYTES)
    path = os.pathsep.join([*sys.path, folder])
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=CHECKOUT,
        env={**os.environ, "PYTHONPATH": path},
        stdout=subprocess.PIPE,
        check=True,
    )
    return float(done.stdout.split()[0])


def _described(name: str, against: str, times: tuple[list[float], list[float]]) -> dict[str, Any]:
    ratios = [ours / theirs for ours, theirs in zip(*times, strict=True)]
    low, _, high = statistics.quantiles(ratios, n=4)
    return {
        "name": name,
        "against": against,
        "ratio": round(statistics.median(ratios), 3),
        "quartiles": [round(low, 3), round(high, 3)],
        "milliseconds": [round(1000 * statistics.median(side), 1) for side in times],
        "rounds": len(ratios),
    }


if __name__ == "__main__":
    main()
