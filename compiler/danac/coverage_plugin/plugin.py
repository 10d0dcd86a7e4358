"""Files that coverage.py meets → how .dana files are traced and reported."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from functools import cached_property

from coverage.plugin import CodeRegion, CoveragePlugin, FileReporter, FileTracer
from coverage.types import TArc, TConfigurable, TLineNo, TSourceTokenLines

from danac.loading.import_hook import SUFFIXES

_EXCLUSIONS = ("report:exclude_lines", "report:exclude_also")
_NO_BRANCH = ("report:partial_branches", "report:partial_also")


class DanaPlugin(CoveragePlugin):
    """Measures .dana and .na files."""

    def __init__(self) -> None:
        """Exclude nothing until the configuration is known."""
        self._excluded = ""
        self._no_branch = ""

    def configure(self, config: TConfigurable) -> None:
        """Take over which lines the project excludes, for Dana as for Python."""
        self._excluded = _joined(config, _EXCLUSIONS)
        self._no_branch = _joined(config, _NO_BRANCH)

    def file_tracer(self, filename: str) -> FileTracer | None:
        """Return the tracer of a Dana file, `None` for any other."""
        return _DanaTracer(filename) if filename.endswith(SUFFIXES) else None

    def file_reporter(self, filename: str) -> FileReporter:
        """Return what is to be reported of a Dana file."""
        return DanaReporter(filename, self._excluded, self._no_branch)

    def find_executable_files(self, src_dir: str) -> Iterator[str]:
        """Yield the Dana files below a folder, so that those that never ran are reported, too."""
        for parent, folders, files in os.walk(src_dir):
            folders[:] = [folder for folder in folders if folder.isidentifier()]
            yield from (os.path.join(parent, file) for file in files if file.endswith(SUFFIXES))


def _joined(config: TConfigurable, names: Iterable[str]) -> str:
    """Return one pattern for all that the options list; an older coverage.py may lack one of them."""
    patterns: list[str] = []
    for name in names:
        found = config.get_option(name)
        if isinstance(found, list):
            patterns += [str(pattern) for pattern in found]
    return "|".join(f"(?:{pattern})" for pattern in patterns)


class _DanaTracer(FileTracer):
    """Frames of Dana files have the lines of the file already."""

    def __init__(self, filename: str) -> None:
        self._filename = filename

    def source_filename(self) -> str:
        return self._filename


class DanaReporter(FileReporter):
    """Which lines of one Dana file can be executed, and how they can be left."""

    def __init__(self, filename: str, excluded: str, no_branch: str) -> None:
        """Report on `filename`; the patterns are those of lines to leave out."""
        super().__init__(filename)
        self._excluded = excluded
        self._no_branch = no_branch

    @cached_property
    def _program(self) -> _Program:
        return _Program(self.filename)

    def source(self) -> str:
        """Return the text as it is reported."""
        return self._program.text

    def should_be_python(self) -> bool:
        """Say that a file that cannot be parsed is an error: coverage.py asks each reporter then."""
        return True

    def lines(self) -> set[TLineNo]:
        """Return the first line of each statement that is not excluded."""
        return self._program.statements.executable - self.excluded_lines()

    def excluded_lines(self) -> set[TLineNo]:
        """Return the lines that match the configured patterns, with the suites that belong to them."""
        return self._program.statements.with_suites(self._matching(self._excluded))

    def translate_lines(self, lines: Iterable[TLineNo]) -> set[TLineNo]:
        """Return the first lines of the statements that `lines` belong to."""
        return {self._program.statements.first_line(line) for line in lines}

    def arcs(self) -> set[TArc]:
        """Return the ways out of the lines that branch."""
        return self._program.arcs

    def no_branch_lines(self) -> set[TLineNo]:
        """Return the lines whose branches need not all be taken."""
        return self.translate_lines(self._matching(self._no_branch))

    def translate_arcs(self, arcs: Iterable[TArc]) -> set[TArc]:
        """Return arcs between the first lines of statements."""
        first = self._program.statements.first_line
        return {(first(start), first(end)) for start, end in arcs}

    def exit_counts(self) -> dict[TLineNo, int]:
        """Return how many ways lead out of each line: more than one where it branches."""
        counts = dict.fromkeys(self.lines(), 1)
        excluded = self.excluded_lines()
        for line in self._program.statements.branching - excluded:
            counts[line] = sum(
                start == line and end not in excluded for start, end in self._program.arcs
            )
        return counts

    def missing_arc_description(
        self, start: TLineNo, end: TLineNo, executed_arcs: Iterable[TArc] | None = None
    ) -> str:
        """Return the sentence about a way that was not taken."""
        if end < 0:
            return f"line {start} didn't leave the function or program"
        return f"line {start} didn't jump to line {end}"

    def arc_description(self, start: TLineNo, end: TLineNo) -> str:
        """Return what it means to take a way."""
        return "leave the function or program" if end < 0 else f"jump to line {end}"

    def source_token_lines(self) -> TSourceTokenLines:
        """Yield the tokens of each line, for the colours of the report."""
        from danac.coverage_plugin.colours import coloured

        return coloured(self._program.text)

    def code_regions(self) -> Iterable[CodeRegion]:
        """Return the functions and structs of the file."""
        return [CodeRegion(*region) for region in self._program.statements.regions]

    def code_region_kinds(self) -> Iterable[tuple[str, str]]:
        """Return what `code_regions` tells apart."""
        return [("function", "functions"), ("class", "classes")]

    def _matching(self, pattern: str) -> set[TLineNo]:
        if not pattern:
            return set()
        text = self._program.text
        matching: set[TLineNo] = set()
        for found in re.finditer(pattern, text, re.MULTILINE):
            start = text.count("\n", 0, found.start()) + 1
            matching.update(range(start, start + found[0].count("\n") + 1))
        return matching


class _Program:
    """What a report needs to know of one file; raises coverage.py's `NotPython` for a wrong program."""

    def __init__(self, filename: str) -> None:
        # The compiler is imported here, so that a run is measured without it.
        from coverage.exceptions import NoSource, NotPython

        from danac.compilation import build, compile_source
        from danac.coverage_plugin.branches import arcs_of
        from danac.coverage_plugin.statements import Statements
        from danac.diagnostics import DanaSyntaxError
        from danac.loading.code_object import read_source
        from danac.loading.project import options_for
        from danac.source import Source

        try:
            source = Source(read_source(filename), filename)
            code = compile_source(source.text, filename, options_for(filename))
        except OSError as error:
            raise NoSource(f"No source for code: {filename!r}: {error}") from error
        except DanaSyntaxError as error:
            raise NotPython(f"Couldn't parse {filename!r} as Dana: {error}") from error
        self.text = source.text
        self.statements = Statements(build(source), source, code)
        self.arcs = arcs_of(code, self.statements)
