"""Scoped names, and bare names that only run time can find."""

from __future__ import annotations

import ast

from danac import nodes
from danac.identifiers import dana_name
from danac.lowering.context import LowerExpression, Lowering, Surroundings
from danac.source import Span


def scope_object(low: Lowering, span: Span, scope: str) -> ast.expr:
    """Return the namespace of a scope: the module's own for `private`, the shared ones else."""
    if scope == "private":
        low.runtime_names.add("private_scope")
        low.has_private_scope = True
        return low.name(span, "_dana_private")
    return low.runtime(span, "public" if scope == "public" else "system")


def scoped_name(
    low: Lowering, node: nodes.ScopedName, context: ast.expr_context | None = None
) -> ast.expr:
    """Return the read of a scoped name, or with a context what is assigned to or deleted."""
    scope = scope_object(low, node.span, node.scope)
    key = low.constant(node.span, node.id)
    return low.at(node.span, ast.Subscript(scope, key, context or ast.Load()))


def _read(low: Lowering, node: nodes.ScopedName, around: Surroundings) -> ast.expr:
    return scoped_name(low, node)


def looked_up(low: Lowering, node: nodes.Name) -> ast.expr:
    """Return the read of a name that is bound nowhere in sight: private, public or an error at run time."""
    private = scope_object(low, node.span, "private")
    name = low.constant(node.span, dana_name(node.id))
    variable = [low.constant(node.span, node.id)] if dana_name(node.id) != node.id else []
    return low.call(node.span, low.runtime(node.span, "lookup"), name, private, *variable)


EXPRESSIONS: dict[type[nodes.Node], LowerExpression] = {nodes.ScopedName: _read}
