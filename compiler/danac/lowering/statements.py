"""Statements that mean the same in Dana and in Python."""

from __future__ import annotations

import ast
from collections.abc import Callable

from danac import nodes
from danac.identifiers import dana_name
from danac.lowering.context import Lowering, LowerStatement, Surroundings
from danac.lowering.dict_tests import lower_loop_body
from danac.lowering.expressions import lower_target
from danac.lowering.operators import binary_operator
from danac.lowering.structs import receiver_decorator
from danac.lowering.types import converted


def lower_suite(
    low: Lowering, node: nodes.Node, body: nodes.Body, around: Surroundings
) -> list[ast.stmt]:
    """Lower a body that Python requires to hold something."""
    return low.statements(body, around) or [low.at(node.span, ast.Pass())]


def _expression(
    low: Lowering, node: nodes.ExpressionStatement, around: Surroundings
) -> list[ast.stmt]:
    return [low.at(node.span, ast.Expr(low.expression(node.value, around)))]


def _assignment(low: Lowering, node: nodes.Assignment, around: Surroundings) -> list[ast.stmt]:
    value = low.expression(node.value, around)
    match node:
        case nodes.Assignment(
            targets=(nodes.Name(id=name),),
            value=nodes.Lambda(receiver=nodes.Parameter() as receiver),
        ):
            decorator = receiver_decorator(low, receiver, name, node, around)
            named = low.at(node.span, ast.keyword("name", low.constant(node.span, dana_name(name))))
            decorator.keywords.append(named)
            value = low.call(node.span, decorator, value)
    targets = [lower_target(low, target, around) for target in node.targets]
    if any(
        isinstance(target, nodes.Name) and target.id == "__exports__" for target in node.targets
    ):
        # Python's star import goes by `__all__`.
        targets.append(low.at(node.span, ast.Name("__all__", ast.Store())))
    return [low.at(node.span, ast.Assign(targets, value))]


def _augmented(
    low: Lowering, node: nodes.AugmentedAssignment, around: Surroundings
) -> list[ast.stmt]:
    target = lower_target(low, node.target, around)
    assert isinstance(target, ast.Name | ast.Attribute | ast.Subscript)
    value = low.expression(node.value, around)
    if low.options.coerce and node.operator == "+":
        return _coerced_addition(low, node, target, value, around)
    operator = binary_operator(node.operator)
    return [low.at(node.span, ast.AugAssign(target, operator, value))]


def _coerced_addition(
    low: Lowering,
    node: nodes.AugmentedAssignment,
    target: ast.Name | ast.Attribute | ast.Subscript,
    value: ast.expr,
    around: Surroundings,
) -> list[ast.stmt]:
    """Lower `target += value` under `coerce`, where it may join text and numbers.

    As in Python, the object and the index in the target are evaluated once, before all else.
    """
    span = node.span
    if isinstance(target, ast.Name) or isinstance(node.target, nodes.ScopedName):
        current = low.expression(node.target, around)
        added = low.call(span, low.runtime(span, "coerce_iadd"), current, value)
        return [low.at(span, ast.Assign([target], added))]
    if isinstance(target, ast.Subscript) and _holds_slice(target.slice):
        # What a slice gives is a list, or can be assigned to no more than a text can: Python's `+=` does.
        return [low.at(span, ast.AugAssign(target, ast.Add(), value))]
    before: list[ast.stmt] = []

    def kept(part: ast.expr) -> str:
        name = low.fresh("target")
        stored = low.at(node.target.span, ast.Name(name, ast.Store()))
        before.append(low.at(node.target.span, ast.Assign([stored], part)))
        return name

    owner = kept(target.value)
    index = kept(target.slice) if isinstance(target, ast.Subscript) else ""

    def place(context: ast.expr_context) -> ast.expr:
        value = low.name(node.target.span, owner)
        if isinstance(target, ast.Attribute):
            return low.at(node.target.span, ast.Attribute(value, target.attr, context))
        read = low.name(node.target.span, index)
        return low.at(node.target.span, ast.Subscript(value, read, context))

    added = low.call(span, low.runtime(span, "coerce_iadd"), place(ast.Load()), value)
    return [*before, low.at(span, ast.Assign([place(ast.Store())], added))]


def _holds_slice(index: ast.expr) -> bool:
    items = index.elts if isinstance(index, ast.Tuple) else [index]
    return any(isinstance(item, ast.Slice) for item in items)


def _typed(low: Lowering, node: nodes.TypedAssignment, around: Surroundings) -> list[ast.stmt]:
    label = low.source.text_of(node.target.span)
    value = converted(low, label, node.annotation, node.value, around)
    return [low.at(node.span, ast.Assign([lower_target(low, node.target, around)], value))]


def _return(low: Lowering, node: nodes.Return, around: Surroundings) -> list[ast.stmt]:
    return [low.at(node.span, ast.Return(low.optional(node.value, around)))]


def _plain(kind: type[ast.stmt]) -> LowerStatement:
    return lambda low, node, around: [low.at(node.span, kind())]


def _assert(low: Lowering, node: nodes.Assert, around: Surroundings) -> list[ast.stmt]:
    test = low.expression(node.test, around)
    return [low.at(node.span, ast.Assert(test, low.optional(node.message, around)))]


def _delete(low: Lowering, node: nodes.Delete, around: Surroundings) -> list[ast.stmt]:
    targets = [lower_target(low, target, around, ast.Del()) for target in node.targets]
    return [low.at(node.span, ast.Delete(targets))]


def _scope_declaration(
    low: Lowering, node: nodes.ScopeDeclaration, around: Surroundings
) -> list[ast.stmt]:
    kind = ast.Global if node.kind == "global" else ast.Nonlocal
    return [low.at(node.span, kind(list(node.names)))]


# --- Compound statements --------------------------------------------------------------------------


def _if(low: Lowering, node: nodes.If, around: Surroundings) -> list[ast.stmt]:
    tests = [
        (branch, low.expression(branch.test, around), lower_suite(low, branch, branch.body, around))
        for branch in node.branches
    ]
    lowered = low.statements(node.otherwise, around)
    for branch, test, body in reversed(tests):
        lowered = [low.at(branch.span, ast.If(test, body, lowered))]
    return lowered


def _while(low: Lowering, node: nodes.While, around: Surroundings) -> list[ast.stmt]:
    test = low.expression(node.test, around)
    body = lower_suite(low, node, node.body, around)
    return [low.at(node.span, ast.While(test, body, low.statements(node.otherwise, around)))]


def _for(low: Lowering, node: nodes.For, around: Surroundings) -> list[ast.stmt]:
    iterable = low.expression(node.iterable, around)
    target = lower_target(low, node.target, around)
    body = lower_loop_body(low, node, around) or [low.at(node.span, ast.Pass())]
    otherwise = low.statements(node.otherwise, around)
    kind: Callable[..., ast.stmt] = ast.AsyncFor if node.is_async else ast.For
    return [low.at(node.span, kind(target, iterable, body, otherwise))]


def _with(low: Lowering, node: nodes.With, around: Surroundings) -> list[ast.stmt]:
    items = []
    for item in node.items:
        manager = low.expression(item.manager, around)
        target = None if item.target is None else lower_target(low, item.target, around)
        items.append(ast.withitem(manager, target))
    body = lower_suite(low, node, node.body, around)
    kind: Callable[..., ast.stmt] = ast.AsyncWith if node.is_async else ast.With
    return [low.at(node.span, kind(items, body))]


STATEMENTS: dict[type[nodes.Node], LowerStatement] = {
    nodes.ExpressionStatement: _expression,
    nodes.Assignment: _assignment,
    nodes.AugmentedAssignment: _augmented,
    nodes.TypedAssignment: _typed,
    nodes.Return: _return,
    nodes.Pass: _plain(ast.Pass),
    nodes.Wrong: _plain(ast.Pass),
    nodes.Break: _plain(ast.Break),
    nodes.Continue: _plain(ast.Continue),
    nodes.Assert: _assert,
    nodes.Delete: _delete,
    nodes.ScopeDeclaration: _scope_declaration,
    nodes.If: _if,
    nodes.While: _while,
    nodes.For: _for,
    nodes.With: _with,
}
