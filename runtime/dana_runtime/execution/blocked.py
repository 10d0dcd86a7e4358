"""A loop that should do something → left alone if it turns; given up if what nobody wants blocks it.

A coroutine that calls `time.sleep(3600)` stops all others on its loop. When something there is
abandoned, or does not begin, and the loop does not answer, what has not begun moves to a fresh
loop, which gets all new work too. That matters: who blocks the loop may be waiting for just that.
And if the very coroutine that runs is an abandoned one, nobody is left who wants it to go on: the
others on that loop fail with LoopBlocked, and the loop's thread is told to stop. A coroutine that
still is in its time may block its loop: others that have begun there wait, until their own time is
up.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from threading import Lock, RLock, Thread
from typing import TYPE_CHECKING, Any

from dana_runtime.errors import BranchCancelled, LoopBlocked
from dana_runtime.execution.hosts import GRACE_SECONDS, Running
from dana_runtime.execution.striking import strike
from dana_runtime.execution.workers import Job, put_out

if TYPE_CHECKING:
    from dana_runtime.execution.background import BackgroundLoop

# A loop is blocked if one task runs through so many looks. A single long wait would be no proof: a
# thread that holds the GIL that long stops the loop and the one who looks, whichever wakes first.
_LOOKS = 5


class Probe(Job):
    """Looks whether one loop answers: sent by whoever abandons something there, run by a worker."""

    __slots__ = ("_host", "_is_out", "_is_wanted", "_lock")

    def __init__(self, host: BackgroundLoop) -> None:
        super().__init__()
        self._host = host
        self._lock = RLock()
        self._is_out = False
        self._is_wanted = False

    def send(self) -> None:
        """Look once more, from now; returns at once. Any thread."""
        with self._lock:
            self._is_wanted = True
            if self._is_out:
                return
            self._is_out = True
        if not put_out(self):
            self.work(None)

    def work(self, thread: Thread | None) -> bool:
        """Look at the loop until nobody has abandoned anything since."""
        while self._goes_on():
            # A loop that is closed answers nobody; there is nothing to be done about it.
            with suppress(RuntimeError):
                self._look()
        return False

    def _goes_on(self) -> bool:
        with self._lock:
            self._is_out = self._is_wanted
            self._is_wanted = False
            return self._is_out

    def _look(self) -> None:
        host = self._host
        answer = Lock()
        answer.acquire()
        host.loop.call_soon_threadsafe(answer.release)
        suspect, looks = asyncio.current_task(host.loop), 0
        while not answer.acquire(timeout=GRACE_SECONDS / _LOOKS):
            current = asyncio.current_task(host.loop)
            looks = looks + 1 if current is suspect else 0
            suspect = current
            if looks == _LOOKS:
                self._found_blocked(current)
                return

    def _found_blocked(self, task: asyncio.Task[Any] | None) -> None:
        host = self._host
        host.retire()
        blocking = _running_of(host, task)
        if blocking is None:
            self._give_up("another task")
        elif blocking.is_abandoned or blocking.attempt.is_over():
            self._give_up(blocking.attempt.name)

    def _give_up(self, culprit: str) -> None:
        host = self._host
        host.end()
        host.fail_all(lambda running: _blocked_by(culprit, running.attempt.name))
        strike(host.thread, BranchCancelled)


def _running_of(host: BackgroundLoop, task: asyncio.Task[Any] | None) -> Running | None:
    for running in list(host.running):
        if running.task is task and task is not None:
            return running
    return None


def _blocked_by(culprit: str, name: str) -> LoopBlocked:
    return LoopBlocked(f"{name} was on an event loop that was given up: {culprit} blocked it")
