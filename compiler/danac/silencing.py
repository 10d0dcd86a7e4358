"""Findings about a program → those that nobody asked to leave out, by a comment or for the whole project."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from difflib import get_close_matches

from danac.diagnostics import Diagnostic, Fix
from danac.diagnostics.codes import CODES, can_be_silenced
from danac.source import Source, Span
from danac.syntax.comments import Silence, silences


def unsilenced(
    findings: list[Diagnostic], source: Source, ignored: Collection[str] = ()
) -> list[Diagnostic]:
    """Return the findings about `source` that are left, and a warning for each comment that names no code.

    A comment counts for findings that begin or end in its line. `ignored` are codes that count
    everywhere. What stops a program from being compiled cannot be left out.
    """
    comments = silences(source)
    by_line: dict[int, set[str]] = {}
    for comment in comments:
        by_line.setdefault(comment.span.line, set()).update(code for code, _ in comment.codes)
    findings = [*findings, *(found for comment in comments for found in _wrong(comment))]
    return [
        finding
        for finding in findings
        if not (
            can_be_silenced(finding.code)
            and (
                finding.code in ignored
                or finding.code in by_line.get(finding.span.line, ())
                or finding.code in by_line.get(finding.span.end_line, ())
            )
        )
    ]


def _wrong(comment: Silence) -> list[Diagnostic]:
    if not comment.codes:
        hint = "write `# dana: ignore[DANA211]`"
        return [_warning(comment.span, "this comment silences nothing: it names no code", hint)]
    found = []
    for code, span in comment.codes:
        if code not in CODES:
            near = nearest(code, filter(can_be_silenced, CODES))
            hint = f"did you mean `{near}`?" if near else "`danac explain` lists the codes"
            fix = Fix.replace(f"write `{near}`", span, near) if near else None
            found.append(_warning(span, f"there is no diagnostic {code}", hint, fix))
        elif not can_be_silenced(code):
            found.append(_warning(span, f"{code} is an error, which cannot be silenced", None))
    return found


def _warning(span: Span, message: str, hint: str | None, fix: Fix | None = None) -> Diagnostic:
    return Diagnostic("DANA215", message, "warning", span, hint, fix)


def nearest(code: str, known: Iterable[str] = CODES) -> str | None:
    """Return the code that is most like a text that is none, if one is."""
    near = get_close_matches(code.upper(), list(known), n=1, cutoff=0.6)
    return near[0] if near else None
