"""A call of plain code, pipelines above all → the same call, awaited in the caller's event loop.

    await awaited_call(function, *args) ──► a worker's thread: function(*args)
                                          │ coroutine stages and branches
        the caller's loop  ◄──────────────┘
                │                         │ plain branches
                │                         └──► workers' threads, as ever
                └── result or failure ◄── call over

Plain code cannot be suspended, so it has a thread for as long as the call lasts. Cancelling goes
both ways: who cancels the awaiting task cancels the blocks and coroutines of the call; and when a
branch fails, its block cancels the coroutines of the others.
"""

from __future__ import annotations

import asyncio
import os
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from contextvars import Context, ContextVar, copy_context
from threading import RLock, Thread
from types import CoroutineType
from typing import Any

from dana_runtime.awaiting import completed
from dana_runtime.execution import traced
from dana_runtime.execution.callers import CallersLoop, callers_loop
from dana_runtime.execution.cancellation import Group, current_group, entered_group
from dana_runtime.execution.workers import Job, put_out, take_back
from dana_runtime.tracebacks import OwnContext, without_runtime_frames
from dana_runtime.wording import callable_text

# Calls of one process that have a thread at once; later ones wait for their turn. Calls made in
# the course of another call are not counted: that one would wait for them.
MAX_CALLS = 1024


async def awaited_call(function: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
    """Return `function(*args, **kwargs)`, run in a thread while this event loop goes on.

    Its coroutine stages and branches run on this loop, in tasks; its plain code on the runtime's
    threads. Contexts are copies of the caller's. The failure is raised as itself.
    """
    if _is_within_call.get():
        return await _called(function, args, kwargs)
    await _turns.take()
    try:
        return await _called(function, args, kwargs)
    finally:
        _turns.give_back()


async def _called(
    function: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]
) -> Any:
    tracer = traced.tracer
    span = None if tracer is None else tracer.call(function)
    job = _Call(function, args, kwargs)
    try:
        if not put_out(job):
            # The pool is full of those that wait for coroutines, which may wait for this call.
            _start_thread(job)
        await job.is_over
    except BaseException as caught:
        job.cancel()
        if span is not None:
            span.end(caught)
        # One turn, in which coroutines that only wait learn of it.
        await asyncio.sleep(0)
        raise
    finally:
        job.host.end()
    error = job.error
    if span is not None:
        span.end(error)
    if error is None:
        return job.result
    try:
        with OwnContext(error):
            raise error
    finally:
        # This frame is in the traceback now; it must not refer back to the error.
        del job, error


class _Call(Job):
    """One awaited call: what its thread and the awaiting task share."""

    __slots__ = ("_claims", "_context", "_group", "_run", "error", "host", "is_over", "result")

    def __init__(
        self, function: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> None:
        super().__init__()
        self.host = CallersLoop()
        self.is_over: asyncio.Future[None] = self.host.loop.create_future()
        self.result: Any = None
        self.error: BaseException | None = None
        # Between the caller's block and those of the call, to cancel these alone. It is no block
        # itself, and so it adds nothing to their depth.
        self._group = Group.within(entered_group())
        self._group.enter()
        self._context = copy_context()
        self._context.run(self._enter)
        self._run = (function, args, kwargs)
        # A thread may take its ticket when the call is cancelled already.
        self._claims = deque((None,))

    def _enter(self) -> None:
        current_group.set(self._group)
        callers_loop.set(self.host)
        _is_within_call.set(True)

    def work(self, thread: Thread | None) -> bool:
        """Run the call, once, and tell the awaiting task."""
        try:
            self._claims.pop()
        except IndexError:
            return False
        function, args, kwargs = self._run
        try:
            if thread is not None:
                thread.name = f"dana:{callable_text(function)}"
            result = self._context.run(function, *args, **kwargs)
            if type(result) is CoroutineType:
                result = self._context.run(completed, result, callable_text(function))
            self.result = result
        except BaseException as error:
            BaseException.with_traceback(error, without_runtime_frames(error.__traceback__))
            self.error = error
        self._let_go()
        with suppress(RuntimeError):
            # The loop is closed, and nobody waits any more.
            self.host.loop.call_soon_threadsafe(self._tell)
        return False

    def _tell(self) -> None:
        if not self.is_over.done():
            self.is_over.set_result(None)

    def _let_go(self) -> None:
        """Refer to nothing that the call was about: its ticket may lie about for longer."""
        self._run = (_nothing, (), {})
        self._context = Context()
        self._group.leave()

    def cancel(self) -> None:
        """Cancel what runs for the call, and let what has not begun never begin."""
        self._group.cancel()
        self.host.end()
        self.host.cancel()
        with suppress(IndexError):
            self._claims.pop()
            self._let_go()
        take_back(self)


def _nothing() -> None:
    pass


def _start_thread(job: _Call) -> None:
    """Start a thread for one call, beside the pool; raise RuntimeError if the system refuses."""
    # In an empty context, which from Python 3.14 on a thread may inherit and keep.
    Context().run(Thread(target=job.work, args=(None,), name="dana:aio", daemon=True).start)


class _Turns:
    """At most MAX_CALLS at once, in the order of coming, whichever loops they come from."""

    __slots__ = ("_free", "_lock", "_waiting")

    def __init__(self) -> None:
        self._lock = RLock()
        self._free = MAX_CALLS
        self._waiting: deque[asyncio.Future[None]] = deque()

    async def take(self) -> None:
        """Wait for a turn."""
        with self._lock:
            if self._free:
                self._free -= 1
                return
            turn = asyncio.get_running_loop().create_future()
            self._waiting.append(turn)
        try:
            await turn
        except BaseException:
            if turn.done() and not turn.cancelled():
                # It has come, too late.
                self.give_back()
            raise

    def give_back(self) -> None:
        """Let the next one have the turn."""
        while True:
            with self._lock:
                if not self._waiting:
                    self._free += 1
                    return
                turn = self._waiting.popleft()
            # On a loop that is closed nobody waits any more.
            with suppress(RuntimeError):
                turn.get_loop().call_soon_threadsafe(self._pass_on, turn)
                return

    def _pass_on(self, turn: asyncio.Future[None]) -> None:
        if turn.done():
            self.give_back()
        else:
            turn.set_result(None)


_turns = _Turns()

# Whether the running code belongs to an awaited call.
_is_within_call: ContextVar[bool] = ContextVar("dana_is_within_call", default=False)


def mark_within_call() -> None:
    """Have calls that the running context awaits take no turns: they belong to one that has begun."""
    _is_within_call.set(True)


def _forget_turns() -> None:
    global _turns
    _turns = _Turns()


if hasattr(os, "register_at_fork"):
    # The calls of the process that this one was forked from go on there.
    os.register_at_fork(after_in_child=_forget_turns)
