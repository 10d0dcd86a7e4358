"""What is assigned to: trees → nodes, with what cannot be a target refused."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from lark import Token, Tree

from danac import nodes

if TYPE_CHECKING:
    from danac.syntax.build.builder import Builder

TreeOf: TypeAlias = Tree[Token]


def build_targets(b: Builder, tree: TreeOf) -> nodes.Expression:
    """Return the target of a loop: one, or a tuple of several; refuses what cannot be assigned to."""
    *parts, comma = tree.children
    targets = b.expressions(parts)
    is_tuple = len(targets) > 1 or comma is not None
    target = nodes.TupleDisplay(b.span(tree), targets) if is_tuple else targets[0]
    check_target(b, target)
    return target


def check_target(b: Builder, target: nodes.Expression, *, deleting: bool = False) -> None:
    """Refuse what cannot be assigned to (or deleted), with Python's wording."""
    match target:
        case nodes.Name() | nodes.ScopedName() | nodes.Attribute() | nodes.Subscript():
            return
        case nodes.TupleDisplay(items=items) | nodes.ListDisplay(items=items):
            if sum(isinstance(item, nodes.Starred) for item in items) > 1:
                b.refuse(target.span, "multiple starred targets", code="DANA152")
            for item in items:
                check_target(
                    b, item.value if isinstance(item, nodes.Starred) else item, deleting=deleting
                )
        case nodes.Starred():
            hint = "write `*name, = …`"
            b.refuse(
                target.span,
                "a starred target must be in a list or tuple",
                code="DANA152",
                hint=hint,
            )
        case _:
            verb = "delete" if deleting else "assign to"
            is_long = isinstance(target, nodes.Pipe) and target.span.line < target.span.end_line
            going_on = "a line that ends in `|` goes on in the next one" if is_long else None
            message = f"cannot {verb} {describe(target)}"
            b.refuse(target.span, message, code="DANA153", hint=going_on)


_DESCRIPTIONS: dict[type[nodes.Expression], str] = {
    nodes.Call: "a call",
    nodes.Pipe: "a pipe",
    nodes.Constant: "a literal",
    nodes.FormattedText: "an f-string",
    nodes.Lambda: "a lambda",
    nodes.Comparison: "a comparison",
    nodes.FlowValue: "`$$`",
    nodes.DictDisplay: "a dict display",
    nodes.SetDisplay: "a set display",
    nodes.Comprehension: "a comprehension",
    nodes.Conditional: "a conditional expression",
    nodes.NamedExpression: "a named expression",
    nodes.Await: "an await expression",
    nodes.Yield: "a yield expression",
}


def describe(expression: nodes.Expression) -> str:
    """Return what kind of expression this is, for an error message."""
    if isinstance(expression, nodes.Group):
        return describe(expression.value)
    return _DESCRIPTIONS.get(type(expression), "an expression")
