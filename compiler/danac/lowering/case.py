"""`case((condition, f), …, fallback)`: a conditional expression as a stage, else a callable of the runtime."""

from __future__ import annotations

import ast
from collections.abc import Callable

from danac import nodes
from danac.analysis.cases import Case
from danac.analysis.stages import is_known_function, kind_of
from danac.lowering.context import Lowering, Surroundings, Take

Apply = Callable[[nodes.Expression, ast.expr, Surroundings], ast.expr]
"""Applies a stage to a value."""


def lower_case(
    low: Lowering, node: nodes.Call, case: Case, take: Take, around: Surroundings, apply: Apply
) -> ast.expr:
    """Return the conditional expression of `case` for the value that `take` gives."""
    tests = []
    for condition, stage in case.pairs:
        test = _condition(low, condition, take, around)
        tests.append((condition, test, apply(stage, take(), around)))
    if case.fallback is not None:
        result = apply(case.fallback, take(), around)
    else:
        result = low.call(node.span, low.runtime(node.span, "no_case"), take())
    for condition, test, body in reversed(tests):
        result = low.at(condition.span, ast.IfExp(test, body, result))
    return result


def is_applied_first(case: Case, around: Surroundings) -> bool:
    """Whether the first thing that `lower_case` evaluates is a known function of the value."""
    condition = case.pairs[0][0]
    if isinstance(condition, nodes.Name):
        return is_known_function(condition.id, around.scope)
    return isinstance(condition, nodes.Lambda)


def _condition(
    low: Lowering, condition: nodes.Expression, take: Take, around: Surroundings
) -> ast.expr:
    span = condition.span
    inner = around.within(flow=take, callees=None)
    lowered = low.expression(condition, inner)
    kind = kind_of(condition, around.scope)
    if isinstance(condition, nodes.Name) and not is_known_function(condition.id, around.scope):
        kind = "unknown"
    if kind == "callable":
        return low.call(span, lowered, take())
    if kind == "data":
        return lowered
    return low.call(span, low.runtime(span, "holds"), take(), lowered)
