"""A stage's callable and the value that flows into it → the call, with the value's parts in their places.

g(v)                                   one value for one parameter
g(a, b), g(*fan_out(…))                items for parameters
g(x=a, y=b), g(**fan_out(…))           fields for parameters
g(v) if type(v) is int else …          an annotated parameter
call_stage(v, g, "stage 2 of …", …)    what only the runtime can tell
"""

from __future__ import annotations

import ast
from dataclasses import dataclass

from danac import nodes
from danac.analysis.plans import Plan, plan
from danac.analysis.shapes import Shape
from danac.analysis.signatures import Signature
from danac.lowering.context import Lowering, Surroundings, Take
from danac.lowering.temporaries import bind

_BY_ASSIGNMENT = ("assigned", "parameter")
_PARAMETER = "_dana_name"


@dataclass(frozen=True, slots=True)
class Meeting:
    """What is known where a value meets a callable: the stage, its callable, and the shape of the value."""

    stage: nodes.Expression
    where: str
    shape: Shape
    around: Surroundings


def planned(meeting: Meeting) -> Plan:
    """Return how the value meets the callable."""
    return plan(meeting.stage, meeting.shape, meeting.around.scope)


def met(
    low: Lowering, meeting: Meeting, decided: Plan, callee: ast.expr, value: ast.expr
) -> ast.expr:
    """Return the call of `callee`, which may be evaluated at any time, that `decided` says."""
    span = meeting.stage.span
    match decided.way:
        case "plain" | "impossible":
            return low.call(span, callee, value)
        case "unpack":
            if isinstance(value, ast.Tuple):
                return low.call(span, callee, *value.elts)
            return low.call(span, callee, low.at(span, ast.Starred(value, ast.Load())))
        case "keywords":
            return low.at(span, ast.Call(callee, [], _keywords(low, meeting, value)))
        case "tested" if meeting.around.scope.lookup("type") is None:
            return _tested(low, meeting, decided, callee, value)
    return by_runtime(low, meeting, decided, callee, value)


def by_runtime(
    low: Lowering, meeting: Meeting, decided: Plan, callee: ast.expr, value: ast.expr
) -> ast.expr:
    """Return the call that leaves the matter to the runtime."""
    span = meeting.stage.span
    arguments = [value, callee, *matters(low, meeting, decided.signature)]
    return low.call(span, low.runtime(span, "call_stage"), *arguments)


def matters(low: Lowering, meeting: Meeting, signature: Signature | None) -> list[ast.expr]:
    """Return what the runtime has to know beside value and callable: place, local names, kind of value."""
    span = meeting.stage.span
    found: list[ast.expr] = [low.constant(span, meeting.where)]
    names = _local_names(low, meeting, signature)
    if names is not None or meeting.shape.is_block:
        found.append(low.constant(span, None) if names is None else names)
    if meeting.shape.is_block:
        found.append(low.constant(span, True))
    return found


def _keywords(low: Lowering, meeting: Meeting, value: ast.expr) -> list[ast.keyword]:
    span = meeting.stage.span
    if isinstance(value, ast.Dict):
        names = [key.value for key in value.keys if isinstance(key, ast.Constant)]
        if len(set(names)) == len(value.keys):
            pairs = zip(names, value.values, strict=True)
            return [low.at(span, ast.keyword(str(name), item)) for name, item in pairs]
    return [low.at(span, ast.keyword(None, value))]


def _tested(
    low: Lowering, meeting: Meeting, decided: Plan, callee: ast.expr, value: ast.expr
) -> ast.expr:
    span = meeting.stage.span
    assert decided.type_name is not None
    type_name = decided.type_name

    def choose(take: Take, around: Surroundings) -> ast.expr:
        kind = low.call(span, low.name(span, "type"), take())
        test = low.at(span, ast.Compare(kind, [ast.Is()], [low.name(span, type_name)]))
        called = low.call(span, callee, take())
        otherwise = by_runtime(low, meeting, decided, callee, take())
        return low.at(span, ast.IfExp(test, called, otherwise))

    if not meeting.around.has_room and not isinstance(value, ast.Name | ast.Constant):
        return by_runtime(low, meeting, decided, callee, value)
    return bind(low, span, "value", value, meeting.around, choose, is_first=True)


def _local_names(low: Lowering, meeting: Meeting, signature: Signature | None) -> ast.expr | None:
    """Return the names in sight that assignments, parameters and captures have bound, to be read when needed.

    Of a function that is known, only those that it may ask for.
    """
    span, around = meeting.stage.span, meeting.around
    readers: dict[str, ast.expr] = {
        name: low.function(span, [], take()) for name, take in around.captures.items()
    }
    for name in dict.fromkeys(around.scope.visible()):
        found = around.scope.lookup(name)
        if name not in readers and found is not None and found[1].kind in _BY_ASSIGNMENT:
            readers[name] = low.function(span, [], low.name(span, name))
    if signature is not None:
        wanted = {taken.name for taken in (*signature.required, *signature.required_keywords)}
        readers = {name: reader for name, reader in readers.items() if name in wanted}
    if not readers:
        return None
    keys: list[ast.expr | None] = [low.constant(span, name) for name in readers]
    table = low.at(span, ast.Dict(keys, list(readers.values())))
    reader = low.at(span, ast.Subscript(table, low.name(span, _PARAMETER), ast.Load()))
    return low.function(span, [_PARAMETER], low.call(span, reader))
