"""Text as it is typed → whether it is a whole cell, and how far the next line is indented."""

from __future__ import annotations

from typing import Literal, TypeAlias

from danac import nodes
from danac.compilation import build
from danac.diagnostics import DanaSyntaxError
from danac.source import Source
from danac.syntax.lexical_errors import Code

State: TypeAlias = Literal["whole", "open", "unfinished"]
"""A cell to run; one that may go on, until an empty line ends it; one that cannot end yet."""

_STEP = 4
_COMPOUND = (
    nodes.If,
    nodes.While,
    nodes.For,
    nodes.Try,
    nodes.With,
    nodes.Function,
    nodes.Struct,
    nodes.Interface,
)


def state_of(text: str) -> State:
    """Return how far a text has come. A wrong one is whole: no further line would mend it."""
    try:
        body = build(Source(text)).body
    except DanaSyntaxError as error:
        return "unfinished" if _may_be_mended(text, error) else "whole"
    last_line = text.rsplit("\n", 1)[-1]
    may_go_on = bool(body) and isinstance(body[-1], _COMPOUND) and bool(last_line.strip())
    return "open" if may_go_on else "whole"


def _may_be_mended(text: str, error: DanaSyntaxError) -> bool:
    """Whether a further line would make it right, or at least move the error to that line."""
    if error.diagnostic.code == Code.UNFINISHED:
        return True
    lines = text.rstrip().split("\n")
    for indent in (_indentation(lines[-1]), _indentation(lines[-1]) + _STEP):
        try:
            build(Source("\n".join([*lines, " " * indent + "more"])))
        except DanaSyntaxError as other:
            if other.diagnostic.span.line > len(lines):
                return True
        else:
            return True
    return False


def next_indentation(text: str) -> int:
    """Return by how many blanks to indent the line behind `text`, as those before it suggest."""
    lines = [line for line in text.split("\n") if line.strip()]
    if not lines:
        return 0
    last = lines[-1]
    indentation = _indentation(last)
    ending = last.split("#", 1)[0].rstrip()
    first_word = ending.split(maxsplit=1)[0] if ending else ""
    if ending.endswith((":", "(", "[", "{")):
        return indentation + _STEP
    if ending.endswith("|") and len(lines) == 1:
        return indentation + _STEP
    if first_word in {"return", "deliver", "raise", "break", "continue", "pass"}:
        return max(0, indentation - _STEP)
    return indentation


def _indentation(line: str) -> int:
    expanded = line.expandtabs(8)
    return len(expanded) - len(expanded.lstrip())
