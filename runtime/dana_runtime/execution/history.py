"""The latest runs of a block → what is known of its branches, and how they run next time.

    runs ─► times of each branch, the latest eight ─► medians ─► choices (`choosing`)

Of each run the time of every branch is kept; how much of it was computing only where the block is not known
to be tiny, and once in 64 runs where it is. So what is kept is bounded, forgets by itself, and a branch that
changes is followed after a few runs: its eighth run is the last one that depends on what was before.
"""

from __future__ import annotations

import os
import sys
from types import BuiltinFunctionType, CodeType, FunctionType, MethodType, ModuleType

from dana_runtime.execution.choosing import (
    TINY_SECONDS,
    TRANSFER_SECONDS,
    WINDOW,
    Choice,
    Figures,
    Machine,
    choose,
    duration,
)
from dana_runtime.execution.plain import Shapes, shape_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any

    Times = list[float | None]

# One run of a tiny block in so many is looked at closely.
SAMPLE = 64

# Of runs that are as they were expected to be, one in so many is followed by a look.
_LOOK = 4

# Whole runs that are compared, with processes and without.
_COMPARED = 4

# Runs of which it is remembered how much computing there was.
_CPU_WINDOW = 3

# Blocks that are kept: those without a description, and those that `stats()` tells of.
_MOST_KNOWN = 1024

PURE = "pure"


class History:
    """What the latest runs of one block were like, and what follows for the next one.

    `is_claimed`: all branches are tiny, their caller may run them. `is_quick`: they are plain functions, too,
    and `codes` what they are made of. `is_bare`: they are proved pure on top of that. `inline` and `moved`: of
    other blocks, the branches that the caller calls plainly, and those for processes. `plain_calls` are those
    of `inline` that the compiler has proved pure.

    Threads may change it at the same time, and one of the changes be lost: no harm is done.
    """

    __slots__ = (
        *(
            "runs",
            "runs_before",
            "walls",
            "cpus",
            "samples",
            "choices",
            "lost",
            "may_gain",
            "expected",
            "shapes",
        ),
        *("is_claimed", "is_quick", "is_bare", "inline", "plain_calls", "moved"),
        *("purity", "proved", "marks", "coroutines", "codes", "refusals", "transfers"),
        *("elapsed_here", "elapsed_there", "tried", "try_again_at"),
        *("names", "places", "title", "is_trained", "is_kept", "longest"),
    )

    def __init__(self, purity: tuple[str, ...] = ()) -> None:
        self.purity = purity
        self.proved = frozenset(i for i, text in enumerate(purity) if text == PURE)
        self.refusals: dict[int, str] = {}
        self.transfers: dict[int, float] = {}
        self.codes: list[CodeType | Callable[..., Any]] = []
        # What the program says of branches, and which are coroutine functions.
        self.marks: Sequence[bool] = ()
        self.coroutines: Sequence[int] = ()
        self.names: tuple[str, ...] = ()
        self.places: tuple[str, ...] = ()
        self.title = ""
        # Whether it began with what another run of the program had seen, and whether that one's successor will.
        self.is_trained = self.is_kept = False
        # The longest time of each branch, if it is kept.
        self.longest: dict[int, float] = {}
        self.clear()

    def clear(self) -> None:
        """Forget all runs."""
        self.runs = 0
        # As many of them as stand for those of earlier runs of the program.
        self.runs_before = 0
        # Rings: run n is at n % WINDOW.
        self.walls: list[Times] = [[] for _ in range(WINDOW)]
        self.cpus: list[Times] = []
        self.samples = 0
        self.choices: list[Choice] = []
        self.is_claimed = self.is_quick = self.is_bare = False
        self.inline: tuple[int, ...] = ()
        self.plain_calls: tuple[int, ...] = ()
        self.moved: frozenset[int] = frozenset()
        self.lost = 0
        # Whether processes might make runs shorter, and which branches are expected to be tiny.
        self.may_gain = False
        self.expected: list[bool] = []
        # What whole runs took, without processes and with them; what has come of trying them.
        self.elapsed_here: list[float] = []
        self.elapsed_there: list[float] = []
        self.tried = ""
        self.try_again_at = 0
        self.shapes = Shapes()

    def is_tiny(self) -> bool:
        """Tell whether the next run can be expected to be tiny."""
        return self.is_claimed

    def wants_cpu(self) -> bool:
        """Tell whether it is to be measured how much of the next run is computing."""
        return not self.is_claimed or self.runs % SAMPLE == 0

    # --- What has happened ------------------------------------------------------------------------

    def add(
        self,
        walls: Times,
        cpus: Times | None = None,
        elapsed: float = 0.0,
        on_processes: bool = False,
    ) -> None:
        """Take in a run: the seconds that each branch took and computed, None for those unknown.

        `elapsed` is what the whole took, whether with branches `on_processes` or without.
        """
        self.walls[self.runs % WINDOW] = walls
        self.runs += 1
        if self.is_claimed and cpus is None and not self.is_kept and _are_tiny(walls):
            # As it was expected: nothing follows from that.
            return
        if cpus is not None:
            self.add_cpu(cpus)
        if self.is_kept:
            for index, seconds in enumerate(walls):
                if seconds is not None and seconds > self.longest.get(index, 0.0):
                    self.longest[index] = seconds
        self.lost += self.may_gain
        is_new = elapsed > 0 and self._compare(elapsed, on_processes)
        # To look takes longer than a tiny block: not every time, once much is known and nothing unusual happens.
        runs, expected = self.runs, self.expected
        is_usual = [
            seconds is not None and seconds <= TINY_SECONDS for seconds in walls
        ] == expected
        period = SAMPLE if self.is_claimed else _LOOK
        if is_new or not is_usual or runs <= 2 * WINDOW or runs % period == 0:
            self.look()

    def _compare(self, elapsed: float, on_processes: bool) -> bool:
        """See whether processes keep what they promise: other programs may need the processors, too.

        True: they do not.
        """
        latest = self.elapsed_there if on_processes else self.elapsed_here
        latest.append(elapsed)
        del latest[:-_COMPARED]
        here, there = self.elapsed_here, self.elapsed_there
        if len(there) == _COMPARED <= len(here) and sorted(there)[1] > sorted(here)[1]:
            self.tried = (
                f"{duration(sorted(there)[1])} with processes, {duration(sorted(here)[1])} without"
            )
            self.try_again_at = self.runs + SAMPLE
            there.clear()
            return True
        return False

    def add_cpu(self, cpus: Times) -> None:
        """Take in how much of a run was computing."""
        if len(self.cpus) < _CPU_WINDOW:
            self.cpus.append(cpus)
        else:
            self.cpus[self.samples % _CPU_WINDOW] = cpus
        self.samples += 1

    def sample_now_and_then(self, value: Any) -> None:
        """Take in what the branches are given, of one run in so many."""
        if self.runs % SAMPLE == 0:
            self.shapes.add(shape_of(value))

    def refuse(self, index: int, why: str) -> None:
        """Take in that a branch cannot run in a process."""
        self.refusals[index] = why

    def add_transfer(self, index: int, seconds: float) -> None:
        """Take in what it has cost to have a branch run in a process."""
        known = self.transfers.get(index, TRANSFER_SECONDS)
        # Up by degrees: a process that is new has more to do.
        self.transfers[index] = min(seconds, 1.5 * known)

    def seed(self, index: int, count: int, wall: float, cpu: float | None, refusal: str) -> None:
        """Begin with what another run of the program has seen of a branch; there are `count` branches."""
        if not self.runs:
            self.runs = self.runs_before = WINDOW
            self.walls = [[None] * count for _ in range(WINDOW)]
            self.cpus = [[None] * count for _ in range(_CPU_WINDOW)]
            self.lost = WINDOW
        for walls in self.walls:
            walls[index] = wall
        for cpus in self.cpus:
            cpus[index] = cpu
        if refusal:
            self.refusals[index] = refusal
        self.is_trained = True

    # --- What follows -----------------------------------------------------------------------------

    def figures(self) -> list[Figures]:
        """Return what is known of each branch."""
        count = max(map(len, self.walls))
        return [self._of_branch(index) for index in range(count)]

    def _of_branch(self, index: int) -> Figures:
        walls = sorted(_column(self.walls, index))
        cpus = sorted(_column(self.cpus, index))
        slow = sum(seconds > TINY_SECONDS for seconds in walls)
        proof = self.purity[index] if index < len(self.purity) else "nothing is proved of it"
        is_marked = index < len(self.marks) and self.marks[index]
        return Figures(
            runs=len(walls),
            wall=walls[len(walls) // 2] if walls else 0.0,
            cpu=cpus[len(cpus) // 2] if cpus else None,
            is_tiny=len(walls) >= WINDOW - 1 and slow <= 1,
            is_pure=is_marked or proof == PURE,
            purity="pure, as the program says" if is_marked else proof,
            is_coroutine=index in self.coroutines,
            refusal=self.refusals.get(index, ""),
            transfer=self.transfers.get(index, TRANSFER_SECONDS),
            way=self.choices[index].way if index < len(self.choices) else "",
        )

    def look(self) -> None:
        """Choose anew."""
        figures = self.figures()
        tried = self.tried if self.runs < self.try_again_at else ""
        choices = choose(figures, Machine(_cores(), _has_gil(), _may_start(), self.lost, tried))
        self.choices = choices
        ways = [choice.way for choice in choices]
        self.may_gain = any(seen.is_pure and (seen.cpu or 0.0) > TINY_SECONDS for seen in figures)
        self.expected = [seen.is_tiny for seen in figures]
        self.moved = frozenset(i for i, way in enumerate(ways) if way == "process")
        self.inline = tuple(i for i, way in enumerate(ways) if way == "inline")
        self.plain_calls = tuple(index for index in self.inline if index in self.proved)
        self.is_claimed = len(ways) > 0 and all(way in ("inline", "caller") for way in ways)
        self.is_quick = self.is_claimed and 1 < len(ways) == len(self.codes)
        self.is_bare = self.is_quick and len(self.proved) == len(ways)


def _are_tiny(walls: Times) -> bool:
    return None not in walls and max(walls) <= TINY_SECONDS  # type: ignore[type-var,operator]


def _column(rows: Sequence[Times], index: int) -> list[float]:
    return [row[index] for row in rows if index < len(row) and row[index] is not None]  # type: ignore[misc]


_processors = 0


def _cores() -> int:
    """Return how many processors this process may use."""
    global _processors
    if not _processors:
        _processors = os.cpu_count() or 1
        if hasattr(os, "sched_getaffinity"):
            _processors = len(os.sched_getaffinity(0))
    return _processors


def _has_gil() -> bool:
    enabled = getattr(sys, "_is_gil_enabled", None)
    return True if enabled is None else bool(enabled())


def _may_start() -> bool:
    # A process of a process runs its branches on threads.
    state = sys.modules.get("dana_runtime.execution.processes.state")
    return state is None or not state.in_worker()


def code_of(function: Any) -> Any:
    """Return what a function is made of: lambdas are made anew at each run, of the same code."""
    if type(function) is MethodType:
        function = function.__func__
    # No other object is asked: it may answer to any name.
    return function.__code__ if type(function) is FunctionType else function


def codes_of(functions: Sequence[Callable[..., Any]]) -> list[Any]:
    """Return what functions are made of; nothing if that would keep alive more than code."""
    codes = [code_of(function) for function in functions]
    return codes if all(type(code) is CodeType or _is_builtin(code) for code in codes) else []


def _is_builtin(function: Any) -> bool:
    if type(function) is type:
        return bool(function.__module__ == "builtins")
    # A method refers to its object.
    return type(function) is BuiltinFunctionType and type(function.__self__) is ModuleType


# --- Blocks that have no description ---------------------------------------------------------------

_of_functions: dict[tuple[int, ...], History] = {}


def history_of(functions: Sequence[Callable[..., Any]]) -> History:
    """Return the history of a block that has no description.

    It is found by what the functions are made of. Of that only the identities are kept, which keep
    nothing alive: where one is given a second time, the block is taken for another one, and nothing but its
    speed depends on that.
    """
    key = tuple([id(code_of(function)) for function in functions])
    known = _of_functions.get(key)
    if known is None:
        if len(_of_functions) >= _MOST_KNOWN:
            _of_functions.clear()
        known = _of_functions[key] = History()
    return known


# --- What there is to tell -------------------------------------------------------------------------

_known: dict[int, History] = {}


def introduce(
    history: History, title: str, names: tuple[str, ...], places: tuple[str, ...]
) -> None:
    """Keep a history for `stats()`, under the name of its block and the names of its branches."""
    history.title, history.names, history.places = title, names, places
    if len(_known) >= _MOST_KNOWN:
        # Copied in one step: other threads may change it meanwhile.
        keys = list(_known)
        for key in keys[: len(keys) + 1 - _MOST_KNOWN]:
            _known.pop(key, None)
    _known[id(history)] = history


def known() -> list[History]:
    """Return the histories of all blocks that have run, the latest ones if there were very many."""
    return list(_known.values())


def forget() -> None:
    """Forget the blocks that have no description, and what there is to tell."""
    _of_functions.clear()
    _known.clear()
