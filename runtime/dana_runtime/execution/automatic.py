"""A block under `executor="auto"` whose branches go different ways → their outcomes.

    proved pure and tiny ──► the caller, while the others run
    pure, and computing  ──► processes ── fails there ──► once more on a thread, which counts
    coroutine functions  ──► the event loop
    all others           ──► threads

A process that was only chosen, not asked for, must make no difference. What does not come back from there as a
result (it cannot be pickled, it raises, its process dies) is run again on a thread, where it would have run:
it is pure, so that does no harm, and what comes of it there is what counts.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from pickle import PicklingError
from time import monotonic, perf_counter
from types import FunctionType
from typing import Any

from dana_runtime.errors import BranchTimeout, MemoryLimitExceeded, RemoteError, WorkerDied
from dana_runtime.execution.abandonment import Flight
from dana_runtime.execution.attempt import Abandon, Attempt
from dana_runtime.execution.block import Block, block_title
from dana_runtime.execution.branches import Branch, is_coroutine_function
from dana_runtime.execution.cancellation import Group
from dana_runtime.execution.dispatch import Dispatch
from dana_runtime.execution.history import History, codes_of, introduce
from dana_runtime.execution.inline import plain_call
from dana_runtime.execution.outcomes import Outcome, ends_block
from dana_runtime.execution.plain import MANY_ITEMS, is_plain
from dana_runtime.execution.settings import Settings, policy
from dana_runtime.execution.stages import BranchWithPolicy
from dana_runtime.orchestration.branches import Orchestrated
from dana_runtime.tracebacks import without_runtime_frames
from dana_runtime.wording import callable_text, short_repr

_ON_PROCESS = policy(executor="process")


class Automatic(Dispatch):
    """The run of such a block."""

    def __init__(
        self,
        branches: tuple[Branch, ...],
        value: Any,
        block: Block | None,
        settings: Callable[[int], Settings],
        max_workers: int,
        group: Group,
        at_least: int | None,
        history: History,
        outer: Flight | None = None,
    ) -> None:
        self.history = history
        # The branch that the caller itself is in.
        self.outer = outer
        # Branches that go to processes, and those that the caller calls.
        self.moved: set[int] = set()
        self.inline: list[int] = []
        self.walls: list[float | None] = [None] * len(branches)
        self.cpus: list[float | None] = [None] * len(branches)
        # What it took to hand attempts to processes.
        self.handing: dict[int, float] = {}

        def of_branch(index: int) -> Settings:
            own = settings(index)
            return own.with_policy(_ON_PROCESS) if index in self.moved else own

        super().__init__(branches, value, block, of_branch, max_workers, group, at_least=at_least)

    def choosing(self, moved: Collection[int], inline: Collection[int]) -> Outcome:
        """Run the block, with the branches `moved` in processes and `inline` in the caller."""
        own = self.settings
        # What is to be tried again, or has settings of its own, runs as it always did.
        usual = [index for index in range(len(self.branches)) if _is_usual(own(index))]
        self.moved = {index for index in moved if index in usual}
        every = range(len(self.branches))
        if not any(own(index).is_bound for index in every):
            # Where one has a limit its caller has to look at the time, and can call none of them.
            self.inline = [i for i in inline if i in usual and _is_plain_call(own(i))]
        is_moved, begun = bool(self.moved), perf_counter()
        outcome = self.run()
        self.history.add(self.walls, self.cpus, perf_counter() - begun, is_moved)
        return outcome

    def _start_coroutines(self) -> None:
        super()._start_coroutines()
        for index in self.inline:
            self.waiting.remove(index)

    def _wait(self) -> None:
        for index in self.inline:
            if self.failures or not self._called(index):
                break
        super()._wait()

    def _called(self, index: int) -> bool:
        """Call a branch here; False: it has failed, and the block with it."""
        begun = perf_counter()
        try:
            self.results[index] = plain_call(self.branches[index], self.value, self.outer)
        except RecursionError:
            # On a thread there is more room; and to call a pure branch twice does no harm.
            self.waiting.append(index)
            self._start_waiting()
            return True
        except BaseException as error:
            BaseException.with_traceback(error, without_runtime_frames(error.__traceback__))
            self.failures.append((index, error))
            return False
        self.walls[index] = perf_counter() - begun
        self.unfinished -= 1
        return True

    def _launched(self, attempt: Attempt) -> Abandon:
        begun = perf_counter()
        abandon = super()._launched(attempt)
        if attempt.index in self.moved:
            self.handing[attempt.index] = perf_counter() - begun
        return abandon

    def _ended(self, attempt: Attempt, error: BaseException | None) -> BaseException | None:
        index, cost = attempt.index, attempt.cost
        if cost is None and attempt.started is not None:
            # A coroutine: how much of it was computing, nobody knows.
            self.walls[index] = monotonic() - attempt.started
        elif cost is not None:
            self.walls[index], self.cpus[index] = cost
            if index in self.moved and attempt.started is not None:
                # What it took beside its own work.
                under_way = max(0.0, monotonic() - attempt.started - cost[0])
                self.history.add_transfer(index, under_way + self.handing.get(index, 0.0))
        return super()._ended(attempt, error)

    def _failed(self, attempt: Attempt, error: BaseException, is_running: bool = False) -> None:
        index = attempt.index
        if index not in self.moved or isinstance(error, BranchTimeout) or ends_block(error):
            super()._failed(attempt, error, is_running)
            return
        # Not one of its own attempts: as if it had run on a thread from the beginning.
        self.moved.discard(index)
        self.tries[index].number -= 1
        if isinstance(error, _OF_PROCESSES):
            self.history.refuse(index, f"{type(error).__name__}: {short_repr(str(error))}")
        self.waiting.appendleft(index)
        # Its limit counts from its start, and somebody has to look.
        self.look_at = min(self.look_at, monotonic() + self._shortest_limit())


def _is_usual(own: Settings) -> bool:
    return own.executor == "auto" and not own.is_tolerant


def _is_plain_call(own: Settings) -> bool:
    # A failure that is a result, and a limit, are for those who watch a branch.
    return not own.is_bound and own.on_error == "raise"


def prepared(
    history: History,
    branches: tuple[Branch, ...],
    value: Any,
    block: Block | None,
    settings: Settings,
    depth: int,
    is_simple: bool,
) -> tuple[tuple[int, ...], frozenset[int]]:
    """Return the branches for the caller and those for processes; tell the history whose they are.

    `is_simple` says that all branches are plain functions without policies.
    """
    if not history.title:
        _introduce(history, branches, block)
    is_whole = block is None or len(branches) == len(block.branches)
    history.codes = codes_of(branches) if is_simple and is_whole else []
    history.marks = marks = [is_marked(branch, settings) for branch in branches]
    history.coroutines = [i for i, branch in enumerate(branches) if is_coroutine_function(branch)]
    history.sample_now_and_then(value)
    inline, moved = history.inline, history.moved
    if depth >= settings.max_depth or not (inline or moved):
        return (), frozenset()
    if settings.is_bound or settings.on_error != "raise":
        inline = ()
    # What is proved holds for plain values; what the program says holds for all, for as long as it says so.
    proved = history.proved if is_plain(value, MANY_ITEMS) else ()
    return (
        tuple(index for index in inline if marks[index] or index in proved),
        frozenset(index for index in moved if marks[index] or index in proved),
    )


def trained(history: History, block: Block, settings: Settings) -> Settings:
    """Begin with what was learned, have kept what is learned now, and return settings with a learned limit."""
    # Most programs have no profile.
    from dana_runtime.faults import training

    if not history.is_kept:
        assert settings.profile is not None
        training.keep(history, block, settings.profile)
    training.save_now_and_then()
    return training.limited(settings, history)


def is_marked(branch: Branch, settings: Settings) -> bool:
    """Tell whether the program says that a branch is pure: at the block, the branch or the function."""
    function: Any = branch
    if type(function) is BranchWithPolicy:
        said = function.policy.values.get("pure")
        if said is not None:
            return bool(said)
        function = function.function
    if type(function) is Orchestrated:
        function = function.function
    # Only functions are asked: other objects may answer to any name.
    operated = getattr(function, "__poet__", None) if isinstance(function, FunctionType) else None
    said = None if operated is None else operated.policy.values.get("pure")
    return settings.pure if said is None else bool(said)


def _introduce(history: History, branches: tuple[Branch, ...], block: Block | None) -> None:
    if block is None:
        names = tuple(callable_text(branch) for branch in branches)
        introduce(history, block_title(None), names, ())
        return
    names = tuple(text for text, _, _ in block.branches)
    places = tuple(block.place(index) for index in range(len(names)))
    introduce(history, block_title(block), names, places)


# What only happens where a branch runs in a process.
_OF_PROCESSES = (
    ImportError,
    MemoryLimitExceeded,
    PicklingError,
    RemoteError,
    WorkerDied,
)
