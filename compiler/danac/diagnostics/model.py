"""What a finding about a program is: its code, its place, what else belongs to it, and how to mend it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NamedTuple, TypeAlias

from danac.source import Source, Span

Severity: TypeAlias = Literal["error", "warning"]


class Edit(NamedTuple):
    """A stretch of the program, and the text to put in its place; an empty span inserts."""

    span: Span
    text: str


class Fix(NamedTuple):
    """A change that mends what a finding is about: what it does, in a few words, and its edits.

    The edits do not overlap. A tool may make them without asking what they mean.
    """

    title: str
    edits: tuple[Edit, ...]

    @classmethod
    def replace(cls, title: str, span: Span, text: str) -> Fix:
        """Return the fix that puts `text` in the place of `span`."""
        return cls(title, (Edit(span, text),))

    @classmethod
    def insert(cls, title: str, line: int, column: int, text: str) -> Fix:
        """Return the fix that inserts `text` in front of a column."""
        return cls.replace(title, Span(line, column, line, column), text)


class Related(NamedTuple):
    """Another place that a finding is about, with a few words on what is there."""

    span: Span
    message: str


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One finding: a stable code such as `DANA101`, the message, its severity and where it is.

    `hint` says how to mend it, where that is known, and `fix` does it. `label` stands behind the
    caret; `related` are further places, such as the definition that a call does not fit.
    """

    code: str
    message: str
    severity: Severity
    span: Span
    hint: str | None = None
    fix: Fix | None = None
    label: str | None = None
    related: tuple[Related, ...] = ()


def fixed(source: Source, fix: Fix) -> str:
    """Return the text of `source` with the edits of `fix` made."""
    lines = list(source.lines)
    for span, text in sorted(fix.edits, reverse=True):
        before = lines[span.line - 1][: span.column - 1] if span.line <= len(lines) else ""
        behind = (
            lines[span.end_line - 1][span.end_column - 1 :] if span.end_line <= len(lines) else ""
        )
        lines[span.line - 1 : span.end_line] = (before + text + behind).split("\n")
    return "\n".join(lines)
