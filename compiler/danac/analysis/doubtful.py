"""Nodes → warnings of what can hardly be meant, whatever the surroundings: `x is 5`, `"a" (b)`, `{1, 2}[0]`.

These are what Python's own compiler warns of; it would speak of the generated code, and has no columns.
"""

from __future__ import annotations

from collections.abc import Iterator

from danac import nodes
from danac.diagnostics import Diagnostic
from danac.source import Span

_COLLECTIONS = (
    nodes.ListDisplay | nodes.TupleDisplay | nodes.SetDisplay | nodes.DictDisplay
) | nodes.Comprehension


def doubtful(module: nodes.Module) -> list[Diagnostic]:
    """Return a warning for each construct of `module` that can hardly be meant, in source order."""
    found = [finding for node in nodes.walk(module) for finding in _judged(node)]
    return sorted(found, key=lambda finding: finding.span)


def _judged(node: nodes.Node) -> Iterator[Diagnostic]:
    match node:
        case nodes.Comparison():
            yield from _comparison(node)
        case nodes.Call(function=function) if name := _uncallable(function):
            hint = "is a comma missing before the `(`?"
            yield _warn(node.span, "DANA222", f"{name} cannot be called", hint)
        case nodes.Subscript(value=value, index=index):
            yield from _subscript(node, nodes.ungrouped(value), nodes.ungrouped(index))
        case nodes.Assert(test=test):
            if isinstance(display := nodes.ungrouped(test), nodes.TupleDisplay) and display.items:
                hint = "write `assert condition, message` without parentheses around both"
                yield _warn(node.span, "DANA225", "a tuple with items always holds", hint)
        case nodes.Try(final=final):
            yield from _leaving(final, in_loop=False)


def _warn(place: Span, code: str, message: str, hint: str | None) -> Diagnostic:
    return Diagnostic(code, message, "warning", place, hint)


def _comparison(node: nodes.Comparison) -> Iterator[Diagnostic]:
    operands = [node.left, *node.rest]
    for operator, left, right in zip(node.operators, operands[:-1], operands[1:], strict=True):
        if operator not in ("is", "is not"):
            continue
        name = _literal(nodes.ungrouped(left)) or _literal(nodes.ungrouped(right))
        if name is not None:
            equal = "==" if operator == "is" else "!="
            message = f"`{operator}` asks for the same object, of which {name} says nothing"
            yield _warn(left.span.to(right.span), "DANA221", message, f"write `{equal}`")


def _literal(node: nodes.Expression) -> str | None:
    """Return how to call a number, a text or a tuple of such; None for what stands for one object."""
    if isinstance(node, nodes.UnaryOperation) and node.operator != "not":
        return _literal(nodes.ungrouped(node.operand))
    if isinstance(node, nodes.TupleDisplay):
        is_constant = all(isinstance(nodes.ungrouped(item), nodes.Constant) for item in node.items)
        return "a tuple" if is_constant else None
    if isinstance(node, nodes.Constant) and type(node.value) in (int, float, str):
        return _name(node)
    return None


def _uncallable(node: nodes.Expression) -> str | None:
    node = nodes.ungrouped(node)
    if isinstance(node, _COLLECTIONS | nodes.Constant | nodes.FormattedText):
        return _name(node)
    return None


def _name(node: nodes.Expression) -> str:
    match node:
        case nodes.Constant(value=value) if value is None or isinstance(value, bool):
            return f"`{str(value).lower()}`" if value is not None else "`none`"
        case nodes.Constant(value=str()) | nodes.FormattedText():
            return "a text"
        case nodes.Constant():
            return "a number"
        case nodes.ListDisplay() | nodes.Comprehension(kind="list"):
            return "a list"
        case nodes.SetDisplay() | nodes.Comprehension(kind="set"):
            return "a set"
        case nodes.DictDisplay() | nodes.Comprehension(kind="dict"):
            return "a dict"
        case nodes.TupleDisplay():
            return "a tuple"
        case _:
            return "a generator"


def _subscript(
    node: nodes.Subscript, value: nodes.Expression, index: nodes.Expression
) -> Iterator[Diagnostic]:
    if isinstance(value, nodes.Lambda):
        yield _warn(node.span, "DANA223", "a function cannot be subscripted", None)
    if not isinstance(value, _COLLECTIONS | nodes.Constant | nodes.FormattedText):
        return
    name = _name(value)
    if name in ("a number", "a set", "a generator") or name.startswith("`"):
        yield _warn(node.span, "DANA223", f"{name} cannot be subscripted", "is a comma missing?")
    elif name != "a dict" and isinstance(
        index, _COLLECTIONS | nodes.FormattedText | nodes.Lambda | nodes.Constant
    ):
        if isinstance(index, nodes.Constant) and isinstance(index.value, int):
            return
        hint = "is a comma missing before the `[`?"
        wrong = "a function" if isinstance(index, nodes.Lambda) else _name(index)
        if isinstance(index, nodes.Constant) and isinstance(index.value, float):
            wrong = "a float"
        yield _warn(node.span, "DANA224", f"{wrong} is no index of {name}", hint)


def _leaving(body: nodes.Body, *, in_loop: bool) -> Iterator[Diagnostic]:
    """Yield the statements that leave a `finally`, and forget the error that it was entered with."""
    for statement in body:
        match statement:
            case nodes.Return():
                yield _leaves(statement, statement.word)
            case nodes.Break() if not in_loop:
                yield _leaves(statement, "break")
            case nodes.Continue() if not in_loop:
                yield _leaves(statement, "continue")
            case nodes.While(body=inner, otherwise=rest) | nodes.For(body=inner, otherwise=rest):
                yield from _leaving(inner, in_loop=True)
                yield from _leaving(rest, in_loop=in_loop)
            case nodes.If(branches=branches, otherwise=rest):
                for branch in branches:
                    yield from _leaving(branch.body, in_loop=in_loop)
                yield from _leaving(rest, in_loop=in_loop)
            case nodes.With(body=inner):
                yield from _leaving(inner, in_loop=in_loop)
            case nodes.Try(body=inner, handlers=handlers, otherwise=rest):
                # Its own `finally` is judged by itself.
                for part in (inner, *(handler.body for handler in handlers), rest):
                    yield from _leaving(part, in_loop=in_loop)


def _leaves(statement: nodes.Statement, word: str) -> Diagnostic:
    return _warn(
        statement.span, "DANA226", f"`{word}` in a `finally` swallows the error on its way", None
    )
