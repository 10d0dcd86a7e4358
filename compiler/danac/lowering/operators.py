"""Operators: Python's, the joining of text with `+`, and the reference's under the option `coerce`.

A `+` with an operand that is text by its form (a literal, an f-string, or such a `+`) renders the other
operand if it is a number or a truth value: `"n = " + 5`. All other `+` are Python's, at Python's cost.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping

from danac import nodes
from danac.analysis.stages import is_builtin, is_text_by_form
from danac.lowering.class_names import class_name
from danac.lowering.context import LowerExpression, Lowering, Surroundings, Take
from danac.lowering.runtime_names import RuntimeName
from danac.lowering.temporaries import bind, contains_suspension
from danac.source import Span

_BINARY: Mapping[str, type[ast.operator]] = {
    "+": ast.Add,
    "-": ast.Sub,
    "*": ast.Mult,
    "/": ast.Div,
    "//": ast.FloorDiv,
    "%": ast.Mod,
    "**": ast.Pow,
}
_UNARY: Mapping[str, type[ast.unaryop]] = {"-": ast.USub, "+": ast.UAdd, "not": ast.Not}
_COMPARISONS: Mapping[str, type[ast.cmpop]] = {
    "==": ast.Eq,
    "!=": ast.NotEq,
    "<": ast.Lt,
    "<=": ast.LtE,
    ">": ast.Gt,
    ">=": ast.GtE,
    "in": ast.In,
    "not in": ast.NotIn,
    "is": ast.Is,
    "is not": ast.IsNot,
}
_COERCED: Mapping[str, RuntimeName] = {
    "==": "coerce_eq",
    "!=": "coerce_ne",
    "<": "coerce_lt",
    "<=": "coerce_le",
    ">": "coerce_gt",
    ">=": "coerce_ge",
}
_GIVING_TEXT = frozenset({"str", "repr", "format", "chr", "hex", "oct", "bin", "ascii", "input"})


def binary_operator(operator: str) -> ast.operator:
    """Return Python's operator for Dana's."""
    return _BINARY[operator]()


def _unary(low: Lowering, node: nodes.UnaryOperation, around: Surroundings) -> ast.expr:
    operand = low.expression(node.operand, around)
    return low.at(node.span, ast.UnaryOp(_UNARY[node.operator](), operand))


def _binary(low: Lowering, node: nodes.BinaryOperation, around: Surroundings) -> ast.expr:
    """Lower a chain of operators along its left side in a loop: long sums are deep on that side only."""
    chain = [node]
    while isinstance(left := chain[-1].left, nodes.BinaryOperation):
        chain.append(left)
    first = chain[-1].left
    value = low.expression(first, around)
    is_text = is_text_by_form(first)
    for operation in reversed(chain):
        right = low.expression(operation.right, around)
        if operation.operator == "+" and low.options.coerce:
            value = low.call(
                operation.span, low.runtime(operation.span, "coerce_add"), value, right
            )
            continue
        joins = operation.operator == "+" and (is_text or is_text_by_form(operation.right))
        if joins:
            left_node = operation.left
            value = value if is_text else _rendered(low, left_node, value, around)
            right = _rendered(low, operation.right, right, around)
        is_text = joins
        operator = binary_operator(operation.operator)
        value = low.at(operation.span, ast.BinOp(value, operator, right))
    return value


def _rendered(
    low: Lowering, node: nodes.Expression, value: ast.expr, around: Surroundings
) -> ast.expr:
    """Return `value` as it is joined to a text: numbers and truth values are rendered."""
    if is_text_by_form(node) or _gives_text(node, around):
        return value
    named = class_name(low, node, value, around)
    if named is not value and isinstance(named, ast.Attribute):
        return named
    return low.call(node.span, low.runtime(node.span, "text"), named)


def _gives_text(node: nodes.Expression, around: Surroundings) -> bool:
    if not isinstance(node, nodes.Call) or not isinstance(node.function, nodes.Name):
        return False
    name = node.function.id
    return name in _GIVING_TEXT and is_builtin(name, around.scope)


def _boolean(low: Lowering, node: nodes.BooleanOperation, around: Surroundings) -> ast.expr:
    operator = ast.And() if node.operator == "and" else ast.Or()
    return low.at(node.span, ast.BoolOp(operator, low.expressions(node.values, around)))


def _comparison(low: Lowering, node: nodes.Comparison, around: Surroundings) -> ast.expr:
    if low.options.coerce and any(operator in _COERCED for operator in node.operators):
        return _coerced(low, node, around)
    left = low.expression(node.left, around)
    operators = [_COMPARISONS[operator]() for operator in node.operators]
    rest = low.expressions(node.rest, around)
    return low.at(node.span, ast.Compare(left, operators, rest))


def _coerced(low: Lowering, node: nodes.Comparison, around: Surroundings) -> ast.expr:
    """Lower a comparison under `coerce`: a chain becomes its links with `and`, each operand evaluated once."""
    left = low.expression(node.left, around)
    if len(node.operators) == 1 or around.has_room:
        return _chain(low, node, 0, left, around)
    return bind(
        *(low, node.span, "value", left, around.within(has_room=not around.in_iterable)),
        lambda take, inner: _chain(low, node, 0, take(), inner),
        is_deferred=True,
        is_suspending=_is_suspending(node, 0),
    )


def _chain(
    low: Lowering, node: nodes.Comparison, index: int, left: ast.expr, around: Surroundings
) -> ast.expr:
    """Lower the links of a chain from link `index` on, whose left operand is lowered already."""
    operator, right = node.operators[index], low.expression(node.rest[index], around)
    span = node.left.span.to(node.rest[index].span)
    if index + 1 == len(node.operators):
        return _link(low, span, operator, left, right)

    # The operand in the middle is evaluated with its left link, and used again by its right one.
    def links(take: Take, inner: Surroundings) -> ast.expr:
        first = _link(low, span, operator, left, take())
        rest = _chain(low, node, index + 1, take(), inner)
        return low.at(node.span, ast.BoolOp(ast.And(), [first, rest]))

    if around.has_room:
        name = low.fresh("value")
        target = low.at(span, ast.Name(name, ast.Store()))
        pending: list[ast.expr] = [low.at(span, ast.NamedExpr(target, right))]
        return links(lambda: pending.pop() if pending else low.name(span, name), around)
    return bind(
        *(low, span, "value", right, around, links),
        is_deferred=True,
        is_suspending=_is_suspending(node, index + 1),
    )


def _is_suspending(node: nodes.Comparison, first: int) -> bool:
    return any(contains_suspension(operand) for operand in node.rest[first:])


def _link(low: Lowering, span: Span, operator: str, left: ast.expr, right: ast.expr) -> ast.expr:
    if operator in _COERCED:
        return low.call(span, low.runtime(span, _COERCED[operator]), left, right)
    return low.at(span, ast.Compare(left, [_COMPARISONS[operator]()], [right]))


EXPRESSIONS: dict[type[nodes.Node], LowerExpression] = {
    nodes.UnaryOperation: _unary,
    nodes.BinaryOperation: _binary,
    nodes.Comparison: _comparison,
    nodes.BooleanOperation: _boolean,
}
