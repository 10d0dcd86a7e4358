"""Texts in the editor → programs: nodes, scopes and occurrences, also of a text that is being written.

Of a text with errors the program is what is right in it, at its places; where nothing is, it is the one
that the text was when it was last right.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import cached_property

from danac import nodes
from danac.analysis.decisions import Decision, decisions
from danac.analysis.names import Names
from danac.compilation import read
from danac.language_server.members import Members
from danac.language_server.symbols import Occurrence, occurrences
from danac.source import Source


class Program:
    """What is known of one text; `is_mended` tells that its nodes leave out lines that are wrong."""

    def __init__(self, source: Source, module: nodes.Module, *, is_mended: bool = False) -> None:
        """Take the nodes of `source`."""
        self.source = source
        self.module = module
        self.is_mended = is_mended

    @cached_property
    def names(self) -> Names:
        """The scopes."""
        return Names(self.module)

    @cached_property
    def members(self) -> Members:
        """The structs, and what is known of their instances."""
        return Members(self.names)

    @cached_property
    def occurrences(self) -> list[Occurrence]:
        """Each place where a name is written, in source order."""
        return occurrences(self.source, self.names, self.members)

    @cached_property
    def decisions(self) -> list[Decision]:
        """What is decided about the stages that are called with a value alone."""
        return list(decisions(self.module, self.names))

    @cached_property
    def import_statements(self) -> dict[nodes.Node, nodes.Import | nodes.FromImport]:
        """For each imported name the statement that it stands in."""
        return {
            item: found
            for found in nodes.walk(self.module)
            if isinstance(found, nodes.Import | nodes.FromImport)
            for item in found.names
        }

    def occurrence_at(self, line: int, column: int) -> Occurrence | None:
        """Return the name that the place is in, or right behind."""
        place = (line, column)
        found = [entry for entry in self.occurrences if entry.span[:2] <= place <= entry.span[2:]]
        # Between two names that touch, the one that begins there counts.
        return found[-1] if found else None


@dataclass(slots=True)
class Document:
    """One open text; `path` is its file's, or a name for a text that has none."""

    uri: str
    path: str
    text: str
    version: int | None = None
    _program: Program | None = None
    _last_good: Program | None = None
    _is_current: bool = False

    def change(self, text: str, version: int | None) -> None:
        """Take the text as it is now."""
        self.text, self.version = text, version
        self._is_current = False

    @property
    def source(self) -> Source:
        """The text as it stands in the editor."""
        return Source(self.text, self.path)

    @property
    def folder(self) -> str:
        """Where the imports of the program are looked for first."""
        return os.path.dirname(os.path.abspath(self.path))

    @property
    def program(self) -> Program | None:
        """What is known of the text; `None` if it was never right enough to know anything."""
        if not self._is_current:
            self._program = parse(self.source) or self._last_good
            if self._program is not None and not self._program.is_mended:
                self._last_good = self._program
            self._is_current = True
        return self._program

    @property
    def exact_program(self) -> Program | None:
        """The program, if the text has no error and so nothing of it is guessed."""
        program = self.program
        is_exact = (
            program is not None
            and not program.is_mended
            and program.source.text == self.source.text
        )
        return program if is_exact else None


def parse(source: Source) -> Program | None:
    """Return the program of `source` without what is wrong in it, or `None` if nothing is right."""
    reading = read(source)
    if reading.errors and not reading.module.body:
        return None
    return Program(source, reading.module, is_mended=bool(reading.errors))
