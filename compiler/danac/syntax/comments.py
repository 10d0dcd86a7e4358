"""Program text → its comments that silence diagnostics: `# dana: ignore[DANA211, DANA212]`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from danac.diagnostics import DanaSyntaxError
from danac.source import Source, Span
from danac.syntax.parse import tokens_of

_COMMENT = re.compile(r"\#[ \t]*dana:[ \t]*ignore(?:[ \t]*\[([^\]\n]*)\])?", re.IGNORECASE)
_CODE = re.compile(r"[^\s,]+")
_TEXTS = {"STRING", "FSTRING_TEXT"}


class Silence(NamedTuple):
    """A comment that silences: where it stands, and each code in it with its place."""

    span: Span
    codes: list[tuple[str, Span]]


def silences(source: Source) -> list[Silence]:
    """Return the comments of `source` that silence diagnostics, in order."""
    if "dana:" not in source.text:
        return []
    texts = _texts(source)
    return [
        _silence(number, found)
        for number, line in enumerate(source.lines, 1)
        for found in _COMMENT.finditer(line)
        if not any(begin <= (number, found.start() + 1) < end for begin, end in texts)
    ]


def _silence(number: int, found: re.Match[str]) -> Silence:
    codes = []
    if found[1] is not None:
        for code in _CODE.finditer(found[1]):
            start = found.start(1) + code.start() + 1
            codes.append((code[0].upper(), Span(number, start, number, start + len(code[0]))))
    return Silence(Span(number, found.start() + 1, number, found.end() + 1), codes)


def _texts(source: Source) -> list[tuple[tuple[int, int], tuple[int, int]]]:
    """Return where texts begin and end, as far as the program can be divided into tokens."""
    return list(_text_places(source))


def _text_places(source: Source) -> Iterator[tuple[tuple[int, int], tuple[int, int]]]:
    try:
        for token in tokens_of(source):
            if token.type in _TEXTS:
                begin = (token.line or 1, token.column or 1)
                yield begin, (token.end_line or 1, token.end_column or 1)
    except DanaSyntaxError:
        return
