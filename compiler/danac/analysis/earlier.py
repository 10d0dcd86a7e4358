"""Names of a cell, and what earlier cells have left → the scopes of the cell, which see both.

A cell is a piece of a program that runs after others, in the same namespace. What those have bound may be
bound anew by any later one: so a cell knows that such a name is there, but takes nothing for granted of
its value, and the code for it looks at run time.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import FunctionType

from danac import nodes
from danac.analysis.names import Binding, Names

# More than one: "bound once" is what makes a name's value known when compiling.
_AGAIN = 2


def remember(names: Names, known: Mapping[str, object]) -> None:
    """Let the module of `names` see the names of `known`, the namespace that its cell will run in."""
    scope = names.module
    for name, value in known.items():
        earlier = _binding(name, value, names)
        here = scope.bindings.setdefault(name, earlier)
        if here is earlier:
            continue
        here.writes += 1
        here.is_error |= earlier.is_error
        here.is_from_import |= earlier.is_from_import
        if _has_receiver(here.node):
            # It joins the method that was there before, which is not itself.
            here.node = earlier.node
    scope.meets_structs |= any(isinstance(value, type) for value in known.values())


def _binding(name: str, value: object, names: Names) -> Binding:
    if not isinstance(value, FunctionType):
        is_error = isinstance(value, BaseException)
        return Binding("assigned", names.module.node, writes=_AGAIN, is_error=is_error)
    # A function may be a method of any type, as one that is imported may.
    node = _definition(name, value, names.module.node)
    return Binding("function", node, writes=_AGAIN, is_from_import=True)


def _definition(name: str, function: FunctionType, module: nodes.Node) -> nodes.Function:
    """Return a definition with the parameters of `function`, for what is asked of definitions."""
    code, span = function.__code__, module.span
    count = code.co_argcount + code.co_kwonlyargcount
    parameters = tuple(
        nodes.Parameter(span, parameter, "plain", None, None)
        for parameter in code.co_varnames[:count]
    )
    return nodes.Function(span, name, span, parameters, None, (), (), None, False)


def _has_receiver(node: nodes.Node) -> bool:
    match node:
        case nodes.Function(receiver=receiver) | nodes.Declaration(receiver=receiver):
            return receiver is not None
        case nodes.Assignment(value=nodes.Lambda(receiver=receiver)):
            return receiver is not None
    return False
