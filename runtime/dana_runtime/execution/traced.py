"""Whether the program is traced: the one thing that blocks look at, and nothing else is loaded for it."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from dana_runtime.trace.tracer import Tracer

# Who is told of blocks, branches, stages and attempts; None while nothing is traced.
tracer: Tracer | None = None
