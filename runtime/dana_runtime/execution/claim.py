"""A block that is known to be tiny → its outcomes, from its own caller, which claims all branches.

The lookout watches. If the block is still there when it looks again, it makes a `Run` of what is left,
whose tickets are for all branches but the one the caller is in. Branches that are proved pure need none of
that and are called plainly.
"""

from __future__ import annotations

import sys
from collections.abc import Collection
from contextvars import Context, copy_context
from functools import partial
from time import perf_counter
from types import CoroutineType
from typing import Any

from dana_runtime.errors import BranchCancelled
from dana_runtime.execution import lookout
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
from dana_runtime.execution.history import SAMPLE, History
from dana_runtime.execution.choosing import TINY_SECONDS
from dana_runtime.execution.inline import in_time_of
from dana_runtime.execution.outcomes import Outcome
from dana_runtime.execution.run import Run
from dana_runtime.execution.settings import Settings
from dana_runtime.scopes import Layer, current_layer
from dana_runtime.tracebacks import without_runtime_frames

_clock = perf_counter
_set_group = current_group.set
_set_layer = current_layer.set
_NO_CONTEXT = Context()
_NOTHING: list[Any] = []


class Claim:
    """One execution of a tiny block by its caller, as the lookout sees it."""

    __slots__ = (
        *("branches", "value", "block", "settings", "group", "history", "outer", "pure"),
        *("context", "layer", "results", "times", "unclaimed", "run"),
    )

    def __init__(
        self,
        branches: tuple[Branch, ...],
        value: Any,
        block: Block | None,
        settings: Settings,
        group: Group,
        history: History,
        outer: Flight | None,
        pure: Collection[int],
    ) -> None:
        count = len(branches)
        self.branches = branches
        self.value = value
        self.block = block
        self.settings = settings
        self.group = group
        self.history = history
        # The branch that the caller itself is in.
        self.outer = outer
        # Branches that cannot be held up by others, nor be seen by them.
        self.pure = pure
        # What all branches have in common; each runs in a copy.
        self.context = context = copy_context()
        context.run(_set_group, group)
        self.layer = current_layer.get()
        self.results: list[Any] = [None] * count
        self.times: list[float | None] = [None] * count
        self.unclaimed = [*range(count - 1, -1, -1)]
        self.run: Run | None = None

    def help(self) -> None:
        """Let threads run what is left; called by the lookout, in its own thread and context."""
        if not self.unclaimed:
            return
        settings, branches = self.settings, self.branches
        tickets = min(len(branches), settings.max_workers) - 1
        run = Run(branches, self.value, self.block, settings, self.group, self.history, tickets)
        # What the caller has: the same results and the same branches left to claim.
        run.context, run.layer = self.context, self.layer
        run.results, run.times, run.unclaimed = self.results, self.times, self.unclaimed
        self.run = run
        run.help()

    def close(self) -> None:
        """Hold nothing from now on: the lookout may have this a little longer."""
        self.unclaimed.clear()
        if self.run is not None:
            self.run.close()
        self.branches, self.context, self.layer = (), _NO_CONTEXT, None
        self.value = self.block = self.outer = None
        self.results = self.times = _NOTHING


def claimed(claim: Claim) -> Outcome | None:
    """Run the block; return its results and failures. None: it is not watched, nothing has begun."""
    if not lookout.watch(claim):
        return None
    try:
        results, times, history = claim.results, claim.times, claim.history
        finished, failures = _run(claim)
        # In this order: if anybody else has claimed a branch there was a run before.
        if claim.run is not None:
            results, failures = claim.run.join(finished, failures)
        runs = history.runs
        if failures or not runs % SAMPLE or sum(times) > TINY_SECONDS:  # type: ignore[arg-type]
            if not runs % SAMPLE:
                history.sample(claim.value)
            history.add(times)
        else:
            history.walls[runs & 7] = times
            history.runs = runs + 1
        return results, failures
    finally:
        lookout.unwatch(claim)
        claim.close()


def _run(claim: Claim) -> tuple[int, list[tuple[int, BaseException]]]:
    """Run branches until none is left; return how many, and the failure that ended that."""
    branches, value, block, group = claim.branches, claim.value, claim.block, claim.group
    outer, context, layer, pure = claim.outer, claim.context, claim.layer, claim.pure
    results, times, unclaimed = claim.results, claim.times, claim.unclaimed
    # Where it is loaded later, no branch has the decimal context of another.
    has_decimal = "decimal" in sys.modules
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
                results[index] = branch(value)
            elif outer is None:
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
                results[index] = in_time_of(outer, run, str, None)
        except BaseException as error:
            times[index] = _clock() - before
            unclaimed.clear()
            BaseException.with_traceback(error, without_runtime_frames(error.__traceback__))
            return finished, [(index, error)]
        now = _clock()
        times[index] = now - before
        before = now
        finished += 1
    return finished, []
