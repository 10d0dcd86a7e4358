"""Line of a program → the cells of a terminal that it takes: tabs, wide, combining and invisible characters."""

from __future__ import annotations

import unicodedata
from typing import NamedTuple

TAB = 4
"""Tabs are shown as steps to multiples of so many cells, on every terminal."""

_REPLACEMENT = "\ufffd"


class Cells(NamedTuple):
    """A line as it is shown.

    `pieces[i]` is what is shown for character `i`, and `starts[i]` the cell at which that begins;
    one more start follows, which is the width of the whole.
    """

    pieces: list[str]
    starts: list[int]

    def cut(self, first: int, last: int, most: int) -> tuple[str, int, int]:
        """Return the text to show, and the cells from which and up to which characters are marked.

        `first` and `last` count characters from 0, `last` is exclusive and may lie behind the line.
        What does not fit into `most` cells is left out around the mark, and `…` stands for it.
        """
        size = len(self.pieces)
        first, last = min(first, size), min(last, size)
        begin, end = self.starts[first], max(self.starts[last], self.starts[first])
        width = self.starts[size]
        if width <= most:
            return "".join(self.pieces), begin, end
        # A third of the room is left in front of the mark.
        room = most - 2
        marked = min(end - begin, room)
        left = max(0, min(begin - (room - marked) // 3, width - room))
        if begin - left < 0:
            left = begin
        low = next(i for i, start in enumerate(self.starts) if start >= left)
        high = low
        while high < size and self.starts[high + 1] - self.starts[low] <= room:
            high += 1
        shown = "".join(self.pieces[low:high])
        shift = self.starts[low]
        front, back = "…" if low else "", "…" if high < size else ""
        end = min(end, self.starts[high])
        return front + shown + back, begin - shift + len(front), end - shift + len(front)


def cells_of(line: str) -> Cells:
    """Return how `line` is shown."""
    if line.isascii() and line.isprintable():
        return Cells(list(line), list(range(len(line) + 1)))
    pieces, starts, position = [], [], 0
    for character in line:
        if character == "\t":
            piece, width = " " * (TAB - position % TAB), TAB - position % TAB
        else:
            piece, width = _shown(character)
        pieces.append(piece)
        starts.append(position)
        position += width
    return Cells(pieces, [*starts, position])


def _shown(character: str) -> tuple[str, int]:
    if character.isascii() and character.isprintable():
        return character, 1
    category = unicodedata.category(character)
    if category in ("Mn", "Me"):
        return character, 0
    if category[0] in "CZ" and character != "\u3000":
        # Controls would move the cursor, and directions would turn the line around.
        return (" " if category == "Zs" else _REPLACEMENT), 1
    return character, 2 if unicodedata.east_asian_width(character) in "WF" else 1
