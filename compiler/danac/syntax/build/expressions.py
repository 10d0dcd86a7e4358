"""Operators, calls, subscripts, lambdas and comprehensions: trees → nodes."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Literal, TypeAlias, cast

from lark import Token, Tree

from danac import nodes
from danac.identifiers import python_name
from danac.source import Span
from danac.staging import Display, mentions_flow
from danac.syntax.build.calls import build_arguments, build_parameters
from danac.syntax.build.targets import build_targets

if TYPE_CHECKING:
    from danac.syntax.build.builder import Builder

TreeOf: TypeAlias = Tree[Token]

# How tightly an operator binds, loosest first (Python's order; see docs/language.md).
_OR, _AND, _NOT, _COMPARISON, _SUM, _PRODUCT, _UNARY, _POWER = range(1, 9)
_COMPARISONS = {"==", "!=", "<", ">", "<=", ">=", "in", "not in", "is", "is not"}
_LEVELS = {
    "or": _OR,
    "and": _AND,
    **dict.fromkeys(_COMPARISONS, _COMPARISON),
    **dict.fromkeys(["+", "-"], _SUM),
    **dict.fromkeys(["*", "/", "//", "%"], _PRODUCT),
    "**": _POWER,
}
_OPERATOR_TOKENS = {
    *("OPERATOR", "PLUS", "MINUS", "STAR", "SLASH", "DOUBLE_STAR"),
    *("IN", "IS_NOT", "NOT_IN", "NOT"),
}


def _operation(b: Builder, tree: TreeOf) -> nodes.Expression:
    return _Precedence(b, tree).parse(_OR)


class _Precedence:
    """The flat operands and operators of one `operation` → nested nodes, by precedence climbing."""

    def __init__(self, b: Builder, tree: TreeOf) -> None:
        self._b = b
        self._parts = tree.children
        self._next = 0

    def parse(self, level: int) -> nodes.Expression:
        """Build the operation that starts here out of operators that bind at least as tightly as `level`."""
        start = self._next
        left = self._prefixed(level)
        while (operator := self._operator()) is not None and _LEVELS[operator] >= level:
            if operator in _COMPARISONS:
                left = self._comparison(start, left)
            elif operator in ("and", "or"):
                left = self._boolean(start, left, cast(Literal["and", "or"], operator))
            else:
                self._next += 1
                # `**` groups to the right, and its right side may carry a sign.
                right = self.parse(_UNARY if operator == "**" else _LEVELS[operator] + 1)
                left = nodes.BinaryOperation(self._span_from(start), operator, left, right)
        return left

    def _span_from(self, start: int) -> Span:
        """Return where the parts from `start` to here stand, parentheses of operands included."""
        return self._b.span(self._parts[start]).to(self._b.span(self._parts[self._next - 1]))

    def _prefixed(self, level: int) -> nodes.Expression:
        start = self._next
        part = self._parts[start]
        self._next += 1
        if not isinstance(part, Token) or part.type not in _OPERATOR_TOKENS:
            return self._b.expression(part)
        sign = cast(Literal["-", "+", "not"], str(part))
        if sign == "not" and level > _NOT:
            self._b.refuse(
                part, "`not` needs parentheses here", code="DANA120", hint="write `(not …)`"
            )
        operand = self.parse(_NOT if sign == "not" else _UNARY)
        return nodes.UnaryOperation(self._span_from(start), sign, operand)

    def _operator(self) -> str | None:
        if self._next == len(self._parts):
            return None
        token = cast(Token, self._parts[self._next])
        # Both may be written with any space between their words.
        return {"IS_NOT": "is not", "NOT_IN": "not in"}.get(token.type) or str(token)

    def _comparison(self, start: int, left: nodes.Expression) -> nodes.Expression:
        operators: list[str] = []
        rest: list[nodes.Expression] = []
        while (operator := self._operator()) in _COMPARISONS:
            assert operator is not None
            self._next += 1
            operators.append(operator)
            rest.append(self.parse(_COMPARISON + 1))
        return nodes.Comparison(self._span_from(start), left, tuple(operators), tuple(rest))

    def _boolean(
        self, start: int, left: nodes.Expression, operator: Literal["and", "or"]
    ) -> nodes.Expression:
        values = [left]
        while self._operator() == operator:
            self._next += 1
            values.append(self.parse(_LEVELS[operator] + 1))
        return nodes.BooleanOperation(self._span_from(start), operator, tuple(values))


def _conditional(b: Builder, tree: TreeOf) -> nodes.Expression:
    body, test, otherwise = b.expressions(tree.children)
    return nodes.Conditional(b.span(tree), test, body, otherwise)


def _lambda(b: Builder, tree: TreeOf) -> nodes.Expression:
    parameters, body = tree.children
    receiver = None
    children: list[TreeOf] = []
    if parameters is not None:
        for child in cast(TreeOf, parameters).children:
            part = cast(TreeOf, child)
            children += (
                cast(list[TreeOf], part.children)
                if part.data == "receiver_and_parameter"
                else [part]
            )
    built = build_parameters(b, children)
    if children and children[0].data == "receiver":
        receiver = built[0]
    return nodes.Lambda(b.span(tree), built, b.expression(body), receiver)


def _await(b: Builder, tree: TreeOf) -> nodes.Expression:
    return nodes.Await(b.span(tree), b.expression(tree.children[0]))


def _yield(b: Builder, tree: TreeOf) -> nodes.Expression:
    return nodes.Yield(b.span(tree), b.optional(tree.children[0]))


def _yield_from(b: Builder, tree: TreeOf) -> nodes.Expression:
    return nodes.YieldFrom(b.span(tree), b.expression(tree.children[0]))


def _chain(b: Builder, tree: TreeOf) -> nodes.Expression:
    """Build `atom.name(…)[…]`: a flat list in the tree, nested nodes that all start where the atom does."""
    value = b.expression(tree.children[0])
    start = value.span if not isinstance(tree.children[0], Tree) else b.span(tree.children[0])
    for child in tree.children[1:]:
        trailer = cast(TreeOf, child)
        span = start.to(b.span(trailer))
        if trailer.data == "attribute":
            value = nodes.Attribute(span, value, str(trailer.children[1]))
        elif trailer.data == "call":
            positional, keywords = build_arguments(b, cast("TreeOf | None", trailer.children[0]))
            value = nodes.Call(span, value, positional, keywords)
        else:
            value = nodes.Subscript(span, value, _index(b, trailer))
    return value


def _index(b: Builder, tree: TreeOf) -> nodes.Expression:
    parts = [child for child in tree.children[:-1] if child is not None]
    is_tuple = len(parts) > 1 or tree.children[-1] is not None
    items = b.expressions(parts)
    if is_tuple or isinstance(items[0], nodes.Starred):
        return nodes.TupleDisplay(items[0].span.to(items[-1].span), items)
    return items[0]


def _slice(b: Builder, tree: TreeOf) -> nodes.Expression:
    """Build a slice: its colons are tokens of the tree, `::` among them (the lambda's mark elsewhere)."""
    bounds: list[nodes.Expression | None] = [None, None, None]
    position = 0
    for child in tree.children:
        if isinstance(child, Token) and child.type in {"COLON", "DOUBLE_COLON"}:
            position += len(child)
        elif child is not None:
            bounds[position] = b.expression(child)
    return nodes.Slice(b.span(tree), *bounds)


def _named(b: Builder, tree: TreeOf) -> nodes.Expression:
    token, value = tree.children
    target = nodes.Name(b.span(token), python_name(str(token)))
    return nodes.NamedExpression(b.span(tree), target, b.expression(value))


def _group(b: Builder, tree: TreeOf) -> nodes.Expression:
    inner = b.expression(tree.children[0])
    if isinstance(inner, nodes.Call | nodes.Pipe | nodes.Conditional | nodes.Group):
        return nodes.Group(b.span(tree), inner)
    if isinstance(inner, nodes.Comprehension | Display) and mentions_flow(inner):
        return nodes.Group(b.span(tree), inner)
    return inner


def _comprehension(
    kind: Literal["list", "set", "dict", "generator"],
) -> Callable[[Builder, TreeOf], nodes.Expression]:
    def build(b: Builder, tree: TreeOf) -> nodes.Expression:
        first, *rest = tree.children
        clauses = tuple(_clause(b, cast(TreeOf, clause)) for clause in rest)
        if kind == "dict":
            key, element = b.expressions(cast(TreeOf, first).children)
            return nodes.Comprehension(b.span(tree), kind, key, element, clauses)
        return nodes.Comprehension(b.span(tree), kind, None, b.expression(first), clauses)

    return build


def _clause(b: Builder, tree: TreeOf) -> nodes.ComprehensionClause:
    is_async, targets, iterable, *conditions = tree.children
    return nodes.ComprehensionClause(
        b.span(tree),
        build_targets(b, cast(TreeOf, targets)),
        b.expression(iterable),
        b.expressions(cast(TreeOf, condition).children[0] for condition in conditions),
        is_async is not None,
    )


RULES: dict[str, Callable[[Builder, TreeOf], object]] = {
    "operation": _operation,
    "conditional": _conditional,
    "lambda": _lambda,
    "await": _await,
    "yield": _yield,
    "yield_from": _yield_from,
    "chain": _chain,
    "slice": _slice,
    "named": _named,
    "group": _group,
    "generator": _comprehension("generator"),
    "bare_generator": _comprehension("generator"),
    "list_comprehension": _comprehension("list"),
    "set_comprehension": _comprehension("set"),
    "dict_comprehension": _comprehension("dict"),
}
