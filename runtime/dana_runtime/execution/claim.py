"""A block that is known to be tiny → its outcomes, from its own caller, which claims all branches.

The lookout watches. If the block is still there when it looks again, it makes a `Run` of what is left,
whose tickets are for all branches but the one the caller is in. Branches that are proved pure need none of
that and are called plainly.
"""

from __future__ import annotations

from collections.abc import Collection
from contextvars import copy_context
from functools import partial
from time import perf_counter
from types import CoroutineType
from typing import Any

from dana_runtime.errors import BranchCancelled
from dana_runtime.execution import lookout, traced
from dana_runtime.execution.abandonment import Flight
from dana_runtime.execution.block import Block
from dana_runtime.execution.branches import (
    Branch,
    completed,
    has_decimal_context,
    name_of,
    own_decimal_context,
    run_branch,
)
from dana_runtime.execution.cancellation import Group, current_group
from dana_runtime.execution.choosing import TINY_SECONDS, WINDOW
from dana_runtime.execution.history import SAMPLE, History
from dana_runtime.execution.inline import in_time_of, plain_call
from dana_runtime.execution.outcomes import Outcome
from dana_runtime.execution.run import Run
from dana_runtime.execution.settings import Settings
from dana_runtime.scopes import Layer, current_layer
from dana_runtime.tracebacks import without_runtime_frames

_clock = perf_counter
_set_group = current_group.set
_set_layer = current_layer.set


# What a claim is about: branches, value, block, settings, group, history, context, layer, results, times.
State = tuple[Any, ...]


class _Claim:
    """One execution of a tiny block by its caller, as the lookout sees it."""

    __slots__ = ("run", "state", "unclaimed")

    def __init__(self, state: State, unclaimed: list[int]) -> None:
        # None once the block is over: the lookout may hold this a little longer.
        self.state: State | None = state
        self.unclaimed = unclaimed
        self.run: Run | None = None

    def help(self) -> None:
        """Let threads run what is left; called by the lookout, in its own thread and context."""
        state = self.state
        if state is None or not self.unclaimed:
            return
        branches, value, block, settings, group, history, context, layer, results, times = state
        tickets = min(len(branches), settings.max_workers) - 1
        run = Run(branches, value, block, settings, group, history, tickets)
        # What the caller has: the same results and the same branches left to claim.
        run.context, run.layer = context, layer
        run.results, run.times, run.unclaimed = results, times, self.unclaimed
        self.run = run
        run.help()


def claimed(
    branches: tuple[Branch, ...],
    value: Any,
    block: Block | None,
    settings: Settings,
    group: Group,
    history: History,
    outer: Flight | None,
    pure: Collection[int],
) -> Outcome | None:
    """Run a block; return its results and failures. None: it is not watched, nothing has begun.

    `outer` is the branch that the caller is in; `pure` are branches that are called plainly.
    """
    count = len(branches)
    # What all branches have in common; each runs in a copy.
    context = copy_context()
    context.run(_set_group, group)
    layer = current_layer.get()
    results: list[Any] = [None] * count
    times: list[float | None] = [None] * count
    unclaimed = [*range(count - 1, -1, -1)]
    state = branches, value, block, settings, group, history, context, layer, results, times
    claim = _Claim(state, unclaimed)
    if not lookout.watch(claim):
        return None
    try:
        finished, failures = _run(state, unclaimed, outer, pure)
        # In this order: if anybody else has claimed a branch there was a run before.
        if claim.run is not None:
            results, failures = claim.run.join(finished, failures)
        elif not failures and history.runs % SAMPLE and sum(times) <= TINY_SECONDS:  # type: ignore[arg-type]
            # All of them are tiny still: this has to cost next to nothing.
            history.walls[history.runs % WINDOW] = times
            history.runs += 1
            return results, failures
        history.sample_now_and_then(value)
        history.add(times)
        return results, failures
    finally:
        unclaimed.clear()
        lookout.unwatch(claim)
        claim.state = None
        if claim.run is not None:
            claim.run.close()


def _run(
    state: State, unclaimed: list[int], outer: Flight | None, pure: Collection[int]
) -> tuple[int, list[tuple[int, BaseException]]]:
    """Run branches until none is left; return how many, and the failure that ended that."""
    branches, value, block, _, group, history, context, layer, results, times = state
    has_decimal = has_decimal_context(context)
    # With a timeline, `run_branch` tells of the branches.
    is_bare = outer is None and traced.tracer is None
    if traced.tracer is not None:
        pure = ()
    finished = 0
    before = _clock()
    while unclaimed:
        try:
            index = unclaimed.pop()
        except IndexError:
            break
        try:
            if group.cancelled:
                raise BranchCancelled
            branch = branches[index]
            if index in pure:
                results[index] = (
                    branch(value) if outer is None else plain_call(branch, value, outer)
                )
            elif is_bare:
                own: Any = context.copy()
                own.run(_set_layer, Layer(layer, block, index))
                if has_decimal:
                    own.run(own_decimal_context)
                result = own.run(branch, value)
                if type(result) is CoroutineType:
                    result = own.run(completed, result, name_of(branches, index, block))
                results[index] = result
            else:
                arguments = branch, value, group, Layer(layer, block, index), index, block
                run = partial(context.copy().run, run_branch, *arguments)
                results[index] = run() if outer is None else in_time_of(outer, run, str, None)
        except BaseException as error:
            times[index] = _clock() - before
            unclaimed.clear()
            if isinstance(error, RecursionError):
                # On a thread there is more room: that is where its next runs go. This one is over, as what is not
                # proved is not called twice.
                history.clear()
            BaseException.with_traceback(error, without_runtime_frames(error.__traceback__))
            return finished, [(index, error)]
        now = _clock()
        times[index] = now - before
        before = now
        finished += 1
    return finished, []
