"""A block that is known to be tiny → its outcomes, from its own caller, which claims all branches.

The lookout watches. If the block is still there when it looks again, it makes a `Run` of what is left,
whose tickets are for all branches but the one the caller is in.
"""

from __future__ import annotations

from contextvars import Context, copy_context
from functools import partial
from time import perf_counter
from typing import Any

from dana_runtime.errors import BranchCancelled
from dana_runtime.execution import lookout
from dana_runtime.execution.abandonment import Flight
from dana_runtime.execution.block import Block
from dana_runtime.execution.branches import Branch, run_branch
from dana_runtime.execution.cancellation import Group
from dana_runtime.execution.history import FAR_SECONDS, TINY_SECONDS, History
from dana_runtime.execution.inline import in_time_of
from dana_runtime.execution.outcomes import Outcome
from dana_runtime.execution.run import Run
from dana_runtime.execution.settings import Settings
from dana_runtime.scopes import Layer, current_layer
from dana_runtime.tracebacks import without_runtime_frames

_NO_CONTEXT = Context()


class Claim:
    """One execution of a tiny block by its caller."""

    __slots__ = (
        *("block", "branches", "context", "group", "history", "layer", "outer", "results", "run"),
        *("settings", "tickets", "unclaimed", "value"),
    )

    def __init__(
        self,
        branches: tuple[Branch, ...],
        value: Any,
        block: Block | None,
        settings: Settings,
        group: Group,
        history: History,
        tickets: int,
        outer: Flight | None,
    ) -> None:
        count = len(branches)
        self.branches = branches
        self.value = value
        self.block = block
        self.settings = settings
        self.group = group
        self.history = history
        self.tickets = tickets
        self.outer = outer
        self.context = copy_context()
        self.layer = current_layer.get()
        self.results: list[Any] = [None] * count
        self.unclaimed = list(range(count - 1, -1, -1))
        self.run: Run | None = None

    def outcome(self) -> Outcome:
        """Run the block; return its results and failures."""
        begun = perf_counter()
        try:
            own = self._claim()
            # In this order: if anybody else has claimed a branch there was a run before.
            run = self.run
            outcome: Outcome = (self.results, [])
            if run is not None:
                outcome = run.join(*own)
            elif own[1]:
                outcome = (self.results, own[1])
            seconds = perf_counter() - begun
            self.history.add(
                seconds < TINY_SECONDS * len(self.branches) and not own[1], seconds > FAR_SECONDS
            )
            return outcome
        finally:
            lookout.unwatch(self)
            self.unclaimed.clear()
            if self.run is not None:
                self.run.close()
            self.branches = ()
            self.value = self.block = self.layer = self.outer = None
            self.results = []
            self.context = _NO_CONTEXT

    def _claim(self) -> tuple[int, list[tuple[int, BaseException]]]:
        """Run branches until none is left; return how many, and the failure that ended that."""
        branches, value, block, results = self.branches, self.value, self.block, self.results
        unclaimed, group, layer, context = self.unclaimed, self.group, self.layer, self.context
        outer = self.outer
        count = 0
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
                if outer is None:
                    results[index] = own.run(
                        run_branch, branch, value, group, own_layer, index, block
                    )
                else:
                    run = partial(
                        own.run, run_branch, branch, value, group, own_layer, index, block
                    )
                    results[index] = in_time_of(outer, run, str, None)
            except BaseException as error:
                unclaimed.clear()
                BaseException.with_traceback(error, without_runtime_frames(error.__traceback__))
                return count, [(index, error)]
            count += 1
        return count, []

    def help(self) -> None:
        """Let threads run what is left; called by the lookout, in its own thread and context."""
        if not self.unclaimed:
            return
        run = Run(
            self.branches,
            self.value,
            self.block,
            self.settings,
            self.group,
            self.history,
            self.tickets - 1,
        )
        # What the caller has: the same results and the same branches left to claim.
        run.context, run.layer = self.context, self.layer
        run.results, run.unclaimed = self.results, self.unclaimed
        self.run = run
        run.help()
