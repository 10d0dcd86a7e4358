"""Expressions that mean the same in Dana and in Python, and names."""

from __future__ import annotations

import ast
from typing import Any

from danac import nodes
from danac.analysis import builtins, stages
from danac.diagnostics import InternalError
from danac.identifiers import is_renamed
from danac.lowering.attributes import view_of_attribute
from danac.lowering.context import LowerExpression, Lowering, Surroundings
from danac.lowering.parameters import lower_parameters, renaming
from danac.lowering.runtime_names import generated
from danac.lowering.scoped import looked_up, scoped_name


def _constant(low: Lowering, node: nodes.Constant, around: Surroundings) -> ast.expr:
    return low.constant(node.span, node.value)


def _name(low: Lowering, node: nodes.Name, around: Surroundings) -> ast.expr:
    if (found := around.scope.lookup(node.id)) is not None:
        if node.id in builtins.IN_THE_RUNTIME and found[0].kind == "module":
            # Like Python's built-ins, Dana's are there until the module has its own.
            low.shadowed_functions.add(node.id)
        return low.name(node.span, node.id)
    if stages.is_builtin(node.id, around.scope):
        if node.id == "isinstance":
            # As a value it may be called with anything (see `calls` for what Python's suffices for).
            return low.runtime(node.span, "isinstance_of")
        if node.id not in builtins.DANA_NAMES:
            return low.name(node.span, node.id)
        low.dana_functions.add(node.id)
        return low.name(node.span, generated(node.id))
    if node.id in builtins.REFUSED:
        message = f"`{node.id}` is no built-in of Dana"
        hint = f"write `from builtins import {node.id}` where it is needed"
        low.report(node.span, message, "DANA174", hint)
        return low.name(node.span, node.id)
    if node.id in builtins.OUTSIDE and not stages.sees_star_import(around.scope):
        message = f"`{node.id}` is outside of what danac compiles: Dana without language models"
        hint = "define or import a Python function of that name in its place"
        low.report(node.span, message, "DANA119", hint)
        return low.name(node.span, node.id)
    if node.id in builtins.NAMES:
        # A star import may have brought it; if not, it is the built-in.
        if node.id in builtins.IN_THE_RUNTIME:
            low.shadowed_functions.add(node.id)
        return low.name(node.span, node.id)
    return looked_up(low, node)


def _capture_read(low: Lowering, node: nodes.CaptureRead, around: Surroundings) -> ast.expr:
    return around.captures[node.name]()


def _flow_value(low: Lowering, node: nodes.FlowValue, around: Surroundings) -> ast.expr:
    assert around.flow is not None, "placement has refused a `$$` outside a stage"
    return around.flow()


def _group(low: Lowering, node: nodes.Group, around: Surroundings) -> ast.expr:
    return low.expression(node.value, around)


def _subscript(low: Lowering, node: nodes.Subscript, around: Surroundings) -> ast.expr:
    value = low.expression(node.value, around)
    index = low.expression(node.index, around)
    return low.at(node.span, ast.Subscript(value, index, ast.Load()))


def _slice(low: Lowering, node: nodes.Slice, around: Surroundings) -> ast.expr:
    bounds = [low.optional(bound, around) for bound in (node.lower, node.upper, node.step)]
    return low.at(node.span, ast.Slice(*bounds))


def _conditional(low: Lowering, node: nodes.Conditional, around: Surroundings) -> ast.expr:
    test = low.expression(node.test, around)
    body = low.expression(node.body, around)
    otherwise = low.expression(node.otherwise, around)
    return low.at(node.span, ast.IfExp(test, body, otherwise))


def _lambda(low: Lowering, node: nodes.Lambda, around: Surroundings) -> ast.expr:
    scope = low.names.scope_of(node)
    parameters = lower_parameters(low, node.parameters, around, annotated=False)
    body = low.expression(node.body, around.inside_function(scope))
    made = low.at(node.span, ast.Lambda(parameters, body))
    if (rename := renaming(low, node, None)) is not None:
        return low.call(node.span, rename, made)
    return made


def _starred(low: Lowering, node: nodes.Starred, around: Surroundings) -> ast.expr:
    return low.at(node.span, ast.Starred(low.expression(node.value, around), ast.Load()))


def _list(low: Lowering, node: nodes.ListDisplay, around: Surroundings) -> ast.expr:
    return low.at(node.span, ast.List(low.expressions(node.items, around), ast.Load()))


def _tuple(low: Lowering, node: nodes.TupleDisplay, around: Surroundings) -> ast.expr:
    return low.at(node.span, ast.Tuple(low.expressions(node.items, around), ast.Load()))


def _set(low: Lowering, node: nodes.SetDisplay, around: Surroundings) -> ast.expr:
    return low.at(node.span, ast.Set(low.expressions(node.items, around)))


def _dict(low: Lowering, node: nodes.DictDisplay, around: Surroundings) -> ast.expr:
    keys: list[ast.expr | None] = []
    values: list[ast.expr] = []
    for item in node.items:
        keys.append(low.optional(item.key, around))
        values.append(low.expression(item.value, around))
    return low.at(node.span, ast.Dict(keys, values))


def _comprehension(low: Lowering, node: nodes.Comprehension, around: Surroundings) -> ast.expr:
    inner = around.within(scope=low.names.scope_of(node))
    if node.kind == "generator":
        # Its parts run later, perhaps interleaved with others: no temporary of the function is safe.
        inner = inner.within(has_room=False)
    clauses = []
    for index, clause in enumerate(node.clauses):
        if clause.is_async and node.kind != "generator":
            _refuse_lifted(low, node, around, "an asynchronous comprehension", in_loops=False)
        outer = around if index == 0 else inner
        iterable = low.expression(
            clause.iterable, outer.within(has_room=False, may_bind=False, in_iterable=True)
        )
        target = lower_target(low, clause.target, inner)
        conditions = low.expressions(clause.conditions, inner)
        clauses.append(ast.comprehension(target, iterable, conditions, int(clause.is_async)))
    if node.kind == "dict":
        assert node.key is not None
        key = low.expression(node.key, inner)
        return low.at(node.span, ast.DictComp(key, low.expression(node.element, inner), clauses))
    element = low.expression(node.element, inner)
    kinds: dict[str, Any] = {
        "list": ast.ListComp,
        "set": ast.SetComp,
        "generator": ast.GeneratorExp,
    }
    lowered: ast.expr = low.at(node.span, kinds[node.kind](element, clauses))
    return lowered


def _refuse_lifted(
    low: Lowering, node: nodes.Expression, around: Surroundings, what: str, *, in_loops: bool
) -> None:
    """Refuse what belongs to the function around it, where generated code puts another one in between."""
    if around.lifted == "function" or (around.lifted == "loop" and in_loops):
        message = f"{what} cannot stand in code that becomes a function of its own"
        hint = "write it in a statement of its own, before this one"
        low.report(node.span, message, "DANA175", hint)


def _named(low: Lowering, node: nodes.NamedExpression, around: Surroundings) -> ast.expr:
    _refuse_lifted(low, node, around, "`:=`", in_loops=False)
    value = low.expression(node.value, around)
    target = low.at(node.target.span, ast.Name(node.target.id, ast.Store()))
    return low.at(node.span, ast.NamedExpr(target, value))


def _await(low: Lowering, node: nodes.Await, around: Surroundings) -> ast.expr:
    _refuse_lifted(low, node, around, "`await`", in_loops=False)
    value = node.value
    if isinstance(value, nodes.Group) and isinstance(value.value, nodes.Pipe):
        # `await (a | b | c)` awaits each stage that needs it, and so the whole.
        return low.expression(value.value, around.within(awaits=True))
    return low.at(node.span, ast.Await(low.expression(value, around)))


def _yield(low: Lowering, node: nodes.Yield, around: Surroundings) -> ast.expr:
    _refuse_lifted(low, node, around, "`yield`", in_loops=True)
    return low.at(node.span, ast.Yield(low.optional(node.value, around)))


def _yield_from(low: Lowering, node: nodes.YieldFrom, around: Surroundings) -> ast.expr:
    _refuse_lifted(low, node, around, "`yield from`", in_loops=True)
    return low.at(node.span, ast.YieldFrom(low.expression(node.value, around)))


def lower_target(
    low: Lowering,
    node: nodes.Expression,
    around: Surroundings,
    context: ast.Store | ast.Del | None = None,
) -> ast.expr:
    """Lower what is assigned to (or deleted, with `ast.Del()` as context)."""
    store = context or ast.Store()
    target: ast.expr
    match node:
        case nodes.Name(id=name):
            target = ast.Name(name, store)
        case nodes.ScopedName():
            return scoped_name(low, node, store)
        case nodes.Attribute(name=name) if is_renamed(name):
            return view_of_attribute(low, node, around, store)
        case nodes.Attribute(value=value, name=name):
            target = ast.Attribute(low.expression(value, around), name, store)
        case nodes.Subscript(value=value, index=index):
            lowered = low.expression(value, around)
            target = ast.Subscript(lowered, low.expression(index, around), store)
        case nodes.Starred(value=value):
            target = ast.Starred(lower_target(low, value, around, store), store)
        case nodes.TupleDisplay(items=items):
            target = ast.Tuple([lower_target(low, item, around, store) for item in items], store)
        case nodes.ListDisplay(items=items):
            target = ast.List([lower_target(low, item, around, store) for item in items], store)
        case _:
            raise InternalError("no target", node)
    return low.at(node.span, target)


EXPRESSIONS: dict[type[nodes.Node], LowerExpression] = {
    nodes.Constant: _constant,
    nodes.Name: _name,
    nodes.CaptureRead: _capture_read,
    nodes.FlowValue: _flow_value,
    nodes.Group: _group,
    nodes.Subscript: _subscript,
    nodes.Slice: _slice,
    nodes.Conditional: _conditional,
    nodes.Lambda: _lambda,
    nodes.Starred: _starred,
    nodes.ListDisplay: _list,
    nodes.TupleDisplay: _tuple,
    nodes.SetDisplay: _set,
    nodes.DictDisplay: _dict,
    nodes.Comprehension: _comprehension,
    nodes.NamedExpression: _named,
    nodes.Await: _await,
    nodes.Yield: _yield,
    nodes.YieldFrom: _yield_from,
}
