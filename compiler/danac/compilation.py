"""Program text → code object: every stage by name, in the order in which a program passes through them."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from types import CodeType
from typing import NamedTuple, TypeAlias

from danac import nodes
from danac.analysis.consequences import without_consequences
from danac.analysis.decisions import impossible_calls
from danac.analysis.doubtful import doubtful
from danac.analysis.earlier import remember
from danac.analysis.first_stages import wrong_first_stages
from danac.analysis.names import Names
from danac.analysis.placement import misplaced
from danac.analysis.undefined import undefined_names
from danac.analysis.warnings import warnings
from danac.assembly import assemble, refusals
from danac.cells import as_cell
from danac.diagnostics import DanaSyntaxError, Diagnostic, InternalError
from danac.lowering import lower
from danac.options import DEFAULT, Options
from danac.silencing import unsilenced
from danac.source import Source
from danac.syntax.build import build as build_nodes
from danac.syntax.parse import ParseTree, Recovered, parse_all
from danac.syntax.parse import parse as parse_text

Report: TypeAlias = Callable[[Diagnostic, Source], None]
"""Takes a finding about the program at hand."""


def compile_source(
    text: str,
    filename: str = "<dana>",
    options: Options = DEFAULT,
    report: Report | None = None,
) -> CodeType:
    """Compile a program to the code object of its module.

    `report` is told what the program does that it can hardly mean, of which Python's own compiler warns
    too; all other warnings are for `check_source`. Raises `DanaSyntaxError` for a wrong program, and
    nothing else but `InternalError` for a bug of danac.
    """
    source = Source(text, filename)
    with _bugs_shown_as_such():
        module, tree = _lowered(source, options)
        code = assemble(tree, source)
    _tell(module, source, report)
    return code


def _tell(module: nodes.Module, source: Source, report: Report | None) -> None:
    if report is not None:
        with _bugs_shown_as_such():
            findings = doubtful(module)
        for finding in findings:
            report(finding, source)


class Cell(NamedTuple):
    """A compiled cell: its code, whether that leaves a value (`cells.RESULT`), its tree and its text."""

    code: CodeType
    has_result: bool
    tree: ast.Module
    source: Source


def compile_cell(
    source: Source, known: Mapping[str, object], number: int, options: Options = DEFAULT
) -> Cell:
    """Compile a piece of a program that runs after others, in the namespace `known`.

    `number` tells it apart from the others. Raises as `compile_source` does.
    """
    with _bugs_shown_as_such():
        _, tree = _lowered(source, options, known)
        has_result = as_cell(tree, number)
        return Cell(assemble(tree, source), has_result, tree, source)


def to_ast(
    text: str,
    filename: str = "<dana>",
    options: Options = DEFAULT,
    report: Report | None = None,
) -> ast.Module:
    """Return the Python tree that a program means; raises and reports as `compile_source` does."""
    source = Source(text, filename)
    with _bugs_shown_as_such():
        module, tree = _lowered(source, options)
        # Some rules only Python's own compiler knows: what it refuses is no program.
        assemble(tree, source)
    _tell(module, source, report)
    return tree


def parse(source: Source) -> ParseTree:
    """Return the lark tree of a program; raises `DanaSyntaxError`."""
    return parse_text(source)


def build(source: Source) -> nodes.Module:
    """Return the Dana nodes of a program; raises `DanaSyntaxError`."""
    return build_nodes(parse_text(source), source)


class Reading(NamedTuple):
    """What is known of a text, right or wrong.

    `errors` are those of its syntax, in source order; a `nodes.Wrong` stands for a statement with one.
    `is_recovered` tells that the grammar refuses the text, of which `missing` words are in no node then;
    `has_sure_blocks` whether it is sure what is inside of what.
    """

    module: nodes.Module
    errors: list[Diagnostic]
    is_recovered: bool = False
    missing: frozenset[str] = frozenset()
    has_sure_blocks: bool = True


def read(source: Source) -> Reading:
    """Return the Dana nodes of what is right in a text, and all its errors; a wrong one never raises."""
    parsed = parse_all(source)
    errors: list[Diagnostic] = []
    if not isinstance(parsed, Recovered):
        return Reading(build_nodes(parsed, source, errors), errors)
    module = build_nodes(parsed.tree, source, errors)
    known = {error.diagnostic.span.line for error in parsed.errors}
    # What stands in for a wrong line may be refused where it stands; that is no error of the program.
    errors = [error for error in errors if error.span.line not in known]
    errors += [error.diagnostic for error in parsed.errors]
    errors.sort(key=lambda error: error.span)
    return Reading(module, errors, True, parsed.missing, parsed.has_sure_blocks)


def check_source(
    text: str, filename: str = "<dana>", options: Options = DEFAULT
) -> list[Diagnostic]:
    """Return what is wrong with a program, in source order; nothing of it is executed.

    A wrong program never raises. Of a text that cannot be parsed all errors are found that do not
    follow from others, and what is right in it is looked at, too; of any other, each statement with errors
    gives its first one.
    """
    source = Source(text, filename)
    try:
        with _bugs_shown_as_such():
            found = _findings(source, options)
    except DanaSyntaxError as error:
        # What is nested too deeply to be looked at.
        found = [error.diagnostic]
    found = unsilenced(found, source, options.ignore)
    return sorted(found, key=lambda finding: finding.span)


_INSIDE = frozenset({"DANA160", "DANA161", "DANA162"})
"""What is wrong only because of what it is inside of."""


def _findings(source: Source, options: Options) -> list[Diagnostic]:
    reading = read(source)
    if reading.is_recovered:
        module = reading.module
        wrong = misplaced(module)
        if not reading.has_sure_blocks:
            wrong = [finding for finding in wrong if finding.code not in _INSIDE]
        return [*reading.errors, *wrong, *undefined_names(module, Names(module), reading.missing)]
    stages = _stages(reading, source, options)
    # Of a tree with gaps, Python's compiler would speak of the gaps.
    found = stages.errors or refusals(stages.tree, source)
    module, names = stages.module, stages.names
    undefined = undefined_names(module, names)
    found = [
        *found,
        *impossible_calls(module, names),
        *wrong_first_stages(module, names),
        *warnings(module, names, source),
    ]
    return [*undefined, *without_consequences(found, undefined, module)]


def _lowered(
    source: Source, options: Options, known: Mapping[str, object] | None = None
) -> tuple[nodes.Module, ast.Module]:
    """Return the nodes and the tree of a program; raise the first of its errors."""
    errors: list[Diagnostic] = []
    reading = Reading(build_nodes(parse_text(source), source, errors), errors)
    stages = _stages(reading, source, options, known)
    for error in sorted(stages.errors, key=lambda finding: finding.span):
        raise DanaSyntaxError.of(error, source)
    return stages.module, stages.tree


class _Stages(NamedTuple):
    """What the stages make of a program, and all errors that they find in it."""

    module: nodes.Module
    names: Names
    tree: ast.Module
    errors: list[Diagnostic]


def _stages(
    reading: Reading, source: Source, options: Options, known: Mapping[str, object] | None = None
) -> _Stages:
    module = reading.module
    errors = [*reading.errors, *misplaced(module)]
    names = Names(module)
    if known is not None:
        remember(names, known)
    tree = lower(module, names, source, options, errors)
    return _Stages(module, names, tree, errors)


@contextmanager
def _bugs_shown_as_such() -> Iterator[None]:
    """Run the stages, and report what they should not raise as a bug."""
    try:
        yield
    except DanaSyntaxError:
        raise
    except Exception as error:
        bug = InternalError.of(error)
        raise bug from (None if bug is error else error)
