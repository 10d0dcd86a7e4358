"""Stages in code that was compiled with the option `trace` → their spans.

    g(v)   is   slice.open()(g(slice.begin(v)))

So no frame and no function stands between a pipeline and its stages: order, tracebacks and
`await` are those of the plain call. What `open` returns lies on the frame's stack while the stage
runs. If the stage fails, Python takes it from there, and that ends the span.
"""

from __future__ import annotations

import sys
from weakref import ref

from dana_runtime.execution import traced

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, TypeVar

    from dana_runtime.trace.spans import Span
    from dana_runtime.trace.tracer import Tracer

    T = TypeVar("T")

# What has been opened and not begun, by frame and stage: one stage of one frame runs once at a time.
_opened: dict[tuple[int, int], ref[_Open]] = {}


class TracedStage:
    """The static description of one stage; generated code makes it once per module.

    `name` is its source text, `filename` the source file, `line` and `column` count from 1. `kind` is
    stage or pipeline; `is_policed` says that the runtime runs it under a policy.
    """

    __slots__ = ("column", "filename", "is_policed", "kind", "line", "name", "pipeline")

    def __init__(
        self,
        name: str,
        filename: str,
        line: int,
        column: int,
        pipeline: str = "",
        kind: str = "stage",
        is_policed: bool = False,
    ) -> None:
        self.name = name
        self.filename = filename
        self.line = line
        self.column = column
        self.pipeline = pipeline
        self.kind = kind
        self.is_policed = is_policed

    def open(self) -> Callable[[T], T]:
        """Return what is called with the stage's result; the stage begins with `begin`."""
        tracer = traced.tracer
        if tracer is None:
            return _itself
        frame = sys._getframe(1)
        opened = _Open(tracer)
        opened.key = id(frame), id(self)
        _opened[opened.key] = ref(opened)
        return opened

    def begin(self, value: T) -> T:
        """Return `value`, which flows into the stage: it has arrived, and the stage begins."""
        tracer = traced.tracer
        if tracer is not None:
            frame = sys._getframe(1)
            found = _opened.pop((id(frame), id(self)), None)
            opened = None if found is None else found()
            if opened is not None:
                opened.span = tracer.written(self, frame.f_code.co_flags)
        return value

    def start(self) -> Callable[[T], T]:
        """Return what is called with the stage's result; the stage has begun."""
        tracer = traced.tracer
        if tracer is None:
            return _itself
        opened = _Open(tracer)
        opened.span = tracer.written(self, sys._getframe(1).f_code.co_flags)
        return opened

    def args(self) -> dict[str, Any]:
        """Return what a timeline shows of it besides its name."""
        args: dict[str, Any] = {"at": f"{self.filename}:{self.line}:{self.column}"}
        if self.pipeline and self.kind == "stage":
            args["pipeline"] = self.pipeline
        return args

    def __reduce__(self) -> tuple[Any, ...]:
        place = self.name, self.filename, self.line, self.column
        return TracedStage, (*place, self.pipeline, self.kind, self.is_policed)


class _Open:
    """A stage that has been opened; a call with its result ends it."""

    __slots__ = ("__weakref__", "key", "span", "tracer")

    def __init__(self, tracer: Tracer) -> None:
        self.tracer = tracer
        self.key: tuple[int, int] | None = None
        # None until the value has arrived.
        self.span: Span | None = None

    def __call__(self, result: T) -> T:
        span, self.span = self.span, None
        if span is not None:
            span.end()
        return result

    def __del__(self) -> None:
        span = self.span
        if span is not None:
            self.tracer.end_unexplained(span, sys._getframe(1))
        elif self.key is not None:
            # Its value has failed, unless the same place has been opened anew since.
            found = _opened.get(self.key)
            if found is not None and found() in (None, self):
                _opened.pop(self.key, None)


def _itself(result: T) -> T:
    return result
