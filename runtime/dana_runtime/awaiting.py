"""Coroutines that stages give → their results: awaited in async code, waited for in plain code."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Coroutine
from contextvars import copy_context
from threading import Lock
from typing import TYPE_CHECKING, Any

from dana_runtime.execution.cancellation import entered_group
from dana_runtime.execution.hosts import GRACE_SECONDS, Running
from dana_runtime.execution.loops import (
    hand_over,
    is_in_callers_loop,
    running_loop,
    warn_of_waiting,
)
from dana_runtime.orchestration.calls import orchestrate
from dana_runtime.tracebacks import OwnContext, program_frame
from dana_runtime.wording import short_repr

if TYPE_CHECKING:
    from dana_runtime.orchestration.context import LocalTable

# Seconds after which a waiting thread looks whether its block still wants it to; and whether a
# signal has come, since Ctrl-C is lost when it strikes just before the wait.
LOOK_SECONDS = 0.1

# Flags of the code of an `async def`.
_ASYNC = inspect.CO_COROUTINE | inspect.CO_ASYNC_GENERATOR

# --- In `await (…)` -------------------------------------------------------------------------------


async def awaited_head(value: Any, where: str) -> Any:
    """Return the head of a pipe in `await (…)`, awaited if it is awaitable.

    Raises TypeError if it is callable: then the pipe is a new function, which nobody can await.
    """
    if callable(value):
        raise TypeError(
            f"{where} cannot be awaited: it is a function, since its head is callable: "
            f"{short_repr(value)} ({type(value).__name__}); write `await ({where}).aio(…)`"
        )
    return await settled(value)


async def awaited_stage(
    value: Any,
    stage: Any,
    where: str,
    local: LocalTable | None = None,
    is_block_result: bool = False,
) -> Any:
    """Call a stage as `call_stage` does, in async code: what is awaitable is awaited."""
    result = orchestrate(stage, value, where, local, is_block_result=is_block_result)
    return await settled(result)


async def settled(value: Any) -> Any:
    """Return `value`, awaited if it is awaitable: generated code cannot see what an unknown stage gives."""
    return await value if inspect.isawaitable(value) else value


# --- In plain code --------------------------------------------------------------------------------


def _itself(coroutine: Any) -> Any:
    return coroutine


class _Completion:
    """A coroutine that a thread waits for, as the host that runs it sees it."""

    __slots__ = (
        "_is_told",
        "context",
        "error",
        "function",
        "latch",
        "name",
        "result",
        "thread_name",
        "value",
    )

    def __init__(self, coroutine: Coroutine[Any, Any, Any], name: str) -> None:
        # A copy, since two threads cannot be in one context. What the coroutine writes to
        # scopes belongs to the branch that waits, whose layer is in there.
        self.context = copy_context()
        self.function: Callable[[Any], Any] = _itself
        self.value: Any = coroutine
        self.name = name
        self.thread_name = "dana:stage"
        self.result: Any = None
        self.error: BaseException | None = None
        self._is_told = Lock()
        self.latch = Lock()
        self.latch.acquire()

    def begin(self) -> None:
        pass

    def finish(self, result: Any) -> None:
        if self._is_told.acquire(blocking=False):
            self.result = result
            self.latch.release()

    def fail(self, error: BaseException) -> None:
        if self._is_told.acquire(blocking=False):
            self.error = error
            self.latch.release()

    def is_over(self) -> bool:
        return self._is_told.locked()


def completed(coroutine: Coroutine[Any, Any, Any], where: str) -> Any:
    """Run the coroutine that the stage or branch `where` gave to plain code, and return its result.

    It runs on an event loop of the runtime, or on that of the caller who awaits the pipeline,
    while this thread waits. Its failure is raised as itself. Raises RuntimeError where an
    `async def` has called the stage itself, and warns where it called plain code that did: there
    the pipe should be awaited. Raises BranchCancelled once nobody wants the result any more; then,
    and at Ctrl-C, the coroutine is cancelled.
    """
    completion = _Completion(coroutine, where)
    try:
        _look_at_caller(where)
        entered_group()
        _wait(completion)
    finally:
        if inspect.getcoroutinestate(coroutine) == inspect.CORO_CREATED:
            # Otherwise Python warns that nobody has awaited it.
            coroutine.close()
    error = completion.error
    if error is None:
        return completion.result
    try:
        with OwnContext(error):
            raise error
    finally:
        # This frame is in the traceback now; it must not refer back to the error.
        del completion, error


def _look_at_caller(where: str) -> None:
    if running_loop() is None:
        return
    frame, _ = program_frame()
    if frame is not None and frame.f_code.co_flags & _ASYNC:
        raise RuntimeError(f"{where} is a coroutine function: in async code write `await (… | …)`")
    if is_in_callers_loop():
        warn_of_waiting(where)


def _wait(completion: _Completion) -> None:
    running = Running(completion)
    try:
        hand_over((running,), completion.context)
        while not completion.latch.acquire(timeout=LOOK_SECONDS):
            entered_group()
            running.look_after()
    except BaseException:
        running()
        # The coroutine may have something to clean up.
        completion.latch.acquire(timeout=GRACE_SECONDS)
        raise
