"""Structs, interfaces and functions by receiver: Python classes, completed by the runtime's decorators."""

from __future__ import annotations

import ast

from danac import nodes
from danac.identifiers import dana_name, method_variable
from danac.lowering.context import Lowering, LowerStatement, Surroundings
from danac.lowering.methods import if_bound
from danac.lowering.types import type_value


def _struct(low: Lowering, node: nodes.Struct, around: Surroundings) -> list[ast.stmt]:
    """Lower a struct to a class with slots, whose fields stand in the decorator that completes it."""
    span = node.span
    _refuse_doubled(low, node)
    fields = [_field(low, field, around) for field in node.fields]
    complete = ast.Call(low.runtime(span, "struct"), fields, _names(low, node))
    names = [low.constant(field.span, field.name) for field in node.fields]
    slots = low.at(span, ast.Tuple(names, ast.Load()))
    target = low.at(span, ast.Name("__slots__", ast.Store()))
    body: list[ast.stmt] = []
    if node.docstring is not None:
        body.append(low.at(span, ast.Expr(low.constant(span, node.docstring))))
    body.append(low.at(span, ast.Assign([target], slots)))
    body += low.statements(node.methods, around.within(has_room=False))
    decorators = [*low.expressions(node.decorators, around), low.at(span, complete)]
    made = ast.ClassDef(name=node.name, bases=[], keywords=[], body=body, decorator_list=decorators)
    return [low.at(span, made)]


def _names(low: Lowering, node: nodes.Struct) -> list[ast.keyword]:
    """Return what Dana calls the struct and its methods, where it is not what generated code does."""
    span = node.span
    found = []
    if dana_name(node.name) != node.name:
        found.append(low.at(span, ast.keyword("name", low.constant(span, dana_name(node.name)))))
    methods = [method.name for method in node.methods if dana_name(method.name) != method.name]
    if methods:
        keys: list[ast.expr | None] = [low.constant(span, method_variable(m)) for m in methods]
        values = [low.constant(span, dana_name(method)) for method in methods]
        table = low.at(span, ast.Dict(keys, values))
        found.append(low.at(span, ast.keyword("methods", table)))
    return found


def _refuse_doubled(low: Lowering, node: nodes.Struct) -> None:
    seen: set[str] = set()
    for member in (*node.fields, *node.methods):
        name = member.name if isinstance(member, nodes.Field) else dana_name(member.name)
        if name in seen:
            message = f"struct {dana_name(node.name)} has {name} twice"
            low.report(member.span, message, "DANA143")
        seen.add(name)


def _field(low: Lowering, field: nodes.Field, around: Surroundings) -> ast.expr:
    parts = [low.constant(field.span, field.name), field_type(low, field.annotation, around)]
    if field.default is not None:
        inside = around.within(has_room=not around.in_iterable, lifted="function")
        parts.append(low.function(field.span, [], low.expression(field.default, inside)))
    return low.at(field.span, ast.Tuple(parts, ast.Load()))


def field_type(low: Lowering, annotation: nodes.TypeExpression, around: Surroundings) -> ast.expr:
    """Return the type that the runtime checks against, as a lambda where a name in it may be defined later."""
    span = annotation.span
    lowered = type_value(low, annotation, around)
    if lowered is None:
        return low.python(span, "object", around)
    names = [found.id for found in ast.walk(lowered) if isinstance(found, ast.Name)]
    if any(around.scope.lookup(name) is not None for name in names):
        return low.function(span, [], lowered)
    return lowered


# --- Interfaces -----------------------------------------------------------------------------------


def _interface(low: Lowering, node: nodes.Interface, around: Surroundings) -> list[ast.stmt]:
    span = node.span
    embedded = [low.function(span, [], low.name(span, name)) for name in node.embedded]
    methods = [_signature(low, method) for method in node.methods]
    arguments = [
        low.constant(span, dana_name(node.name)),
        low.constant(span, node.docstring),
        low.at(span, ast.Tuple(embedded, ast.Load())),
        *methods,
    ]
    variable = []
    if dana_name(node.name) != node.name:
        variable.append(low.at(span, ast.keyword("variable", low.constant(span, node.name))))
    made = low.at(span, ast.Call(low.runtime(span, "interface"), arguments, variable))
    target = low.at(node.name_span, ast.Name(node.name, ast.Store()))
    return [low.at(span, ast.Assign([target], made))]


def _signature(low: Lowering, method: nodes.MethodSignature) -> ast.expr:
    """Return `(name, fewest, most)`: how many positional parameters a fitting method takes."""
    plain = [parameter for parameter in method.parameters if parameter.kind == "plain"]
    if plain and plain[0].name == "self":
        del plain[0]
    required = sum(parameter.default is None for parameter in plain)
    is_open = any(parameter.kind == "*" for parameter in method.parameters)
    most = None if is_open else len(plain)
    parts = [low.constant(method.span, part) for part in (method.name, required, most)]
    return low.at(method.span, ast.Tuple(parts, ast.Load()))


# --- Receivers ------------------------------------------------------------------------------------


def receiver_decorator(
    low: Lowering, receiver: nodes.Parameter, name: str, node: nodes.Node, around: Surroundings
) -> ast.Call:
    """Return the decorator that makes a function a method of its receiver's types.

    Where the name is bound already, the two become one function that dispatches on its first argument.
    """
    assert receiver.annotation is not None
    span = receiver.span
    kinds = type_value(low, receiver.annotation, around) or low.python(span, "object", around)
    arguments = [kinds]
    found = around.scope.lookup(name)
    if found is not None and found[1].node is not node:
        arguments.append(if_bound(low, name, span, around))
    return low.at(span, ast.Call(low.runtime(span, "receiver"), arguments, []))


STATEMENTS: dict[type[nodes.Node], LowerStatement] = {
    nodes.Struct: _struct,
    nodes.Interface: _interface,
}
