"""Imports of a program → the files that they mean, Dana's and Python's, and what those define.

Files are looked for where `danac run` would: the program's folder, `DANAPATH`, the search path of the
Python that runs the server. Nothing is imported and nothing is executed.
"""

from __future__ import annotations

import ast
import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, TypeAlias

from danac import nodes
from danac.diagnostics import DanaSyntaxError
from danac.language_server import spelling
from danac.language_server.documents import Program, parse
from danac.language_server.signatures import docstring_of, signature_of
from danac.loading.code_object import read_source
from danac.loading.import_hook import SUFFIXES, dana_path
from danac.source import Source, Span

Kind: TypeAlias = Literal["function", "struct", "interface", "class", "variable", "module"]

_START = Span(1, 1, 1, 1)


@dataclass(frozen=True, slots=True)
class Definition:
    """What a module defines under a name: where, and what can be said about it."""

    path: str
    span: Span
    kind: Kind
    signature: str = ""
    docstring: str = ""


@dataclass(frozen=True, slots=True)
class ModuleFile:
    """The text of a module with what it defines; `source` is what spans are to be read in."""

    source: Source
    definitions: dict[str, Definition]

    @property
    def path(self) -> str:
        """The module's file."""
        return self.source.filename


class Modules:
    """The modules that programs import; their texts are read again when their files change."""

    def __init__(self) -> None:
        """Know nothing yet."""
        self._read: dict[str, tuple[int, ModuleFile]] = {}

    def find(
        self, path: str, folder: str, *, level: int = 0, is_python: bool = False
    ) -> ModuleFile | None:
        """Return the module `path`, imported by a program in `folder` after `level` dots, if it is there."""
        parts = path.split(".") if path else []
        for entry in _entries(folder, level):
            file = _file_in(entry, parts, is_python=is_python)
            if file is not None:
                return self._load(file)
        return None

    def imported(self, node: nodes.Import | nodes.FromImport, folder: str) -> ModuleFile | None:
        """Return the module that `from m import …` names, or the first of `import m, n`."""
        if isinstance(node, nodes.FromImport):
            return self.find(node.path, folder, level=node.level, is_python=node.is_python)
        item = node.names[0]
        return self.find(item.path, folder, is_python=item.is_python)

    def at(self, file: str) -> ModuleFile | None:
        """Return the module in `file`, or `None` if it cannot be read."""
        return self._load(file)

    def _load(self, file: str) -> ModuleFile | None:
        try:
            stamp = os.stat(file).st_mtime_ns
            known = self._read.get(file)
            if known is None or known[0] != stamp:
                known = self._read[file] = stamp, _read(file)
        except (OSError, DanaSyntaxError, ValueError):
            return None
        return known[1]


def _entries(folder: str, level: int) -> list[str]:
    if level:
        for _ in range(level - 1):
            folder = os.path.dirname(folder)
        return [folder]
    return [folder, *dana_path(), *(entry or os.getcwd() for entry in sys.path)]


def _file_in(entry: str, parts: list[str], *, is_python: bool) -> str | None:
    base = os.path.join(entry, *parts)
    endings = (".py",) if is_python else (*SUFFIXES, ".py")
    candidates = [base + ending for ending in endings] if parts else []
    candidates += [os.path.join(base, "__init__" + ending) for ending in endings]
    # In one folder Dana modules come before Python's, files before packages.
    candidates.sort(key=lambda name: name.endswith(".py"))
    return next((name for name in candidates if os.path.isfile(name)), None)


def _read(file: str) -> ModuleFile:
    source = Source(read_source(file), file)
    if file.endswith(".py"):
        return ModuleFile(source, dict(_python_definitions(source)))
    program = parse(source)
    found = {} if program is None else dict(dana_definitions(program))
    return ModuleFile(source, found)


def dana_definitions(program: Program) -> Iterator[tuple[str, Definition]]:
    """Yield what a Dana program defines at its top level, by name."""
    source = program.source
    for occurrence in program.occurrences:
        symbol, node = occurrence.symbol, occurrence.node
        if symbol.kind != "lexical" or symbol.owner is not program.names.module:
            continue
        if program.names.module.bindings[symbol.name].node is node:
            kind: Kind = "variable"
            match node:
                case nodes.Function() | nodes.Declaration():
                    kind = "function"
                case nodes.Struct():
                    kind = "struct"
                case nodes.Interface():
                    kind = "interface"
            definition = Definition(
                source.filename,
                occurrence.span,
                kind,
                signature_of(node, source),
                docstring_of(node),
            )
            yield symbol.name, definition


def _python_definitions(source: Source) -> Iterator[tuple[str, Definition]]:
    try:
        tree = ast.parse(source.text)
    except (SyntaxError, ValueError, RecursionError):
        return
    for statement in tree.body:
        match statement:
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                arguments = ast.unparse(statement.args)
                result = (
                    "" if statement.returns is None else f" -> {ast.unparse(statement.returns)}"
                )
                signature = f"def {name}({arguments}){result}"
                yield name, _python(source, statement, name, "function", signature)
            case ast.ClassDef(name=name):
                yield name, _python(source, statement, name, "class", f"class {name}")
            case ast.Assign() | ast.AnnAssign():
                targets = (
                    statement.targets if isinstance(statement, ast.Assign) else [statement.target]
                )
                for target in targets:
                    if isinstance(target, ast.Name):
                        yield target.id, _python(source, statement, target.id, "variable", "")
            case ast.Import(names=aliases) | ast.ImportFrom(names=aliases):
                for alias in aliases:
                    name = alias.asname or alias.name.partition(".")[0]
                    yield name, _python(source, statement, name, "variable", "")


def _python(source: Source, node: ast.stmt, name: str, kind: Kind, signature: str) -> Definition:
    last = node.end_lineno or node.lineno
    # Decorators stand above `def`; the first line with the name from there on is the definition's.
    whole = Span(node.lineno, 1, last, len(source.line(last)) + 1)
    documented = isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
    docstring = (ast.get_docstring(node) or "") if documented else ""  # type: ignore[arg-type]
    span = spelling.first(source, whole, name) or _START
    return Definition(source.filename, span, kind, signature, docstring)
