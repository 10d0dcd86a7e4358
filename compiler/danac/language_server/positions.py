"""Spans, in characters from 1 ↔ the protocol's positions, in code units from 0: the one conversion."""

from __future__ import annotations

from collections.abc import Callable

from lsprotocol import types

from danac.source import Source, Span

_WIDTHS: dict[str, Callable[[str], int]] = {
    types.PositionEncodingKind.Utf8.value: lambda text: len(text.encode("utf-8", "surrogatepass")),
    types.PositionEncodingKind.Utf16.value: lambda text: (
        len(text.encode("utf-16-le", "surrogatepass")) // 2
    ),
    types.PositionEncodingKind.Utf32.value: len,
}


class Positions:
    """Converts places in one source; `encoding` is what client and server agreed on."""

    def __init__(self, source: Source, encoding: str = "utf-16") -> None:
        """Convert places of `source`; raises `KeyError` for an encoding that the protocol has not."""
        self._source = source
        self._width = _WIDTHS[str(getattr(encoding, "value", encoding))]

    def range(self, span: Span) -> types.Range:
        """Return the protocol's range of `span`."""
        return types.Range(
            self._position(span.line, span.column), self._position(span.end_line, span.end_column)
        )

    def place(self, position: types.Position) -> tuple[int, int]:
        """Return line and column, in characters from 1, of a position; one past a line's end is its end."""
        line = self._source.line(position.line + 1)
        units = 0
        for column, character in enumerate(line, 1):
            if units >= position.character:
                return position.line + 1, column
            units += self._width(character)
        return position.line + 1, len(line) + 1

    def _position(self, line: int, column: int) -> types.Position:
        return types.Position(line - 1, self._width(self._source.line(line)[: column - 1]))
