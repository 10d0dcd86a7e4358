"""Whether this process, or the running branch, is the worker of another process."""

from __future__ import annotations

from contextvars import ContextVar

# Set in the context of a branch that came from another process, into whatever process.
in_branch: ContextVar[bool] = ContextVar("dana_in_worker", default=False)

_worker = False


def become_worker() -> None:
    """Remember that this whole process is a worker."""
    global _worker
    _worker = True


def in_worker() -> bool:
    """Tell whether this is a worker, whose own process branches run on threads."""
    return _worker or in_branch.get()
