"""Findings about a program: what a diagnostic is, the errors that carry one, and how it is printed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from danac.source import Source, Span

Severity = Literal["error", "warning"]


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One finding: a stable code such as `DANA101`, the message, its severity and where it is.

    `hint` says how to mend it, where that is known.
    """

    code: str
    message: str
    severity: Severity
    span: Span
    hint: str | None = None


class DanaSyntaxError(SyntaxError):
    """A wrong program, with the position that Python's own traceback printer understands.

    `offset` and `end_offset` count characters from 1, as `SyntaxError` defines them.
    """

    def __init__(
        self,
        message: str,
        source: Source,
        span: Span,
        *,
        code: str = "DANA100",
        hint: str | None = None,
    ) -> None:
        """Describe the error at `span` of `source`."""
        line, column, end_line, end_column = span
        if end_line == line:
            end_column = max(end_column, column + 1)
        text = source.line(line) + "\n"
        location = (source.filename, line, column, text, end_line, end_column)
        super().__init__(message if hint is None else f"{message} ({hint})", location)
        self.diagnostic = Diagnostic(code, message, "error", span, hint)

    def __reduce__(self) -> tuple[object, ...]:
        """Pickle by the state rather than by the arguments of `__init__`."""
        return _rebuild_error, (self.args, self.diagnostic)


def _rebuild_error(args: tuple[object, ...], diagnostic: Diagnostic) -> DanaSyntaxError:
    error = DanaSyntaxError.__new__(DanaSyntaxError, *args)
    SyntaxError.__init__(error, *args)
    error.diagnostic = diagnostic
    return error


class InternalError(Exception):
    """A bug of danac, never the program's fault: it shows the node at hand and asks for a report."""

    def __init__(self, message: str, node: object = None) -> None:
        """Describe the bug; `node` is what the compiler was looking at."""
        where = "" if node is None else f"\n  while looking at: {node!r}"
        super().__init__(
            f"{message}{where}\n  This is a bug in danac. Please report it with the program."
        )
        self.message = message

    @classmethod
    def of(cls, error: Exception) -> InternalError:
        """Return `error`, which none of danac's stages should raise, as what it is: a bug."""
        return error if isinstance(error, cls) else cls(f"{type(error).__name__}: {error}")

    @property
    def diagnostic(self) -> Diagnostic:
        """The bug as a finding about the program that showed it; nobody knows where in it."""
        hint = "this is a bug in danac: please report it with the program"
        nowhere = Span(1, 1, 1, 1)
        return Diagnostic("DANA900", f"internal error: {self.message}", "error", nowhere, hint)


def render(diagnostic: Diagnostic, source: Source) -> str:
    """Return `diagnostic` as a compiler prints it: position, message, source line, caret span, hint."""
    line, column, end_line, end_column = diagnostic.span
    head = f"{source.filename}:{line}:{column}: {diagnostic.severity}[{diagnostic.code}]: "
    head += diagnostic.message
    text = source.line(line)
    if not text.strip():
        return head if diagnostic.hint is None else f"{head}\n  hint: {diagnostic.hint}"
    last = end_column if end_line == line else len(text) + 1
    width = max(1, min(last, len(text) + 1) - column)
    gutter = f"{line} | "
    # Tabs are kept in the padding so that the caret stands under the same cell as the character.
    padding = "".join("\t" if char == "\t" else " " for char in text[: column - 1])
    rows = [head, gutter + text, " " * (len(gutter) - 2) + "| " + padding + "^" * width]
    if diagnostic.hint is not None:
        rows.append(f"  hint: {diagnostic.hint}")
    return "\n".join(rows)
