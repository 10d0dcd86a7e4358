"""A branch whose time is up → its caller goes on at once, and its thread is told to come to an end.

    worker: begin ─► Flight ─► the branch ─► land ─► True: its result counts
    caller:               abandon ─┘                 False: it was abandoned, the thread ends

A thread that is abandoned is told twice: `cancelled()` is true in it, and BranchCancelled is raised in
it asynchronously, wherever its Python code stands. It serves no other branch after that, so the
exception cannot hit one. Whoever takes `outcome` decides whether the branch ended in time; who holds
`permit` decides about the exception: the caller needs it to raise one, and while the thread is in
the runtime (a block in that branch) it keeps it, so that no bookkeeping is cut in two.

Code that never comes back to Python, such as a wait without a limit, keeps its thread: it is counted.
"""

from __future__ import annotations

import atexit
import math
import os
import time
import warnings
from collections.abc import Callable
from threading import RLock, Thread, current_thread, get_ident
from typing import NamedTuple

from dana_runtime.errors import BranchCancelled
from dana_runtime.execution.cancellation import Group
from dana_runtime.execution.striking import strike

# Seconds for which the end of the program waits for abandoned threads, all together.
EXIT_SECONDS = 1.0

# How often a thread looks whether the exception that is on its way to it has been raised.
_LONGEST_WAIT = 10_000


_FLYING = 0
# The exception has been raised in the thread.
_STRUCK = 1
# The thread has gone on.
_LANDED = 2


class Inner(NamedTuple):
    """A branch that runs inline in another one's thread, which has to end in time for it."""

    deadline: float
    limit: float
    name: Callable[[], str]


class Flight:
    """One branch that runs in a thread of ours."""

    __slots__ = ("group", "inner", "limit", "outcome", "permit", "started", "state", "thread")

    def __init__(self, thread: Thread, group: Group, limit: float | None, started: float) -> None:
        self.thread = thread
        # What to cancel when the branch is abandoned.
        self.group = group
        # The seconds that the branch has, None for no limit.
        self.limit = limit
        self.started = started
        # Each of them is one thing that can be taken once; pop is atomic.
        self.outcome = [True]
        self.permit = [True]
        # The branches that run inline in this one, the innermost last.
        self.inner: list[Inner] = []
        self.state = _FLYING

    def deadline(self) -> float:
        """Return the time by which this branch and those inline in it must have ended."""
        deadline = math.inf if self.limit is None else self.started + self.limit
        return min([deadline, *[inner.deadline for inner in self.inner.copy()]])

    def is_over(self) -> bool:
        """Tell whether the branch has ended or been abandoned."""
        return not self.outcome


# The branch that each thread is in.
flights: dict[int, Flight] = {}


def begin(thread: Thread, group: Group, limit: float | None) -> Flight:
    """Say that `thread`, the running one, begins a branch, which `group` can cancel."""
    flight = flights[get_ident()] = Flight(thread, group, limit, time.monotonic())
    return flight


def land(flight: Flight) -> bool:
    """Say that the branch has ended; False: it was abandoned, nothing of it counts any more."""
    if flight.state == _LANDED:
        return True
    try:
        flight.permit.pop()
    except IndexError:
        _wait_for_strike(flight)
        return False
    # What the thread does from now on belongs to no branch, or to the next one.
    flight.state = _LANDED
    try:
        flight.outcome.pop()
    except IndexError:
        return False
    return True


def leave() -> None:
    """Say that the running thread is in no branch any more."""
    flights.pop(get_ident(), None)


def current_flight() -> Flight | None:
    """Return what the running thread is in, None if it is no thread of ours."""
    return flights.get(get_ident())


def abandon(flight: Flight) -> bool:
    """Give up the branch, and see to it that its thread ends; False: it has ended just before."""
    try:
        flight.outcome.pop()
    except IndexError:
        return False
    _remember(flight.thread)
    flight.group.cancel()
    try:
        flight.permit.pop()
    except IndexError:
        # It is in the runtime, and finds out there.
        return True
    strike(flight.thread, BranchCancelled)
    flight.state = _STRUCK
    return True


def shield() -> Flight | None:
    """Let no exception come while the running thread is in the runtime; None if none can come.

    Raises BranchCancelled if the thread is abandoned already.
    """
    flight = flights.get(get_ident())
    if flight is None:
        return None
    try:
        flight.permit.pop()
    except IndexError:
        if flight.outcome or flight.state == _LANDED:
            # Entered anew while it was inside, or by a finalizer after the branch.
            return None
        _wait_for_strike(flight)
        raise BranchCancelled from None
    return flight


def unshield(flight: Flight) -> None:
    """Leave the runtime again; raise BranchCancelled if the thread was abandoned in the meantime."""
    flight.permit.append(True)
    if not flight.outcome:
        try:
            flight.permit.pop()
        except IndexError:
            _wait_for_strike(flight)
        # Here it is, and no other one comes.
        flight.state = _STRUCK
        raise BranchCancelled


def _wait_for_strike(flight: Flight) -> None:
    """Let the exception come here, where it does no harm, unless it has come already."""
    try:
        # Bounded, because Ctrl-C can end who was about to raise it.
        for _ in range(_LONGEST_WAIT):
            if flight.state == _STRUCK:
                break
            time.sleep(0.0005)
        # Python looks for exceptions from outside when it calls something.
        _nothing()
    except BranchCancelled:
        pass


def _nothing() -> None:
    pass


# --- Those that are left over ---------------------------------------------------------------------

_lock = RLock()
_abandoned: set[Thread] = set()
_ever = 0
_seconds_left = EXIT_SECONDS
_is_registered = False


def _remember(thread: Thread) -> None:
    global _ever, _is_registered
    with _lock:
        _ever += 1
        _abandoned.difference_update([known for known in _abandoned.copy() if not known.is_alive()])
        _abandoned.add(thread)
        register = not _is_registered
        _is_registered = True
    if register:
        try:
            atexit.register(_warn_at_exit)
        except RuntimeError:
            # The program is ending already.
            return


def counts() -> tuple[int, int]:
    """Return how many threads have been abandoned so far, and how many of them still run."""
    with _lock:
        return _ever, sum(thread.is_alive() for thread in _abandoned.copy())


def abandoned() -> set[Thread]:
    """Return the threads that have been abandoned and may still run."""
    with _lock:
        return _abandoned.copy()


def thread_ends() -> None:
    """Say that the running thread, one of ours, is about to end."""
    flights.pop(get_ident(), None)
    with _lock:
        _abandoned.discard(current_thread())


def remaining() -> int:
    """Wait for abandoned threads, at most EXIT_SECONDS in the whole process; return how many run on.

    For the end of a program: threads that run on may crash the interpreter as it is taken down, so
    if some do, one who may should leave by `os._exit`.
    """
    global _seconds_left
    with _lock:
        threads = list(_abandoned)
    for thread in threads:
        begun = time.monotonic()
        thread.join(max(0.0, _seconds_left))
        _seconds_left -= time.monotonic() - begun
    return sum(thread.is_alive() for thread in threads)


def _warn_at_exit() -> None:
    count = remaining()
    if count:
        branches = "branch still runs" if count == 1 else "branches still run"
        text = f"{count} {branches} although the time was up: nothing can end it from outside"
        warnings.warn(text, RuntimeWarning, stacklevel=2)


def _forget() -> None:
    global _lock, _abandoned
    _lock = RLock()
    _abandoned = set()
    own = flights.get(get_ident())
    flights.clear()
    if own is not None:
        flights[get_ident()] = own


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget)
