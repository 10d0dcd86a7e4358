"""Results of all groups → each goal: what was measured, and whether it is met.

A goal is a ratio of two competitors of one contest. Nothing is judged that was not measured.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from benchmarks.race import blocks, compilers, pools, starting, targets
from benchmarks.race.contest import Compared, compared

Results = dict[str, dict[str, Any]]


@dataclass(frozen=True)
class Goal:
    """One line of the table; `measured` is None where someone did not take part."""

    group: str
    figure: str
    limit: float
    at_most: bool
    measured: Compared | None

    @property
    def is_met(self) -> bool:
        """Tell whether the median is on the right side of the goal, as the table shows it."""
        assert self.measured is not None
        shown = round(self.measured.ratio, 3)
        return shown <= self.limit if self.at_most else shown >= self.limit

    @property
    def gap(self) -> float:
        """By what share of itself the goal is missed, or met with room to spare (below 0)."""
        assert self.measured is not None
        share = self.measured.ratio / self.limit - 1
        return share if self.at_most else -share


def goals(results: Results) -> list[Goal]:
    """Return all goals whose group is among the results."""
    found: list[Goal] = []
    for group, of in _OF.items():
        if group in results:
            contests = {c["name"]: c for c in results[group]["runs"][0]["contests"]}
            cores = results[group]["runs"][0]["conditions"]["machine"]["cores"]
            found += of(contests, cores)
    return found


def _ratio(contests: dict[str, Any], name: str, first: str, second: str) -> Compared | None:
    return compared(contests[name], first, second) if name in contests else None


def _dispatch(contests: dict[str, Any], cores: int) -> Iterator[Goal]:
    for name in ("1 stage", "3 stages", "10 stages"):
        measured = _ratio(contests, name, "danac, declarative", "nested calls by hand")
        figure = f"compiled pipe of {name} ÷ hand-written nested calls"
        yield Goal("dispatch", figure, 1.02, True, measured)
    for name in ("3 stages", "10 stages"):
        measured = _ratio(contests, name, "danac, composed", "closure by hand")
        figure = f"composed Pipeline of {name} ÷ hand-written closure"
        yield Goal("dispatch", figure, 1.15, True, measured)


def _blocks(contests: dict[str, Any], cores: int) -> Iterator[Goal]:
    for count, limit in ((2, 0.8), (3, 0.8), (4, 0.7), (8, 0.7)):
        measured = _ratio(contests, f"trivial {count}", blocks.ON_THREADS, pools.KEPT)
        figure = f"block of {count} trivial branches on threads with a timeout ÷ {pools.KEPT}"
        yield Goal("blocks", figure, limit, True, measured)
    for count in (4, 8):
        measured = _ratio(contests, f"trivial {count}", blocks.DEFAULT, pools.KEPT)
        figure = f"the same {count} with the default settings, warm"
        yield Goal("blocks", figure, 0.1, True, measured)
    measured = _ratio(contests, "wait 8", pools.THREADS, blocks.DEFAULT)
    figure = "8 waiting branches, speed-up ÷ that of bare threads"
    yield Goal("blocks", figure, 0.95, False, measured)
    measured = _ratio(contests, "wait 8", pools.SEQUENTIAL, blocks.DEFAULT)
    yield Goal("blocks", "8 waiting branches, speed-up", 6.0, False, measured)
    measured = _ratio(contests, "cpu 2", pools.PROCESSES, blocks.ON_PROCESSES)
    figure = "2 CPU branches in processes, speed-up ÷ that of two bare processes"
    yield Goal("blocks", figure, 0.95, False, measured)


def _targets(contests: dict[str, Any], cores: int) -> Iterator[Goal]:
    for data, count, _, limit in targets.TARGETS:
        name = targets.name_of(data, count, "wait")
        measured = _ratio(contests, name, pools.SEQUENTIAL, blocks.DEFAULT)
        yield Goal("targets", f"{name}: speed-up", limit, False, measured)
    for data, count, _, limit in targets.TARGETS:
        name = targets.name_of(data, count, "data")
        measured = _ratio(contests, name, pools.SEQUENTIAL, blocks.ON_PROCESSES)
        share = measured.over(min(count, cores)) if measured else None
        figure = f"{name} in processes: speed-up ÷ min(functions, cores)"
        yield Goal("targets", figure, limit / count, False, share)


def _compilers(contests: dict[str, Any], cores: int) -> Iterator[Goal]:
    for lines in compilers.LINES:
        measured = _ratio(contests, f"{lines:,} lines", compilers.HY, compilers.DANAC)
        figure = f"compile throughput ÷ Hy's, {lines:,} lines"
        yield Goal("compilers", figure, 3.0, False, measured)
    for lines in compilers.LINES:
        name = f"{lines:,} lines, cached"
        measured = _ratio(contests, name, compilers.DANAC, compilers.BUILT)
        figure = f"cached import ÷ Python's import of the built .py, {lines:,} lines"
        yield Goal("compilers", figure, 1.1, True, measured)


def _starting(contests: dict[str, Any], cores: int) -> Iterator[Goal]:
    measured = _ratio(contests, "hello", starting.DANAC, starting.PYTHON)
    yield Goal("starting", "`danac run` hello, cached ÷ `python hello.py`", 1.5, True, measured)


_OF = {
    "dispatch": _dispatch,
    "blocks": _blocks,
    "targets": _targets,
    "compilers": _compilers,
    "starting": _starting,
}
