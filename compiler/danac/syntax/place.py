"""A token that the grammar refuses, with what stands around it: what messages about it are made from."""

from __future__ import annotations

from collections.abc import Set
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

from lark import Token

from danac.diagnostics import Fix, Related
from danac.source import Source, Span


class Finding(NamedTuple):
    """What is wrong, the code of the diagnostic, and what else is known of it.

    Without a `span` it is about the refused token.
    """

    message: str
    code: str
    hint: str | None = None
    span: Span | None = None
    fix: Fix | None = None
    label: str | None = None
    related: tuple[Related, ...] = ()


class Definition(NamedTuple):
    """The struct or interface in whose body a token stands: its word, its name, the member's first token."""

    word: str
    name: str
    first: str


# What a whole operand may end with, and begin with.
_ENDS = {
    *("NAME", "SCOPED", "NUMBER", "NONE", "TRUE", "FALSE", "ELLIPSIS", "FLOW", "STRING"),
    *("FSTRING_END", "RPAR", "RSQB", "RBRACE"),
}
_STARTS = {
    *("NAME", "SCOPED", "NUMBER", "NONE", "TRUE", "FALSE", "FLOW", "STRING", "FSTRING_START"),
    *("LBRACE", "LAMBDA", "AWAIT"),
}
_OPENING = {"LPAR", "LSQB", "LBRACE", "FSTRING_OPEN"}
_CLOSING = {"RPAR", "RSQB", "RBRACE", "FSTRING_CLOSE"}
LAYOUT = {"NEWLINE", "INDENT", "DEDENT", "$END"}


@dataclass(frozen=True)
class Place:
    """The refused `token`, what is `expected` in its place, the `previous` token, and the line of both.

    `stack` is what the parser has read and not yet made a whole of.
    """

    source: Source
    token: Token
    expected: Set[str]
    previous: Token | None
    line: list[Token]
    stack: list[Any]

    @property
    def kind(self) -> str:
        """The type of the refused token."""
        return self.token.type

    @property
    def text(self) -> str:
        """The text of the refused token."""
        return str(self.token)

    @property
    def before(self) -> str:
        """The text of the token in front, whatever line that is in."""
        return "" if self.previous is None else str(self.previous)

    @cached_property
    def index(self) -> int:
        """How many tokens of the line stand in front of the refused one."""
        found = [i for i, token in enumerate(self.line) if token is self.token]
        return found[0] if found else (len(self.line) if self.kind == "NEWLINE" else 0)

    @property
    def is_first(self) -> bool:
        """Whether the line begins with the refused token."""
        return self.kind not in LAYOUT and self.index == 0

    @property
    def first(self) -> str:
        """The type of the line's first token."""
        return self.line[0].type if self.line else ""

    @property
    def first_word(self) -> str:
        """The text of the line's first token."""
        return str(self.line[0]) if self.line else ""

    @property
    def next(self) -> Token | None:
        """The token behind the refused one, in its line."""
        return self.line[self.index + 1] if self.index + 1 < len(self.line) else None

    def back(self, distance: int) -> Token | None:
        """Return the token of the line so many in front of the refused one."""
        place = self.index - distance
        return self.line[place] if 0 <= place < len(self.line) else None

    @property
    def follows_operand(self) -> bool:
        """Whether a whole operand may end in front of the refused token, in its line."""
        last = self.back(1)
        return last is not None and last.type in _ENDS

    @property
    def starts_operand(self) -> bool:
        """Whether an operand may begin with the refused token."""
        return self.kind in _STARTS

    @cached_property
    def opener(self) -> int | None:
        """The index in the line of the innermost bracket that is open in front of the refused token."""
        depth = 0
        for index in range(self.index - 1, -1, -1):
            kind = self.line[index].type
            if kind in _CLOSING:
                depth += 1
            elif kind in _OPENING:
                if not depth:
                    return index
                depth -= 1
        return None

    @property
    def bracket(self) -> str:
        """The text of that bracket; empty outside of all."""
        return "" if self.opener is None else str(self.line[self.opener])

    @property
    def in_field(self) -> bool:
        """Whether it stands directly in a replacement field of an f-string."""
        return self.opener is not None and self.line[self.opener].type == "FSTRING_OPEN"

    @property
    def in_call(self) -> bool:
        """Whether the refused token stands directly in the parentheses of a call."""
        if self.opener is None or self.bracket != "(" or self.opener == 0:
            return False
        return self.line[self.opener - 1].type in _ENDS

    @property
    def in_policy(self) -> bool:
        """Whether it stands directly in the parentheses of `with (…)`."""
        return self.bracket == "(" and bool(self.opener) and self._before_bracket == "WITH"

    @property
    def _before_bracket(self) -> str:
        return self.line[self.opener - 1].type if self.opener else ""

    @cached_property
    def behind(self) -> Span:
        """The place right behind the last word in front of the refused token: where something is missing."""
        if self.previous is None:
            return Span(1, 1, 1, 1)
        span = span_of(self.previous)
        if self.previous.type == "NEWLINE":
            return Span(span.line, span.column, span.line, span.column)
        return Span(span.end_line, span.end_column, span.end_line, span.end_column)

    @cached_property
    def span(self) -> Span:
        """Where the refused token stands; what is missing at a line's end is missing behind its last word."""
        if self.kind == "$END" or (
            self.kind in {"NEWLINE", "DEDENT"} and self.previous is not None
        ):
            return self.behind
        return span_of(self.token)

    @cached_property
    def inside(self) -> Definition | None:
        """The struct or interface of which a member is being read, a field's type or value aside."""
        stack = self.stack
        body = next(
            (i for i in range(len(stack) - 1, -1, -1) if type_of(stack[i]) == "INDENT"), None
        )
        # In front of it stand the word, the name, the colon and the end of the line.
        if body is None or body < 4 or type_of(stack[body - 4]) not in {"STRUCT", "INTERFACE"}:
            return None
        member = [part for part in stack[body + 1 :] if isinstance(part, Token)]
        if any(part.type == "COLON" for part in member):
            return None
        first = str(member[0]) if member else self.text
        return Definition(str(stack[body - 4]), str(stack[body - 3]), first)

    def innermost(self, kind: str) -> Token | None:
        """Return the latest token of a type that belongs to nothing whole yet."""
        for value in reversed(self.stack):
            if type_of(value) == kind:
                token: Token = value
                return token
        return None


def type_of(part: object) -> str:
    """Return the type of a token, and an empty text for a tree."""
    return part.type if isinstance(part, Token) else ""


def span_of(token: Token) -> Span:
    """Return where `token` stands."""
    line, column = token.line or 1, token.column or 1
    return Span(line, column, token.end_line or line, token.end_column or column)


def span_from(first: Token, last: Token) -> Span:
    """Return the stretch from one token to another one."""
    return span_of(first).to(span_of(last))
