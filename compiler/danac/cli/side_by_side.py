"""A program and its listing → two columns, with each statement beside the Python that it became.

The listing carries no positions, but it parses to the very tree that it was made from, and that tree
knows where in the program each of its statements stands.
"""

from __future__ import annotations

import ast
import re
import unicodedata
from collections.abc import Iterator
from itertools import zip_longest
from typing import NamedTuple

from danac.source import Source

Statement = ast.stmt | ast.ExceptHandler

_GAP = "  │ "
_LEAST = 20
# What colours a terminal's text, and takes no room there; or one character.
_PIECE = re.compile(r"(\x1b\[[0-9;]*m)|.", re.DOTALL)
_COLOUR = re.compile(r"\x1b\[[0-9;]*m")
_RESET = "\x1b[39;49;00m"


class Anchor(NamedTuple):
    """A line of the program and the line of the listing that stands beside it, both counted from 1."""

    line: int
    listed: int


def anchors(tree: ast.Module, listing: str) -> list[Anchor]:
    """Return where the statements of `tree`, which was printed as `listing`, meet; both columns rise."""
    pairs: list[tuple[Statement, Statement]] = []
    pending: list[tuple[ast.AST, ast.AST]] = [(tree, ast.parse(listing))]
    while pending:
        inner = list(zip(*map(_statements, pending.pop()), strict=False))
        pairs += inner
        pending += inner
    found: list[Anchor] = []
    for made, listed in sorted(pairs, key=lambda pair: _first_line(pair[1])):
        anchor = Anchor(_first_line(made), _first_line(listed))
        rises = not found or (anchor.line > found[-1].line and anchor.listed > found[-1].listed)
        if rises and _stands_for_text(made):
            found.append(anchor)
    return found


def _statements(node: ast.AST) -> Iterator[Statement]:
    """Yield the statements directly inside of `node`, `except` clauses among them, in order."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, Statement):
            yield child


def _first_line(node: Statement) -> int:
    decorators: list[ast.expr] = getattr(node, "decorator_list", [])
    return min([node.lineno, *(decorator.lineno for decorator in decorators)])


def _stands_for_text(node: Statement) -> bool:
    return (node.lineno, node.col_offset) != (node.end_lineno, node.end_col_offset)


def side_by_side(
    source: Source,
    tree: ast.Module,
    listing: str,
    width: int | None,
    coloured: tuple[str, str] | None = None,
) -> str:
    """Return the program on the left and the listing on the right, with the program's line numbers.

    `width` is that of the terminal in characters: longer lines are folded. `coloured` are the texts of
    both sides with colours.
    """
    numbers = len(str(len(source.lines)))
    left_text, right_text = coloured or (source.text, listing)
    left_lines = left_text.rstrip("\n").split("\n")
    right_lines = right_text.rstrip("\n").split("\n")
    widest = max(map(_cells, left_lines))
    left = widest
    right: int | None = None
    if width is not None:
        room = width - numbers - 1 - len(_GAP)
        left = max(_LEAST, min(widest, room // 2))
        right = max(_LEAST, room - left)
    rows = []
    for number, (one, other) in _aligned(left_lines, right_lines, anchors(tree, listing)):
        ones = _folded(one, left)
        others = _folded(other, right)
        for index, (here, there) in enumerate(zip_longest(ones, others, fillvalue="")):
            label = str(number) if number is not None and index == 0 else ""
            padding = " " * (left - _cells(here))
            row = f"{label:>{numbers}} {here}{padding}{_GAP}{there}"
            rows.append(row.rstrip())
    return "\n".join(rows)


def _aligned(
    left: list[str], right: list[str], found: list[Anchor]
) -> Iterator[tuple[int | None, tuple[str, str]]]:
    """Yield the rows: the number of the program's line, if there is one, and both texts."""
    ends = [*found, Anchor(len(left) + 1, len(right) + 1)]
    line = listed = 1
    for end in ends:
        ours, theirs = left[line - 1 : end.line - 1], right[listed - 1 : end.listed - 1]
        for number, texts in enumerate(zip_longest(ours, theirs, fillvalue=""), line):
            yield (number if number < end.line else None), texts
        line, listed = end


def _folded(text: str, width: int | None) -> list[str]:
    """Return `text` in pieces of at most `width` cells; a colour goes on in the next piece."""
    text = text.expandtabs(8)
    if width is None or _cells(text) <= width:
        return [text]
    pieces, piece, cells, colour = [], "", 0, ""
    for found in _PIECE.finditer(text):
        if found[1]:
            colour = "" if found[1] == _RESET else colour + found[1]
        elif (cells := cells + _cells(found[0])) > width:
            pieces.append(piece + (_RESET if colour else ""))
            piece, cells = colour, _cells(found[0])
        piece += found[0]
    return [*pieces, piece]


def _cells(text: str) -> int:
    """Return how many cells of a terminal `text` takes."""
    plain = _COLOUR.sub("", text).expandtabs(8)
    return len(plain) if plain.isascii() else sum(map(_cell, plain))


def _cell(character: str) -> int:
    if unicodedata.combining(character) or unicodedata.category(character) in {"Mn", "Me", "Cf"}:
        return 0
    return 2 if unicodedata.east_asian_width(character) in {"W", "F"} else 1
