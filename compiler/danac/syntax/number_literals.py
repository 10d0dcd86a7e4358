"""Number literals: the pattern of the good ones, and what is wrong with the others."""

from __future__ import annotations

import re
from typing import NamedTuple

from danac.syntax.keywords import NAME_PART
from danac.syntax.lexical_errors import Code

# Python itself refuses to convert longer decimal text to int: that takes quadratic time.
MAX_DECIMAL_DIGITS = 4300

_DIGITS = r"[0-9](?:_?[0-9])*+"
_EXPONENT = rf"(?:[eE][-+]?{_DIGITS})"

NUMBER = rf"""(?:
    0[xX](?:_?[0-9a-fA-F])++
  | 0[bB](?:_?[01])++
  | 0[oO](?:_?[0-7])++
  | (?:{_DIGITS})?\.{_DIGITS}{_EXPONENT}?
  | {_DIGITS}(?:\.{_EXPONENT}?|{_EXPONENT})
  | (?:[1-9](?:_?[0-9]){{0,{MAX_DECIMAL_DIGITS - 1}}}+|0(?:_?0)*+)(?!\.)
)(?!{NAME_PART})"""

_RUN = re.compile(rf"(?:[0-9]*+\.)?{NAME_PART}++(?:(?<=[eE])[-+]{NAME_PART}*+)?")
_WELL_FORMED = re.compile(NUMBER, re.VERBOSE)
_UNDERSCORES = re.compile(r"__+|_\Z|_(?=[.eE])|(?<=\.)_")
_LONE_UNDERSCORES = "an underscore in a number must stand alone between two digits"
_BASES = {"x": ("hexadecimal", "0-9a-f_"), "o": ("octal", "0-7_"), "b": ("binary", "01_")}


class Flaw(NamedTuple):
    """What is wrong with a number; `start` and `end` are positions in the text."""

    message: str
    start: int
    end: int
    hint: str | None = None
    code: Code = Code.MALFORMED_NUMBER


def describe_flaw(text: str, start: int) -> Flaw:
    """Return what is wrong with the malformed number at `start` of `text`."""
    run = _RUN.match(text, start)
    literal = text[start : start + 1] if run is None else run[0]
    end = start + len(literal)
    lowered = literal.lower()
    if lowered[0] == "0" and lowered[1:2] in _BASES:
        return _flaw_of_base(re.split("[+-]", literal)[0], start)
    if lowered[-1] == "j" and _WELL_FORMED.fullmatch(lowered[:-1]):
        return Flaw(f"Dana has no complex numbers: `{_shortened(literal)}`", start, end)
    underscores = _UNDERSCORES.search(literal)
    if underscores is not None and not re.search(r"[^0-9_.eE+-]", literal):
        first, last = underscores.span()
        return Flaw(_LONE_UNDERSCORES, start + first, start + last)
    if literal.replace("_", "").isdecimal() and literal.isascii():
        if len(literal) >= MAX_DECIMAL_DIGITS:
            message = f"an integer of more than {MAX_DECIMAL_DIGITS} decimal digits"
            return Flaw(message, start, end, "write it in hexadecimal", Code.TOO_LONG)
        digits = literal.lstrip("0_")
        hint = f"write `{digits}`, or `0o{digits}` for an octal number"
        return Flaw("an integer cannot begin with a zero", start, end, hint)
    if re.fullmatch(r"[0-9_.]+[eE][-+]?", literal):
        return Flaw(f"the exponent of `{_shortened(literal)}` has no digits", start, end)
    hint = "a name cannot begin with a digit; put a space behind a number"
    return Flaw(f"malformed number `{_shortened(literal)}`", start, end, hint)


def _flaw_of_base(literal: str, start: int) -> Flaw:
    base, digits = _BASES[literal[1].lower()]
    wrong = re.search(f"[^{digits}]", literal[2:], re.IGNORECASE)
    if wrong is not None:
        position = start + 2 + wrong.start()
        return Flaw(f"`{wrong[0]}` is no {base} digit", position, position + 1)
    doubled = re.search(r"__+|_\Z", literal)
    if doubled is None or not literal[2:].strip("_"):
        return Flaw(f"`{_shortened(literal)}` needs {base} digits", start, start + len(literal))
    return Flaw(_LONE_UNDERSCORES, start + doubled.start(), start + doubled.end())


def _shortened(literal: str) -> str:
    return literal if len(literal) <= 40 else literal[:40] + "…"
