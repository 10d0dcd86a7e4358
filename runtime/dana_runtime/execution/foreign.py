"""Attempts → calls on an executor that the program brings along: any `concurrent.futures.Executor`.

    start(attempt) ─► the executor's workers share our memory ─► submit(run in the branch's context)
                  └─► they do not ─► Envelope ─► submit(worker.serve, task) ─► opened

A `ThreadPoolExecutor` shares memory, a `ProcessPoolExecutor` does not; any other executor is asked
once, by a call that looks for a mark which only this process (and this interpreter) has.

A branch on a thread begins when its call begins. Of another process nothing is known: there a
branch begins when it is submitted, and the time that it waits in the executor's queue counts.
Abandoning cancels what has not begun; what runs goes on, since it is not ours to kill.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import BrokenExecutor, Executor, Future, ThreadPoolExecutor
from contextlib import suppress
from typing import Any
from uuid import uuid4
from weakref import WeakKeyDictionary

from dana_runtime.errors import WorkerDied
from dana_runtime.execution.attempt import Attempt
from dana_runtime.execution.branches import completed_value
from dana_runtime.execution.processes import missing_extra, nothing

# This process, and no other one: also not a child that was forked.
_mark = uuid4().hex

# What is known of executors.
_shares_memory: WeakKeyDictionary[Executor, bool] = WeakKeyDictionary()


def start(attempt: Attempt) -> Callable[[], None]:
    """Start `attempt` on the executor in its settings; return what abandons it."""
    executor: Any = attempt.settings.executor
    try:
        if isinstance(executor, str):
            raise TypeError(f"executor={executor!r} is no executor of the program")
        shares_memory = _shares_memory.get(executor)
        if shares_memory is None and type(executor) is ThreadPoolExecutor:
            shares_memory = _shares_memory[executor] = True
        if shares_memory is None:
            return _after_asking(attempt, executor)
        return _submit(attempt, executor, shares_memory)
    except BaseException as error:
        _refused(attempt, error)
        return nothing


def _has_mark(mark: str) -> bool:
    return mark == _mark


def _after_asking(attempt: Attempt, executor: Executor) -> Callable[[], None]:
    """Start `attempt` once it is known whether workers of `executor` share our memory."""
    # The abandoning of the attempt itself, once there is one: whoever takes it out calls it.
    abandons: list[Callable[[], None]] = []
    asked = executor.submit(_has_mark, _mark)

    def answered(future: Future[bool]) -> None:
        try:
            _shares_memory[executor] = future.result()
        except BaseException as error:
            _refused(attempt, error)
        else:
            if not attempt.is_over():
                abandons.append(start(attempt))
                # It may have been abandoned in the meantime, by who found nothing to call.
                if attempt.is_over():
                    abandon_attempt()

    def abandon_attempt() -> None:
        with suppress(IndexError):
            abandons.pop()()

    def abandon() -> None:
        asked.cancel()
        abandon_attempt()

    asked.add_done_callback(answered)
    return abandon


def _submit(attempt: Attempt, executor: Executor, shares_memory: bool) -> Callable[[], None]:
    if shares_memory:
        running = executor.submit(_run, attempt)
        running.add_done_callback(lambda future: _lost(attempt, future))
        return lambda: _cancel(running)
    try:
        from dana_runtime.execution.processes import worker
        from dana_runtime.execution.processes.envelope import Envelope, deliver, opened
    except ImportError as error:
        raise missing_extra(type(executor).__name__, "processes", error) from error
    # Whether its processes are on this machine is not known, so nothing goes through files.
    envelope = Envelope(attempt, local=False)

    def served(future: Future[Any]) -> None:
        envelope.close()
        if _lost(attempt, future):
            return
        deliver(attempt, opened(attempt, future.result()))

    attempt.begin()
    try:
        serving = executor.submit(worker.serve, envelope.task)
    except BaseException:
        envelope.close()
        raise
    serving.add_done_callback(served)
    return lambda: _cancel(serving)


def _run(attempt: Attempt) -> None:
    """Run the branch in a thread of the executor; ends the attempt and does not raise."""
    if attempt.is_over():
        return
    attempt.begin()
    try:
        result = attempt.context.run(completed_value, attempt)
    except BaseException as error:
        attempt.fail(error)
    else:
        attempt.finish(result)


def _lost(attempt: Attempt, future: Future[Any]) -> bool:
    """End `attempt` if the executor has not run it, and tell whether that is so."""
    if future.cancelled():
        _refused(attempt, RuntimeError(f"{attempt.name}: its executor has cancelled it"))
        return True
    error = future.exception()
    if error is not None:
        _refused(attempt, error)
    return error is not None


def _refused(attempt: Attempt, error: BaseException) -> None:
    if isinstance(error, BrokenExecutor):
        because = f": {str(error).strip().splitlines()[0]}" if str(error).strip() else ""
        died = WorkerDied(f"{attempt.name}: the executor that ran it is broken{because}")
        died.__cause__ = error
        error = died
    attempt.fail(error)


def _cancel(future: Future[Any]) -> None:
    future.cancel()


def _new_mark() -> None:
    global _mark
    _mark = uuid4().hex
    _shares_memory.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_new_mark)
