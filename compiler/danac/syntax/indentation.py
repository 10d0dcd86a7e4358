"""Where lines begin → INDENT and DEDENT tokens."""

from __future__ import annotations

import re
from typing import NamedTuple

from lark import Token

from danac.diagnostics import DanaSyntaxError
from danac.syntax.lexical_errors import Code
from danac.syntax.token_buffer import TokenBuffer

MAX_LEVELS = 100
TAB_SIZE = 8

_EMPTY_LINES = re.compile(r"(?:[ \t\f]*+(?:\#[^\n]*+)?\n)*+(?:[ \t\f]*+(?:\#[^\n]*+)?\Z)?")
_INDENTATION = re.compile(r"[ \t\f]*+")
_COMMENT_LINE = re.compile(r"^([ \t\f]*+)\#", re.MULTILINE)


class Line(NamedTuple):
    """The start of a line that holds code.

    `start` is its position in the text, `first` that of its first token. `column` counts tabs as
    steps to multiples of 8, `narrow_column` as one: lines whose order depends on that are an error.
    """

    number: int
    start: int
    first: int
    column: int
    narrow_column: int


class Indentation:
    """The levels of indentation that are open, outermost first."""

    def __init__(self, buffer: TokenBuffer) -> None:
        self._buffer = buffer
        self._levels = [(0, 0)]

    def next_line(self, start: int) -> Line | None:
        """Move to the first line with code, from the one at `start` on, and return it."""
        buffer = self._buffer
        empty = _EMPTY_LINES.match(buffer.text, start)
        begin = start if empty is None else empty.end()
        if begin > start:
            buffer.line += buffer.text.count("\n", start, begin)
            buffer.line_start = buffer.text.rfind("\n", start, begin) + 1 or buffer.line_start
        if begin == len(buffer.text):
            return None
        indentation = _INDENTATION.match(buffer.text, begin)
        first = begin if indentation is None else indentation.end()
        return Line(buffer.line, begin, first, *_columns(buffer.text[begin:first]))

    def enter(self, line: Line) -> list[Token]:
        """Return the INDENT or the DEDENTs in front of `line`, which begins a statement."""
        levels = self._levels
        column, narrow = line.column, line.narrow_column
        if column > levels[-1][0]:
            self._check_tabs(line, narrow > levels[-1][1])
            levels.append((column, narrow))
            if len(levels) > MAX_LEVELS + 1:
                raise self._error(line, Code.TOO_DEEPLY_NESTED, "too deeply nested")
            return [self._token("INDENT", line, line.start)]
        dedents = []
        inner = levels[-1]
        while column < levels[-1][0]:
            inner = levels.pop()
            dedents.append(self._token("DEDENT", line, line.first))
        if column != levels[-1][0]:
            message = "unindent does not match any outer indentation level"
            outer = levels[-1]
            hint = f"one block begins in column {outer[0] + 1}, the one in it in {inner[0] + 1}"
            raise self._error(line, Code.INCONSISTENT_INDENTATION, message, hint)
        self._check_tabs(line, narrow == levels[-1][1])
        return dedents

    def forgive(self, line: Line) -> list[Token]:
        """Return what `enter` would, if it were not for the error that it has raised for `line`.

        A line between two levels counts as one of the inner level.
        """
        levels = self._levels
        if line.column > levels[-1][0]:
            if len(levels) > MAX_LEVELS:
                return []
            levels.append((line.column, line.narrow_column))
            return [self._token("INDENT", line, line.start)]
        dedents = []
        while len(levels) > 1 and line.column <= levels[-2][0]:
            levels.pop()
            dedents.append(self._token("DEDENT", line, line.first))
        return dedents

    @property
    def levels(self) -> list[tuple[int, int]]:
        """The columns of the levels that are open, each with wide and with narrow tabs."""
        return list(self._levels)

    @levels.setter
    def levels(self, levels: list[tuple[int, int]]) -> None:
        self._levels = levels

    def finish(self) -> list[Token]:
        """Return the DEDENTs at the end of the text."""
        end = len(self._buffer.text)
        return [self._buffer.token("DEDENT", "", end, end) for _ in self._levels[1:]]

    def comment_suite(self, line: Line, start: int, following: Line | None) -> list[Token]:
        """Return INDENT and DEDENT where `line` opens a block that holds only comments.

        `start` is the position behind that block opener, `following` the next line with code.
        """
        if following is not None and following.column > line.column:
            return []
        text = self._buffer.text
        end = len(text) if following is None else following.start
        for comment in _COMMENT_LINE.finditer(text, start, end):
            column, narrow = _columns(comment[1])
            if column > line.column:
                number = line.number + text.count("\n", line.start, comment.start())
                place = Line(number, comment.start(), comment.end(1), column, narrow)
                first = self._token("INDENT", place, place.start)
                return [first, self._token("DEDENT", place, place.first)]
        return []

    def _check_tabs(self, line: Line, consistent: bool) -> None:
        if not consistent:
            message = "inconsistent use of tabs and spaces in indentation"
            hint = "indent all lines with blanks only"
            raise self._error(line, Code.INCONSISTENT_INDENTATION, message, hint)

    def _error(
        self, line: Line, code: Code, message: str, hint: str | None = None
    ) -> DanaSyntaxError:
        return self._buffer.error(code, message, line.start, line.first, hint)

    def _token(self, type_: str, line: Line, start: int) -> Token:
        """Return a token that ends where the first token of `line` begins."""
        text = self._buffer.text[start : line.first]
        column, end_column = start - line.start + 1, line.first - line.start + 1
        return Token(type_, text, start, line.number, column, line.number, end_column, line.first)


def _columns(whitespace: str) -> tuple[int, int]:
    """Return the width of an indentation twice: with full tabs, and with tabs as one column."""
    if "\t" not in whitespace and "\f" not in whitespace:
        return len(whitespace), len(whitespace)
    # A form feed starts the count again, as in Python.
    narrow = whitespace.rpartition("\f")[2]
    return len(narrow.expandtabs(TAB_SIZE)), len(narrow)
