"""One attempt of one branch, from the block that wants it run to the backend that runs it."""

from __future__ import annotations

from collections.abc import Callable
from contextvars import Context
from threading import Lock
from typing import Any


class Attempt:
    """One attempt of one branch, as a backend sees it.

    `on_begin` and `on_end` are called with the attempt when it begins and when it is finished or
    has failed; `result` and `error` say which of the two it is.
    """

    __slots__ = (
        "_lock",
        "_over",
        "began",
        "context",
        "depth",
        "error",
        "function",
        "name",
        "number",
        "on_begin",
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
        settings: Any,
        name: str,
        thread_name: str,
        context: Context,
        depth: int = 1,
        number: int = 1,
        on_end: Callable[[Attempt], None] | None = None,
        on_begin: Callable[[Attempt], None] | None = None,
    ) -> None:
        self.function = function
        self.value = value
        self.settings = settings
        self.name = name
        self.thread_name = thread_name
        self.context = context
        self.depth = depth
        self.number = number
        self.on_end = on_end
        self.on_begin = on_begin
        self.result: Any = None
        self.error: BaseException | None = None
        self.began = False
        self._over = False
        self._lock = Lock()

    def begin(self) -> None:
        """Say that the branch starts to run now: its timeout counts from here."""
        self.began = True
        if self.on_begin is not None:
            self.on_begin(self)

    def finish(self, result: Any) -> None:
        """Say what the branch has returned; ignored once the attempt is over."""
        self._end(result, None)

    def fail(self, error: BaseException) -> None:
        """Say what the branch has raised; ignored once the attempt is over."""
        self._end(None, error)

    def is_over(self) -> bool:
        """Tell whether the attempt has finished, has failed or is abandoned."""
        return self._over

    def give_up(self) -> None:
        """Take no result and no failure from now on."""
        with self._lock:
            self._over = True

    def _end(self, result: Any, error: BaseException | None) -> None:
        with self._lock:
            if self._over:
                return
            self._over = True
            self.result, self.error = result, error
        if self.on_end is not None:
            self.on_end(self)
