"""Nodes and code object of a program → the lines that count as statements, and what belongs to each."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from types import CodeType
from typing import NamedTuple

from danac import nodes
from danac.source import Source


class Region(NamedTuple):
    """A function or struct: kind, qualified name, first line, the lines inside it."""

    kind: str
    name: str
    start: int
    lines: set[int]


class _Clause(NamedTuple):
    """A statement, or a part of one that has a line and a suite of its own, such as `elif`."""

    first: int
    """The line that stands for the clause."""
    last: int
    """The last line of its head: of a simple statement the last of all."""
    end: int
    """The last line of its suite."""
    branches: bool = False
    has_code: bool = True
    """Not so `else:` and `finally:`, which are here for what is excluded with them."""


class Statements:
    """The statements of one program, by line."""

    def __init__(self, module: nodes.Module, source: Source, code: CodeType) -> None:
        """Take the program as nodes and as the code that Python runs."""
        self._source = source
        self._clauses = list(self._clauses_of(module.body, is_start=True))
        self._first: dict[int, int] = {}
        for clause in sorted(self._clauses):
            for line in range(clause.first, clause.last + 1):
                self._first.setdefault(line, clause.first)
        # What has no code of its own, such as `global`, cannot be executed.
        reached = {self.first_line(line) for line in _lines_of(code)}
        heads = {clause.first for clause in self._clauses if clause.has_code}
        self.executable = {self.first_line(line) for line in heads} & reached
        """The first lines of the statements that can be executed."""
        self.branching = {clause.first for clause in self._clauses if clause.branches}
        """The lines that may be left in more than one way."""
        self.final_suites = [
            range(found.final[0].span.line, _last_line(found.final[-1]) + 1)
            for found in nodes.walk(module)
            if isinstance(found, nodes.Try) and found.final
        ]
        """The lines of each suite behind a `finally:`."""
        self.regions = list(_regions(module.body, ""))
        """The functions and structs."""

    def first_line(self, line: int) -> int:
        """Return the first line of the statement that `line` belongs to; exits, below 0, likewise."""
        if line < 0:
            return -self.first_line(-line)
        return self._first.get(line, line)

    def with_suites(self, lines: Iterable[int]) -> set[int]:
        """Return `lines`, each with its statement and, where that has one, its suite."""
        chosen = set(lines)
        found: set[int] = set()
        for clause in self._clauses:
            if chosen & set(range(clause.first, clause.last + 1)):
                found.update(range(clause.first, clause.end + 1))
        return found & (self.executable | chosen)

    def _clauses_of(self, body: nodes.Body, *, is_start: bool = False) -> Iterator[_Clause]:
        for index, statement in enumerate(body):
            if not (is_start and index == 0 and _is_docstring(statement)):
                yield from self._clauses_of_statement(statement)

    def _clauses_of_statement(self, statement: nodes.Statement) -> Iterator[_Clause]:
        first, end = statement.span.line, _last_line(statement)
        match statement:
            case nodes.If(branches=branches, otherwise=otherwise):
                for branch in branches:
                    last = branch.test.span.end_line
                    yield _Clause(branch.span.line, last, _end(branch.body, last), True)
                    yield from self._clauses_of(branch.body)
                yield from self._else(otherwise)
            case (
                nodes.While(test=head, body=body, otherwise=otherwise)
                | nodes.For(iterable=head, body=body, otherwise=otherwise)
            ):
                yield _Clause(first, head.span.end_line, _end(body, head.span.end_line), True)
                yield from self._clauses_of(body)
                yield from self._else(otherwise)
            case nodes.With(items=items, body=body):
                yield _Clause(first, items[-1].span.end_line, end)
                yield from self._clauses_of(body)
            case nodes.Try():
                yield from self._try(statement)
            case nodes.Function() | nodes.Declaration() | nodes.Struct() | nodes.Interface():
                yield from self._definition(statement)
            case _:
                yield _Clause(first, end, end)

    def _try(self, node: nodes.Try) -> Iterator[_Clause]:
        first = node.span.line
        yield _Clause(first, first, _end(node.body, first))
        yield from self._clauses_of(node.body)
        for handler in node.handlers:
            start = handler.span.line
            last = start if handler.kinds is None else handler.kinds.span.end_line
            yield _Clause(start, last, _end(handler.body, last))
            yield from self._clauses_of(handler.body)
        yield from self._else(node.otherwise)
        yield from self._else(node.final)

    def _else(self, body: nodes.Body) -> Iterator[_Clause]:
        """Yield the clauses of a suite behind `else:` or `finally:`, and one for that line."""
        if body:
            line = body[0].span.line
            while line > 1 and not self._source.line(line).lstrip().startswith(("else", "finally")):
                line -= 1
            if line < body[0].span.line:
                yield _Clause(line, line, _end(body, line), has_code=False)
        yield from self._clauses_of(body)

    def _definition(
        self, node: nodes.Function | nodes.Declaration | nodes.Struct | nodes.Interface
    ) -> Iterator[_Clause]:
        # The span of a struct begins with its decorators.
        first, end = node.name_span.line, _last_line(node)
        decorators = () if isinstance(node, nodes.Interface) else node.decorators
        for decorator in decorators:
            yield _Clause(decorator.span.line, decorator.span.end_line, end)
        match node:
            case nodes.Declaration():
                yield _Clause(first, end, end)
            case nodes.Function(parameters=parameters, returns=returns, body=body):
                heads = [*parameters, *([] if returns is None else [returns])]
                last = max([first, *(head.span.end_line for head in heads)])
                yield _Clause(first, last, end)
                yield from self._clauses_of(body, is_start=True)
            case nodes.Struct(fields=fields, methods=methods):
                yield _Clause(first, first, end)
                for field in fields:
                    yield _Clause(field.span.line, field.span.end_line, field.span.end_line)
                for method in methods:
                    yield from self._definition(method)
            case nodes.Interface():
                yield _Clause(first, first, end)


def _end(body: nodes.Body, otherwise: int) -> int:
    return _last_line(body[-1]) if body else otherwise


def _last_line(node: nodes.Node) -> int:
    """Return the last line of a statement; the spans of compound ones reach to the next statement."""
    match node:
        case nodes.If(branches=branches, otherwise=otherwise):
            return _end(otherwise or branches[-1].body, node.span.line)
        case (
            nodes.While(body=body, otherwise=otherwise) | nodes.For(body=body, otherwise=otherwise)
        ):
            return _end(otherwise or body, node.span.line)
        case nodes.Try(body=body, handlers=handlers, otherwise=otherwise, final=final):
            last = handlers[-1].body if handlers else body
            return _end(final or otherwise or last, node.span.line)
        case nodes.With(body=body) | nodes.Function(body=body):
            return _end(body, node.span.line)
        case nodes.Struct(fields=fields, methods=methods):
            return max([node.span.line, *(_last_line(part) for part in (*fields, *methods))])
        case nodes.Interface(methods=methods):
            return max([node.span.line, *(part.span.end_line for part in methods)])
    return node.span.end_line


def _is_docstring(statement: nodes.Statement) -> bool:
    return (
        isinstance(statement, nodes.ExpressionStatement)
        and isinstance(statement.value, nodes.Constant)
        and isinstance(statement.value.value, str)
    )


def code_objects(code: CodeType) -> Iterator[CodeType]:
    """Yield `code` and all code objects in it."""
    todo = [code]
    while todo:
        current = todo.pop()
        yield current
        todo += [constant for constant in current.co_consts if isinstance(constant, CodeType)]


def _lines_of(code: CodeType) -> set[int]:
    return {
        line for inner in code_objects(code) for _, _, line in inner.co_lines() if line is not None
    }


def _regions(body: Iterable[nodes.Node], prefix: str) -> Iterator[Region]:
    for node in body:
        match node:
            case nodes.Function(name=name) | nodes.Declaration(name=name):
                inside = node.body if isinstance(node, nodes.Function) else (node.pipe,)
                lines = {
                    line
                    for part in inside
                    for line in range(part.span.line, part.span.end_line + 1)
                    if line > node.span.line
                }
                if lines:
                    yield Region("function", prefix + name, node.span.line, lines)
                yield from _regions(inside, f"{prefix}{name}.")
            case nodes.Struct(name=name, methods=methods):
                regions = list(_regions(methods, f"{prefix}{name}."))
                own = {line for region in regions for line in region.lines}
                if own:
                    yield Region("class", prefix + name, node.name_span.line, own)
                yield from regions
