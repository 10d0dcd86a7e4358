"""`tracing(path)`: from its beginning to its end, all that the runtime runs is told to one tracer."""

from __future__ import annotations

import functools
import os
import sys
from threading import RLock
from typing import Any, Self

from dana_runtime.execution import traced
from dana_runtime.pipelines import Pipeline
from dana_runtime.trace.chrome import ChromeFile
from dana_runtime.trace.recorder import Exporter
from dana_runtime.trace.spans import Span, current_span
from dana_runtime.trace.tracer import Tracer

# Of several threads that begin at the same time, one traces.
_beginning = RLock()


class tracing:  # noqa: N801 - it is used like a function
    """Record what runs as a timeline, in the whole process, for the time of a `with` statement.

        with dana_runtime.tracing("out.json"):
            report(42)

    `path` is a file in Chrome's trace-event format, which Perfetto and chrome://tracing open; it is
    written at the end, also if that is an exception. `opentelemetry` is True, for the global
    TracerProvider, or a provider. `name` is what the process is called.

    Blocks, branches, attempts, composed pipelines and stages with policies are recorded, and the stages
    of programs that were compiled for it: `danac run --trace`, `danac.install(trace=True)`.

    On entering raises RuntimeError while something else traces, OSError if the file cannot be
    written, ImportError where OpenTelemetry is not installed. TypeError where there is nothing to write to.
    """

    def __init__(
        self,
        path: str | os.PathLike[str] | None = None,
        *,
        opentelemetry: Any = None,
        name: str | None = None,
    ) -> None:
        if path is None and not opentelemetry:
            raise TypeError("tracing() needs a path, or opentelemetry=True")
        self._path = path
        self._opentelemetry = opentelemetry
        self._name = name
        self._tracer: Tracer | None = None

    def __enter__(self) -> Self:
        with _beginning:
            self._begin()
        return self

    def _begin(self) -> None:
        if traced.tracer is not None:
            raise RuntimeError("the program is traced already")
        exporters: list[Exporter] = []
        if self._opentelemetry:
            from dana_runtime.trace.otel import exporter_for

            exporters.append(exporter_for(self._opentelemetry))
        if self._path is not None:
            name = self._name or os.path.basename(sys.argv[0] or "python")
            exporters.append(ChromeFile(self._path, name))
        self._tracer = traced.tracer = Tracer(exporters)
        # First on the list of threads, if it is the main one.
        self._tracer.track()
        # Calls of pipelines stay in C while nothing is traced, so there is no place for a test.
        Pipeline.__call__ = _call_traced  # type: ignore[method-assign, assignment]

    def __exit__(self, kind: object, error: BaseException | None, traceback: object) -> None:
        tracer, self._tracer = self._tracer, None
        # None in a process that was forked meanwhile.
        if tracer is None or traced.tracer is not tracer:
            return
        _end()
        if error is not None:
            tracer.explain(error)
        tracer.close()

    def span(self, name: str) -> Span:
        """Begin a span of the caller's own, a context manager; between `__enter__` and `__exit__`."""
        assert self._tracer is not None
        return self._tracer.begin(name, "program", {})


def explain(error: BaseException) -> None:
    """Tell the tracer, if there is one, what the program has failed with."""
    if (tracer := traced.tracer) is not None:
        tracer.explain(error)


def _end() -> None:
    traced.tracer = None
    if Pipeline.__dict__.get("__call__") is _call_traced:
        del Pipeline.__call__


def _call_traced(self: Pipeline, /, *args: Any, **kwargs: Any) -> Any:
    tracer = traced.tracer
    if tracer is None:
        return functools.partial.__call__(self, *args, **kwargs)
    with tracer.pipeline(self):
        return functools.partial.__call__(self, *args, **kwargs)


def _forget() -> None:
    global _beginning
    _beginning = RLock()
    # The file is the parent's.
    if traced.tracer is not None:
        traced.tracer.is_closed = True
        _end()
        current_span.set(None)


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget)
