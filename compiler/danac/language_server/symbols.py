"""Nodes and scopes → occurrences: each place where a name is written, and which thing it names there."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal, TypeAlias

from danac import nodes
from danac.analysis.names import Names, Scope
from danac.analysis.stages import is_builtin
from danac.identifiers import python_name
from danac.language_server import spelling
from danac.language_server.members import Members
from danac.language_server.scoped_nodes import nodes_in_scopes
from danac.source import Source, Span

Kind: TypeAlias = Literal["lexical", "capture", "member", "built-in", "scoped", "unknown"]


@dataclass(frozen=True, slots=True)
class Symbol:
    """What a name stands for: the same thing is an equal symbol wherever it is named.

    `owner` is the scope that binds a lexical name, the pipe of a capture, the struct or interface of
    a member, the scope prefix of a scoped name, and `None` otherwise.
    """

    kind: Kind
    owner: object
    name: str


@dataclass(frozen=True, slots=True)
class Occurrence:
    """A name as it is written at `span`; `node` is what holds it, `scope` where it is looked up."""

    span: Span
    symbol: Symbol
    node: nodes.Node
    scope: Scope


def resolve(name: str, scope: Scope) -> Symbol:
    """Return what the bare `name` stands for in `scope`."""
    found = scope.lookup(name)
    if found is not None:
        return Symbol("lexical", found[0], name)
    return Symbol("built-in" if is_builtin(name, scope) else "unknown", None, name)


def occurrences(source: Source, names: Names, members: Members) -> list[Occurrence]:
    """Return all occurrences of names in a program, in source order.

    What cannot be placed for certain is left out.
    """
    finder = _Finder(source, members)
    found = [
        Occurrence(place, symbol, node, scope)
        for node, scope in nodes_in_scopes(names)
        for place, symbol in finder.names_in(node, scope)
        if place is not None
    ]
    return sorted(found, key=lambda occurrence: occurrence.span)


_Named: TypeAlias = Iterator[tuple[Span | None, Symbol]]


class _Finder:
    """Finds the names that each kind of node writes down."""

    def __init__(self, source: Source, members: Members) -> None:
        self._source = source
        self._members = members
        self._captured = _captures(members.names.module.node)

    def names_in(self, node: nodes.Node, scope: Scope) -> _Named:
        match node:
            case nodes.Name(id=name):
                yield spelling.first(self._source, node.span, name), resolve(name, scope)
            case nodes.Parameter(name=str(name)):
                # Those of interfaces name nothing that could be read.
                if name in scope.bindings and scope.bindings[name].node is node:
                    place = spelling.first(self._source, node.span, name)
                    yield place, Symbol("lexical", scope, name)
            case nodes.Function(name=name) | nodes.Declaration(name=name):
                owner = self._members.owner_of(node)
                symbol = resolve(name, scope) if owner is None else Symbol("member", owner, name)
                yield node.name_span, symbol
            case nodes.Struct() | nodes.Interface():
                yield from self._definition(node, scope)
            case nodes.Handler(name=str(name)):
                yield self._behind_as(node), resolve(name, scope)
            case nodes.ImportedName():
                yield self._imported(node, scope)
            case nodes.ScopeDeclaration(names=found) | nodes.Export(names=found):
                for name in found:
                    yield spelling.first(self._source, node.span, name), resolve(name, scope)
            case nodes.Call():
                yield from self._keywords(node, scope)
            case nodes.Attribute(name=name):
                yield spelling.last(self._source, node.span, name), self._attribute(node, scope)
            case nodes.ScopedName(scope=prefix, id=name):
                yield spelling.last(self._source, node.span, name), Symbol("scoped", prefix, name)
            case nodes.TypeName(name=str(name)):
                word = name.partition(".")[0]
                yield spelling.first(self._source, node.span, word), resolve(word, scope)
            case nodes.Capture(name=name) | nodes.CaptureRead(name=name):
                pipe = self._captured.get(node)
                kind: Kind = "unknown" if pipe is None else "capture"
                yield spelling.last(self._source, node.span, name), Symbol(kind, pipe, name)

    def _attribute(self, node: nodes.Attribute, scope: Scope) -> Symbol:
        owner = self._members.type_of(node.value, scope)
        member = None if owner is None else self._members.table(owner).get(node.name)
        if member is None:
            return Symbol("unknown", None, node.name)
        if (around := self._members.scope_of_receiver_function(member)) is not None:
            # A method by receiver is also the function of that name.
            return resolve(node.name, around)
        return Symbol("member", owner, node.name)

    def _definition(self, node: nodes.Struct | nodes.Interface, scope: Scope) -> _Named:
        yield node.name_span, resolve(node.name, scope)
        parts: tuple[nodes.Field | nodes.MethodSignature, ...]
        parts = node.fields if isinstance(node, nodes.Struct) else node.methods
        for part in parts:
            place = spelling.first(self._source, part.span, part.name)
            yield place, Symbol("member", node, part.name)
        if isinstance(node, nodes.Interface):
            for name in node.embedded:
                yield self._line_of(node, name), resolve(name, scope)

    def _line_of(self, node: nodes.Interface, name: str) -> Span | None:
        """Return where `name` stands alone on a line, as embedded interfaces do."""
        for word, place in spelling.identifiers(self._source, node.span):
            line = self._source.line(place.line)
            if spelling.means(word, name) and line.partition("#")[0].strip() == word:
                return place
        return None

    def _behind_as(self, node: nodes.Handler) -> Span | None:
        start = node.span if node.kinds is None else node.kinds.span
        column = node.span.column if node.kinds is None else start.end_column
        line = start.line if node.kinds is None else start.end_line
        rest = Span(line, column, line, len(self._source.line(line)) + 1)
        words = list(spelling.identifiers(self._source, rest))
        for (word, _), (name, place) in pairwise(words):
            if word == "as" and spelling.means(name, node.name or ""):
                return place
        return None

    def _imported(self, item: nodes.ImportedName, scope: Scope) -> tuple[Span | None, Symbol]:
        if item.alias is not None:
            return spelling.last(self._source, item.span, item.alias), resolve(item.alias, scope)
        root = item.path.partition(".")[0]
        return spelling.first(self._source, item.span, root), resolve(root, scope)

    def _keywords(self, call: nodes.Call, scope: Scope) -> _Named:
        """Yield the names of keyword arguments where the function that takes them is known."""
        target = self._members.called(call, scope)
        for keyword in call.keywords:
            if keyword.name is None or target is None:
                continue
            place = spelling.first(self._source, keyword.span, keyword.name)
            if isinstance(target, nodes.Struct):
                if any(field.name == keyword.name for field in target.fields):
                    yield place, Symbol("member", target, keyword.name)
            else:
                inner = self._members.names.scope_of(target)
                name = python_name(keyword.name)
                binding = inner.bindings.get(name)
                if binding is not None and binding.kind == "parameter":
                    yield place, Symbol("lexical", inner, name)


def _captures(module: nodes.Node) -> dict[nodes.Node, nodes.Pipe]:
    """Return, for each capture and each read of one, the pipe that it belongs to."""
    owners: dict[nodes.Node, nodes.Pipe] = {}
    # From the outside in: a read belongs to the innermost pipe that has captured the name by then.
    for found in nodes.walk(module):
        if isinstance(found, nodes.Pipe):
            _claim(found.stages, found, owners)
    return owners


def _claim(
    stages: tuple[nodes.Stage, ...], pipe: nodes.Pipe, owners: dict[nodes.Node, nodes.Pipe]
) -> set[str]:
    made: set[str] = set()
    for stage in stages:
        if made:
            for found in nodes.walk(stage):
                if isinstance(found, nodes.CaptureRead) and found.name in made:
                    owners[found] = pipe
        if isinstance(stage.value, nodes.ParallelBlock):
            for branch in stage.value.branches:
                made |= _claim(branch.stages, pipe, owners)
        if stage.capture is not None:
            owners[stage.capture] = pipe
            made.add(stage.capture.name)
    return made
