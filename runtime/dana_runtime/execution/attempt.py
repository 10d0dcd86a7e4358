"""One attempt of one branch, as a backend sees it: what to call, in which context, whom to tell."""

from __future__ import annotations

from collections.abc import Callable
from contextvars import Context
from threading import Lock
from typing import Any


class Attempt:
    """One attempt of one branch: a backend calls `function(value)` in `context` and tells the outcome.

    `on_end` is called once, by whoever ends the attempt first.
    """

    __slots__ = (
        "_lock",
        "context",
        "depth",
        "error",
        "function",
        "has_begun",
        "name",
        "number",
        "on_end",
        "result",
        "settings",
        "thread_name",
        "value",
    )

    def __init__(
        self,
        function: Callable[[Any], Any],
        value: Any,
        context: Context,
        *,
        on_end: Callable[[Attempt], None],
        name: str = "",
        thread_name: str = "",
        depth: int = 1,
        settings: Any = None,
    ) -> None:
        self._lock = Lock()
        self.function = function
        self.value = value
        self.context = context
        self.on_end = on_end
        self.name = name
        self.thread_name = thread_name
        self.depth = depth
        self.settings = settings
        self.number = 1
        self.has_begun = False
        self.result: Any = None
        self.error: BaseException | None = None

    def begin(self) -> None:
        """Say that the branch starts to run now."""
        self.has_begun = True

    def finish(self, result: Any) -> None:
        """End the attempt with its result, unless it is over."""
        if self._lock.acquire(blocking=False):
            self.result = result
            self.on_end(self)

    def fail(self, error: BaseException) -> None:
        """End the attempt with its failure, unless it is over."""
        if self._lock.acquire(blocking=False):
            self.error = error
            self.on_end(self)

    def is_over(self) -> bool:
        """Tell whether the attempt has finished, failed or been abandoned."""
        return self._lock.locked()
