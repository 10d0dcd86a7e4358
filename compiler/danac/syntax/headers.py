"""Line that should have opened a block → lines that would: what its block is read behind instead.

So the statements of the block are looked at, and nothing is said of them that is only the line's fault.
"""

from __future__ import annotations

from collections.abc import Iterator

from lark import Token

from danac.syntax.logical_lines import LogicalLine

_COMPOUND = {
    *("DEF", "ASYNC", "SYNC", "IF", "ELIF", "ELSE", "WHILE", "FOR", "TRY", "EXCEPT", "FINALLY"),
    *("WITH", "STRUCT", "INTERFACE"),
}
_ALWAYS = (("IF", "if"), ("TRUE", "true"), ("COLON", ":"))
_CLAUSES = {
    "ELIF": (("ELIF", "elif"), ("TRUE", "true"), ("COLON", ":")),
    "ELSE": (("ELSE", "else"), ("COLON", ":")),
    "TRY": (("TRY", "try"), ("COLON", ":")),
    "EXCEPT": (("EXCEPT", "except"), ("COLON", ":")),
    "FINALLY": (("FINALLY", "finally"), ("COLON", ":")),
    "WHILE": (("WHILE", "while"), ("TRUE", "true"), ("COLON", ":")),
}
_LOOPS = {"WHILE", "FOR"}

FOREIGN_BLOCKS = {"match", "switch", "enum"}
"""Words of other languages: what stands in their blocks is no Dana either."""


def opens_block(tokens: list[Token]) -> bool:
    """Return whether a line begins as one that has a block."""
    return bool(tokens) and tokens[0].type in _COMPOUND


def is_foreign(tokens: list[Token]) -> bool:
    """Return whether the block of a line is to be left out, since it holds no statements of Dana's."""
    return bool(tokens) and (tokens[0].type == "OUTSIDE" or str(tokens[0]) in FOREIGN_BLOCKS)


def substitutes(line: LogicalLine) -> Iterator[list[Token]]:
    """Yield what could stand in the place of a line that a block follows, best first, line end included."""
    tokens = line.tokens
    if tokens and line.error is None:
        if tokens[-1].type != "COLON":
            yield [*tokens, *_made((("COLON", ":"),), line), line.newline]
        elif len(tokens) > 1:
            yield [*tokens[:-1], *_made((("COLON", ":"),), line), line.newline]
    for header in _headers(tokens):
        yield [*_made(header, line), line.newline]


def substitutes_without_block(line: LogicalLine) -> Iterator[list[Token]]:
    """Yield what could stand in the place of a line that begins as a header, and has no block."""
    for header in _headers(line.tokens):
        yield [*_made((*header, ("PASS", "pass")), line), line.newline]


def completion(line: LogicalLine) -> list[Token]:
    """Return the clause that makes a `try` whole."""
    parts = (("FINALLY", "finally"), ("COLON", ":"), ("PASS", "pass"))
    return [*_made(parts, line), line.newline]


def _headers(tokens: list[Token]) -> Iterator[tuple[tuple[str, str], ...]]:
    kinds = [token.type for token in tokens[:3] if token.type not in ("ASYNC", "SYNC")]
    word = kinds[0] if kinds else ""
    second = kinds[1] if len(kinds) > 1 else ""
    name = next((str(token) for token in tokens[1:] if token.type == "NAME"), "_")
    first = str(tokens[0]) if tokens else ""
    if word == "DEF" or first in ("fn", "func", "function", "fun"):
        yield (("DEF", "def"), ("NAME", name), ("LPAR", "("), ("RPAR", ")"), ("COLON", ":"))
    elif word in ("STRUCT", "INTERFACE"):
        yield ((word, word.lower()), ("NAME", name), ("COLON", ":"))
    elif first == "class":
        yield (("STRUCT", "struct"), ("NAME", name), ("COLON", ":"))
    elif word == "ELSE" and second == "IF":
        yield _CLAUSES["ELIF"]
    elif word in _LOOPS:
        yield _CLAUSES["WHILE"]
    elif word in _CLAUSES:
        yield _CLAUSES[word]
    elif first in ("elsif", "elseif"):
        yield _CLAUSES["ELIF"]
    elif first in ("catch",):
        yield _CLAUSES["EXCEPT"]
    yield _ALWAYS


def _made(parts: tuple[tuple[str, str], ...], line: LogicalLine) -> list[Token]:
    """Return tokens that take no room, in front of the end of `line`."""
    like = line.newline
    return [
        Token(
            kind,
            text,
            like.start_pos,
            like.line,
            like.column,
            like.line,
            like.column,
            like.start_pos,
        )
        for kind, text in parts
    ]
