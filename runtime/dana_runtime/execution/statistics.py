"""The runtime → figures about what it does."""

from __future__ import annotations

import sys
from typing import Any

from dana_runtime.execution import abandonment, workers
from dana_runtime.execution.cancellation import outermost
from dana_runtime.execution.records import records


def stats() -> dict[str, Any]:
    """Return figures about this process, by name.

    `blocks`: outermost blocks that run now. `threads`: threads for branches, `idle` ones among them.
    `abandoned`: branches on threads whose time was up, since the start; `stuck`: those of them that
    still run. `functions`: for each function with `@poet` that has been called, by its module and
    name, what `Perceived.figures` says of it. `choices`: for each block that has run under `"auto"`, what
    `records` says of it.
    """
    threads, idle = workers.count()
    abandoned, stuck = abandonment.counts()
    perception = sys.modules.get("dana_runtime.faults.perception")
    functions = {} if perception is None else perception.figures()
    return {
        "blocks": len(outermost),
        "threads": threads,
        "idle": idle,
        "abandoned": abandoned,
        "stuck": stuck,
        "functions": functions,
        "choices": records(),
    }
