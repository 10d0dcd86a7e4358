"""A block that is known to be tiny → its outcomes, from its own caller, which claims all branches.

The lookout watches. If the block is still there when it looks again, it makes a `Run` of what is left,
whose tickets are for all branches but the one the caller is in.
"""

from __future__ import annotations

import sys
from contextvars import Context, copy_context
from functools import partial
from time import perf_counter
from types import CoroutineType
from typing import Any, NamedTuple

from dana_runtime.errors import BranchCancelled
from dana_runtime.execution import lookout, traced
from dana_runtime.execution.abandonment import Flight
from dana_runtime.execution.block import Block
from dana_runtime.execution.branches import (
    Branch,
    completed,
    name_of,
    own_decimal_context,
    run_branch,
)
from dana_runtime.execution.cancellation import Group, current_group
from dana_runtime.execution.history import FAR_SECONDS, TINY_SECONDS, History
from dana_runtime.execution.inline import in_time_of
from dana_runtime.execution.outcomes import Outcome
from dana_runtime.execution.run import Run
from dana_runtime.execution.settings import Settings
from dana_runtime.scopes import Layer, current_layer
from dana_runtime.tracebacks import without_runtime_frames


class Tiny(NamedTuple):
    """What there is to run."""

    branches: tuple[Branch, ...]
    value: Any
    block: Block | None
    settings: Settings
    group: Group
    history: History
    outer: Flight | None


class _Claim:
    """One execution of a tiny block by its caller, as the lookout sees it."""

    __slots__ = ("context", "results", "run", "tiny", "unclaimed")

    def __init__(
        self, tiny: Tiny, context: Context, results: list[Any], unclaimed: list[int]
    ) -> None:
        # None once the block is over: the lookout may hold this a little longer.
        self.tiny: Tiny | None = tiny
        self.context = context
        self.results = results
        self.unclaimed = unclaimed
        self.run: Run | None = None

    def help(self) -> None:
        """Let threads run what is left; called by the lookout, in its own thread and context."""
        tiny = self.tiny
        if tiny is None or not self.unclaimed:
            return
        branches, value, block, settings, group, history, _ = tiny
        tickets = min(len(branches), settings.max_workers) - 1
        run = Run(branches, value, block, settings, group, history, tickets)
        # What the caller has: the same results and the same branches left to claim.
        run.context, run.layer = self.context, self.context.get(current_layer)
        run.results, run.unclaimed = self.results, self.unclaimed
        self.run = run
        run.help()


def claimed(tiny: Tiny) -> Outcome | None:
    """Run the block; return its results and failures. None: it is not watched, nothing has begun."""
    begun = perf_counter()
    count = len(tiny.branches)
    context = copy_context()
    context.run(current_group.set, tiny.group)
    results: list[Any] = [None] * count
    unclaimed = list(range(count - 1, -1, -1))
    claim = _Claim(tiny, context, results, unclaimed)
    if not lookout.watch(claim):
        return None
    try:
        finished, failures = _run(tiny, context, results, unclaimed)
        # In this order: if anybody else has claimed a branch there was a run before.
        if claim.run is not None:
            results, failures = claim.run.join(finished, failures)
        seconds = perf_counter() - begun
        tiny.history.add(seconds < TINY_SECONDS * count and not failures, seconds > FAR_SECONDS)
        return results, failures
    finally:
        unclaimed.clear()
        lookout.unwatch(claim)
        if claim.run is not None:
            claim.run.close()
        claim.tiny = None
        claim.context = _NO_CONTEXT
        claim.results = _NOTHING


_NO_CONTEXT = Context()
_NOTHING: list[Any] = []


def _run(
    tiny: Tiny, context: Context, results: list[Any], unclaimed: list[int]
) -> tuple[int, list[tuple[int, BaseException]]]:
    """Run branches until none is left; return how many, and the failure that ended that."""
    branches, value, block, _, group, _, outer = tiny
    layer = current_layer.get()
    set_layer = current_layer.set
    # Where it is loaded later, no branch has the decimal context of another.
    has_decimal = "decimal" in sys.modules
    # With a timeline, `run_branch` tells of the branches.
    is_bare = outer is None and traced.tracer is None
    finished = 0
    while unclaimed:
        try:
            index = unclaimed.pop()
        except IndexError:
            break
        try:
            if group.cancelled:
                raise BranchCancelled
            own_layer = Layer(layer, block, index)
            branch = branches[index]
            own: Any = context.copy()
            if is_bare:
                own.run(set_layer, own_layer)
                if has_decimal:
                    own.run(own_decimal_context)
                result = own.run(branch, value)
                if type(result) is CoroutineType:
                    result = own.run(completed, result, name_of(branches, index, block))
            else:
                run = partial(own.run, run_branch, branch, value, group, own_layer, index, block)
                result = run() if outer is None else in_time_of(outer, run, str, None)
            results[index] = result
        except BaseException as error:
            unclaimed.clear()
            BaseException.with_traceback(error, without_runtime_frames(error.__traceback__))
            return finished, [(index, error)]
        finished += 1
    return finished, []
