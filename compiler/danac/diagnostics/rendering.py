"""Diagnostic → the text that a compiler prints: position, message, source lines with carets, hint, fix.

orders.dana:2:16: error[DANA113]: a lambda's body stands behind `::`
2 | key = lambda x: x.total
  |               ^
  hint: write `::`
  fix: key = lambda x:: x.total
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from itertools import groupby
from typing import TextIO

from danac.diagnostics.cells import cells_of
from danac.diagnostics.model import Diagnostic, Fix, fixed
from danac.source import Source, Span

WIDTH = 120
"""Source lines that take more cells are cut around what is marked in them."""

_MOST_FIXED_LINES = 3


@dataclass(frozen=True, slots=True)
class Style:
    """What stands in front of each part of a printed finding, and behind all of them."""

    error: str = ""
    warning: str = ""
    message: str = ""
    gutter: str = ""
    related: str = ""
    help: str = ""
    end: str = ""


PLAIN = Style()
COLOURED = Style(
    error="\x1b[1;31m",
    warning="\x1b[1;33m",
    message="\x1b[1m",
    gutter="\x1b[1;34m",
    related="\x1b[1;36m",
    help="\x1b[1;32m",
    end="\x1b[0m",
)


def style_for(output: TextIO) -> Style:
    """Return the colours of a terminal if `output` is one and NO_COLOR is not set, else plain text."""
    if os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb":
        return PLAIN
    try:
        return COLOURED if output.isatty() else PLAIN
    except ValueError:
        # It is closed.
        return PLAIN


def render(diagnostic: Diagnostic, source: Source, style: Style = PLAIN) -> str:
    """Return `diagnostic`, which is about `source`, as a compiler prints it."""
    line, column = diagnostic.span[:2]
    colour = style.error if diagnostic.severity == "error" else style.warning
    kind = _in(style, colour, f"{diagnostic.severity}[{diagnostic.code}]")
    place = _in(style, style.message, f"{source.filename}:{line}:{column}:")
    rows = [f"{place} {kind}: {_in(style, style.message, diagnostic.message)}"]
    rows += _excerpt(diagnostic, source, style, colour)
    if diagnostic.hint is not None:
        rows.append(f"  {_in(style, style.help, 'hint:')} {diagnostic.hint}")
    if diagnostic.fix is not None:
        rows += _fix(diagnostic.fix, source, style)
    return "\n".join(rows)


def _in(style: Style, colour: str, text: str) -> str:
    return f"{colour}{text}{style.end}" if colour else text


# --- Source lines ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Mark:
    """Characters of one line that are underlined: `first` counts from 1, `last` is exclusive."""

    line: int
    first: int
    last: int
    sign: str
    label: str


def _excerpt(diagnostic: Diagnostic, source: Source, style: Style, colour: str) -> list[str]:
    if not source.line(diagnostic.span.line).strip() and not diagnostic.related:
        return []
    marks = _marks(diagnostic.span, source, "^", diagnostic.label or "")
    for related in diagnostic.related:
        if source.line(related.span.line).strip():
            marks += _marks(related.span, source, "-", related.message)
    marks.sort(key=lambda mark: (mark.line, mark.sign == "-"))
    gutter = len(str(marks[-1].line))
    rows: list[str] = []
    previous = None
    for number, together in groupby(marks, key=lambda mark: mark.line):
        if previous is not None and number > previous + 1:
            rows.append(_in(style, style.gutter, "…".rjust(gutter) + " |"))
        bar = _in(style, style.gutter, f"{number:>{gutter}} |")
        rows += _marked_line(source.line(number), list(together), bar, gutter, style, colour)
        previous = number
    return rows


def _marks(span: Span, source: Source, sign: str, label: str) -> list[_Mark]:
    """Return what to underline: the first line of the span, and its last one with the label."""
    line, column, end_line, end_column = span
    if end_line <= line or not source.line(end_line)[: end_column - 1].strip():
        last = end_column if end_line == line else len(source.line(line)) + 1
        return [_Mark(line, column, max(last, column + 1), sign, label)]
    text = source.line(end_line)
    indentation = len(text) - len(text.lstrip()) + 1
    return [
        _Mark(line, column, max(len(source.line(line)) + 1, column + 1), sign, ""),
        _Mark(end_line, indentation, end_column, sign, label),
    ]


def _marked_line(
    text: str, marks: list[_Mark], bar: str, gutter: int, style: Style, colour: str
) -> list[str]:
    cells = cells_of(text)
    first = marks[0]
    shown, begin, end = cells.cut(first.first - 1, first.last - 1, WIDTH)
    rows = [f"{bar} {shown.rstrip()}"]
    under = _in(style, style.gutter, " " * gutter + " |")
    for mark in marks:
        if mark is not first:
            other, begin, end = cells.cut(mark.first - 1, mark.last - 1, WIDTH)
            if other != shown:
                rows.append(f"{bar} {other.rstrip()}")
        sign = mark.sign * max(1, end - begin)
        label = f" {mark.label}" if mark.label else ""
        shade = colour if mark.sign == "^" else style.related
        rows.append(f"{under} {' ' * begin}{_in(style, shade, sign + label)}")
    return rows


# --- Fixes ----------------------------------------------------------------------------------------


def _fix(fix: Fix, source: Source, style: Style) -> list[str]:
    """Return the lines as they are with the fix made, where they are few."""
    first = min(edit.span.line for edit in fix.edits)
    last = max(edit.span.end_line for edit in fix.edits)
    before = source.lines
    after = fixed(source, fix).split("\n")
    changed = after[first - 1 : last + len(after) - len(before)]
    changed = [line for line in changed if line.strip()]
    title = _in(style, style.help, "fix:")
    if not changed or len(changed) > _MOST_FIXED_LINES:
        return [f"  {title} {fix.title}"]
    rows = [
        "".join(cells_of(line.strip() if len(changed) == 1 else line).pieces) for line in changed
    ]
    if len(rows) == 1:
        return [f"  {title} {rows[0]}"] if len(rows[0]) <= WIDTH else [f"  {title} {fix.title}"]
    return [f"  {title} {fix.title}", *(f"    {row}" for row in rows)]
