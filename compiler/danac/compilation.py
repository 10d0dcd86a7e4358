"""Program text → code object: every stage by name, in the order in which a program passes through them."""

from __future__ import annotations

import ast
import gc
import marshal
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from types import CodeType
from typing import NamedTuple

from danac import nodes
from danac.analysis.decisions import impossible_calls
from danac.analysis.earlier import remember
from danac.analysis.names import Names
from danac.analysis.placement import misplaced
from danac.analysis.undefined import undefined_names
from danac.analysis.warnings import warnings
from danac.cells import as_cell
from danac.diagnostics import DanaSyntaxError, Diagnostic, InternalError
from danac.lowering import lower
from danac.options import DEFAULT, Options
from danac.source import Source, Span
from danac.syntax.build import build as build_nodes
from danac.syntax.parse import ParseTree
from danac.syntax.parse import parse as parse_text


def compile_source(text: str, filename: str = "<dana>", options: Options = DEFAULT) -> CodeType:
    """Compile a program to the code object of its module.

    Raises `DanaSyntaxError` for a wrong program, and nothing else but `InternalError` for a bug of danac.
    """
    source = Source(text, filename)
    with _undisturbed():
        return _assemble(_lower(build(source), source, options), source)


class Cell(NamedTuple):
    """A compiled cell: its code, whether that leaves a value (`cells.RESULT`), and its tree."""

    code: CodeType
    has_result: bool
    tree: ast.Module


def compile_cell(
    source: Source, known: Mapping[str, object], number: int, options: Options = DEFAULT
) -> Cell:
    """Compile a piece of a program that runs after others, in the namespace `known`.

    `number` tells it apart from the others. Raises as `compile_source` does.
    """
    with _undisturbed():
        tree = _lower(build(source), source, options, known)
        has_result = as_cell(tree, number)
        return Cell(_assemble(tree, source), has_result, tree)


def to_ast(text: str, filename: str = "<dana>", options: Options = DEFAULT) -> ast.Module:
    """Return the Python tree that a program means; raises as `compile_source` does."""
    source = Source(text, filename)
    with _undisturbed():
        return _lower(build(source), source, options)


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
    findings = [
        *wrong,
        *undefined_names(module, names),
        *impossible_calls(module, names),
        *warnings(module, names, source),
    ]
    if not wrong:
        try:
            _assemble(lower(module, names, source, options), source)
        except DanaSyntaxError as error:
            findings.append(error.diagnostic)
    return findings


def _lower(
    module: nodes.Module,
    source: Source,
    options: Options,
    known: Mapping[str, object] | None = None,
) -> ast.Module:
    for finding in misplaced(module):
        raise DanaSyntaxError(
            finding.message, source, finding.span, code=finding.code, hint=finding.hint
        )
    names = Names(module)
    if known is not None:
        remember(names, known)
    return lower(module, names, source, options)


def _assemble(tree: ast.Module, source: Source) -> CodeType:
    try:
        code = compile(tree, source.filename, "exec", dont_inherit=True)
        # Marshal marks what is referred to more than once. In a copy of its own the code's constants are
        # no longer the tree's, so its bytes do not depend on when the tree goes.
        copied: CodeType = marshal.loads(marshal.dumps(code))
        return copied
    except SyntaxError as error:
        # Python checks what has to do with its own scopes, such as a `nonlocal` without a binding.
        line, column = error.lineno or 1, error.offset or 1
        span = Span(line, column, error.end_lineno or line, error.end_offset or column + 1)
        raise DanaSyntaxError(error.msg, source, span, code="DANA180") from None
    except (RecursionError, MemoryError):
        raise DanaSyntaxError("too deeply nested", source, _deepest(tree), code="DANA190") from None
    except (ValueError, TypeError) as error:
        raise InternalError(f"Python does not accept the generated tree: {error}", tree) from error


def _deepest(tree: ast.Module) -> Span:
    """Return the first position in the statement whose expressions are nested most deeply."""
    deepest, place = 0, tree.body[0]
    for statement in tree.body:
        todo: list[tuple[ast.AST, int]] = [(statement, 0)]
        while todo:
            node, depth = todo.pop()
            if depth > deepest:
                deepest, place = depth, statement
            todo.extend((child, depth + 1) for child in ast.iter_child_nodes(node))
    return Span(place.lineno, place.col_offset + 1, place.lineno, place.col_offset + 2)


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
        raise InternalError(f"{type(error).__name__}: {error}") from error
    finally:
        if was_enabled:
            gc.enable()
