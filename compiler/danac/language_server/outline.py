"""A program → its outline: functions, structs with fields and methods, interfaces, module-level names."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal, NamedTuple, TypeAlias

from danac import nodes
from danac.language_server import spelling
from danac.language_server.documents import Program
from danac.source import Source, Span

Kind: TypeAlias = Literal["function", "struct", "interface", "field", "method", "variable"]


class Entry(NamedTuple):
    """One line of the outline; `span` is the whole definition, `name_span` a part of it."""

    name: str
    kind: Kind
    detail: str
    span: Span
    name_span: Span
    below: list[Entry]


def outline(program: Program) -> list[Entry]:
    """Return what a program defines, in source order."""
    found: list[Entry] = []
    variables: set[str] = set()
    for statement in program.module.body:
        for entry in _entries(statement, program.source):
            # A variable is listed where it is first assigned.
            if entry.kind != "variable" or entry.name not in variables:
                found.append(entry)
                variables |= {entry.name} if entry.kind == "variable" else set()
    return found


def _entries(statement: nodes.Statement, source: Source) -> Iterator[Entry]:
    match statement:
        case nodes.Function() | nodes.Declaration():
            yield _function(statement, source, "function")
        case nodes.Struct(name=name, fields=fields, methods=methods):
            below = [
                _part(field, source, "field", _text(field.annotation, source)) for field in fields
            ]
            below += [_function(method, source, "method") for method in methods]
            below.sort(key=lambda entry: entry.span)
            yield Entry(name, "struct", "", _whole(statement), statement.name_span, below)
        case nodes.Interface(name=name, methods=methods):
            below = [_part(method, source, "method", "") for method in methods]
            yield Entry(name, "interface", "", _whole(statement), statement.name_span, below)
        case nodes.Assignment(targets=targets):
            for target in targets:
                if isinstance(target, nodes.Name):
                    yield Entry(target.id, "variable", "", statement.span, target.span, [])
        case nodes.TypedAssignment(target=nodes.Name(id=name) as target, annotation=annotation):
            detail = _text(annotation, source)
            yield Entry(name, "variable", detail, statement.span, target.span, [])


def _function(
    node: nodes.Function | nodes.Declaration, source: Source, kind: Literal["function", "method"]
) -> Entry:
    below = []
    if isinstance(node, nodes.Function):
        below = [
            _function(inner, source, "function")
            for inner in node.body
            if isinstance(inner, nodes.Function | nodes.Declaration)
        ]
    parameters = ", ".join(source.text_of(parameter.span) for parameter in node.parameters)
    return Entry(node.name, kind, f"({parameters})", _whole(node), node.name_span, below)


def _part(
    node: nodes.Field | nodes.MethodSignature,
    source: Source,
    kind: Literal["field", "method"],
    detail: str,
) -> Entry:
    name_span = spelling.first(source, node.span, node.name) or node.span
    return Entry(node.name, kind, detail, node.span, name_span, [])


def _text(annotation: nodes.TypeExpression, source: Source) -> str:
    return source.text_of(annotation.span)


def _whole(
    node: nodes.Function | nodes.Declaration | nodes.Struct | nodes.Interface,
) -> Span:
    """Return the span of a definition, which must hold that of its name."""
    return Span(*min(node.span[:2], node.name_span[:2]), *max(node.span[2:], node.name_span[2:]))
