"""Branches in processes of their own: an attempt goes out as bytes, and a result or error comes back.

Slots are what is kept between blocks (`slots`), envelopes are what travels (`envelope`), and
`worker` is what runs at the other end.
"""

from __future__ import annotations

from collections.abc import Callable

from dana_runtime.execution.attempt import Attempt
from dana_runtime.execution.processes.state import in_worker
from dana_runtime.execution.worker_setups import register_worker_setup, unregister_worker_setup

__all__ = [
    "in_worker",
    "register_worker_setup",
    "shutdown",
    "start",
    "unregister_worker_setup",
]


def start(attempt: Attempt) -> Callable[[], None]:
    """Start `attempt` in a process of its own; return what abandons it, by killing that process.

    Needs loky and cloudpickle (`pip install danac[processes]`); the attempt fails with ImportError
    where they are missing.
    """
    try:
        from dana_runtime.execution.processes import slots
    except ImportError as error:
        attempt.fail(missing_extra("process", "processes", error))
        return nothing
    try:
        return slots.pool.start(attempt)
    except BaseException as error:
        # There is no thread to be had for the keeper, or Ctrl-C struck.
        attempt.fail(error)
        return nothing


def shutdown(wait: bool = True, cancel: bool = False) -> None:
    """End the idle processes; `cancel` kills those that run a branch, `wait` waits for them.

    Branches that start later start new processes.
    """
    import sys

    slots = sys.modules.get(f"{__name__}.slots")
    if slots is not None:
        slots.pool.shutdown(wait, cancel)


def missing_extra(executor: str, extra: str, error: ImportError) -> ImportError:
    """Return the error for an executor that needs a library which is not installed."""
    text = f"executor={executor!r} needs {error.name}: pip install danac[{extra}]"
    missing = ImportError(text, name=error.name)
    missing.__cause__ = error
    return missing


def nothing() -> None:
    """Abandon what never started."""
