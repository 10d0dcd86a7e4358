"""A decision of how a value meets a stage → what people are told of it: `danac show --plans`, editors."""

from __future__ import annotations

from danac.analysis.decisions import Decision

_RULES = {
    "1": "rule 1, the value as it is",
    "2": "rule 2, items become arguments",
    "3": "rule 3, fields match parameters by name",
    "4": "rule 4, names in sight fill what is open",
}


def in_words(decision: Decision, problem: str | None = None) -> str:
    """Return the rule that is applied, and when that is decided; `problem` is why nothing can be."""
    plan = decision.plan
    rule = _RULES.get(plan.rule, "")
    if problem is not None:
        return f"cannot succeed: {problem}"
    match plan.way:
        case "tested":
            article = "an" if plan.type_name == "int" else "a"
            return f"{rule}, where it is {article} {plan.type_name}; else decided at run time"
        case "runtime":
            return f"decided at run time: {plan.reason}" + (f" ({rule})" if rule else "")
        case "impossible":
            return f"cannot succeed: {plan.reason}"
        case "plain":
            return f"{rule}, known now"
        case _:
            when = "when the block runs" if decision.is_branch else "known now"
            return f"{rule}, {when}: {plan.text.partition(': ')[2]}"
