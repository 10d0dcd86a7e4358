"""A whole program: its docstring, what it takes from the runtime, its blocks, its statements."""

from __future__ import annotations

import ast

from danac import nodes
from danac.analysis import builtins
from danac.analysis.names import Names
from danac.diagnostics import Diagnostic
from danac.identifiers import renamed
from danac.lowering import (
    attributes,
    dict_tests,
    errors,
    expressions,
    functions,
    imports,
    operators,
    pipes,
    scoped,
    stages,
    statements,
    structs,
    texts,
)
from danac.lowering.context import Lowering, Surroundings
from danac.lowering.orchestration import module_variables
from danac.lowering.runtime_names import generated
from danac.options import Options
from danac.source import Source, Span

_EXPRESSIONS = (
    expressions.EXPRESSIONS
    | operators.EXPRESSIONS
    | attributes.EXPRESSIONS
    | scoped.EXPRESSIONS
    | texts.EXPRESSIONS
    | pipes.EXPRESSIONS
)
_STATEMENTS = (
    statements.STATEMENTS
    | imports.STATEMENTS
    | errors.STATEMENTS
    | functions.STATEMENTS
    | structs.STATEMENTS
)
_START = Span(1, 1, 1, 1)


def lower(
    module: nodes.Module,
    names: Names,
    source: Source,
    options: Options,
    errors: list[Diagnostic],
) -> ast.Module:
    """Return the Python module that the program means.

    What only shows when a construct is lowered is added to `errors`, which may hold some already; the
    module is of use only if there are none.
    """
    tables = (_EXPRESSIONS, _STATEMENTS, stages.apply_stage, dict_tests.lower_statements)
    low = Lowering(source, names, options, *tables, errors)
    try:
        body = low.statements(module.body, Surroundings(names.module))
    except RecursionError:
        span = module.span if low.latest is None else low.latest.span
        low.report(span, "too deeply nested", "DANA190")
        return ast.Module([], [])
    docstring = []
    if body and isinstance(first := body[0], ast.Expr) and isinstance(first.value, ast.Constant):
        docstring = [body.pop(0)] if isinstance(first.value.value, str) else []
    if low.needs_variables:
        low.blocks.append(module_variables(low, _START))
    if low.names.module.has_private and low.needs_variables:
        low.runtime_names.add("private_scope")
        low.has_private_scope = True
    prelude = [
        *_future(low),
        *_runtime_imports(low),
        *_private_scope(low),
        *_names(low),
        *low.blocks,
    ]
    return ast.Module([*docstring, *prelude, *body], [])


def _future(low: Lowering) -> list[ast.stmt]:
    """Keep annotations as text: any name may stand in one, and they cost nothing."""
    if not low.has_annotations:
        return []
    alias = low.at(_START, ast.alias("annotations", None))
    return [low.at(_START, ast.ImportFrom("__future__", [alias], 0))]


def _runtime_imports(low: Lowering) -> list[ast.stmt]:
    names = sorted({*low.runtime_names, *low.dana_functions})
    aliases = [low.at(_START, ast.alias(name, generated(name))) for name in names]
    for name in sorted(low.shadowed_functions):
        own = builtins.IN_THE_RUNTIME[name]
        aliases.append(low.at(_START, ast.alias(own, None if own == name else name)))
    of_python = [low.at(_START, ast.alias(n, generated(n))) for n in sorted(low.python_names)]
    return [
        low.at(_START, ast.ImportFrom(module, found, 0))
        for module, found in (("builtins", of_python), ("dana_runtime", aliases))
        if found
    ]


def _names(low: Lowering) -> list[ast.stmt]:
    """Say which of the module's variables Dana calls differently: importers ask for Dana's names."""
    table = renamed(list(low.names.module.bindings))
    if not table:
        return []
    keys: list[ast.expr | None] = [low.constant(_START, name) for name in table]
    values = [low.constant(_START, name) for name in table.values()]
    target = low.at(_START, ast.Name("_dana_names", ast.Store()))
    return [low.at(_START, ast.Assign([target], low.at(_START, ast.Dict(keys, values))))]


def _private_scope(low: Lowering) -> list[ast.stmt]:
    """Make the module's own namespace for `private:` names, where it uses one."""
    if not low.has_private_scope:
        return []
    made = low.call(_START, low.runtime(_START, "private_scope"), low.name(_START, "__name__"))
    target = low.at(_START, ast.Name("_dana_private", ast.Store()))
    return [low.at(_START, ast.Assign([target], made))]
