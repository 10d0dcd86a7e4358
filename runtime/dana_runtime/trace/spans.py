"""What a timeline is made of: spans, and the tracks that they are drawn on."""

from __future__ import annotations

from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from dana_runtime.trace.recorder import Recorder


class Track:
    """A thread of some process, and the spans that are open on it, the innermost last."""

    __slots__ = ("name", "number", "open", "pid", "tid")

    def __init__(self, pid: int, tid: int, name: str, number: int) -> None:
        self.pid = pid
        self.tid = tid
        self.name = name
        # Its place among the tracks of a timeline.
        self.number = number
        self.open: list[Span] = []


class Span:
    """One thing that takes time; as a context manager it ends with its `with` statement.

    `kind` is program, pipeline, stage, block, branch, attempt, coroutine, call, map or input. `begun`
    and `ended` are in the nanoseconds of `time.perf_counter_ns`, `ended` is 0 while it is open. It
    lies on a `track`, or has a `lane` instead, the number of what can be suspended: then it may
    overlap with what else runs in its thread.
    """

    __slots__ = (
        *("args", "begun", "ended", "error", "exported", "is_policed", "kind", "lane", "name"),
        *("parent", "recorder", "track"),
    )

    def __init__(
        self,
        recorder: Recorder,
        name: str,
        kind: str,
        args: dict[str, Any],
        parent: Span | None,
        track: Track,
        lane: int,
    ) -> None:
        self.recorder = recorder
        self.name = name
        self.kind = kind
        self.args = args
        self.parent = parent
        self.track = track
        # 0 for none.
        self.lane = lane
        self.begun = 0
        self.ended = 0
        # Whether the runtime is about to run this stage under its policy, which is no stage of its own.
        self.is_policed = False
        # What it has failed with, until that has been exported.
        self.error: BaseException | None = None
        # What the exporter to OpenTelemetry keeps.
        self.exported: Any = None

    def end(self, error: BaseException | None = None) -> None:
        """End it, with the error that it has failed with, if any; only the first call counts."""
        self.recorder.end(self, error)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: object, error: BaseException | None, traceback: object) -> None:
        self.recorder.end(self, error)


# The span that the running code is in.
current_span: ContextVar[Span | None] = ContextVar("dana_span", default=None)
