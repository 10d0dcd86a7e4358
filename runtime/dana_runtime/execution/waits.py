"""Who waits for branches → how long at a time."""

from __future__ import annotations

from threading import get_ident, main_thread

from dana_runtime.execution.settings import BUILT_IN_TIMEOUT

# Seconds after which a waiting main thread looks for signals that came while it was about to wait.
# Without that, Ctrl-C is lost when it strikes between the interpreter's last look and the wait.
SIGNAL_SECONDS = 0.1


def longest_wait() -> float:
    """Return the seconds after which the running thread has to wake: signals come to the main thread only."""
    return SIGNAL_SECONDS if get_ident() == main_thread().ident else BUILT_IN_TIMEOUT


def shortest_limit(limit: float | None) -> float:
    """Return the seconds after which to look at branches with this limit that may yet begin."""
    return BUILT_IN_TIMEOUT if limit is None else min(limit, BUILT_IN_TIMEOUT)
