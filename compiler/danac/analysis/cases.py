"""A call → the parts of `case((condition, f), …, fallback)`, where all of them can be seen."""

from __future__ import annotations

from typing import NamedTuple

from danac import nodes
from danac.analysis.names import Scope
from danac.analysis.stages import is_builtin


class Case(NamedTuple):
    """The parts of a `case(…)`."""

    pairs: tuple[tuple[nodes.Expression, nodes.Expression], ...]
    fallback: nodes.Expression | None


def case_of(node: nodes.Expression, scope: Scope) -> Case | None:
    """Return the parts of `node` if it is a call of the built-in `case` whose parts can be seen."""
    if not isinstance(node, nodes.Call) or not isinstance(node.function, nodes.Name):
        return None
    if node.function.id != "case" or not is_builtin("case", scope) or node.keywords:
        return None
    pairs = []
    fallback = None
    for index, part in enumerate(node.positional):
        if isinstance(part, nodes.TupleDisplay) and len(part.items) == 2:
            condition, stage = part.items
            if isinstance(condition, nodes.Starred) or isinstance(stage, nodes.Starred):
                return None
            pairs.append((condition, stage))
        elif index + 1 == len(node.positional) and not isinstance(part, nodes.Starred):
            fallback = part
        else:
            return None
    return Case(tuple(pairs), fallback) if pairs else None
