"""What binds a worker process: a limit of its memory, the life of its parent, and no Ctrl-C.

The limit is the operating system's own, `RLIMIT_DATA`: what a process may have of private,
writable memory. It is set to what the worker has when it is new plus `memory_limit`, so the limit
is what branches may take, and even a small one leaves room for Python itself. Memory that is
mapped from files does not count: neither does a large value that came through one.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
import warnings

from dana_runtime.tracebacks import program_frame

try:
    import resource
except ImportError:  # Windows
    resource = None  # type: ignore[assignment]

# Seconds between two looks at whether the parent lives, where the system does not tell.
PARENT_SECONDS = 0.5

_PR_SET_PDEATHSIG = 1

_warned = False


class MemoryLimit:
    """The limit of this process, which counts from what the process has now."""

    __slots__ = ("_current", "_taken")

    def __init__(self) -> None:
        self._taken = _data_bytes()
        self._current: int | None = None

    def set(self, limit: int | None) -> None:
        """Limit what may be taken from now on to `limit` bytes; None is no limit."""
        if limit == self._current or self._taken is None or resource is None:
            return
        _, hard = resource.getrlimit(resource.RLIMIT_DATA)
        soft = hard if limit is None else self._taken + limit
        if hard != resource.RLIM_INFINITY:
            soft = min(soft, hard)
        resource.setrlimit(resource.RLIMIT_DATA, (soft, hard))
        self._current = limit


def is_enforced() -> bool:
    """Tell whether this system can limit the memory of a process."""
    return sys.platform == "linux" and resource is not None


def warn_if_not_enforced(limit: int | None) -> None:
    """Say once, in the process that asks for a limit, that there is none on this system."""
    global _warned
    if limit is None or _warned or is_enforced():
        return
    _warned = True
    message = f"memory_limit is not enforced on {sys.platform}: only Linux can limit it"
    warnings.warn(message, RuntimeWarning, stacklevel=program_frame()[1])


def _data_bytes() -> int | None:
    """Return what counts for RLIMIT_DATA of this process, None where that cannot be known."""
    if not is_enforced():
        return None
    try:
        with open("/proc/self/status", encoding="ascii") as status:
            for line in status:
                if line.startswith("VmData:"):
                    return int(line.split()[1]) * 1024
    except OSError:
        pass
    return None


def ignore_interrupts() -> None:
    """Leave Ctrl-C, which the terminal sends to all of its processes, to the parent."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def die_with(parent: int) -> None:
    """End this process as soon as its parent, the process with the id `parent`, has ended.

    On Linux the kernel sees to it, and takes the thread that started this process for the parent.
    """
    if sys.platform == "win32":
        return
    if sys.platform == "linux":
        import ctypes

        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    else:
        threading.Thread(target=_watch, args=(parent,), name="dana:parent", daemon=True).start()
    if os.getppid() != parent:
        # It had ended before.
        os._exit(1)


def _watch(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(PARENT_SECONDS)
    os._exit(1)
