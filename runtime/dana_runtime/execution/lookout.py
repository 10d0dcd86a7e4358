"""Blocks whose branches their own callers run → help for the one that a branch holds up.

A block that is known to be tiny is run by its caller, which claims branch after branch: to wake
another thread takes longer than such branches do. Should one of them wait after all, perhaps for
another branch of the same block, the caller cannot send for help: it is inside of that branch. The
lookout does it for him: a thread that looks every few milliseconds at what callers are at, and puts
out the tickets of a block that it sees for the second time.

Why no block can wait for ever for want of a thread: the lookout runs no code of programs, holds no
lock while it puts out tickets and waits for no block, so it sees every block that stays. From then on
that block is like any other: each ticket has a thread of its own, and the caller is one more of them.
Where the lookout cannot be started nobody claims: the blocks run on threads from the beginning.
"""

from __future__ import annotations

import os
import sys
import threading
import time
from contextlib import suppress
from contextvars import Context
from typing import Protocol

# Seconds between two looks: a branch that waits, against expectation, waits so much longer, or twice that.
LOOK_SECONDS = 0.005

# Looks without any block after which the thread sleeps until there is one.
_IDLE_LOOKS = 40


class Claimed(Protocol):
    """A block that its caller runs."""

    def help(self) -> None:
        """Put out the block's tickets; called at most once, by the lookout."""


class _State:
    """The lookout of this process."""

    __slots__ = ("awake", "bell", "busy", "claimed", "thread")

    def __init__(self) -> None:
        # Blocks that are run by their callers now.
        self.claimed: set[Claimed] = set()
        # Some block has begun since the last look.
        self.busy = False
        self.awake = False
        self.bell = threading.Semaphore(0)
        self.thread: threading.Thread | None = None


_state = _State()
_starting = threading.RLock()


def watch(block: Claimed) -> bool:
    """Keep an eye on `block` until `unwatch`; False: there is no lookout and none can be started."""
    state = _state
    state.claimed.add(block)
    state.busy = True
    # In this order, and in the other one in `_look`: it sees the block or is woken.
    return state.awake or _wake(state, block)


def unwatch(block: Claimed) -> None:
    """The block is over."""
    _state.claimed.discard(block)


def _wake(state: _State, block: Claimed) -> bool:
    with _starting:
        if state.awake:
            return True
        if state.thread is None and not _start(state):
            state.claimed.discard(block)
            return False
        state.awake = True
    state.bell.release()
    return True


def _start(state: _State) -> bool:
    if sys.is_finalizing():
        return False
    thread = threading.Thread(target=_look, args=(state,), name="dana:lookout", daemon=True)
    try:
        # In an empty context, which the thread would otherwise keep alive.
        Context().run(thread.start)
    except RuntimeError:
        return False
    state.thread = thread
    return True


def _look(state: _State) -> None:
    seen: set[Claimed] = set()
    quiet = _IDLE_LOOKS
    while state is _state:
        if quiet >= _IDLE_LOOKS:
            seen = set()
            state.awake = False
            if not state.claimed and not state.busy:
                state.bell.acquire()
            state.awake = True
            quiet = 0
        time.sleep(LOOK_SECONDS)
        quiet = 0 if state.busy or state.claimed else quiet + 1
        state.busy = False
        now = state.claimed.copy()
        for block in now & seen:
            # It has its help now, and counts no more.
            state.claimed.discard(block)
            # Without memory for a thread, say, there is no help; the next block may get some.
            with suppress(Exception):
                block.help()
            # It must not be kept alive by the next sleep.
            del block
        seen = now


def dismiss() -> None:
    """Let the lookout's thread end; the next block that needs one starts another."""
    global _state
    state, _state = _state, _State()
    state.bell.release()


def _forget() -> None:
    global _state, _starting
    _state, _starting = _State(), threading.RLock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget)
