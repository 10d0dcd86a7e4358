"""`danac check`: files and folders → all errors and warnings in them; nothing is executed.

The exit status is 1 if there is any error, else 0. Of several files one that cannot be read, or whose
project file is wrong, is an error, `DANA901`, and so is a bug of danac that a file brings to light,
`DANA900`; the other files are checked all the same. Of a single file both are mistakes in the call.
"""

from __future__ import annotations

import json
import os
import sys
from argparse import Namespace
from typing import NamedTuple

from danac.cli.arguments import (
    Parser,
    collector_at_rest,
    compile_options,
    find_programs,
    read_program,
)
from danac.compilation import check_source
from danac.diagnostics import DanaSyntaxError, Diagnostic, InternalError, render
from danac.loading.errors import UsageError
from danac.options import Options
from danac.source import Source, Span


class Finding(NamedTuple):
    """A diagnostic and the program it is about."""

    diagnostic: Diagnostic
    source: Source


def execute(arguments: list[str]) -> int:
    """Check what `arguments` name; 1 if there is any error, 0 if there are only warnings."""
    parser = Parser("check", "Report all errors and warnings of Dana files; nothing is executed.")
    parser.add_argument("paths", nargs="+", metavar="PATH", help="a file, a folder, or - for stdin")
    parser.add_argument("--format", choices=("text", "json"), default="text")
    options = parser.parse_args(arguments)
    programs = [path for path, _ in find_programs(options.paths)]
    findings: list[Finding] = []
    projects: set[str] = set()
    for path in programs:
        if len(programs) == 1:
            findings += _check(path, compile_options(path, options))
        else:
            findings += _among_others(path, options, projects)
    if options.format == "json":
        print(json.dumps([_as_json(finding) for finding in findings], indent=2, ensure_ascii=False))
    else:
        for finding in findings:
            print(render(finding.diagnostic, finding.source))
    errors = sum(finding.diagnostic.severity == "error" for finding in findings)
    if options.format == "text":
        sys.stdout.flush()
        print(_summary(errors, len(findings) - errors, len(programs)), file=sys.stderr)
    return 1 if errors else 0


def _among_others(path: str, given: Namespace, projects: set[str]) -> list[Finding]:
    """Return what is wrong with the program at `path`, even that it or its project's file is no use.

    `projects` are the wrong project files of which that has been said.
    """
    findings = []
    try:
        options = compile_options(path, given)
    except UsageError as error:
        options = Options(coerce=given.coerce)
        findings += [_unusable(error)] if error.path not in projects else []
        projects.add(error.path)
    try:
        return findings + _check(path, options)
    except UsageError as error:
        return [*findings, _unusable(error)]


def _unusable(error: UsageError) -> Finding:
    """Return the finding for a file that says nothing, and so has no place to point at."""
    return Finding(
        Diagnostic("DANA901", str(error), "error", Span(1, 1, 1, 1)), Source("", error.path)
    )


def _check(path: str, options: Options) -> list[Finding]:
    """Return what is wrong with the program at `path`; raises `UsageError` if it cannot be read."""
    try:
        text, name = read_program(path)
    except DanaSyntaxError as error:
        # The bytes are no text; the only line that can be shown is the one in the error.
        before = "\n" * (error.diagnostic.span.line - 1)
        return [Finding(error.diagnostic, Source(before + (error.text or ""), path))]
    source = Source(text, name)
    try:
        with collector_at_rest():
            found = check_source(text, name, options)
    except InternalError as bug:
        if os.environ.get("DANAC_DEBUG"):
            raise
        found = [bug.diagnostic]
    diagnostics = sorted(found, key=lambda diagnostic: (diagnostic.span, diagnostic.code))
    return [Finding(diagnostic, source) for diagnostic in diagnostics]


def _as_json(finding: Finding) -> dict[str, object]:
    diagnostic = finding.diagnostic
    return {
        "file": finding.source.filename,
        "line": diagnostic.span.line,
        "column": diagnostic.span.column,
        "endLine": diagnostic.span.end_line,
        "endColumn": diagnostic.span.end_column,
        "severity": diagnostic.severity,
        "code": diagnostic.code,
        "message": diagnostic.message,
        "hint": diagnostic.hint,
    }


def _summary(errors: int, warnings: int, files: int) -> str:
    counts = [_count(errors, "error"), _count(warnings, "warning")]
    found = ", ".join(counts) if errors or warnings else "no errors or warnings"
    return f"{found} in {_count(files, 'file')}"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
