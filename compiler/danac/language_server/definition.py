"""A place in a program → where what is named there is defined: here, or in an imported file."""

from __future__ import annotations

from typing import NamedTuple

from danac import nodes
from danac.analysis.names import Binding, Scope
from danac.language_server import spelling
from danac.language_server.documents import Program
from danac.language_server.modules import Definition, ModuleFile, Modules
from danac.language_server.scoped_nodes import contains
from danac.language_server.symbols import Occurrence, Symbol
from danac.source import Source, Span

_START = Span(1, 1, 1, 1)


class Location(NamedTuple):
    """A span of a source, which may be another file's."""

    source: Source
    span: Span


def definition_at(
    program: Program, modules: Modules, folder: str, line: int, column: int
) -> Location | None:
    """Return where the thing that is named at a place is defined; `folder` is the program's."""
    occurrence = program.occurrence_at(line, column)
    if occurrence is not None:
        found = _of_occurrence(program, modules, folder, occurrence)
        if found is not None:
            return found
    module = _module_path_at(program, modules, folder, line, column)
    return None if module is None else Location(module.source, _START)


def _of_occurrence(
    program: Program, modules: Modules, folder: str, occurrence: Occurrence
) -> Location | None:
    imported = imported_definition(program, modules, folder, occurrence)
    if isinstance(imported, ModuleFile):
        return Location(imported.source, _START)
    if imported is not None:
        module = modules.at(imported.path)
        return None if module is None else Location(module.source, imported.span)
    span = definition_span(program, occurrence.symbol)
    return None if span is None else Location(program.source, span)


def definition_span(program: Program, symbol: Symbol) -> Span | None:
    """Return where the program itself defines `symbol`: where it is first bound."""
    places = [entry for entry in program.occurrences if entry.symbol == symbol]
    if symbol.kind == "lexical" and isinstance(symbol.owner, Scope):
        node = symbol.owner.bindings[symbol.name].node
        return next((entry.span for entry in places if _defines(entry, node)), None)
    if symbol.kind == "member":
        member = program.members.table(symbol.owner).get(symbol.name)  # type: ignore[arg-type]
        span = None if member is None else member.span
        return next((e.span for e in places if span and span[:2] <= e.span[:2] <= span[2:]), None)
    if symbol.kind == "capture":
        return next((e.span for e in places if isinstance(e.node, nodes.Capture)), None)
    return None


def _defines(entry: Occurrence, node: nodes.Node) -> bool:
    # A lambda with a receiver is bound by its whole assignment.
    return entry.node is node or (
        isinstance(node, nodes.Assignment) and entry.node is node.targets[0]
    )


def binding_of(symbol: Symbol) -> Binding | None:
    """Return the binding of a lexical name."""
    return symbol.owner.bindings.get(symbol.name) if isinstance(symbol.owner, Scope) else None


def imported_definition(
    program: Program, modules: Modules, folder: str, occurrence: Occurrence
) -> Definition | ModuleFile | None:
    """Return what an occurrence means in an imported file: the module, or what it defines."""
    symbol, node = occurrence.symbol, occurrence.node
    if isinstance(node, nodes.Attribute) and symbol.kind == "unknown":
        module = module_of(program, modules, folder, node.value, occurrence.scope)
        return None if module is None else module.definitions.get(symbol.name)
    binding = binding_of(symbol)
    if binding is not None and isinstance(binding.node, nodes.ImportedName):
        return _imported(program, modules, folder, binding.node)
    if symbol.kind == "unknown":
        return _from_star_import(modules, folder, symbol.name, occurrence.scope)
    return None


def _imported(
    program: Program, modules: Modules, folder: str, item: nodes.ImportedName
) -> Definition | ModuleFile | None:
    statement = program.import_statements[item]
    if isinstance(statement, nodes.Import):
        path = item.path if item.alias is not None else item.path.partition(".")[0]
        is_whole = path == item.path
        return modules.find(path, folder, is_python=item.is_python and is_whole)
    module = modules.imported(statement, folder)
    if module is not None and item.path in module.definitions:
        return module.definitions[item.path]
    # What a package does not define may be a module in it.
    path = f"{statement.path}.{item.path}" if statement.path else item.path
    return modules.find(path, folder, level=statement.level)


def _from_star_import(modules: Modules, folder: str, name: str, scope: Scope) -> Definition | None:
    around: Scope | None = scope
    while around is not None:
        if isinstance(around.star_import, nodes.FromImport):
            module = modules.imported(around.star_import, folder)
            if module is not None and name in module.definitions:
                return module.definitions[name]
        around = around.parent
    return None


def module_of(
    program: Program, modules: Modules, folder: str, value: nodes.Expression, scope: Scope
) -> ModuleFile | None:
    """Return the module that an expression such as `os.path` surely is."""
    names: list[str] = []
    while isinstance(value, nodes.Attribute):
        names.insert(0, value.name)
        value = value.value
    if not isinstance(value, nodes.Name):
        return None
    found = scope.lookup(value.id)
    if found is None or not isinstance(found[1].node, nodes.ImportedName):
        return None
    item = found[1].node
    statement = program.import_statements[item]
    if isinstance(statement, nodes.FromImport):
        base = ".".join(part for part in (statement.path, item.path) if part)
        return modules.find(".".join([base, *names]), folder, level=statement.level)
    base = item.path if item.alias is not None else value.id
    return modules.find(".".join([base, *names]), folder, is_python=item.is_python)


def _module_path_at(
    program: Program, modules: Modules, folder: str, line: int, column: int
) -> ModuleFile | None:
    """Return the module whose path is written at a place in an import statement."""
    for found in nodes.walk(program.module):
        if not isinstance(found, nodes.Import | nodes.FromImport):
            continue
        if not contains(found.span, line, column):
            continue
        word = spelling.word_at(program.source, line, column)
        if isinstance(found, nodes.FromImport):
            is_path = word is None or program.source.text_of(word) in found.path.split(".")
            return modules.imported(found, folder) if is_path else None
        for item in found.names:
            if contains(item.span, line, column):
                return modules.find(item.path, folder, is_python=item.is_python)
    return None
