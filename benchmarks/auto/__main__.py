"""`python -m benchmarks.auto` → results/auto.json and a table: how `auto` does against the fixed choices.

--only TEXT     only the contests whose name contains TEXT; nothing is written
--quick         a fifth of the time; nothing is written
"""

from __future__ import annotations

import argparse

from benchmarks import report
from benchmarks.auto.contests import measure
from benchmarks.auto.table import table
from benchmarks.children import progress
from benchmarks.measure import conditions


def main() -> None:
    """Measure, and write down what was found."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.auto")
    parser.add_argument("--only", default="", metavar="TEXT")
    parser.add_argument("--quick", action="store_true")
    options = parser.parse_args()
    found = []
    for contest, held in measure(options.only, options.quick):
        found.append(held | {"of_best": contest.of_best, "of_pool": contest.of_pool})
        progress(f"auto: {contest.name}")
    results = {"suite": "auto", "runs": [{"conditions": conditions(), "contests": found}]}
    if options.only or options.quick:
        print(table(results))
    else:
        report.write("auto", results)


if __name__ == "__main__":
    main()
