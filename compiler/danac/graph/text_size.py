"""Text → how much room it takes in a picture, and its lines where that is too much.

Nothing here knows the font that will be used: the widths are those of the widest monospaced fonts that
browsers and systems have, so that text never leaves its box.
"""

from __future__ import annotations

import unicodedata

_NARROW = 0.62
_WIDE = 1.1
_ELLIPSIS = "…"


def width(text: str) -> float:
    """Return the width of `text` in a monospaced font, in units of the font's size."""
    if text.isascii():
        return len(text) * _NARROW
    return sum(map(_character_width, text))


def _character_width(character: str) -> float:
    if unicodedata.category(character) in {"Mn", "Me", "Cf"}:
        return 0
    if unicodedata.east_asian_width(character) in {"W", "F"} or character > "\uffff":
        return _WIDE
    is_plain = character < "\u0500" or "\u2010" <= character <= "\u2027"
    return _NARROW if is_plain else 0.8


def wrap(text: str, limit: float, most: int) -> list[str]:
    """Return `text` in at most `most` lines that are not wider than `limit`.

    Lines end behind a blank or a mark where that leaves no line much emptier, else anywhere; what does
    not fit is replaced by an ellipsis.
    """
    lines: list[str] = []
    rest = text
    while width(rest) > limit:
        if len(lines) == most - 1:
            fitting = _fitting(rest, limit - _NARROW)
            return [*lines, rest[:fitting].rstrip() + _ELLIPSIS]
        end = _line_end(rest, _fitting(rest, limit))
        lines.append(rest[:end].rstrip())
        rest = rest[end:].lstrip()
    return [*lines, rest] if rest or not lines else lines


def _fitting(text: str, limit: float) -> int:
    """Return how many characters of `text` fit, at least one; marks stay with their letters."""
    taken = 0.0
    for index, character in enumerate(text):
        taken += _character_width(character)
        if taken > limit and index:
            return index
    return len(text)


def _line_end(text: str, fitting: int) -> int:
    for end in range(fitting, fitting * 3 // 5, -1):
        if text[end - 1].isspace() or text[end : end + 1].isspace():
            return end
    for end in range(fitting, fitting * 3 // 5, -1):
        if text[end - 1] in ",|=([{.:":
            return end
    return fitting
