"""A local name → whether its value is surely one that the function itself has made.

What a function has made it may change: nobody else has it yet.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator

from danac import nodes
from danac.analysis.names import Scope
from danac.analysis.stages import is_builtin

# They give a new container, or a value that cannot be changed.
_MAKERS = frozenset(
    "abs bool chr dict divmod float format int len list ord range repr round set sorted str".split()  # noqa: SIM905
)


def is_own(node: nodes.Expression, scope: Scope, outside: Collection[Scope]) -> bool:
    """Whether `node` is a local name, below the scopes `outside`, that is only ever bound to new values."""
    if not isinstance(node, nodes.Name):
        return False
    found = scope.lookup(node.id)
    if found is None or found[0] in outside or not isinstance(found[0].node, nodes.Function):
        return False
    owner, binding = found
    if binding.kind != "assigned":
        return False
    bound = list(_values_of(node.id, owner.node))
    # Every binding must be one of those that are understood.
    return len(bound) == binding.writes and all(_is_new(value, owner) for value in bound)


def _values_of(name: str, function: nodes.Node) -> Iterator[nodes.Expression]:
    """Yield what statements of the function bind to `name` alone, augmented assignments included."""
    for found in nodes.walk(function, lambda node: node is function or _stays_inside(node)):
        match found:
            case nodes.Assignment(targets=(nodes.Name(id=bound),), value=value) if bound == name:
                yield value
            case nodes.TypedAssignment(target=nodes.Name(id=bound), value=value) if bound == name:
                yield value
            case nodes.AugmentedAssignment(target=nodes.Name(id=bound)) if bound == name:
                # In place, or a new value: of what is its own either is its own.
                yield nodes.Constant(found.span, None)


def _stays_inside(node: nodes.Node) -> bool:
    return not isinstance(node, nodes.Function | nodes.Declaration | nodes.Lambda)


def _is_new(value: nodes.Expression, scope: Scope) -> bool:
    match value:
        case nodes.Group(value=inner):
            return _is_new(inner, scope)
        case nodes.Constant() | nodes.FormattedText() | nodes.Comprehension():
            return True
        case nodes.ListDisplay() | nodes.DictDisplay() | nodes.SetDisplay() | nodes.TupleDisplay():
            return True
        case nodes.BinaryOperation() | nodes.UnaryOperation() | nodes.Comparison():
            return True
        case nodes.Conditional(body=body, otherwise=otherwise):
            return _is_new(body, scope) and _is_new(otherwise, scope)
        case nodes.Call(function=nodes.Name(id=name)):
            return name in _MAKERS and is_builtin(name, scope)
        case _:
            return False
