"""Streams of inputs whose consumers are elsewhere → an end in time for the branches that are overdue.

    watch(stream) ─► the keeper, a thread ─► stream.look(now) ─► when to look again
                          ▲────────── sleeps until the earliest of these ──┘

Whoever waits for a block sees to its time. A `map` goes on while the program does something with a
result, so somebody else has to. One thread serves all streams of the process, it runs no code of the
program, and ends when it has had nothing to do for IDLE_SECONDS. Where it cannot be started the time
of an input is seen to only while somebody waits for a result.

Finalizers may come here at any moment, in any thread: they end streams, and may begin new ones. So
the lock can be taken twice by one thread; and two keepers instead of one do no harm.
"""

from __future__ import annotations

import os
import sys
import threading
from contextlib import suppress
from contextvars import Context
from queue import Empty, SimpleQueue
from time import monotonic
from typing import Protocol

IDLE_SECONDS = 30.0

# The longest that os.fork waits for a look, in seconds. One takes microseconds.
FORK_SECONDS = 1.0


class Watched(Protocol):
    """A stream of inputs, some of which may be running."""

    # When to look next, in the seconds of `time.monotonic`.
    look_at: float

    def look(self, now: float) -> float:
        """End what is overdue; return when to look again. Any thread; waits for nobody."""

    def renew_lock(self) -> None:
        """Forget who is at the stream: in a forked child nobody is."""


class _State:
    """The keeper of this process."""

    __slots__ = ("bell", "lock", "looking", "streams", "thread", "wake_at")

    def __init__(self) -> None:
        self.lock = threading.RLock()
        # The keeper has it while it looks; who forks waits, so that the child finds no look cut in two.
        self.looking = threading.RLock()
        # Changed without the lock: adding and discarding are atomic.
        self.streams: set[Watched] = set()
        # What comes here wakes the keeper; True lets it end if there is nothing to do.
        self.bell: SimpleQueue[bool] = SimpleQueue()
        self.wake_at = 0.0
        self.thread: threading.Thread | None = None


_state = _State()


def watch(stream: Watched) -> None:
    """Look at `stream` when it says so, until `unwatch`."""
    state = _state
    state.streams.add(stream)
    # In this order, and in the other one in `_keep`: it sees the stream, or is woken or started.
    if state.thread is None:
        with state.lock:
            if state.thread is None:
                _start(state)
    elif stream.look_at < state.wake_at:
        state.bell.put(False)


def unwatch(stream: Watched) -> None:
    """The stream is over."""
    _state.streams.discard(stream)


def dismiss() -> None:
    """Let the keeper end if it has nothing to do."""
    _state.bell.put(True)


def _start(state: _State) -> None:
    if sys.is_finalizing():
        return
    thread = threading.Thread(target=_keep, args=(state,), name="dana:time", daemon=True)
    state.thread = thread
    try:
        # In an empty context, which the thread would otherwise keep alive.
        Context().run(thread.start)
    except RuntimeError:
        state.thread = None


def _keep(state: _State) -> None:
    own = threading.current_thread()
    while state.thread is own:
        # Who comes before it is known rings.
        state.wake_at = float("inf")
        with state.looking:
            wake_at = _look(state, monotonic())
        state.wake_at = wake_at
        try:
            may_end = state.bell.get(timeout=max(0.0, wake_at - monotonic()))
        except Empty:
            may_end = True
        if may_end and not state.streams:
            with state.lock:
                # In this order, and in the other one in `watch`: who comes now is seen, or starts another.
                state.thread = None
                if not state.streams:
                    return
                state.thread = own


def _look(state: _State, now: float) -> float:
    """Look at the streams whose time has come; return when the next one's comes."""
    wake_at = now + IDLE_SECONDS
    for stream in state.streams.copy():
        if stream.look_at <= now:
            stream.look_at = now + IDLE_SECONDS
            # Without memory, say, nothing can be done about it now.
            with suppress(Exception):
                stream.look_at = stream.look(now)
        wake_at = min(wake_at, stream.look_at)
    return wake_at


def _before_fork() -> None:
    # Not for ever: should the keeper wait for what the one who forks holds, the child has to do without.
    if _state.looking.acquire(timeout=FORK_SECONDS):
        _held[threading.get_ident()] = _state


def _after_fork() -> None:
    state = _held.pop(threading.get_ident(), None)
    if state is not None:
        state.looking.release()


def _forget() -> None:
    global _state
    state, _state = _state, _State()
    _held.clear()
    for stream in state.streams:
        stream.renew_lock()


# By thread that forks: the state whose keeper waits for it.
_held: dict[int, _State] = {}

if hasattr(os, "register_at_fork"):
    # Only the thread that called os.fork lives on in the child.
    os.register_at_fork(before=_before_fork, after_in_parent=_after_fork, after_in_child=_forget)
