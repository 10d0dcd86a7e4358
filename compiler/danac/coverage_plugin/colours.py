"""Program text → pieces with the class that coverage.py's HTML report gives each."""

from __future__ import annotations

import re
from collections.abc import Iterator

from danac.syntax.keywords import RESERVED_WORDS

_TOKEN = re.compile(
    r"""
    (?P<com>\#[^\n]*)
  | (?P<str>[rRfF]{0,2}(?:\"{3}.*?(?:\"{3}|\Z)|'{3}.*?(?:'{3}|\Z)
        |"(?:\\.|[^"\\\n])*"?|'(?:\\.|[^'\\\n])*'?))
  | (?P<num>\b\d[\w.]*)
  | (?P<nam>[^\W\d]\w*)
  | (?P<ws>[ \t]+)
  | (?P<op>[^\w\s])
  | (?P<txt>.)
    """,
    re.VERBOSE | re.DOTALL,
)


def coloured(text: str) -> Iterator[list[tuple[str, str]]]:
    """Yield, for each line of `text`, its pieces as (class, text); joined they are the line."""
    line: list[tuple[str, str]] = []
    for found in _TOKEN.finditer(text):
        kind, piece = found.lastgroup or "txt", found[0]
        if kind == "nam" and piece in RESERVED_WORDS:
            kind = "key"
        first, *others = piece.split("\n")
        line += [(kind, first)] if first else []
        for other in others:
            yield line
            line = [(kind, other)] if other else []
    if line or not text.endswith("\n"):
        yield line
