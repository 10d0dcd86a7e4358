"""A stage's callable and the value that flows into it → the call, with the value's parts in their places.

g(v)                                   one value for one parameter
g(a, b), g(*fan_out(…))                items for parameters
g(x=a, y=b), g(**fan_out(…))           fields for parameters
g(v) if type(v) is int else …          an annotated parameter
call_stage(v, g, "stage 2 of …", …)    what only the runtime can tell
"""

from __future__ import annotations

import ast
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from danac import nodes
from danac.analysis.names import BY_ASSIGNMENT
from danac.analysis.plans import Plan, plan
from danac.analysis.shapes import Shape
from danac.analysis.signatures import Signature
from danac.identifiers import dana_name
from danac.lowering.context import Lowering, Surroundings, Take
from danac.lowering.parameters import keyword_argument
from danac.lowering.temporaries import bind, is_repeatable
from danac.source import Span

# The module's own variables, as a table that is read when a stage asks for a name.
MODULE_VARIABLES = "_dana_variables"

TakeCallee: TypeAlias = Callable[[], ast.expr]
Settle: TypeAlias = Callable[[ast.expr], ast.expr]


@dataclass(frozen=True, slots=True)
class Meeting:
    """What is known where a value meets a callable: the stage, its callable, and the shape of the value."""

    stage: nodes.Expression
    where: str
    shape: Shape
    around: Surroundings

    def plan(self) -> Plan:
        """Return how the value meets the callable."""
        return plan(self.stage, self.shape, self.around.scope)


def call_as_planned(
    low: Lowering,
    meeting: Meeting,
    decided: Plan,
    take_callee: TakeCallee,
    value: ast.expr,
    settle: Settle,
    is_awaited: bool,
) -> ast.expr:
    """Return the call that `decided` says, of a callable that may be evaluated at any time.

    `settle` makes the result of a direct call what flows on.
    """
    span = meeting.stage.span
    match decided.way:
        case "plain":
            return settle(low.call(span, take_callee(), value))
        case "unpack":
            items = value.elts if isinstance(value, ast.Tuple) else [_starred(low, span, value)]
            return settle(low.call(span, take_callee(), *items))
        case "keywords":
            called = ast.Call(take_callee(), [], _keywords(low, meeting, value))
            return settle(low.at(span, called))
        case "tested" if _can_be_tested(meeting, value):
            return _tested(low, meeting, decided, take_callee, value, settle, is_awaited)
    return call_by_runtime(low, meeting, decided.signature, take_callee(), value, is_awaited)


def call_by_runtime(
    low: Lowering,
    meeting: Meeting,
    signature: Signature | None,
    callee: ast.expr,
    value: ast.expr,
    is_awaited: bool,
) -> ast.expr:
    """Return the call that leaves the matter to the runtime."""
    span = meeting.stage.span
    arguments = [value, callee, *matters(low, meeting, signature)]
    if is_awaited:
        called = low.call(span, low.runtime(span, "awaited_stage"), *arguments)
        return low.at(span, ast.Await(called))
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


def _starred(low: Lowering, span: Span, value: ast.expr) -> ast.expr:
    return low.at(span, ast.Starred(value, ast.Load()))


def _keywords(low: Lowering, meeting: Meeting, value: ast.expr) -> list[ast.keyword]:
    span = meeting.stage.span
    if isinstance(value, ast.Dict):
        names = [key.value for key in value.keys if isinstance(key, ast.Constant)]
        if len(set(names)) == len(value.keys):
            pairs = zip(names, value.values, strict=True)
            return [keyword_argument(low, span, str(name), item) for name, item in pairs]
    return [low.at(span, ast.keyword(None, value))]


def _can_be_tested(meeting: Meeting, value: ast.expr) -> bool:
    """Whether `type(v) is T` can be written here, with the value and the callable at hand twice."""
    around = meeting.around
    if not isinstance(meeting.stage, nodes.Name):
        return False
    return around.has_room or is_repeatable(value, around)


def _tested(
    low: Lowering,
    meeting: Meeting,
    decided: Plan,
    take_callee: TakeCallee,
    value: ast.expr,
    settle: Settle,
    is_awaited: bool,
) -> ast.expr:
    span = meeting.stage.span
    assert decided.type_name is not None
    type_name = decided.type_name

    def choose(take: Take, around: Surroundings) -> ast.expr:
        kind = low.call(span, low.python(span, "type", around), take())
        test = low.at(span, ast.Compare(kind, [ast.Is()], [low.name(span, type_name)]))
        called = settle(low.call(span, take_callee(), take()))
        signature = decided.signature
        otherwise = call_by_runtime(low, meeting, signature, take_callee(), take(), is_awaited)
        return low.at(span, ast.IfExp(test, called, otherwise))

    return bind(low, span, "value", value, meeting.around, choose, is_first=True)


# --- What is in sight -----------------------------------------------------------------------------


def _local_names(low: Lowering, meeting: Meeting, signature: Signature | None) -> ast.expr | None:
    """Return the table of the names that assignments, parameters and captures have bound, read when needed.

    Of a function that is known, only the names are listed that it may ask for.
    """
    span, around = meeting.stage.span, meeting.around
    wanted: set[str] | None = None
    if signature is not None:
        wanted = {taken.name for taken in (*signature.required, *signature.required_keywords)}
        if len(wanted) < 2:
            # The value takes the only place, and nothing is left to ask for.
            return None
    readers: dict[str, ast.expr] = {}
    for name, take in around.captures.items():
        if wanted is None or dana_name(name) in wanted:
            readers[name] = low.function(span, [], take())
    needs_module = low.names.module.has_private
    for name in dict.fromkeys(around.scope.visible()):
        found = around.scope.lookup(name)
        if name in readers or found is None or found[1].kind not in BY_ASSIGNMENT:
            continue
        if wanted is not None and dana_name(name) not in wanted:
            continue
        if found[0].kind == "module":
            needs_module = True
        else:
            readers[name] = low.function(span, [], low.name(span, name))
    module = low.name(span, MODULE_VARIABLES) if needs_module else None
    low.needs_variables |= needs_module
    if not readers:
        return module
    keys: list[ast.expr | None] = [low.constant(span, dana_name(name)) for name in readers]
    table: list[ast.expr] = [low.at(span, ast.Dict(keys, list(readers.values())))]
    if module is not None:
        table.append(module)
    return low.function(span, [], low.call(span, low.runtime(span, "LocalNames"), *table))


def module_variables(low: Lowering, span: Span) -> ast.stmt:
    """Return the assignment that makes the table of the module's own variables."""
    names = [
        name
        for name, binding in low.names.module.bindings.items()
        if binding.kind in BY_ASSIGNMENT and not name.startswith("__")
    ]
    keys: list[ast.expr | None] = [low.constant(span, dana_name(name)) for name in names]
    readers = [low.function(span, [], low.name(span, name)) for name in names]
    table = low.call(
        span, low.runtime(span, "LocalNames"), low.at(span, ast.Dict(keys, list(readers)))
    )
    target = low.at(span, ast.Name(MODULE_VARIABLES, ast.Store()))
    return low.at(span, ast.Assign([target], low.function(span, [], table)))
