"""A name and a place in the program → whether the name surely has a value when the program gets there."""

from __future__ import annotations

from danac import nodes
from danac.analysis.names import Scope
from danac.source import Span


def is_surely_bound(name: str, place: Span, scope: Scope) -> bool:
    """Whether a statement that always runs has bound `name` before the code at `place` in `scope` can run.

    Functions may be called before the statements behind them have run, and what stands under an `if`
    may never run.
    """
    found = scope.lookup(name)
    if found is None or found[1].is_deleted:
        return False
    owner, binding = found
    statement = _statement_of(binding.node, owner)
    if statement is None:
        return False
    if statement.span[2:] <= place[:2]:
        return True
    # A function that runs has a name by then, unless a decorator has called it.
    is_inside = statement.span[:2] <= place[:2] and place[2:] <= statement.span[2:]
    return is_inside and _is_plain_function(statement) and scope is not owner


def _statement_of(node: nodes.Node, scope: Scope) -> nodes.Node | None:
    """Return the statement with which `node` binds its name, if nothing but the scope's body is around it."""
    if not isinstance(scope.node, nodes.Module | nodes.Function):
        return None
    for statement in scope.node.body:
        if statement is node:
            return statement
        if isinstance(statement, nodes.Import | nodes.FromImport):
            if any(item is node for item in statement.names):
                return statement
        elif isinstance(statement, nodes.Assignment) and node in statement.targets:
            return statement
    return None


def _is_plain_function(statement: nodes.Node) -> bool:
    return (
        isinstance(statement, nodes.Function | nodes.Declaration)
        and not statement.decorators
        and statement.receiver is None
    )
