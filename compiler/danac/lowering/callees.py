"""What the stages of a pipe call: when it may be evaluated, and how it is lowered."""

from __future__ import annotations

import ast

from danac import nodes
from danac.analysis.names import Scope
from danac.analysis.stages import is_builtin, is_known_function, is_module_member
from danac.lowering.calls import lower_called
from danac.lowering.context import Lowering, Surroundings
from danac.lowering.temporaries import mentions_flow, reads_capture


def is_bare(arm: nodes.Expression) -> bool:
    """Whether an arm of a conditional stage is simply what is called."""
    bare = nodes.Name | nodes.CaptureRead | nodes.Attribute | nodes.Subscript | nodes.Lambda
    return isinstance(nodes.ungrouped(arm), bare)


def is_plain_callee(callee: nodes.Expression, around: Surroundings) -> bool:
    """Whether it makes no difference that `callee` is evaluated before the value that flows into it."""
    match callee:
        case nodes.Name(id=name):
            return is_settled(name, around.scope)
        case nodes.Lambda(parameters=parameters):
            return all(parameter.default is None for parameter in parameters)
        case _:
            return False


def is_settled(name: str, scope: Scope) -> bool:
    """Whether `name` has one value only: a built-in, or a name that is bound in one place."""
    found = scope.lookup(name)
    if found is None:
        return is_builtin(name, scope)
    where, binding = found
    return binding.writes == 1 and where.star_import is None


def lower_callee(
    low: Lowering, callee: nodes.Expression, around: Surroundings, *, is_called: bool = False
) -> ast.expr:
    """Lower what a stage calls; in a composed pipe it is evaluated once, when the pipe is composed."""
    bare = around.within(callees=None)
    lowered = lower_called(low, callee, bare) if is_called else low.expression(callee, bare)
    is_fixed = isinstance(callee, nodes.Name) and is_known_function(callee.id, around.scope)
    if isinstance(callee, nodes.Lambda):
        is_fixed = all(parameter.default is None for parameter in callee.parameters)
    depends_on_run = mentions_flow(callee) or reads_capture(callee, around.captures)
    if around.callees is None or is_fixed or depends_on_run:
        return lowered
    return around.callees.bind(low, callee.span, lowered)


def is_callable_as_it_stands(
    stage: nodes.Expression, around: Surroundings, *, in_order: bool
) -> bool:
    """Whether a branch can be handed to the runtime as it is written, without a lambda around it.

    Where the branches run `in_order`, what an earlier one does may change a later one's name.
    """
    if isinstance(stage, nodes.Name):
        return not in_order or is_settled(stage.id, around.scope)
    if isinstance(stage, nodes.CaptureRead) or is_module_member(stage, around.scope):
        return True
    return not mentions_flow(stage) and is_plain_callee(stage, around)
