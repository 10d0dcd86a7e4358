"""Something that one file defines → the places in the other files of the workspace that name it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, field

from danac import nodes
from danac.diagnostics import DanaSyntaxError
from danac.language_server import spelling
from danac.language_server.definition import Location, imported_definition
from danac.language_server.documents import Document, Program, parse
from danac.language_server.modules import Definition, Modules
from danac.language_server.symbols import Occurrence
from danac.loading.code_object import read_source
from danac.loading.import_hook import SUFFIXES
from danac.source import Source, Span

_MOST_FILES = 2000
_OTHERS = {"__pycache__", "node_modules"}


@dataclass
class Workspace:
    """The folders that an editor has open; a text that is open counts in place of its file."""

    folders: list[str] = field(default_factory=list)

    def users_of(
        self, place: Location, name: str, modules: Modules, documents: dict[str, Document]
    ) -> Iterator[tuple[Program, list[Span]]]:
        """Yield each other program that imports what is defined at `place`, with where it names that."""
        own = os.path.realpath(place.source.filename)
        texts = {os.path.realpath(document.path): document for document in documents.values()}
        for path in self._files(own):
            if os.path.realpath(path) == own:
                continue
            program = _program_of(path, name, texts.get(os.path.realpath(path)))
            if program is None:
                continue
            folder = os.path.dirname(path)
            found = [
                occurrence.span
                for occurrence in program.occurrences
                if _means(occurrence, program, place, modules, folder)
            ]
            found += _imported_otherwise(program, place, name, modules, folder)
            if found:
                yield program, sorted(found)

    def _files(self, own: str) -> Iterator[str]:
        """Yield the Dana files in the folders; without any, those beside the file itself."""
        count = 0
        for root in self.folders or [os.path.dirname(own)]:
            for folder, folders, files in os.walk(root):
                if "pyvenv.cfg" in files:
                    folders.clear()
                    continue
                folders[:] = sorted(f for f in folders if f[0] != "." and f not in _OTHERS)
                for file in sorted(files):
                    if file.endswith(SUFFIXES):
                        yield os.path.join(folder, file)
                        count += 1
                        if count == _MOST_FILES:
                            return


def _program_of(path: str, name: str, document: Document | None) -> Program | None:
    """Return the program in a file if its text mentions `name` at all."""
    if document is not None:
        return document.program if name in document.text else None
    try:
        text = read_source(path)
    except (OSError, DanaSyntaxError, ValueError):
        return None
    return parse(Source(text, path)) if name in text else None


def _means(
    occurrence: Occurrence, program: Program, place: Location, modules: Modules, folder: str
) -> bool:
    found = imported_definition(program, modules, folder, occurrence)
    if not isinstance(found, Definition):
        return False
    is_same_file = os.path.realpath(found.path) == os.path.realpath(place.source.filename)
    word = program.source.text_of(occurrence.span)
    # An alias names the same thing, by another word.
    return is_same_file and found.span == place.span and word == place.source.text_of(place.span)


def _imported_otherwise(
    program: Program, place: Location, name: str, modules: Modules, folder: str
) -> Iterator[Span]:
    """Yield where an import names it and gives it another name: `from m import f as g`."""
    for item, statement in program.import_statements.items():
        if not isinstance(statement, nodes.FromImport) or not isinstance(item, nodes.ImportedName):
            continue
        if item.alias is None or item.path != name:
            continue
        module = modules.imported(statement, folder)
        own = os.path.realpath(place.source.filename)
        if module is not None and os.path.realpath(module.path) == own:
            span = spelling.first(program.source, item.span, name)
            if span is not None:
                yield span
