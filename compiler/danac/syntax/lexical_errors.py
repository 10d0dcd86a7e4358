"""What can be wrong with a text before its grammar is looked at: codes, and advice."""

from __future__ import annotations

import unicodedata
from enum import StrEnum


class Code(StrEnum):
    """The code of each kind of lexical error, as diagnostics carry it.

    The last two are shared with the later stages, which have such limits too.
    """

    STRAY_CHARACTER = "DANA101"
    FOREIGN_OPERATOR = "DANA102"
    MALFORMED_NUMBER = "DANA103"
    # The text ends inside a bracket, a string or a joined line: more text may make it whole.
    UNFINISHED = "DANA104"
    MALFORMED_STRING = "DANA105"
    MALFORMED_FIELD = "DANA106"
    UNMATCHED_BRACKET = "DANA107"
    INCONSISTENT_INDENTATION = "DANA108"
    RESERVED_NAME = "DANA109"
    TOO_DEEPLY_NESTED = "DANA190"
    TOO_LONG = "DANA191"


_NO_BIT_OPERATORS = "Dana has no bit operators; `|` is the pipe"

# What people write from other languages' habit: the operator → (message, hint).
_FOREIGN_OPERATORS: dict[str, tuple[str, str | None]] = {
    "|=": (
        "`|=` does not exist in Dana: `|` is the pipe",
        "a pipe is `x = x | f`, a union of sets `x.update(y)`",
    ),
    "||": ("`||` does not exist in Dana", "use `or`, or `|` for a pipe"),
    "|>": ("`|>` does not exist in Dana", "the pipe is `|`"),
    "&&": ("`&&` does not exist in Dana", "use `and`"),
    "<>": ("`<>` does not exist in Dana", "use `!=`"),
    "=>": (
        "`=>` does not exist in Dana",
        "a lambda is `lambda x :: x + 1`, the type of a result `def f(x) -> int:`",
    ),
    "!": ("`!` does not exist in Dana", "use `not`, or `!=`"),
    "?": ("`?` does not exist in Dana", "write `a if condition else b`"),
    "$": ("a lone `$` means nothing in Dana", "the value that flows through a pipe is `$$`"),
    "`": ("a backquote means nothing in Dana", "quote text with `\"` or `'`"),
    **dict.fromkeys(
        ["&", "^", "~", "<<", ">>", "&=", "^=", "<<=", ">>="], (_NO_BIT_OPERATORS, None)
    ),
}

# Characters that word processors and web pages put in the place of what a program needs.
_LOOK_ALIKES = {
    **dict.fromkeys("\u201c\u201d\u201e\u201f\u00ab\u00bb\u2033\u300c\u300d", '"'),
    **dict.fromkeys("\u2018\u2019\u201a\u201b\u2039\u203a\u2032\u00b4", "'"),
    **dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2015\u2212", "-"),
    **dict.fromkeys("\u00d7\u22c5\u2217\u00b7", "*"),
    **dict.fromkeys("\u00f7\u2215\u2044", "/"),
    **dict.fromkeys("\u2223\u01c0\u2502\u00a6", "|"),
    "\u2260": "!=",
    "\u2264": "<=",
    "\u2265": ">=",
    "\u2192": "->",
    "\u21d2": "::",
    "\u2026": "...",
    "\u2236": ":",
    "\u2237": "::",
    "\u2254": ":=",
    "\u3001": ",",
    "\u3002": ".",
}


_REPLACEMENTS = {"||": "or", "|>": "|", "&&": "and", "<>": "!=", "!": "not "}


def replacement(operator: str, line: str) -> str | None:
    """Return what to write in place of an operator that Dana lacks, if that is sure in its `line`."""
    if operator == "=>":
        if line.lstrip().startswith(("def ", "async def ", "sync def ")):
            return "->"
        return "::" if "lambda" in line else None
    return _REPLACEMENTS.get(operator)


def plain_character(character: str) -> str | None:
    """Return what was surely meant by a character that only looks like a part of a program."""
    if unicodedata.category(character) == "Cf":
        return ""
    plain = _LOOK_ALIKES.get(character) or unicodedata.normalize("NFKC", character)
    return plain if plain != character and plain.isascii() and plain.isprintable() else None


def foreign_operator(operator: str) -> tuple[str, str | None]:
    """Return the message, and the hint if there is one, for an operator that Dana lacks."""
    known = _FOREIGN_OPERATORS.get(operator)
    return known if known is not None else (f"`{operator}` does not exist in Dana", None)


def unterminated(quote: str) -> Code:
    """Return the code for a string without an end: between triple quotes more lines may follow."""
    return Code.UNFINISHED if len(quote) == 3 else Code.MALFORMED_STRING


def stray_character(character: str) -> tuple[str, str | None]:
    """Return the message, and the hint if there is one, for a character that starts no token."""
    category = unicodedata.category(character)
    name = unicodedata.name(character, "")
    label = f"U+{ord(character):04X}" + (f" {name}" if name else "")
    # Marks, controls, surrogates and spaces would spoil the message, or not be seen in it.
    visible = category[0] not in "CMZ"
    message = f"stray character {character!r} ({label})" if visible else f"stray character {label}"
    plain = _LOOK_ALIKES.get(character) or unicodedata.normalize("NFKC", character)
    if plain == " ":
        return message, "use an ordinary space"
    if category == "Cf":
        return message, "it is invisible: delete it"
    if plain != character and plain.isascii() and not plain.isalnum() and plain.isprintable():
        return message, f"use `{plain}`"
    return message, None
