"""A pipe with captures → the same pipe, with each read of a capture told from reads of ordinary names.

This is the one place that knows what hides a capture: parameters of lambdas, targets of comprehensions,
and captures of pipes further in. Pipes are built from the inside out, so those have taken their own already.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from danac import nodes
from danac.staging import Display


def resolve_captures(pipe: nodes.Pipe) -> nodes.Pipe:
    """Return `pipe` with the reads of its stages' captures, to the right of each, as `CaptureRead`."""
    seen: frozenset[str] = frozenset()
    stages = []
    for stage in pipe.stages:
        stages.append(_resolved(stage, seen) if seen else stage)
        seen |= frozenset(_made_by(stage))
    return nodes.Pipe(pipe.span, tuple(stages)) if seen else pipe


def _made_by(stage: nodes.Stage) -> Iterator[str]:
    """Yield the names that `stage` captures: its own, and those of its branches."""
    for branch in _branches_of(stage.value):
        for inner in branch:
            yield from _made_by(inner)
    if stage.capture is not None:
        yield stage.capture.name


def _branches_of(value: nodes.Expression) -> Iterator[tuple[nodes.Stage, ...]]:
    match value:
        case nodes.ParallelBlock(branches=branches):
            yield from (branch.stages for branch in branches)
        case nodes.ListDisplay() | nodes.SetDisplay() | nodes.DictDisplay():
            # At the head of a pipe it may turn out to be a block; in data a capture is refused anyway.
            yield from (item.stages for item in _items_of(value) if isinstance(item, nodes.Pipe))


def _items_of(display: Display) -> Iterator[nodes.Expression]:
    for item in display.items:
        yield item.value if isinstance(item, nodes.DictItem) else item


def _resolved(node: Any, names: frozenset[str]) -> Any:
    match node:
        case nodes.Name(id=name):
            return nodes.CaptureRead(node.span, name) if name in names else node
        case nodes.Lambda():
            inside = names - {parameter.name for parameter in node.parameters}
            body = _resolved(node.body, inside) if inside else node.body
            parameters = tuple(_resolved(parameter, names) for parameter in node.parameters)
            return nodes.rebuilt(node, parameters=parameters, body=body)
        case nodes.Comprehension():
            return _comprehension(node, names)
        case nodes.NamedExpression(target=target):
            return nodes.rebuilt(node, target=target, value=_resolved(node.value, names))
        case _:
            changes = {}
            for name in nodes.field_names(node):
                value = getattr(node, name)
                if isinstance(value, nodes.Node):
                    changes[name] = _resolved(value, names)
                elif isinstance(value, tuple):
                    changes[name] = tuple(
                        _resolved(item, names) if isinstance(item, nodes.Node) else item
                        for item in value
                    )
            return nodes.rebuilt(node, **changes)


def _comprehension(node: nodes.Comprehension, names: frozenset[str]) -> nodes.Comprehension:
    targets = {
        found.id
        for clause in node.clauses
        for found in nodes.walk(clause.target)
        if isinstance(found, nodes.Name)
    }
    inside = names - targets
    clauses = []
    for index, clause in enumerate(node.clauses):
        # Python evaluates the first iterable outside of the comprehension.
        iterable = _resolved(clause.iterable, inside if index else names)
        conditions = tuple(_resolved(condition, inside) for condition in clause.conditions)
        clauses.append(nodes.rebuilt(clause, iterable=iterable, conditions=conditions))
    key = None if node.key is None else _resolved(node.key, inside)
    element = _resolved(node.element, inside)
    return nodes.rebuilt(node, key=key, element=element, clauses=tuple(clauses))
