"""f-strings as Python 3.12 reads them, on every Python: literal text, fields and format specs.

The expressions inside the fields are read by the lexer's own loop; this module takes over at each
mark that belongs to the f-string and hands back the position at which the loop goes on.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from lark import Token

from danac.diagnostics import DanaSyntaxError
from danac.syntax.keywords import NAME_PART
from danac.syntax.lexical_errors import Code, unterminated
from danac.syntax.strings import EscapeError, fstring_text_pattern, fstring_text_value, is_raw
from danac.syntax.token_buffer import TokenBuffer

# The mark that ends an expression, as the lexer's loop sees it: `:=` and `::` begin a spec here.
FIELD_MARKS = frozenset({":", "::", ":=", "!", "="})

_COMMENT = re.compile(r"#[^\n]*+")
_BEHIND_EQUAL = re.compile(r"(?:[ \t\f\n]++|\#[^\n]*+|\\\n)*+")
_WORD = re.compile(rf"{NAME_PART}*+")
_BLANKS = re.compile(r"[ \t\f]*+")
_CONVERSIONS = frozenset({"r", "s", "a"})


@dataclass(slots=True)
class _FString:
    """An open f-string: its quote and where it begins."""

    start: Token
    quote: str
    raw: bool


@dataclass(slots=True)
class _Field:
    """An open replacement field; `start` is the position behind its brace."""

    string: _FString
    opening: Token
    start: int
    in_spec: bool = False
    comments: list[tuple[int, int]] = field(default_factory=list)


class FStrings:
    """The f-strings that are open at the moment, from the outermost to the innermost."""

    def __init__(self, buffer: TokenBuffer, brackets: list[Token]) -> None:
        """Share the lexer's tokens and its open brackets, among which each field has its brace."""
        self._buffer = buffer
        self._brackets = brackets
        self._fields: list[_Field] = []

    def begin(self, opening: str, quote: str, start: int, end: int) -> int:
        """Read on from the f-string's `opening`, such as `rf"`, and return the position behind."""
        token = self._buffer.add("FSTRING_START", opening, start, end)
        return self._literal(_FString(token, quote, is_raw(opening)), end, in_spec=False)

    def mark(self, mark: str, start: int) -> int:
        """Read a `mark` of `FIELD_MARKS` at the end of a field's expression."""
        if self._buffer.tokens[-1].type == "FSTRING_OPEN":
            raise self._empty_field(mark[0], start)
        current = self._fields[-1]
        if mark == "!":
            return self._conversion(start)
        if mark == "=":
            return self._equal(current, start)
        self._buffer.add("FSTRING_SPEC", ":", start, start + 1)
        current.in_spec = True
        return self._literal(current.string, start + 1, in_spec=True)

    def close(self, start: int) -> int:
        """Read the brace at `start`, which ends a field, and the literal text behind it."""
        if self._buffer.tokens[-1].type == "FSTRING_OPEN":
            raise self._empty_field("}", start)
        string = self._fields[-1].string
        return self._literal(string, self._close(start), self._is_in_spec())

    def comment(self, start: int, end: int) -> None:
        """Take note of a comment: it is no part of the text that `{x=}` shows."""
        for current in self._fields:
            current.comments.append((start, end))

    def abandon(self) -> str | None:
        """Forget all f-strings that are open, and return the quote of the outermost."""
        quote = self._fields[0].string.quote if self._fields else None
        self._fields.clear()
        return quote

    def unclosed(self, quote: str) -> DanaSyntaxError | None:
        """Return the error behind a string without an end, if its `quote` ends an f-string."""
        if not self._fields or self._fields[-1].string.quote != quote:
            return None
        return self._unclosed_field(self._fields[-1], Code.MALFORMED_FIELD)

    def _literal(self, string: _FString, start: int, in_spec: bool) -> int:
        """Read text from `start` to the next field's expression or the end of the f-string."""
        text, buffer = self._buffer.text, self._buffer
        while True:
            found = fstring_text_pattern(string.quote, string.raw, in_spec).match(text, start)
            end = start if found is None else found.end()
            if end > start:
                self._text(string, start, end)
            if text.startswith("{", end):
                return self._open(string, end)
            if text.startswith("}", end):
                if not in_spec:
                    hint = "write `}}` for a brace in the text"
                    message = "a single `}` in an f-string"
                    raise buffer.error(Code.MALFORMED_FIELD, message, end, end + 1, hint)
                start = self._close(end)
                in_spec = self._is_in_spec()
            elif in_spec:
                raise self._unclosed_spec(end)
            elif text.startswith(string.quote, end):
                buffer.add("FSTRING_END", string.quote, end, end + len(string.quote))
                return end + len(string.quote)
            else:
                quote_end = string.start.end_pos or 0
                quote_start = quote_end - len(string.quote)
                message = "this f-string has no end"
                code = unterminated(string.quote)
                raise buffer.error(code, message, quote_start, quote_end, resume=end)

    def _text(self, string: _FString, start: int, end: int) -> None:
        piece = self._buffer.text[start:end]
        try:
            fstring_text_value(piece, string.raw)
        except EscapeError as error:
            first, last = start + error.start, start + error.end
            raise self._buffer.error(Code.MALFORMED_STRING, error.message, first, last) from None
        self._buffer.add("FSTRING_TEXT", piece, start, end)

    def _open(self, string: _FString, start: int) -> int:
        opening = self._buffer.add("FSTRING_OPEN", "{", start, start + 1)
        self._brackets.append(opening)
        self._fields.append(_Field(string, opening, start + 1))
        return start + 1

    def _close(self, start: int) -> int:
        self._buffer.add("FSTRING_CLOSE", "}", start, start + 1)
        self._brackets.pop()
        self._fields.pop()
        return start + 1

    def _is_in_spec(self) -> bool:
        return bool(self._fields) and self._fields[-1].in_spec

    def _conversion(self, start: int) -> int:
        found = _WORD.match(self._buffer.text, start + 1)
        name = "" if found is None else found[0]
        end = start + 1 + len(name)
        if name not in _CONVERSIONS:
            message = f"`!{name}` is no conversion" if name else "`!` without a conversion"
            hint = "write `!r`, `!s` or `!a`"
            raise self._buffer.error(Code.MALFORMED_FIELD, message, start, end, hint)
        self._buffer.add("FSTRING_CONVERSION", name, start, end)
        return end

    def _equal(self, current: _Field, start: int) -> int:
        """Read the `=` of `{x=}`, whose value is the text of the field as far as it."""
        text = self._buffer.text
        behind = _BEHIND_EQUAL.match(text, start + 1)
        end = start + 1 if behind is None else behind.end()
        if text[end : end + 1] not in {"}", ":", "!"} or text.startswith("!=", end):
            message = "after `=` a replacement field must end, or go on with `!` or `:`"
            hint = "a comparison is `==`"
            raise self._buffer.error(Code.MALFORMED_FIELD, message, start, start + 1, hint)
        shown, position = [], current.start
        for first, last in current.comments:
            shown.append(text[position:first])
            position = last
        shown += (text[position : start + 1], _COMMENT.sub("", text[start + 1 : end]))
        self._buffer.add("FSTRING_EQUAL", "".join(shown), start, start + 1)
        return start + 1

    def _empty_field(self, mark: str, position: int) -> DanaSyntaxError:
        start = self._fields[-1].start - 1
        message = f"a replacement field needs an expression before `{mark}`"
        hint = "write `{{` and `}}` for braces in the text" if mark == "}" else None
        return self._buffer.error(Code.MALFORMED_FIELD, message, start, position + 1, hint)

    def _unclosed_spec(self, end: int) -> DanaSyntaxError:
        current = self._fields[-1]
        if not self._buffer.text.startswith("\n", end):
            ended = end == len(self._buffer.text) and len(current.string.quote) == 3
            return self._unclosed_field(current, Code.UNFINISHED if ended else Code.MALFORMED_FIELD)
        message = "a format spec may go on behind a line end only between triple quotes"
        return self._buffer.error(Code.MALFORMED_FIELD, message, end, end + 1)

    def _unclosed_field(self, current: _Field, code: Code) -> DanaSyntaxError:
        start = current.start - 1
        message = "the replacement field that this `{` opens has no `}`"
        return self._buffer.error(code, message, start, start + 1)
