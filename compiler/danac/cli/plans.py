"""The decisions about a program's stages → a text for people: which rule is applied where."""

from __future__ import annotations

from danac.analysis.decisions import Decision, judged
from danac.analysis.names import Names
from danac.analysis.plan_words import in_words
from danac.compilation import build
from danac.source import Source


def show_plans(source: Source) -> str:
    """Return one line a stage that is called with the value alone: place, text, and how the two meet."""
    module = build(source)
    lines = [_line(*found, source) for found in judged(module, Names(module))]
    return "\n".join(lines) or "no stage is called with a value alone"


def _line(decision: Decision, problem: str | None, source: Source) -> str:
    span = decision.stage.value.span
    text = " ".join(source.text_of(span).split())
    return f"{source.basename}:{span.line}:{span.column}  {text:20}  {in_words(decision, problem)}"
