"""The event loop of a caller who awaits a pipeline → where that pipeline's coroutines run."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextvars import ContextVar

from dana_runtime.errors import BranchCancelled
from dana_runtime.execution.hosts import Host, Running, nesting


class CallersLoop(Host):
    """The caller's loop for the time of one awaited call. It belongs to the caller: nothing here stops it.

    A coroutine that blocks it cannot be timed out, since nothing runs there that could.
    """

    __slots__ = ("_is_over",)

    def __init__(self) -> None:
        super().__init__(asyncio.get_running_loop(), nesting.get())
        self._is_over = False

    def take(self, runnings: Sequence[Running]) -> bool:
        """Have all of them run; False says that the call is over. Any thread."""
        return not self._is_over and super().take(runnings)

    def cancel(self) -> None:
        """Abandon all that runs for the call, and leave nobody waiting for it."""
        for running in list(self.running):
            running()
            # At once, since the coroutine may ignore that it is cancelled.
            running.attempt.fail(BranchCancelled())

    def end(self) -> None:
        """Take no more: the call is over."""
        self._is_over = True


# The loop that coroutines of plain code run on if that code was awaited; None: one of ours.
callers_loop: ContextVar[CallersLoop | None] = ContextVar("dana_callers_loop", default=None)
