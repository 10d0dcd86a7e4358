"""Coroutines that the runtime runs on an event loop → their outcomes.

    take(runnings) ──► orders ──► in the loop: one task for each ──► attempt.finish / attempt.fail
    running()      ──► orders ──► in the loop: its task is cancelled, and looked after for a while

A `Host` is one event loop, ours (see `background`) or that of a caller who awaits a pipeline. What
happens in a task is caught in it, so that a `sys.exit` in a coroutine reaches the block that it
belongs to instead of ending the loop.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextvars import Context, ContextVar
from threading import get_ident
from types import CoroutineType
from typing import Any, Protocol

from dana_runtime.execution import traced
from dana_runtime.logs import log
from dana_runtime.tracebacks import without_runtime_frames

# Seconds that a cancelled coroutine has to end. Then nobody waits for it any more.
GRACE_SECONDS = 0.5

# How many coroutines of ours, each waiting for the next, the running code stands in. Each may
# block its loop while it waits for plain code, so each needs a loop that none of the others is on.
nesting: ContextVar[int] = ContextVar("dana_nesting", default=0)


class Runnable(Protocol):
    """What a host runs: an Attempt, or a coroutine of plain code (see `completion`)."""

    context: Context
    function: Callable[[Any], Any]
    name: str
    thread_name: str
    value: Any

    def begin(self) -> None:
        """Take note that it starts to run."""

    def finish(self, result: Any) -> None:
        """Take the result."""

    def fail(self, error: BaseException) -> None:
        """Take the failure."""

    def is_over(self) -> bool:
        """Tell whether the outcome is known, or wanted no more."""


class Running:
    """One coroutine on its way to a host or there."""

    __slots__ = ("attempt", "host", "is_abandoned", "task")

    def __init__(self, attempt: Runnable) -> None:
        self.attempt = attempt
        # None until a host has taken it.
        self.host: Host | None = None
        self.task: asyncio.Task[None] | None = None
        self.is_abandoned = False

    def __call__(self) -> None:
        """Abandon it. Any thread."""
        self.is_abandoned = True
        self.look_after()

    def look_after(self) -> None:
        """Have its host cancel it if it is abandoned, and see whether it can begin if it has not."""
        host = self.host
        if host is None:
            return
        if self.is_abandoned:
            host.abandon(self)
        elif self.task is None:
            host.look()


class Host:
    """An event loop and what the runtime runs there.

    `depth` is the number of coroutines of ours that wait for those on this loop.
    """

    __slots__ = ("_call", "depth", "is_mute", "loop", "orders", "running")

    def __init__(self, loop: asyncio.AbstractEventLoop, depth: int) -> None:
        self.loop = loop
        self.depth = depth
        # All that it has taken and that has not ended.
        self.running: set[Running] = set()
        # What to look at in the loop: to begin what has just been taken, to cancel what has been
        # abandoned. One call into the loop serves all that has come in until it gets there.
        self.orders: deque[Running] = deque()
        # While that call is on its way: the thread that makes it, nothing once it is made.
        self._call: list[int] | None = None
        # Whether it keeps outcomes to itself. Set at the end of the program: the daemon threads
        # that still wait would print that they were cancelled.
        self.is_mute = False

    def take(self, runnings: Sequence[Running]) -> bool:
        """Have all of them run; False says that the loop takes none any more. Any thread."""
        self.running.update(runnings)
        for running in runnings:
            running.host = self
        try:
            self.order(runnings)
        except RuntimeError:
            # The loop is closed.
            self.running.difference_update(runnings)
            return False
        return True

    def abandon(self, running: Running) -> None:
        """Cancel the task of one that has been abandoned. Any thread."""
        try:
            self.order((running,))
        except RuntimeError:
            # The loop is closed: it has cancelled its tasks.
            self.running.discard(running)

    def look(self) -> None:
        """See whether the loop turns. Any thread; returns at once."""
        # What can be done about it if not is for the loop's owner to say.

    def order(self, runnings: Sequence[Running]) -> None:
        """Have the loop look at `runnings`; raise RuntimeError if it is closed. Any thread."""
        self.orders.extend(runnings)
        call, own = self._call, get_ident()
        # A finalizer may come here while its thread is about to call, and wait for what it has ordered.
        if call is not None and own not in call:
            return
        call = self._call = [own]
        try:
            self.loop.call_soon_threadsafe(self._obey)
        except BaseException:
            self._call = None
            raise
        call.clear()

    def _obey(self) -> None:
        # First: what comes in from now on calls again.
        self._call = None
        cancelled: list[Running] = []
        for running in taken_from(self.orders):
            if running.host is not self:
                # It has moved to another loop after this order was given.
                running.look_after()
            elif running.is_abandoned:
                if self._cancel(running):
                    cancelled.append(running)
            elif running.task is None:
                running.task = self.loop.create_task(
                    _outcome_of(running),
                    name=running.attempt.thread_name,
                    context=running.attempt.context,
                )
        if cancelled:
            self.loop.call_later(GRACE_SECONDS, self._detach, cancelled)

    def _cancel(self, running: Running) -> bool:
        """Cancel one that has been abandoned; tell whether it can still go on."""
        task = running.task
        if task is None:
            # It has not begun, and so it never will.
            self.running.discard(running)
            return False
        return task.cancel()

    def _detach(self, cancelled: list[Running]) -> None:
        """Let go of those that go on although they were cancelled in time, and say so."""
        for running in cancelled:
            self.running.discard(running)
            if running.task is not None and not running.task.done() and not self.is_mute:
                log(f"{running.attempt.name} goes on although it was cancelled", "WARNING")

    def fail_all(self, error_of: Callable[[Running], BaseException]) -> None:
        """Have all that has not ended fail, each with an error of its own. Any thread."""
        # Copied in one operation: the loop may go on changing the set.
        for running in list(self.running):
            self.running.discard(running)
            if not self.is_mute:
                running.attempt.fail(error_of(running))


async def _outcome_of(running: Running) -> None:
    """Run one coroutine to its end and tell the outcome; never raises."""
    attempt, host = running.attempt, running.host
    assert host is not None
    nesting.set(host.depth + 1)
    tracer = traced.tracer
    span = None if tracer is None else tracer.task(attempt)
    try:
        try:
            attempt.begin()
            result = attempt.function(attempt.value)
            if type(result) is CoroutineType or hasattr(type(result), "__await__"):
                result = await result
        finally:
            host.running.discard(running)
    except BaseException as error:
        BaseException.with_traceback(error, without_runtime_frames(error.__traceback__))
        if span is not None:
            span.end(error)
        if not host.is_mute:
            attempt.fail(error)
    else:
        if span is not None:
            span.end()
        if not host.is_mute:
            attempt.finish(result)


def taken_from(orders: deque[Running]) -> Iterator[Running]:
    """Yield what stands in `orders`, each to one taker only; more may come in meanwhile."""
    while True:
        try:
            running = orders.popleft()
        except IndexError:
            return
        yield running


def silence(loop: asyncio.AbstractEventLoop) -> None:
    """Have the tasks that are left on `loop` end with the program without a word."""
    for task in asyncio.all_tasks(loop):
        # The switch that asyncio's own functions use: there is no public one.
        task._log_destroy_pending = False  # type: ignore[attr-defined]
        _keep_for_ever(task)


# Tasks that nobody may let go of.
_kept: set[asyncio.Task[Any]] = set()


def _keep_for_ever(task: asyncio.Task[Any]) -> None:
    """See to it that a task which has ignored its end is never freed, at the end of the program neither.

    To free a coroutine raises GeneratorExit in it. One that goes on in spite of that, in a loop that waits
    for what has ended long ago, would do so for ever in the thread that frees it. And after os.fork the
    clean-up of the parent's coroutines is none of the child's business.
    """
    if task in _kept:
        return
    _kept.add(task)
    try:
        # Imported late: most programs leave no such task.
        import ctypes
    except ImportError:
        return
    # One reference more than there are owners: the interpreter frees what is in modules when it ends.
    ctypes.pythonapi.Py_IncRef(ctypes.py_object(task))
