"""Nodes and scopes → each node with the scope that it is evaluated in."""

from __future__ import annotations

from collections.abc import Iterator

from danac import nodes
from danac.analysis.names import Names, Scope


def with_scopes(module: nodes.Module, names: Names) -> Iterator[tuple[nodes.Node, Scope]]:
    """Yield every node of a program but those of annotations, outer ones first, with its scope."""
    todo: list[tuple[nodes.Node, Scope]] = [(module, names.module)]
    while todo:
        node, scope = todo.pop()
        yield node, scope
        match node:
            case nodes.Function() | nodes.Declaration() | nodes.Lambda():
                # Defaults and decorators belong to the scope around the function.
                outside: set[nodes.Node] = set(node.parameters)
                if not isinstance(node, nodes.Lambda):
                    outside.update(node.decorators)
                inner = names.scope_of(node)
                todo += [
                    (child, scope if child in outside else inner) for child in nodes.children(node)
                ]
            case nodes.Comprehension():
                inner = names.scope_of(node)
                first = node.clauses[0].iterable
                todo.append((first, scope))
                for clause in node.clauses:
                    todo += [
                        (child, inner) for child in nodes.children(clause) if child is not first
                    ]
                todo += [(part, inner) for part in (node.key, node.element) if part is not None]
            case nodes.TypeName() | nodes.TypeUnion() | nodes.TypeLiteral():
                pass
            case _:
                todo += [(child, scope) for child in nodes.children(node)]
