"""`python -m benchmarks.race` → results/*.json of all groups, and their sections in README.md.

    --quick         fewer rounds, no reference interpreter; the goals are printed and nothing is written
    --only GROUP    only this group (may be given again)

Each group runs in processes of its own, one after the other: what one leaves behind in threads and
memory the next does not meet. A process writes down each contest as soon as it is over; when its time
is up it is ended, and the results say what they lack.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import Any

from benchmarks import report
from benchmarks.children import progress, run
from benchmarks.measure import conditions
from benchmarks.race import blocks, cold, compilers, dispatch, memory, others, starting, targets
from benchmarks.race.contest import merged
from benchmarks.race.tables import goals_table

Contests = Iterable[dict[str, Any]]


@dataclass(frozen=True)
class Group:
    """Contests that are measured together, in one process or several, told by number.

    `seconds` is what all of them may take; a quick run may take `quick`, and has `quick_processes`.
    """

    measure: Callable[[bool, int], Contests]
    seconds: float
    quick: float
    processes: int = 1
    quick_processes: int = 1


# The last of these holds the longest contest, which is lost if time runs out.
_KINDS = (("trivial", "wait"), ("array", "cpu"))

GROUPS = {
    # Where code lies in memory changes from process to process, and the cost of tiny calls with it.
    "dispatch": Group(
        lambda quick, number: dispatch.measure(quick, number == 0), 140, 15, processes=4
    ),
    "blocks": Group(
        lambda quick, number: blocks.measure(quick, _KINDS[number]), 400, 50, 2, quick_processes=2
    ),
    "targets": Group(lambda quick, number: targets.measure(quick), 60, 20),
    "compilers": Group(lambda quick, number: compilers.measure(quick), 120, 20),
    "starting": Group(lambda quick, number: starting.measure(quick), 90, 15),
    "cold": Group(lambda quick, number: cold.measure(quick), 60, 15),
    "memory": Group(lambda quick, number: memory.measure(quick), 60, 15),
}


def main() -> None:
    """Measure, and write down what was found; the exit status is 1 if something is lacking."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.race")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--only", action="append", choices=GROUPS, metavar="GROUP")
    parser.add_argument("--group", choices=GROUPS, help=argparse.SUPPRESS)
    parser.add_argument("--number", type=int, default=0, help=argparse.SUPPRESS)
    parser.add_argument("--to", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.group:
        _measure(options.group, options.number, options.quick, options.to)
        return
    for name, reason in others.missing().items():
        progress(f"{name}: {reason}")
    found = {}
    for group in options.only or GROUPS:
        results = _run(group, options.quick)
        if results is not None:
            found[group] = results
            if not options.quick:
                report.write(group, results)
    if options.quick:
        print("\n".join(goals_table(found)))
    if len(found) < len(options.only or GROUPS) or any(
        results["runs"][0]["lacking"] for results in found.values()
    ):
        sys.exit(1)


def _measure(group: str, number: int, quick: bool, to: Path) -> None:
    """Be one process of a group: write what there is after each contest."""
    found: list[dict[str, Any]] = []
    described = conditions() | {"packages": others.versions()}
    for contest in GROUPS[group].measure(quick, number):
        found.append(contest)
        kept = {"conditions": described, "contests": found, "skipped": others.missing()}
        unfinished = to.with_suffix(".unfinished")
        unfinished.write_text(json.dumps(kept), "utf-8")
        unfinished.replace(to)


def _run(name: str, quick: bool) -> dict[str, Any] | None:
    """Run a group in its processes; return its results, or None if there are none."""
    group = GROUPS[name]
    processes = group.quick_processes if quick else group.processes
    runs, lacking = [], []
    start = perf_counter()
    for number in range(processes):
        progress(f"{name}, process {number + 1} of {processes}")
        with tempfile.TemporaryDirectory() as folder:
            to = Path(folder) / "run.json"
            command = [sys.executable, "-m", "benchmarks.race", "--group", name]
            command += ["--number", str(number), "--to", str(to), *["--quick"] * quick]
            # Who takes too long takes the time of those that come next, but not all of it.
            limit = (group.quick if quick else group.seconds) - (perf_counter() - start)
            limit = min(limit, 1.5 * limit / (processes - number))
            if reason := run(command, max(limit, 1)):
                lacking.append(f"process {number + 1} of {processes}: {reason}")
                progress(f"{name}, {lacking[-1]}")
            if to.exists():
                runs.append(json.loads(to.read_text("utf-8")))
    seconds = round(perf_counter() - start)
    progress(f"{name}: {seconds} s")
    if not runs:
        return None
    contests: dict[tuple[str | None, str], list[dict[str, Any]]] = {}
    for found in runs:
        for contest in found["contests"]:
            contests.setdefault((contest.get("kind"), contest["name"]), []).append(contest)
    return {
        "suite": name,
        "runs": [
            {
                "conditions": runs[0]["conditions"],
                "seconds": seconds,
                "skipped": runs[0]["skipped"],
                "lacking": lacking,
                "contests": [
                    merged(same) if len(same) > 1 else same[0] for same in contests.values()
                ],
            }
        ],
    }


if __name__ == "__main__":
    main()
