"""Coroutines that stages and branches give → their results."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Coroutine
from typing import Any

from dana_runtime.wording import not_callable


async def awaited_stage(value: Any, stage: Any, where: str) -> Any:
    """Return `stage(value)`, awaited if it is awaitable, for a stage that the compiler could not resolve.

    Raises TypeError, naming the stage by `where`, if it is not callable.
    """
    if not callable(stage):
        raise not_callable(where, stage)
    return await settled(stage(value))


async def settled(value: Any) -> Any:
    """Return `value`, awaited if it is awaitable: generated code cannot see what an unknown stage gives."""
    return await value if inspect.isawaitable(value) else value


def completed(coroutine: Coroutine[Any, Any, Any], where: str) -> Any:
    """Run the coroutine that a stage or branch of a plain function gave, and return its result.

    Raises RuntimeError in a thread whose event loop is running: there the pipe has to be awaited.
    """
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return asyncio.run(coroutine)
    coroutine.close()
    raise RuntimeError(f"{where} is a coroutine function: in async code write `await (… | …)`")
