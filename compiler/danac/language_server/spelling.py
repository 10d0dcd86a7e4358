"""A name of a node → where it is written: nodes keep the span of a whole, such as `x: int = 1`."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

from danac.identifiers import python_name
from danac.source import Source, Span

_IDENTIFIER = re.compile(r"[^\W\d]\w*")
_WHOLE = re.compile(r"[^\W\d]\w*\Z")


def is_identifier(text: str) -> bool:
    """Whether `text` is spelled as a name; reserved words are, too."""
    return _WHOLE.match(text) is not None and text.isidentifier()


def identifiers(source: Source, span: Span) -> Iterator[tuple[str, Span]]:
    """Yield each word in `span` with its own span; words in texts and comments are among them."""
    for number in range(span.line, span.end_line + 1):
        line = source.line(number)
        start = span.column - 1 if number == span.line else 0
        end = span.end_column - 1 if number == span.end_line else len(line)
        for found in _IDENTIFIER.finditer(line, start, end):
            yield found[0], Span(number, found.start() + 1, number, found.end() + 1)


def first(source: Source, span: Span, name: str) -> Span | None:
    """Return where `name`, as nodes call it, is first written in `span`."""
    return next((place for word, place in identifiers(source, span) if means(word, name)), None)


def last(source: Source, span: Span, name: str) -> Span | None:
    """Return where `name` stands if `span` ends in it, as `value.name` and `as name` do."""
    found: Span | None = None
    for word, place in identifiers(source, span):
        found = place if means(word, name) else None
    return found if found is not None and found[2:] == span[2:] else None


def means(word: str, name: str) -> bool:
    """Whether `word` in a program is what nodes call `name`: `class` is `class_`, and NFKC counts."""
    if word == name:
        return True
    return name in (normal := unicodedata.normalize("NFKC", word), python_name(normal))


def word_at(source: Source, line: int, column: int) -> Span | None:
    """Return the word that the place is in, or at the end of."""
    text = source.line(line)
    for found in _IDENTIFIER.finditer(text):
        if found.start() + 1 <= column <= found.end() + 1:
            return Span(line, found.start() + 1, line, found.end() + 1)
    return None
