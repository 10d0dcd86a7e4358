"""A depth → the event loop of ours that serves it, in a daemon thread of its own.

A coroutine may call plain code that waits for further coroutines. It blocks its loop meanwhile, so
those are on another loop: there is one for each depth. A loop on which nothing has been for
IDLE_SECONDS ends, at the end of the program all of them do, and after os.fork the child has none.
"""

from __future__ import annotations

import asyncio
import atexit
import os
import time
from collections.abc import Sequence
from contextlib import suppress
from contextvars import Context
from threading import RLock, Thread, get_ident

from dana_runtime.errors import BranchCancelled
from dana_runtime.execution.blocked import Probe
from dana_runtime.execution.hosts import (
    GRACE_SECONDS,
    Host,
    Running,
    nesting,
    silence,
    taken_from,
)

IDLE_SECONDS = 30.0

# What all loops together get for ending their coroutines at the end of the program.
EXIT_SECONDS = 1.0

# Each loop has a thread, with a stack of its own, and three file descriptors.
MAX_DEPTH = 100


class BackgroundLoop(Host):
    """An event loop in a thread of its own."""

    __slots__ = ("_has_ended", "_lock", "_pid", "_probe", "_registry", "_was_used", "thread")

    def __init__(self, registry: _Registry, depth: int) -> None:
        super().__init__(asyncio.new_event_loop(), depth)
        self._registry = registry
        self._pid = os.getpid()
        # Held to take more and to end for want of more, which exclude each other.
        self._lock = RLock()
        self._has_ended = False
        self._was_used = True
        self._probe = Probe(self)
        # What the thread does beside its loop, such as finalizers, can wait for deeper loops only.
        context = Context()
        context.run(nesting.set, depth + 1)
        self.thread = Thread(
            target=context.run, args=(self._serve,), name=f"dana:loop:{depth}", daemon=True
        )

    def start(self) -> None:
        """Start its thread; raise RuntimeError if the system or the interpreter refuses."""
        try:
            # In an empty context: from Python 3.14 on a thread can inherit that of its starter,
            # and would keep alive what is in there.
            Context().run(self.thread.start)
        except BaseException:
            self.loop.close()
            raise

    def take(self, runnings: Sequence[Running]) -> bool:
        """Have all of them run; False says that the loop has ended. Any thread."""
        with self._lock:
            self._was_used = True
            return not self._has_ended and super().take(runnings)

    def abandon(self, running: Running) -> None:
        """Cancel the task of one that has been abandoned, and see whether the loop can. Any thread."""
        super().abandon(running)
        if get_ident() != self.thread.ident:
            self.look()

    def look(self) -> None:
        """See whether the loop turns, and do something about it if not. Any thread; returns at once."""
        self._probe.send()

    def retire(self) -> None:
        """Take no more, and pass on what has not begun to a fresh loop. Any thread."""
        self._registry.forget(self)
        fresh: list[Running] = []
        rest: list[Running] = []
        for running in taken_from(self.orders):
            can_move = running.task is None and not running.is_abandoned
            (fresh if can_move else rest).append(running)
        self.running.difference_update(fresh)
        with suppress(RuntimeError):
            # For the time when the loop turns again, unless it is closed.
            self.order(rest)
        try:
            while fresh and not self._registry.at(self.depth).take(fresh):
                pass
        except Exception as error:
            for running in fresh:
                running.attempt.fail(error)

    def end(self) -> None:
        """Take no more, cancel what is running, and end the thread; never waits. Any thread."""
        self._registry.forget(self)
        with self._lock:
            self._has_ended = True
        with suppress(RuntimeError):
            # Closed: it had ended already.
            self.loop.call_soon_threadsafe(self.loop.stop)

    def _serve(self) -> None:
        self.loop.call_later(IDLE_SECONDS, self._end_if_idle)
        while not self._has_ended:
            try:
                self.loop.run_forever()
            except (SystemExit, KeyboardInterrupt):
                # From a task that a coroutine has started: that is how asyncio ends programs. Who
                # awaits the task gets it too, and the others still need the loop.
                continue
            except BranchCancelled:
                # The loop was blocked and given up, and has come free between two coroutines.
                break
            if os.getpid() != self._pid:
                # A coroutine called os.fork, and this is what is left of its thread in the child.
                return
        self._close()

    def _end_if_idle(self) -> None:
        with self._lock:
            if self._was_used or self.running:
                self._was_used = False
                self.loop.call_later(IDLE_SECONDS, self._end_if_idle)
                return
            self._has_ended = True
        self._registry.forget(self)
        self.loop.stop()

    def _close(self) -> None:
        """Cancel what is left, and say nothing of what does not care."""
        # A second BranchCancelled can strike anywhere, and what is left can raise anything.
        with suppress(BaseException):
            self.loop.run_until_complete(self._cancel_rest())
        self.fail_all(lambda running: BranchCancelled())
        with suppress(BaseException):
            silence(self.loop)
            self.loop.close()
        self._registry.alive.discard(self)

    async def _cancel_rest(self) -> None:
        rest = asyncio.all_tasks() - {asyncio.current_task()}
        for task in rest:
            task.cancel()
        if rest:
            await asyncio.wait(rest, timeout=GRACE_SECONDS)
        await asyncio.wait_for(self.loop.shutdown_asyncgens(), GRACE_SECONDS)


class _Registry:
    """The loops of this process."""

    __slots__ = ("alive", "by_depth", "lock")

    def __init__(self) -> None:
        self.lock = RLock()
        self.by_depth: dict[int, BackgroundLoop] = {}
        # Those too that take no more.
        self.alive: set[BackgroundLoop] = set()

    def at(self, depth: int) -> BackgroundLoop:
        with self.lock:
            host = self.by_depth.get(depth)
            if host is None:
                host = BackgroundLoop(self, depth)
                host.start()
                self.alive.add(host)
                self.by_depth[depth] = host
            return host

    def forget(self, host: BackgroundLoop) -> None:
        with self.lock:
            if self.by_depth.get(host.depth) is host:
                del self.by_depth[host.depth]


_registry = _Registry()

# The loops of the processes that this one was forked from: as objects they are here too, and
# whoever let go of them would have asyncio warn of what they had not finished.
_inherited: list[_Registry] = []


def loop_at(depth: int) -> BackgroundLoop:
    """Return the loop for coroutines that `depth` coroutines wait for, started if there is none.

    Raises RecursionError at MAX_DEPTH, RuntimeError if no thread can be started, and OSError if
    no more files can be opened.
    """
    if depth >= MAX_DEPTH:
        raise RecursionError(
            f"{depth} coroutines wait for each other in plain code: await pipelines in them"
        )
    return _registry.at(depth)


def depth_above(loop: asyncio.AbstractEventLoop) -> int:
    """Return the depth of the loop for those that coroutines on `loop` wait for; 0 if it is none of ours."""
    for host in list(_registry.alive):
        if host.loop is loop:
            return host.depth + 1
    return 0


def end_loops() -> None:
    """End all loops; wait for EXIT_SECONDS at most. The next coroutine gets a fresh one."""
    hosts = list(_registry.alive)
    for host in hosts:
        host.end()
    deadline = time.monotonic() + EXIT_SECONDS
    for host in hosts:
        host.thread.join(max(0.0, deadline - time.monotonic()))
        if host.thread.is_alive():
            _silence(host)


def _silence(host: BackgroundLoop) -> None:
    # The loop's own thread may be changing what is looked through here.
    with suppress(RuntimeError):
        silence(host.loop)


def _leave() -> None:
    for host in list(_registry.alive):
        host.is_mute = True
    end_loops()


atexit.register(_leave)


def _forget_loops() -> None:
    global _registry
    for host in list(_registry.alive):
        _silence(host)
    _inherited.append(_registry)
    _registry = _Registry()


if hasattr(os, "register_at_fork"):
    # Only the thread that called os.fork lives on in the child.
    os.register_at_fork(after_in_child=_forget_loops)
