"""The decisions about a program's stages → a text for people: which rule is applied where."""

from __future__ import annotations

from danac.analysis.decisions import Decision, judged
from danac.analysis.names import Names
from danac.compilation import build
from danac.source import Source

_RULES = {
    "1": "rule 1, the value as it is",
    "2": "rule 2, items become arguments",
    "3": "rule 3, fields match parameters by name",
    "4": "rule 4, names in sight fill what is open",
}


def show_plans(source: Source) -> str:
    """Return one line a stage that is called with the value alone: place, text, and how the two meet."""
    module = build(source)
    lines = [_line(*found, source) for found in judged(module, Names(module))]
    return "\n".join(lines) or "no stage is called with a value alone"


def _line(decision: Decision, problem: str | None, source: Source) -> str:
    span = decision.stage.value.span
    text = " ".join(source.text_of(span).split())
    said = _said(decision) if problem is None else f"cannot succeed: {problem}"
    return f"{source.basename}:{span.line}:{span.column}  {text:20}  {said}"


def _said(decision: Decision) -> str:
    plan = decision.plan
    rule = _RULES.get(plan.rule, "")
    match plan.way:
        case "tested":
            article = "an" if plan.type_name == "int" else "a"
            return f"{rule}, where it is {article} {plan.type_name}; else decided at run time"
        case "runtime":
            return f"decided at run time: {plan.reason}" + (f" ({rule})" if rule else "")
        case "plain":
            return f"{rule}, known now"
        case _:
            when = "when the block runs" if decision.is_branch else "known now"
            return f"{rule}, {when}: {plan.text.partition(': ')[2]}"
