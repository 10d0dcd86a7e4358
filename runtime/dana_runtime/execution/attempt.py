"""One attempt to run one branch, as a backend sees it.

start(attempt) ─► begin() ─► finish(result) or fail(error) ─► on_end(attempt), once
                     │
                     └─ time is up: close(), then the function that `start` has returned
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextvars import Context, copy_context
from time import monotonic
from typing import TYPE_CHECKING, Any, Protocol

from dana_runtime.execution.settings import Settings, current

if TYPE_CHECKING:
    from dana_runtime.trace.planned import Planned

Abandon = Callable[[], None]


class Attempt:
    """One attempt of one branch: what there is to do, and where its outcome goes.

    `function(value)` is to be run in `context`, the branch's own, under the limits in `settings`.
    `name` is the branch's name in messages, `thread_name` the one for its thread; `depth` counts the
    blocks around the branch, `number` the attempts, both from 1.

    `begin`, `finish` and `fail` may be called by any thread. Of `finish`, `fail` and `close` the
    first one counts, and the others do nothing.
    """

    __slots__ = (
        *("function", "value", "settings", "name", "thread_name", "context", "depth", "number"),
        *("index", "started", "result", "error", "trace", "ran", "cost", "_on_end", "_open"),
    )

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
        index: int = 0,
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
        # The branch's place in its block, from 0.
        self.index = index
        # When the branch began, in the seconds of `time.monotonic`; None until then.
        self.started: float | None = None
        self.result: Any = None
        self.error: BaseException | None = None
        # Its place in the timeline, where the program is traced. What another process says of it: the
        # ids of process and thread, and when it has begun and ended, by `time.perf_counter_ns`; 0 for
        # what is not known.
        self.trace: Planned | None = None
        self.ran: tuple[int, int, int, int] | None = None
        # The seconds that its function took, and how many of them were computing; None if unknown.
        self.cost: tuple[float, float] | None = None
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
        on_end, self._on_end = self._on_end, None
        if on_end is not None:
            on_end(self)

    def __repr__(self) -> str:
        return f"<attempt {self.number} of {self.name}>"


class Backend(Protocol):
    """What runs attempts: a module or an object. It may have `start_many`, too, as LoopBackend says."""

    def start(self, attempt: Attempt) -> Abandon:
        """Start one attempt and return at once; never raises.

        The returned function is called at most once, by any thread, after `attempt.close()`: nothing
        the attempt does matters from then on, and its slot is freed.
        """


class LoopBackend(Backend, Protocol):
    """A backend that starts many attempts at once."""

    def start_many(self, attempts: Sequence[Attempt]) -> list[Abandon]:
        """Start them all, as `start` does, and return what abandons each."""
