"""Spans → OpenTelemetry, where that library is installed.

A span is the parent of those that begin in its context, those of other libraries included; the first ones
belong to what is current where the program makes them.
"""

from __future__ import annotations

from time import perf_counter_ns, time_ns
from typing import TYPE_CHECKING, Any, NamedTuple

from dana_runtime.trace.spans import Span

if TYPE_CHECKING:
    from opentelemetry.context import Context
    from opentelemetry.trace import Tracer

_ATTRIBUTES = {"at": "code.location", "pipeline": "dana.pipeline", "error": "dana.error"}


class _Exported(NamedTuple):
    """What is kept of a span: its counterpart, and the context around it."""

    span: Any
    around: Context
    inside: Context


class OpenTelemetry:
    """Spans as those of a tracer of OpenTelemetry."""

    def __init__(self, tracer: Tracer) -> None:
        from opentelemetry import context, trace

        self._tracer = tracer
        self._context = context
        self._trace = trace
        # From perf_counter_ns to the nanoseconds since 1970.
        self._shift = time_ns() - perf_counter_ns()

    def began(self, span: Span) -> None:
        """Make its counterpart the current one of the running context."""
        around = self._context.get_current()
        if span.exported is None:
            counterpart = self._started(span, around)
            inside = self._trace.set_span_in_context(counterpart, around)
            span.exported = _Exported(counterpart, around, inside)
        self._context.attach(span.exported.inside)

    def left(self, span: Span) -> None:
        """Make current what was so around it."""
        if span.exported is not None:
            # Not `detach`: a token is good in one context only, and this may be a copy.
            self._context.attach(span.exported.around)

    def ended(self, span: Span) -> None:
        """End its counterpart; of what has run elsewhere there is none yet."""
        if span.exported is None:
            parent = span.parent
            known = parent is not None and parent.exported is not None
            counterpart = self._started(span, parent.exported.inside if known and parent else None)
        else:
            counterpart = span.exported.span
        # Copied in one step: a caller whose patience has ended may add a word of that.
        for name, value in list(span.args.items()):
            counterpart.set_attribute(_ATTRIBUTES.get(name, f"dana.{name}"), value)
        error = span.args.get("error")
        if error is not None:
            counterpart.set_status(self._trace.Status(self._trace.StatusCode.ERROR, error))
            if span.error is not None:
                counterpart.record_exception(span.error, timestamp=span.ended + self._shift)
        counterpart.end(end_time=span.ended + self._shift)

    def close(self) -> None:
        """Nothing is kept here: to flush is up to the provider's owner."""

    def _started(self, span: Span, context: Context | None) -> Any:
        attributes: dict[str, str | int] = {"dana.kind": span.kind, "thread.id": span.track.tid}
        return self._tracer.start_span(
            span.name, context, attributes=attributes, start_time=span.begun + self._shift
        )


def exporter_for(provider: Any) -> OpenTelemetry:
    """Return the exporter to a provider, or to the global one for True.

    Raises ImportError without opentelemetry-api (`pip install danac[trace]`), TypeError for what is no
    provider.
    """
    try:
        from opentelemetry import trace
    except ImportError as error:
        missing = "tracing(opentelemetry=…) needs opentelemetry-api: pip install danac[trace]"
        raise ImportError(missing, name="opentelemetry") from error
    if provider is True:
        return OpenTelemetry(trace.get_tracer("dana_runtime"))
    if not hasattr(provider, "get_tracer"):
        raise TypeError(f"opentelemetry must be True or a TracerProvider, not {provider!r}")
    return OpenTelemetry(provider.get_tracer("dana_runtime"))
