"""Finding → exception: `DanaSyntaxError` for a wrong program, `InternalError` for a bug of danac."""

from __future__ import annotations

from danac.diagnostics.model import Diagnostic, Fix, Related
from danac.source import Source, Span


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
        fix: Fix | None = None,
        label: str | None = None,
        related: tuple[Related, ...] = (),
    ) -> None:
        """Describe the error at `span` of `source`."""
        finding = Diagnostic(code, message, "error", span, hint, fix, label, related)
        self._describe(finding, source)

    @classmethod
    def of(cls, finding: Diagnostic, source: Source) -> DanaSyntaxError:
        """Return `finding`, which is about `source`, as an exception."""
        error = cls.__new__(cls)
        error._describe(finding, source)
        return error

    def _describe(self, finding: Diagnostic, source: Source) -> None:
        line, column, end_line, end_column = finding.span
        if end_line == line:
            end_column = max(end_column, column + 1)
        location = (source.filename, line, column, source.line(line) + "\n", end_line, end_column)
        hint = finding.hint
        message = finding.message if hint is None else f"{finding.message} ({hint})"
        super().__init__(message, location)
        self.diagnostic = finding
        self.lines = _lines_of(finding, source)
        """The program's lines that the finding is about, by their numbers: its file may change."""

    def __reduce__(self) -> tuple[object, ...]:
        """Pickle by the state rather than by the arguments of `__init__`."""
        return _rebuild_error, (self.args, self.diagnostic, self.lines)


def _lines_of(finding: Diagnostic, source: Source) -> dict[int, str]:
    spans = [finding.span, *(related.span for related in finding.related)]
    numbers = {number for span in spans for number in (span.line, span.end_line)}
    if finding.fix is not None:
        for edit in finding.fix.edits:
            numbers |= {edit.span.line, edit.span.end_line}
    return {number: source.line(number) for number in sorted(numbers)}


def _rebuild_error(
    args: tuple[object, ...], diagnostic: Diagnostic, lines: dict[int, str]
) -> DanaSyntaxError:
    error = DanaSyntaxError.__new__(DanaSyntaxError, *args)
    SyntaxError.__init__(error, *args)
    error.diagnostic = diagnostic
    error.lines = lines
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


for _class in (DanaSyntaxError, InternalError):
    # Tracebacks name them as programs do.
    _class.__module__ = "danac"
