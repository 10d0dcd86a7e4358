"""Findings → what other programs read: JSON as `findings.schema.json` says, and SARIF 2.1.0."""

from __future__ import annotations

import os
from pathlib import Path, PurePath
from typing import Any, NamedTuple
from urllib.parse import quote

from danac.diagnostics.codes import CODES
from danac.diagnostics.lessons import lesson_of
from danac.diagnostics.model import Diagnostic, Fix
from danac.source import Source, Span
from danac.version import __version__

SCHEMA = Path(__file__).parent / "findings.schema.json"
"""What `as_json` gives, described in JSON Schema."""


class Finding(NamedTuple):
    """A diagnostic and the program that it is about."""

    diagnostic: Diagnostic
    source: Source


# --- JSON -----------------------------------------------------------------------------------------


def as_json(findings: list[Finding]) -> list[dict[str, object]]:
    """Return one object a finding; lines and columns count characters from 1, ends are exclusive."""
    return [_json(finding.diagnostic, finding.source) for finding in findings]


def _json(diagnostic: Diagnostic, source: Source) -> dict[str, object]:
    return {
        "file": source.filename,
        **_json_span(diagnostic.span),
        "severity": diagnostic.severity,
        "code": diagnostic.code,
        "message": diagnostic.message,
        "label": diagnostic.label,
        "hint": diagnostic.hint,
        "fix": None if diagnostic.fix is None else _json_fix(diagnostic.fix),
        "related": [
            {**_json_span(related.span), "message": related.message}
            for related in diagnostic.related
        ],
    }


def _json_span(span: Span) -> dict[str, object]:
    return dict(zip(("line", "column", "endLine", "endColumn"), span, strict=True))


def _json_fix(fix: Fix) -> dict[str, object]:
    edits = [{**_json_span(edit.span), "text": edit.text} for edit in fix.edits]
    return {"title": fix.title, "edits": edits}


# --- SARIF ----------------------------------------------------------------------------------------

_SARIF = (
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
)
_ROOT = "ROOT"


def as_sarif(findings: list[Finding], root: str) -> dict[str, Any]:
    """Return a SARIF log of one run; files below the folder `root` are named relative to it."""
    codes = sorted({finding.diagnostic.code for finding in findings})
    indices = {code: index for index, code in enumerate(codes)}
    driver = {
        "name": "danac",
        "semanticVersion": __version__,
        "rules": [_rule(code) for code in codes],
    }
    run = {
        "tool": {"driver": driver},
        "columnKind": "utf16CodeUnits",
        "originalUriBaseIds": {_ROOT: {"uri": Path(root).as_uri().rstrip("/") + "/"}},
        "invocations": [{"executionSuccessful": True}],
        "results": [_result(finding, indices, root) for finding in findings],
    }
    return {"$schema": _SARIF, "version": "2.1.0", "runs": [run]}


def _rule(code: str) -> dict[str, object]:
    lesson = lesson_of(code)
    return {
        "id": code,
        "shortDescription": {"text": lesson.title},
        "fullDescription": {"text": " ".join(lesson.text.split())},
        "help": {"text": lesson.text, "markdown": lesson.markdown},
        "defaultConfiguration": {"level": CODES[code][0]},
    }


def _result(finding: Finding, indices: dict[str, int], root: str) -> dict[str, object]:
    diagnostic, source = finding
    artifact = _artifact(source.filename, root)
    hint = f"\nHint: {diagnostic.hint}" if diagnostic.hint is not None else ""
    result: dict[str, object] = {
        "ruleId": diagnostic.code,
        "ruleIndex": indices[diagnostic.code],
        "level": diagnostic.severity,
        "message": {"text": diagnostic.message + hint},
        "locations": [_location(artifact, diagnostic.span, source)],
    }
    if diagnostic.related:
        result["relatedLocations"] = [
            {
                "id": number,
                **_location(artifact, related.span, source),
                "message": {"text": related.message},
            }
            for number, related in enumerate(diagnostic.related, 1)
        ]
    if diagnostic.fix is not None:
        result["fixes"] = [_fix(artifact, diagnostic.fix, source)]
    return result


def _location(artifact: dict[str, str], span: Span, source: Source) -> dict[str, object]:
    return {"physicalLocation": {"artifactLocation": artifact, "region": _region(span, source)}}


def _fix(artifact: dict[str, str], fix: Fix, source: Source) -> dict[str, object]:
    replacements = [
        {"deletedRegion": _region(edit.span, source), "insertedContent": {"text": edit.text}}
        for edit in fix.edits
    ]
    change = {"artifactLocation": artifact, "replacements": replacements}
    return {"description": {"text": fix.title}, "artifactChanges": [change]}


def _region(span: Span, source: Source) -> dict[str, int]:
    line, column, end_line, end_column = span
    return {
        "startLine": line,
        "startColumn": _utf16(source.line(line), column),
        "endLine": end_line,
        "endColumn": _utf16(source.line(end_line), end_column),
    }


def _utf16(line: str, column: int) -> int:
    """Return a column, from 1, in units of UTF-16, of which characters beyond U+FFFF take two."""
    return column + sum(character > "\uffff" for character in line[: column - 1])


def _artifact(filename: str, root: str) -> dict[str, str]:
    path = os.path.join(root, filename)
    try:
        relative = os.path.relpath(path, root)
    except ValueError:
        # On another drive.
        return {"uri": Path(path).as_uri()}
    if relative.startswith(".."):
        return {"uri": Path(os.path.abspath(path)).as_uri()}
    return {"uri": quote(PurePath(relative).as_posix()), "uriBaseId": _ROOT}
