"""Program text → lines and positions: spans in characters, and the one conversion to Python's byte columns."""

from __future__ import annotations

import os.path
from functools import cached_property
from typing import NamedTuple


class Span(NamedTuple):
    """A stretch of source text: lines and columns count characters from 1, the end is exclusive."""

    line: int
    column: int
    end_line: int
    end_column: int

    def to(self, end: Span) -> Span:
        """Return the span from the start of this one to the end of `end`."""
        return Span(self.line, self.column, end.end_line, end.end_column)


class PythonPosition(NamedTuple):
    """What Python's `ast` keeps of a position: lines count from 1, columns are UTF-8 bytes from 0."""

    lineno: int
    col_offset: int
    end_lineno: int
    end_col_offset: int


class Source:
    """One program text with the file name that errors and tracebacks show."""

    def __init__(self, text: str, filename: str = "<dana>", name: str | None = None) -> None:
        """Take `text` as it was read; a byte order mark goes, and CRLF and CR become LF as in Python.

        `name` takes the place of the file name in notes on failures.
        """
        self.text = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
        self.filename = filename
        self._name = name
        self._ascii = self.text.isascii()

    @cached_property
    def lines(self) -> list[str]:
        """The lines without their ends; `lines[0]` is line 1."""
        return self.text.split("\n")

    @property
    def basename(self) -> str:
        """The file name without its folder: what notes on failures show, and the same on every machine."""
        return os.path.basename(self.filename) if self._name is None else self._name

    def line(self, number: int) -> str:
        """Return line `number` (from 1), or an empty text past the end."""
        return self.lines[number - 1] if 0 < number <= len(self.lines) else ""

    def text_of(self, span: Span) -> str:
        """Return the program text that `span` covers."""
        if span.line == span.end_line:
            return self.line(span.line)[span.column - 1 : span.end_column - 1]
        middle = self.lines[span.line : span.end_line - 1]
        first = self.line(span.line)[span.column - 1 :]
        return "\n".join([first, *middle, self.line(span.end_line)[: span.end_column - 1]])

    def python_position(self, span: Span) -> PythonPosition:
        """Convert `span` to the lines and byte columns that Python's `ast` and code objects use."""
        line, column, end_line, end_column = span
        if self._ascii:
            return PythonPosition(line, column - 1, end_line, end_column - 1)
        return PythonPosition(
            line, self._byte_column(line, column), end_line, self._byte_column(end_line, end_column)
        )

    def span_of(self, position: PythonPosition) -> Span:
        """Convert back what Python says of the generated tree: the inverse of `python_position`."""
        line, offset, end_line, end_offset = position
        return Span(line, self.column(line, offset), end_line, self.column(end_line, end_offset))

    def column(self, line: int, offset: int) -> int:
        """Return the column, in characters from 1, at which byte `offset`, from 0, of a line stands."""
        if self._ascii:
            return offset + 1
        before = self.line(line).encode("utf-8", "surrogatepass")[:offset]
        return len(before.decode("utf-8", "replace")) + 1

    def _byte_column(self, line: int, column: int) -> int:
        return len(self.line(line)[: column - 1].encode("utf-8", "surrogatepass"))
