"""What a stage calls, or is → whether its result is a coroutine, which plain code has to run to its end.

What is called plain here costs no look at run time. A function of the program is plain unless what it
returns surely is a coroutine; of an imported one nothing is known.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Literal, TypeAlias

from danac import nodes
from danac.analysis.names import Scope
from danac.analysis.stages import is_known_coroutine, is_known_function

Result: TypeAlias = Literal["plain", "coroutine", "unknown"]


def result_of_call(callee: nodes.Expression, scope: Scope, hidden: Collection[str] = ()) -> Result:
    """Return what a call of `callee` gives; names that are `hidden` mean something unknown."""
    match callee:
        case nodes.Group(value=inner):
            return result_of_call(inner, scope, hidden)
        case nodes.Name(id=name) if name in hidden:
            return "unknown"
        case nodes.Name(id=name) if is_known_coroutine(name, scope):
            return "coroutine"
        case nodes.Name(id=name) if is_known_function(name, scope):
            return "unknown" if _returns_coroutine(name, scope) else "plain"
        case nodes.Lambda(parameters=parameters, body=body):
            names = {parameter.name for parameter in parameters if parameter.name is not None}
            return result_of(body, scope, names.union(hidden))
        case nodes.Conditional(body=body, otherwise=otherwise):
            return _either(result_of_call(arm, scope, hidden) for arm in (body, otherwise))
        case nodes.ParallelBlock():
            return "plain"
        case _:
            return "unknown"


def result_of(value: nodes.Expression, scope: Scope, hidden: Collection[str] = ()) -> Result:
    """Return whether the value of an expression is a coroutine that has just been made."""
    match value:
        case nodes.Group(value=inner):
            return result_of(inner, scope, hidden)
        case nodes.Call(function=function):
            return result_of_call(function, scope, hidden)
        case nodes.Conditional(body=body, otherwise=otherwise):
            return _either(result_of(arm, scope, hidden) for arm in (body, otherwise))
        case nodes.BooleanOperation(values=values):
            return _either(result_of(operand, scope, hidden) for operand in values)
        case _:
            return "plain"


def _either(results: Iterator[Result]) -> Result:
    found = set(results)
    return found.pop() if len(found) == 1 else "unknown"


def _returns_coroutine(name: str, scope: Scope) -> bool:
    """Whether the function `name` returns, somewhere, what a coroutine function gives."""
    found = scope.lookup(name)
    if found is None or not isinstance(found[1].node, nodes.Function):
        return False
    function = found[1].node
    own = {parameter.name for parameter in function.parameters if parameter.name is not None}
    return any(
        isinstance(call, nodes.Call)
        and isinstance(call.function, nodes.Name)
        and call.function.id not in own
        and is_known_coroutine(call.function.id, found[0])
        for call in _returned(function)
    )


def _returned(function: nodes.Function) -> Iterator[nodes.Expression]:
    if function.body and isinstance(last := function.body[-1], nodes.ExpressionStatement):
        yield last.value
    for statement in function.body:
        for found in nodes.walk(statement, lambda inner: not isinstance(inner, nodes.Function)):
            if isinstance(found, nodes.Return) and found.value is not None:
                yield found.value
