"""Exceptions: `try` with names that stay bound, and `raise` of any value."""

from __future__ import annotations

import ast

from danac import nodes
from danac.analysis import builtins, stages
from danac.lowering.context import Lowering, LowerStatement, Surroundings
from danac.lowering.statements import lower_suite


def _try(low: Lowering, node: nodes.Try, around: Surroundings) -> list[ast.stmt]:
    body = lower_suite(low, node, node.body, around)
    handlers = [_handler(low, handler, around) for handler in node.handlers]
    otherwise = low.statements(node.otherwise, around)
    final = low.statements(node.final, around)
    if not handlers and not final:
        # A `finally:` that holds only comments.
        final = [low.at(node.span, ast.Pass())]
    return [low.at(node.span, ast.Try(body, handlers, otherwise, final))]


def _handler(low: Lowering, handler: nodes.Handler, around: Surroundings) -> ast.ExceptHandler:
    """Lower one `except`: Python unbinds the name behind the clause, Dana keeps it."""
    span = handler.span
    kinds = low.optional(handler.kinds, around)
    body = lower_suite(low, handler, handler.body, around)
    if handler.name is None:
        return low.at(span, ast.ExceptHandler(kinds, None, body))
    if kinds is None:
        kinds = low.python(span, "BaseException", around)
    if _is_read_only_inside(handler, around):
        return low.at(span, ast.ExceptHandler(kinds, handler.name, body))
    caught = low.fresh("error")
    target = low.at(span, ast.Name(handler.name, ast.Store()))
    keep = low.at(span, ast.Assign([target], low.name(span, caught)))
    return low.at(span, ast.ExceptHandler(kinds, caught, [keep, *body]))


def _is_read_only_inside(handler: nodes.Handler, around: Surroundings) -> bool:
    """Whether nobody could tell if the name were unbound behind the clause, as Python does it.

    Python unbinds it because an error that stays in its function's variables is a reference cycle.
    """
    found = around.scope.lookup(handler.name or "")
    if around.scope.kind != "function" or found is None or found[0] is not around.scope:
        return False
    if found[1].writes != 1:
        return False
    everywhere = _reads(around.scope.node, handler.name)
    return everywhere is not None and everywhere == _reads(handler, handler.name)


# What may be made in a clause and still read its names later.
_KEEPING = nodes.Function | nodes.Lambda | nodes.Pipe | nodes.Comprehension


def _mentions(root: nodes.Node, name: str | None) -> bool:
    return any(isinstance(found, nodes.Name) and found.id == name for found in nodes.walk(root))


def _reads(root: nodes.Node, name: str | None) -> int | None:
    """Count the mentions of `name` below `root`; None if an inner function may keep it."""
    count = 0
    for found in nodes.walk(root):
        if isinstance(found, nodes.Name) and found.id == name:
            count += 1
        elif found is not root and isinstance(found, _KEEPING) and _mentions(found, name):
            return None
    return count


def _raise(low: Lowering, node: nodes.Raise, around: Surroundings) -> list[ast.stmt]:
    error = None
    if node.error is not None:
        error = low.expression(node.error, around)
        if not _is_exception(node.error, around):
            function = low.runtime(node.error.span, "exception_from")
            error = low.call(node.error.span, function, error)
    return [low.at(node.span, ast.Raise(error, low.optional(node.cause, around)))]


def _is_exception(node: nodes.Expression, around: Surroundings) -> bool:
    """Whether `node` surely is an exception: one of Python's, made here or caught here."""
    if isinstance(node, nodes.Call):
        return _is_exception_class(node.function, around)
    if isinstance(node, nodes.Name):
        found = around.scope.lookup(node.id)
        if found is not None:
            return found[1].is_error and found[1].writes == 1
    return _is_exception_class(node, around)


def _is_exception_class(node: nodes.Expression, around: Surroundings) -> bool:
    if not isinstance(node, nodes.Name):
        return False
    return node.id in builtins.EXCEPTIONS and stages.is_builtin(node.id, around.scope)


STATEMENTS: dict[type[nodes.Node], LowerStatement] = {nodes.Try: _try, nodes.Raise: _raise}
