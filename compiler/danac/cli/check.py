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

from danac.cli.arguments import (
    Parser,
    collector_at_rest,
    compile_options,
    find_programs,
    read_program,
)
from danac.compilation import check_source
from danac.diagnostics import DanaSyntaxError, Diagnostic, InternalError, render
from danac.diagnostics.codes import CODES, can_be_silenced
from danac.diagnostics.rendering import style_for
from danac.diagnostics.reports import Finding, as_json, as_sarif
from danac.loading.errors import UsageError
from danac.options import Options
from danac.silencing import nearest
from danac.source import Source, Span

_MOST_SHOWN = 20
"""So many errors of a file are printed; behind that come their number and nothing more."""


def execute(arguments: list[str]) -> int:
    """Check what `arguments` name; 1 if there is any error, 0 if there are only warnings."""
    parser = Parser("check", "Report all errors and warnings of Dana files; nothing is executed.")
    parser.add_argument("paths", nargs="+", metavar="PATH", help="a file, a folder, or - for stdin")
    parser.add_argument("--format", choices=("text", "json", "sarif"), default="text")
    parser.add_argument(
        "--ignore",
        action="append",
        default=[],
        metavar="CODE",
        help="leave out warnings of this code, or of several with commas between them",
    )
    options = parser.parse_args(arguments)
    ignored = _ignored(options.ignore)
    programs = [path for path, _ in find_programs(options.paths)]
    projects = _Projects(options, ignored)
    check = projects.check if len(programs) == 1 else projects.check_among_others
    checked = [check(path) for path in programs]
    findings = [finding for found in checked for finding in found]
    if options.format == "json":
        print(json.dumps(as_json(findings), indent=2, ensure_ascii=False))
    elif options.format == "sarif":
        print(json.dumps(as_sarif(findings, os.getcwd()), indent=2, ensure_ascii=False))
    else:
        for found in checked:
            _print(found)
    errors = _errors(findings)
    if options.format == "text":
        sys.stdout.flush()
        print(_summary(errors, len(findings) - errors, len(programs)), file=sys.stderr)
    return 1 if errors else 0


def _ignored(given: list[str]) -> Options:
    codes = [code for text in given for code in text.upper().replace(",", " ").split()]
    for code in codes:
        if code not in CODES:
            near = nearest(code)
            raise UsageError(f"--ignore: no {code}" + (f"; did you mean {near}?" if near else ""))
        if not can_be_silenced(code):
            raise UsageError(f"--ignore: {code} is an error, which cannot be left out")
    return Options(ignore=tuple(codes))


class _Projects:
    """The project files of the programs that are checked; what is wrong with one is said once."""

    def __init__(self, given: Namespace, ignored: Options) -> None:
        self.given = given
        self.ignored = ignored
        self.wrong: set[str] = set()
        self.unknown: set[str] = set()

    def check(self, path: str) -> list[Finding]:
        """Return what is wrong with the program at `path`; raises `UsageError` if that cannot be told."""
        return _check(path, self._options(path))

    def check_among_others(self, path: str) -> list[Finding]:
        """Return what is wrong with it, even that it or its project's file is no use."""
        findings = []
        try:
            options = self._options(path)
        except UsageError as error:
            options = Options(coerce=self.given.coerce) | self.ignored
            findings += [_unusable(error)] if error.path not in self.wrong else []
            self.wrong.add(error.path)
        try:
            return findings + _check(path, options)
        except UsageError as error:
            return [*findings, _unusable(error)]

    def _options(self, path: str) -> Options:
        options = compile_options(path, self.given)
        unknown = {code.upper() for code in options.ignore} - set(CODES) - self.unknown
        self.unknown |= unknown
        for code in sorted(unknown):
            message = f"ignore in [tool.danac]: there is no diagnostic {code}"
            print(f"danac: warning: {message}", file=sys.stderr)
        return options | self.ignored


def _print(findings: list[Finding]) -> None:
    style = style_for(sys.stdout)
    errors = 0
    for finding in findings:
        errors += finding.diagnostic.severity == "error"
        if errors <= _MOST_SHOWN or finding.diagnostic.severity != "error":
            print(render(finding.diagnostic, finding.source, style))
    if errors > _MOST_SHOWN:
        more = _count(errors - _MOST_SHOWN, "more error")
        print(f"{findings[0].source.filename}: {more}, not shown")


def _errors(findings: list[Finding]) -> int:
    return sum(finding.diagnostic.severity == "error" for finding in findings)


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
        # The bytes are no text; the only lines that can be shown are those in the error.
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


def _summary(errors: int, warnings: int, files: int) -> str:
    counts = [_count(errors, "error"), _count(warnings, "warning")]
    found = ", ".join(counts) if errors or warnings else "no errors or warnings"
    return f"{found} in {_count(files, 'file')}"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
