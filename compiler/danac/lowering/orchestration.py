"""A stage's callable and the value that flows into it → the call, with the value's parts in their places.

g(v)                                   one value for one parameter
g(a, b), g(*fan_out(…))                items for parameters
g(x=a, y=b), g(**fan_out(…))           fields for parameters
g((v := P(1, 2)).x, v.y)               parts of what is built in sight
g(v) if type(v) is int else …          an annotated parameter
call_stage(v, g, "stage 2 of …", …)    what only the runtime can tell
"""

from __future__ import annotations

import ast
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

from dana_runtime.orchestration.plans import FIELD, VALUE
from danac import nodes
from danac.analysis.names import BY_ASSIGNMENT, Scope
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

Source: TypeAlias = tuple[str, Any]
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
        # Without room for a temporary there is a lambda around the call, and none of those awaits.
        case "placed" if meeting.around.has_room or not is_awaited:
            return _placed(low, meeting, decided, take_callee, value, settle)
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


def _placed(
    low: Lowering,
    meeting: Meeting,
    decided: Plan,
    take_callee: TakeCallee,
    value: ast.expr,
    settle: Settle,
) -> ast.expr:
    """Return the call with parts of the value, which is evaluated once, before all of them."""
    span, arrangement = meeting.stage.span, decided.arrangement
    assert arrangement is not None
    count = arrangement.count

    def call(take: Take, around: Surroundings) -> ast.expr:
        parts = [_part(low, meeting, source, take()) for source in arrangement.sources]
        keywords = [
            keyword_argument(low, span, name, part)
            for name, part in zip(arrangement.names, parts[count:], strict=True)
        ]
        return settle(low.at(span, ast.Call(take_callee(), parts[:count], keywords)))

    return bind(low, span, "value", value, meeting.around, call, is_first=True)


def _part(low: Lowering, meeting: Meeting, source: Source, value: ast.expr) -> ast.expr:
    """Return the part of a value that a source of a plan means."""
    span = meeting.stage.span
    how, key = source
    if how == VALUE:
        return value
    if how == FIELD and meeting.shape.struct is not None:
        return low.at(span, ast.Attribute(value, key, ast.Load()))
    return low.at(span, ast.Subscript(value, low.constant(span, key), ast.Load()))


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
    wanted: frozenset[str] | None = None
    if signature is not None:
        wanted = signature.may_be_open
        if not wanted:
            return None
    reads: dict[str, ast.expr] = {name: take() for name, take in around.captures.items()}
    is_bound = True
    needs_module = low.names.module.has_private
    for name in dict.fromkeys(around.scope.visible()):
        found = around.scope.lookup(name)
        if name in reads or found is None or (wanted and dana_name(name) not in wanted):
            continue
        where, binding = found
        if binding.kind not in BY_ASSIGNMENT:
            if _hides_a_variable(name, where):
                reads[name], is_bound = low.constant(span, None), False
        elif where.kind == "module":
            needs_module = True
        else:
            reads[name] = low.name(span, name)
            is_bound &= binding.kind == "parameter" and not binding.is_deleted
    if wanted is not None:
        reads = {name: read for name, read in reads.items() if dana_name(name) in wanted}
    low.needs_variables |= needs_module
    return _table(low, span, reads, is_bound=is_bound, is_outer=needs_module)


def _hides_a_variable(name: str, where: Scope) -> bool:
    """Whether a function, struct or import of an inner scope hides a variable of the module."""
    outer = where.module.bindings.get(name)
    return where.kind != "module" and outer is not None and outer.kind in BY_ASSIGNMENT


def _table(
    low: Lowering, span: Span, reads: dict[str, ast.expr], *, is_bound: bool, is_outer: bool
) -> ast.expr | None:
    """Return the function that gives the local names: a dict, where all have values, or `LocalNames`."""
    module = low.name(span, MODULE_VARIABLES) if is_outer else None
    if not reads:
        return module
    keys: list[ast.expr | None] = [low.constant(span, dana_name(name)) for name in reads]
    if is_bound and module is None:
        return low.function(span, [], low.at(span, ast.Dict(keys, list(reads.values()))))
    readers = [
        read if isinstance(read, ast.Constant) else low.function(span, [], read)
        for read in reads.values()
    ]
    table: list[ast.expr] = [low.at(span, ast.Dict(keys, readers))]
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
    parts: list[ast.expr] = [low.at(span, ast.Dict(keys, list(readers)))]
    if low.names.module.has_private:
        # Beside the globals of the module, since not all of those travel to another process.
        parts += [low.constant(span, None), low.name(span, "_dana_private")]
    table = low.call(span, low.runtime(span, "LocalNames"), *parts)
    target = low.at(span, ast.Name(MODULE_VARIABLES, ast.Store()))
    # One table for all calls: it reads the variables when it is asked.
    made = f"{MODULE_VARIABLES}_table"
    give = low.function(span, [made], low.function(span, [], low.name(span, made)))
    return low.at(span, ast.Assign([target], low.call(span, give, table)))
