"""A whole program: its docstring, what it takes from the runtime, its blocks, its statements."""

from __future__ import annotations

import ast

from danac import nodes
from danac.analysis.names import Names
from danac.lowering import expressions, functions, pipes, statements, texts
from danac.lowering.context import Lowering, Surroundings
from danac.lowering.runtime_names import generated
from danac.source import Source, Span

_EXPRESSIONS = expressions.EXPRESSIONS | texts.EXPRESSIONS | pipes.EXPRESSIONS
_STATEMENTS = statements.STATEMENTS | functions.STATEMENTS
_START = Span(1, 1, 1, 1)


def lower(module: nodes.Module, names: Names, source: Source) -> ast.Module:
    """Return the Python module that the program means.

    Raises `DanaSyntaxError` for what only shows when a construct is lowered.
    """
    low = Lowering(source, names, _EXPRESSIONS, _STATEMENTS)
    try:
        body = low.statements(module.body, Surroundings(names.module))
    except RecursionError:
        span = module.span if low.latest is None else low.latest.span
        raise low.error(span, "too deeply nested", "DANA190") from None
    docstring = []
    if body and isinstance(first := body[0], ast.Expr) and isinstance(first.value, ast.Constant):
        docstring = [body.pop(0)] if isinstance(first.value.value, str) else []
    prelude = [*_future(low), *_runtime_imports(low), *low.blocks]
    return ast.Module([*docstring, *prelude, *body], [])


def _future(low: Lowering) -> list[ast.stmt]:
    """Keep annotations as text: any name may stand in one, and they cost nothing."""
    if not low.has_annotations:
        return []
    alias = low.at(_START, ast.alias("annotations", None))
    return [low.at(_START, ast.ImportFrom("__future__", [alias], 0))]


def _runtime_imports(low: Lowering) -> list[ast.stmt]:
    names = sorted({*low.runtime_names, *low.dana_functions})
    if not names:
        return []
    aliases = [low.at(_START, ast.alias(name, generated(name))) for name in names]
    return [low.at(_START, ast.ImportFrom("dana_runtime", aliases, 0))]
