"""Nodes and scopes → each node with the scope that its names are looked up in."""

from __future__ import annotations

from collections.abc import Iterator

from danac import nodes
from danac.analysis.names import Names, Scope
from danac.source import Source, Span


def nodes_in_scopes(names: Names) -> Iterator[tuple[nodes.Node, Scope]]:
    """Yield every node of a program once, parents first, with its scope.

    A function comes with the scope around it, its parameters with its own; their defaults and
    annotations belong to the scope around.
    """
    todo: list[tuple[nodes.Node, Scope]] = [(names.module.node, names.module)]
    while todo:
        node, scope = todo.pop()
        yield node, scope
        match node:
            case nodes.Function() | nodes.Declaration() | nodes.Lambda():
                inner = names.scope_of(node)
                outside = set() if isinstance(node, nodes.Lambda) else set(node.decorators)
                # The receiver is the first parameter, too: it counts once.
                for child in dict.fromkeys(nodes.children(node)):
                    is_outside = child in outside or _is_type(child)
                    todo.append((child, scope if is_outside else inner))
            case nodes.Parameter():
                # In interfaces parameters open no scope.
                is_bound = node.name in scope.bindings and scope.kind in ("function", "lambda")
                around = scope.parent if is_bound and scope.parent is not None else scope
                todo += [(child, around) for child in nodes.children(node)]
            case nodes.Comprehension():
                inner = names.scope_of(node)
                first = node.clauses[0].iterable
                todo += [(child, inner) for child in nodes.children(node)]
                todo.append((first, scope))
            case nodes.ComprehensionClause():
                is_first = isinstance(scope.node, nodes.Comprehension) and (
                    scope.node.clauses[0] is node
                )
                todo += [
                    (child, scope)
                    for child in nodes.children(node)
                    if not (is_first and child is node.iterable)
                ]
            case _:
                todo += [(child, scope) for child in nodes.children(node)]


def _is_type(node: nodes.Node) -> bool:
    return isinstance(node, nodes.TypeName | nodes.TypeLiteral | nodes.TypeUnion)


def contains(span: tuple[int, int, int, int], line: int, column: int) -> bool:
    """Whether a place is in `span` or at its end."""
    return span[:2] <= (line, column) <= span[2:]


def scope_at(names: Names, source: Source, line: int, column: int) -> Scope:
    """Return the innermost scope whose node holds a place of `source`.

    Behind its last statement a function still holds what is indented as its body is.
    """
    found = names.module
    for node, _ in nodes_in_scopes(names):
        match node:
            case nodes.Function() | nodes.Declaration():
                is_deeper = line == node.span.line or column > node.span.column
                whole = _with_rest(node.span, source)
                is_inside = is_deeper and contains(whole, line, column)
            case nodes.Lambda() | nodes.Comprehension():
                is_inside = contains(node.span, line, column)
            case _:
                continue
        # Parents come first, so a later one is further in.
        if is_inside:
            found = names.scope_of(node)
    return found


def _with_rest(span: Span, source: Source) -> Span:
    """Return the span of a function with the empty and indented lines behind it."""
    last = span.end_line
    while last < len(source.lines):
        text = source.line(last + 1)
        if text.strip() and len(text) - len(text.lstrip()) < span.column:
            break
        last += 1
    return Span(span.line, span.column, last, max(len(source.line(last)) + 1, span.end_column))
