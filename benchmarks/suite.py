"""Comparisons of two statements → results/NAME.json and their section in README.md.

A suite is a list of comparisons, and `python -m benchmarks.PACKAGE` is `main` of it:

    --python PATH   measure on this Python (again for another one); the default is the one that runs this
    --only TEXT     only the comparisons whose name contains TEXT; nothing is written
    --quick         fewer rounds in fewer processes; nothing is written

Each process measures every comparison. Where code lies in memory, and on which core threads wake up,
differs from process to process and mostly stays: several processes average over that.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from time import perf_counter
from typing import Any, Protocol

from benchmarks import report
from benchmarks.children import progress, run
from benchmarks.measure import Samples, Side, conditions, interleaved, summary

# What one process may take, in seconds.
_MOST = 120.0


class Comparison(Protocol):
    """One line of a table: two sides, of which the first one is measured against the second one."""

    @property
    def id(self) -> str:
        """The name by which one comparison is run."""

    def sides(self) -> tuple[Side, Side]:
        """Return both sides; raises AssertionError if they do not compute the same."""

    def described(self, first: Side, second: Side) -> dict[str, Any]:
        """Return what the table says of the comparison, besides what was measured."""


@dataclass(frozen=True)
class Suite:
    """Comparisons that are measured in one way and stand in one section.

    `package` is below `benchmarks`, and its `__main__` runs this; `name` is that of the results.
    A sample takes about so many `seconds`. `more` goes into the results as it is.
    """

    package: str
    name: str
    comparisons: Sequence[Comparison]
    table: Callable[[dict[str, Any]], str]
    rounds: int
    seconds: float
    processes: int = 7
    # Seconds after which no other process is begun, for each Python.
    most: float = 70.0
    more: dict[str, Any] = field(default_factory=dict)

    def chosen(self, only: str) -> list[Comparison]:
        """Return the comparisons whose name contains `only`."""
        return [comparison for comparison in self.comparisons if only in comparison.id]


def main(suite: Suite) -> None:
    """Measure, and write down what was found."""
    parser = argparse.ArgumentParser(prog=f"python -m benchmarks.{suite.package}")
    parser.add_argument("--python", action="append", metavar="PATH")
    parser.add_argument("--only", default="", metavar="TEXT")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--to", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.to:
        options.to.write_text(json.dumps(_measure(suite, options.only, options.quick)), "utf-8")
        return
    pythons = options.python or [sys.executable]
    runs = [_run(suite, python, options.only, options.quick) for python in pythons]
    results = {"suite": suite.name, **suite.more, "runs": runs}
    if options.only or options.quick:
        print(suite.table(results))
    else:
        report.write(suite.name, results)


def _run(suite: Suite, python: str, only: str, quick: bool) -> dict[str, Any]:
    """Measure in several processes of one Python, one after the other."""
    processes = 2 if quick else suite.processes
    found = []
    start = perf_counter()
    for number in range(processes):
        if found and perf_counter() - start > suite.most:
            progress(
                f"{suite.package}, {python}: {number} processes have taken the time of {processes}"
            )
            break
        with tempfile.TemporaryDirectory() as folder:
            to = Path(folder) / "samples.json"
            command = [python, "-m", f"benchmarks.{suite.package}", "--only", only, "--to", str(to)]
            progress(f"{suite.package}, {python}: process {number + 1} of {processes}")
            if reason := run([*command, *["--quick"] * quick], _MOST):
                progress(f"{suite.package}, {python}: process {number + 1} {reason}")
            else:
                found.append(json.loads(to.read_text("utf-8")))
    if not found:
        sys.exit(f"{suite.package}: no process of {python} has come to its end")
    comparisons = [
        described | summary([Samples(*process["samples"][index]) for process in found])
        for index, described in enumerate(found[0]["described"])
    ]
    return {"conditions": found[0]["conditions"], "comparisons": comparisons}


def _measure(suite: Suite, only: str, quick: bool) -> dict[str, Any]:
    """Measure everything once, in this process."""
    chosen = suite.chosen(only)
    rounds = max(3, suite.rounds // 3) if quick else suite.rounds
    sides = [comparison.sides() for comparison in chosen]
    return {
        "conditions": conditions(),
        "described": [
            comparison.described(*pair) for comparison, pair in zip(chosen, sides, strict=True)
        ],
        "samples": [interleaved(*pair, rounds, suite.seconds) for pair in sides],
    }
