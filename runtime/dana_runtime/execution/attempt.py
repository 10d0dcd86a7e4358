"""One attempt to run one branch, from the block that wants it run to the backend that runs it."""

from __future__ import annotations

from collections.abc import Callable
from contextvars import Context, copy_context
from time import monotonic
from typing import Any

from dana_runtime.execution.settings import Settings, current


class Attempt:
    """One attempt of one branch, as a backend sees it.

    Of `finish`, `fail` and `close` the first one counts; `on_end` is called after the first two.
    """

    def __init__(
        self,
        function: Callable[[Any], Any],
        value: Any,
        *,
        settings: Settings | None = None,
        name: str = "branch 1 of 1",
        thread_name: str = "dana:branch",
        context: Context | None = None,
        depth: int = 1,
        number: int = 1,
        on_end: Callable[[Attempt], object] | None = None,
    ) -> None:
        self.function = function
        self.value = value
        self.settings = current() if settings is None else settings
        self.name = name
        self.thread_name = thread_name
        self.context = copy_context() if context is None else context
        self.depth = depth
        self.number = number
        # When the branch began, in the seconds of `time.monotonic`; None until then.
        self.started: float | None = None
        self.result: Any = None
        self.error: BaseException | None = None
        self._on_end = on_end
        # Whoever takes what is in here decides the outcome; pop is atomic.
        self._open = [True]

    def begin(self) -> None:
        """Say that the branch starts to run now: its timeout counts from here."""
        if self.started is None:
            self.started = monotonic()

    def finish(self, result: Any) -> None:
        """Say that the branch has ended with `result`."""
        if self.close():
            self.result = result
            self._end()

    def fail(self, error: BaseException) -> None:
        """Say that the branch, or the attempt to run it, has failed."""
        if self.close():
            self.error = error
            self._end()

    def is_over(self) -> bool:
        """Tell whether the attempt has finished, failed or been abandoned."""
        return not self._open

    def close(self) -> bool:
        """Let no outcome count any more; False: there is one, or this has been done before."""
        try:
            self._open.pop()
        except IndexError:
            return False
        return True

    def _end(self) -> None:
        if self._on_end is not None:
            self._on_end(self)
