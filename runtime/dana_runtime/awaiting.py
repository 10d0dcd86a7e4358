"""The value of a stage in `await (… | …)` → what flows on: awaited if it can be."""

from __future__ import annotations

import inspect
from typing import Any


async def settled(value: Any) -> Any:
    """Return `value`, awaited if it is awaitable: generated code cannot see what an unknown stage gives."""
    return await value if inspect.isawaitable(value) else value
