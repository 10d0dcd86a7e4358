"""Program text → the same with the colours of a terminal, where these are wanted and can be had."""

from __future__ import annotations

import os
from typing import Literal, TextIO, TypeAlias

When: TypeAlias = Literal["auto", "always", "never"]
Language: TypeAlias = Literal["dana", "python"]


class ColourError(Exception):
    """Colours were asked for, and the library that knows them is not installed."""

    def __init__(self) -> None:
        super().__init__("colours need Pygments: pip install danac[repl]")


def wants_colour(when: When, output: TextIO) -> bool:
    """Return whether to colour what goes to `output`: for `auto` on a terminal, unless NO_COLOR is set."""
    if when != "auto":
        return when == "always"
    if os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb":
        return False
    return output.isatty()


def coloured(text: str, language: Language, when: When = "auto") -> str:
    """Return `text` with terminal colours.

    Without Pygments it stays as it is, or raises `ColourError` where colours are wanted `always`.
    """
    try:
        from pygments import highlight
        from pygments.formatters.terminal import TerminalFormatter
        from pygments.lexer import Lexer
        from pygments.lexers.python import PythonLexer

        from danac.highlighting.lexer import DanaLexer
    except ImportError:
        if when == "always":
            raise ColourError from None
        return text
    kinds: dict[Language, type[Lexer]] = {"dana": DanaLexer, "python": PythonLexer}
    # What stands at either end of the text is the caller's, not the lexer's to strip or to add.
    lexer = kinds[language](stripnl=False, ensurenl=False)
    return highlight(text, lexer, TerminalFormatter())
