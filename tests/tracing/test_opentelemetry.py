"""The same timeline as spans of OpenTelemetry, taken in by the SDK's own exporter."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

import danac
from dana_runtime import tracing, using
from dana_runtime.trace.recorder import UNSEEN

trace = pytest.importorskip("opentelemetry.trace")
sdk = pytest.importorskip("opentelemetry.sdk.trace")
export = pytest.importorskip("opentelemetry.sdk.trace.export")
in_memory = pytest.importorskip("opentelemetry.sdk.trace.export.in_memory_span_exporter")

# What the SDK hands to exporters.
Exported = Any


class Spans:
    """A provider and what it has been given."""

    def __init__(self) -> None:
        self.provider = sdk.TracerProvider()
        self._exporter = in_memory.InMemorySpanExporter()
        self.provider.add_span_processor(export.SimpleSpanProcessor(self._exporter))

    def run(self, text: str) -> None:
        with tracing(opentelemetry=self.provider):
            danac.run_source(text, "orders.dana", trace=True)

    def all(self) -> tuple[Exported, ...]:
        return self._exporter.get_finished_spans()

    def one(self, name: str, kind: str | None = None) -> Exported:
        (span,) = [
            span
            for span in self.all()
            if span.name == name and kind in (None, span.attributes["dana.kind"])
        ]
        return span

    def above(self, span: Exported) -> list[str]:
        """The names of the spans around one, the innermost first."""
        by_id = {span.context.span_id: span for span in self.all()}
        names = []
        while span.parent is not None:
            span = by_id[span.parent.span_id]
            names.append(span.name)
        return names


@pytest.fixture
def spans() -> Iterator[Spans]:
    found = Spans()
    yield found
    found.provider.shutdown()
    assert trace.get_current_span() is trace.INVALID_SPAN, "nothing is left current"


@pytest.mark.parametrize("executor", ["thread", "inline", "process"])
def test_parents_across_threads_and_processes(spans, executor):
    with using(executor=executor):
        spans.run(
            "import os\ndef p(x) = { os.path.abspath, os.path.basename } | len\n'a' | p | str"
        )
    assert spans.above(spans.one("os.path.basename")) == [
        "{ os.path.abspath, os.path.basename }",
        "p",
    ]
    assert spans.above(spans.one("len")) == ["p"]
    assert spans.above(spans.one("str")) == []
    branch = spans.one("os.path.basename")
    assert branch.attributes["code.location"] == "orders.dana:2:31"
    assert branch.attributes["dana.pipeline"] == "p"
    assert branch.attributes["dana.kind"] == "branch"
    assert branch.start_time <= branch.end_time
    block = spans.one("{ os.path.abspath, os.path.basename }")
    assert block.start_time <= branch.start_time
    assert branch.end_time <= block.end_time


def test_spans_of_the_program_itself(spans):
    """A library's spans belong to the stage that they begin in, and ours to what is around the program's call."""
    tracer = spans.provider.get_tracer("shop")

    def query(x):
        with tracer.start_as_current_span("query"):
            return x

    p = danac.run_source("def p(x, f) = x | { f, f } | len", trace=True)
    with tracing(opentelemetry=spans.provider), tracer.start_as_current_span("request"):
        assert p["p"](1, query) == 2
    queries = [span for span in spans.all() if span.name == "query"]
    assert [spans.above(span) for span in queries] == [["f", "{ f, f }", "p", "request"]] * 2


def test_coroutines_and_their_attempts(spans):
    spans.run(
        "calls = []\n"
        "@poet(retries=2, backoff=0)\n"
        "async def send(x):\n"
        "    calls.append(x)\n"
        "    if len(calls) < 2: raise OSError('down')\n"
        "1 | { send, str }\n"
    )
    again = spans.one("send (attempt 2)")
    assert spans.above(again) == ["send", "{ send, str }"]
    assert again.status.is_ok or again.status.is_unset


def test_failures(spans):
    with pytest.raises(ValueError, match="no such order"):
        spans.run(
            "def fail(x): raise ValueError('no such order')\n"
            "try: 1 | fail\n"
            "except: pass\n"
            "1 | { str, fail | len }\n"
        )
    unseen, seen = (span for span in spans.all() if span.name == "fail")
    if seen.status.description == UNSEEN:
        unseen, seen = seen, unseen
    assert not seen.status.is_ok
    assert seen.status.description == "ValueError: no such order"
    (event,) = seen.events
    assert event.attributes["exception.type"] == "ValueError"
    assert "in fail" in event.attributes["exception.stacktrace"]
    assert unseen.status.description == UNSEEN
    assert spans.one("{ str, fail | len }").status.description == "ValueError: no such order"


def test_inputs_of_a_map(spans):
    with tracing(opentelemetry=spans.provider):
        text = "def f(x): x\np = f | str\nassert [y for y in p.map([1, 2, 3])] == ['1', '2', '3']"
        danac.run_source(text, "orders.dana", trace=True)
    inputs = [span for span in spans.all() if span.attributes["dana.kind"] == "input"]
    assert sorted(span.attributes["dana.input"] for span in inputs) == [1, 2, 3]
    assert [spans.above(span) for span in inputs] == [["map f | str"]] * 3


def test_file_and_spans_at_once(spans, tmp_path, read):
    with tracing(tmp_path / "out.json", opentelemetry=spans.provider):
        danac.run_source("1 | str", "orders.dana", trace=True)
    assert read(tmp_path / "out.json").one("str")
    assert spans.one("str")


def test_global_provider(run_python):
    program = """
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from dana_runtime import fan_out, tracing
exporter = InMemorySpanExporter()
trace.set_tracer_provider(TracerProvider())
trace.get_tracer_provider().add_span_processor(SimpleSpanProcessor(exporter))
with tracing(opentelemetry=True):
    fan_out((str, int), 3)
print(sorted(span.name for span in exporter.get_finished_spans()))
"""
    assert run_python("-c", program).stdout == "['int', 'str', '{ str, int }']\n"


def test_what_is_no_provider():
    with pytest.raises(TypeError, match="must be True or a TracerProvider, not 5"):
        tracing(opentelemetry=5).__enter__()


def test_without_the_library(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "opentelemetry", None)
    with pytest.raises(ImportError, match=r"pip install danac\[trace\]"):
        tracing(opentelemetry=True).__enter__()
