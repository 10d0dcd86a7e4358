"""The runtime → figures about what it does."""

from __future__ import annotations

from dana_runtime.execution import abandonment, workers
from dana_runtime.execution.cancellation import outermost


def stats() -> dict[str, int]:
    """Return figures about this process, by name.

    `blocks`: outermost blocks that run now. `threads`: threads for branches, `idle` ones among them.
    `abandoned`: branches on threads whose time was up, since the start; `stuck`: those of them that
    still run.
    """
    threads, idle = workers.count()
    abandoned, stuck = abandonment.counts()
    return {
        "blocks": len(outermost),
        "threads": threads,
        "idle": idle,
        "abandoned": abandoned,
        "stuck": stuck,
    }
