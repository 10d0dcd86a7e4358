"""An attempt that has been made → its span: begun where it runs, or told of by whoever has run it."""

from __future__ import annotations

from time import perf_counter_ns
from typing import TYPE_CHECKING, Any

from dana_runtime.trace.recorder import error_text

if TYPE_CHECKING:
    from dana_runtime.execution.attempt import Attempt
    from dana_runtime.trace.spans import Span
    from dana_runtime.trace.tracer import Tracer


class Planned:
    """The span of one attempt before it begins. `since` is when it began to wait for a worker."""

    __slots__ = ("args", "kind", "name", "parent", "since", "span", "tracer")

    def __init__(
        self,
        tracer: Tracer,
        name: str,
        kind: str,
        args: dict[str, Any],
        parent: Span | None,
        since: int,
    ) -> None:
        self.tracer = tracer
        self.name = name
        self.kind = kind
        self.args = args
        self.parent = parent
        self.since = since
        # None until it begins in this process.
        self.span: Span | None = None

    def begin(self, lane: int = 0) -> Span:
        """Begin it in the running thread and context."""
        span = self.span = self.tracer.begin(self.name, self.kind, self.args, lane)
        self.args["waited_ms"] = (span.begun - self.since) / 1e6
        return span

    def told(self, attempt: Attempt, error: BaseException | None) -> None:
        """Take in how the attempt has ended; what has run elsewhere is recorded now."""
        span = self.span
        if span is not None:
            if error is not None and not span.ended:
                # Its time is up, and its thread may go on.
                self.args["error"] = error_text(error)
            return
        if attempt.started is None:
            return
        tracer = self.tracer
        pid, tid, begun, ended = attempt.ran or (0, 0, 0, 0)
        if begun:
            begun, ended = tracer.local_times(pid, begun, ended, self.since)
        else:
            begun, ended = tracer.since_monotonic(attempt.started), perf_counter_ns()
        self._record(self.name, {}, (pid, tid), (begun, ended), error)

    def told_of_input(
        self,
        attempt: Attempt,
        number: int,
        seconds: tuple[float, float],
        error: BaseException | None,
    ) -> None:
        """Take in when one input of a batch has begun and ended, by `time.monotonic`."""
        tracer = self.tracer
        pid, tid, since, until = attempt.ran or (0, 0, 0, 0)
        begun, ended = map(tracer.since_monotonic, seconds)
        if since:
            shift = tracer.local_times(pid, since, until, self.since)[0] - since
            begun, ended = begun + shift, ended + shift
        self._record(self.name, {"input": number}, (pid, tid), (begun, ended), error)

    def _record(
        self,
        name: str,
        more: dict[str, Any],
        place: tuple[int, int],
        times: tuple[int, int],
        error: BaseException | None,
    ) -> None:
        args = {**self.args, **more, "waited_ms": max(0, times[0] - self.since) / 1e6}
        if error is not None:
            args["error"] = error_text(error)
        self.tracer.ran_elsewhere(self, name, args, place, times)
