"""Program text → code object: every stage by name, in the order in which a program passes through them."""

from __future__ import annotations

import ast
import gc
from collections.abc import Iterator
from contextlib import contextmanager
from types import CodeType

from danac import nodes
from danac.analysis.names import Names
from danac.analysis.placement import misplaced
from danac.analysis.undefined import undefined_names
from danac.analysis.warnings import warnings
from danac.assembly import assemble
from danac.diagnostics import DanaSyntaxError, Diagnostic, InternalError
from danac.lowering import lower
from danac.options import DEFAULT, Options
from danac.source import Source
from danac.syntax.build import build as build_nodes
from danac.syntax.parse import ParseTree
from danac.syntax.parse import parse as parse_text


def compile_source(text: str, filename: str = "<dana>", options: Options = DEFAULT) -> CodeType:
    """Compile a program to the code object of its module.

    Raises `DanaSyntaxError` for a wrong program, and nothing else but `InternalError` for a bug of danac.
    """
    source = Source(text, filename)
    with _undisturbed():
        return assemble(_lower(build(source), source, options), source)


def to_ast(text: str, filename: str = "<dana>", options: Options = DEFAULT) -> ast.Module:
    """Return the Python tree that a program means; raises as `compile_source` does."""
    source = Source(text, filename)
    with _undisturbed():
        tree = _lower(build(source), source, options)
        # Some rules only Python's own compiler knows: what it refuses is no program.
        assemble(tree, source)
        return tree


def parse(source: Source) -> ParseTree:
    """Return the lark tree of a program; raises `DanaSyntaxError`."""
    return parse_text(source)


def build(source: Source) -> nodes.Module:
    """Return the Dana nodes of a program; raises `DanaSyntaxError`."""
    return build_nodes(parse_text(source), source)


def check_source(
    text: str, filename: str = "<dana>", options: Options = DEFAULT
) -> list[Diagnostic]:
    """Return what is wrong with a program, in source order; nothing of it is executed.

    A wrong program never raises. A text that cannot be parsed gives its first error.
    """
    source = Source(text, filename)
    findings: list[Diagnostic] = []
    try:
        with _undisturbed():
            findings += _findings(source, options)
    except DanaSyntaxError as error:
        findings.append(error.diagnostic)
    return sorted(findings, key=lambda finding: finding.span)


def _findings(source: Source, options: Options) -> list[Diagnostic]:
    module = build(source)
    names = Names(module)
    wrong = misplaced(module)
    findings = [*wrong, *undefined_names(module, names), *warnings(module, names, source)]
    if not wrong:
        try:
            assemble(lower(module, names, source, options), source)
        except DanaSyntaxError as error:
            findings.append(error.diagnostic)
    return findings


def _lower(module: nodes.Module, source: Source, options: Options) -> ast.Module:
    for finding in misplaced(module):
        raise DanaSyntaxError(
            finding.message, source, finding.span, code=finding.code, hint=finding.hint
        )
    return lower(module, Names(module), source, options)


@contextmanager
def _undisturbed() -> Iterator[None]:
    """Run the stages with the garbage collector at rest, and report what they should not raise as a bug.

    Trees and nodes all live until the end, so collections in between find nothing: they made the time
    grow faster than the program.
    """
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    except (DanaSyntaxError, InternalError):
        raise
    except Exception as error:
        raise InternalError.of(error) from error
    finally:
        if was_enabled:
            gc.enable()
