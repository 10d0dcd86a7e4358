"""String literals: the patterns of their text, and literal → value.

The lexer has decoded every literal once, to find bad escapes where they stand; so the functions for
those who build nodes, `string_value` and `fstring_text_value`, cannot fail on tokens that it made.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache

# A string from behind its opening quote to the end of the closing one. In raw strings too, a
# backslash keeps the quote behind it from ending the string.
BODIES = {
    '"': re.compile(r'[^"\\\n]*+(?:\\[\s\S][^"\\\n]*+)*+"'),
    "'": re.compile(r"[^'\\\n]*+(?:\\[\s\S][^'\\\n]*+)*+'"),
    '"""': re.compile(r'[^"\\]*+(?:(?:\\[\s\S]|"(?!""))[^"\\]*+)*+"""'),
    "'''": re.compile(r"[^'\\]*+(?:(?:\\[\s\S]|'(?!''))[^'\\]*+)*+'''"),
}

_ESCAPE = r"""
    \\(?:
        (?P<simple>[\n\\'"abfnrtv])
      | (?P<octal>[0-7]{1,3})
      | x(?P<x>[0-9a-fA-F]{2}) | u(?P<u>[0-9a-fA-F]{4}) | U(?P<U>[0-9a-fA-F]{8})
      | N\{(?P<name>[^}]*)\}
      | (?P<malformed>[xuUN])
    )"""
_STRING_ESCAPE = re.compile(_ESCAPE, re.VERBOSE)
# In `\{{` the backslash stands for itself, so that the doubled brace is still one.
_FSTRING_ESCAPE = re.compile(_ESCAPE + r"| (?P<brace>\{\{ | \}\})", re.VERBOSE)

_SIMPLE: dict[str, str] = dict(
    zip("\n\\'\"abfnrtv", ["", "\\", "'", '"', *"\a\b\f\n\r\t\v"], strict=True)
)
_MALFORMED = {
    "x": (r"`\x` needs two hexadecimal digits", r"[0-9a-fA-F]{0,1}"),
    "u": (r"`\u` needs four hexadecimal digits", r"[0-9a-fA-F]{0,3}"),
    "U": (r"`\U` needs eight hexadecimal digits", r"[0-9a-fA-F]{0,7}"),
    "N": (r"`\N` needs a character's name in braces", r""),
}
_LAST_CODE_POINT = 0x10FFFF


class EscapeError(ValueError):
    """An escape that means nothing, between `start` and `end` of the text that was decoded."""

    def __init__(self, message: str, start: int, end: int) -> None:
        super().__init__(message)
        self.message = message
        self.start = start
        self.end = end


def string_value(literal: str) -> str:
    """Return the value of a STRING token: its prefix, quotes and escapes are taken off.

    Raises `EscapeError`, with positions in `literal`, on a malformed escape, which a token of the
    lexer cannot have.
    """
    first = literal[0]
    prefix = 0 if first in "\"'" else 1
    width = 3 if literal.startswith(('"""', "'''"), prefix) else 1
    start, end = prefix + width, len(literal) - width
    if prefix or "\\" not in literal:
        return literal[start:end]
    return _decode(literal, start, end, _STRING_ESCAPE)


def fstring_text_value(text: str, raw: bool) -> str:
    """Return the value of an FSTRING_TEXT token; `raw` says that the f-string's prefix has an `r`.

    Serves format specs too: there a brace always is a token of its own, so `text` has none.
    Raises `EscapeError` on a malformed escape, which a token of the lexer cannot have.
    """
    if raw:
        return text.replace("{{", "{").replace("}}", "}")
    if "\\" not in text and "{" not in text and "}" not in text:
        return text
    return _decode(text, 0, len(text), _FSTRING_ESCAPE)


def is_raw(start: str) -> bool:
    """Say whether an FSTRING_START token opens a raw f-string."""
    return "r" in start or "R" in start


def _decode(text: str, start: int, end: int, pattern: re.Pattern[str]) -> str:
    pieces: list[str] = []
    for escape in pattern.finditer(text, start, end):
        pieces += (text[start : escape.start()], _character(escape))
        start = escape.end()
    pieces.append(text[start:end])
    return "".join(pieces)


def _character(escape: re.Match[str]) -> str:
    kind = escape.lastgroup or ""
    value: str = escape[kind]
    if kind == "simple":
        return _SIMPLE[value]
    if kind == "brace":
        return value[0]
    if kind == "octal":
        return chr(int(value, 8))
    if kind == "malformed":
        message, digits = _MALFORMED[value]
        tail = re.compile(digits).match(escape.string, escape.end())
        raise EscapeError(message, escape.start(), escape.end() if tail is None else tail.end())
    if kind == "name":
        return _named_character(escape)
    code_point = int(value, 16)
    if code_point > _LAST_CODE_POINT:
        message = f"`\\U{value}` is beyond the last character, U+10FFFF"
        raise EscapeError(message, *escape.span())
    return chr(code_point)


def _named_character(escape: re.Match[str]) -> str:
    name = escape["name"]
    try:
        character = unicodedata.lookup(name)
    except (KeyError, UnicodeError):
        character = ""
    # The names of sequences stand for several characters; Python's escape does not know them.
    if len(character) != 1:
        shown = name if len(name) <= 60 else name[:60] + "…"
        raise EscapeError(f"no character is named `{shown}`", *escape.span())
    return character


@cache
def fstring_text_pattern(quote: str, raw: bool, spec: bool) -> re.Pattern[str]:
    """Return the pattern of an f-string's literal text, which ends before a field or a quote.

    In a format `spec` no brace is text. A line end is text between triple quotes only.
    """
    mark = quote[0]
    pieces = [rf"[^{{}}\\{mark}{'' if len(quote) == 3 else chr(10)}]++"]
    if not raw:
        pieces.append(r"\\N\{[^{}\n'\"]*+\}")
    # A backslash keeps a quote from ending the string, but never a brace from being one.
    pieces += [r"\\[^{}]", r"\\(?=[{}])"]
    if not spec:
        pieces += [r"\{\{", r"\}\}"]
    if len(quote) == 3:
        pieces.append(rf"{mark}(?!{mark}{mark})")
    return re.compile(f"(?:{'|'.join(pieces)})*+")
