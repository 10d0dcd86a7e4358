"""Imports: Python's statements, and the runtime's functions for what these cannot say.

import a.b                   import a.b
import a.b.py                _dana_import_python("a.b"); import a
import a.b.py as c           c = _dana_import_python("a.b")
from .a.py import f, g       f, g = _dana_import_python_names(".a", __package__, "f", "g")
from a.py import *           _dana_import_python_star("a", None)
from a import _f             _f, = _dana_import_names("a", None, "_f")
"""

from __future__ import annotations

import ast

from dana_runtime.modules import is_private
from danac import nodes
from danac.lowering.context import Lowering, LowerStatement, Surroundings
from danac.source import Span


def _import(low: Lowering, node: nodes.Import, around: Surroundings) -> list[ast.stmt]:
    lowered: list[ast.stmt] = []
    plain: ast.Import | None = None
    for name in node.names:
        if name.is_python:
            lowered += _python_module(low, name)
            plain = None
        elif plain:
            plain.names.append(low.at(name.span, ast.alias(name.path, name.alias)))
        else:
            alias = low.at(name.span, ast.alias(name.path, name.alias))
            plain = low.at(node.span, ast.Import([alias]))
            lowered.append(plain)
    return lowered


def _python_module(low: Lowering, name: nodes.ImportedName) -> list[ast.stmt]:
    """Import the Python module of a path; like Python, bind its first name if no other is given."""
    span = name.span
    function = low.runtime(span, "import_python")
    module = low.call(span, function, low.constant(span, name.path))
    top, _, below = name.path.partition(".")
    if below and name.alias is None:
        bound = low.at(span, ast.Import([low.at(span, ast.alias(top, None))]))
        return [low.at(span, ast.Expr(module)), bound]
    target = low.at(span, ast.Name(name.alias or top, ast.Store()))
    return [low.at(span, ast.Assign([target], module))]


def _from_import(low: Lowering, node: nodes.FromImport, around: Surroundings) -> list[ast.stmt]:
    if node.is_python and not node.names:
        if around.scope.kind != "module":
            # As Python says it of its own statement.
            raise low.error(node.span, "import * only allowed at module level", "DANA180")
        star = low.call(
            node.span, low.runtime(node.span, "import_python_star"), *_origin(low, node)
        )
        return [low.at(node.span, ast.Expr(star))]
    if node.is_python or any(is_private(name.path) for name in node.names):
        function = low.runtime(
            node.span, "import_python_names" if node.is_python else "import_names"
        )
        wanted = [low.constant(name.span, name.path) for name in node.names]
        found = low.call(node.span, function, *_origin(low, node), *wanted)
        targets: list[ast.expr] = [
            low.at(name.span, ast.Name(name.alias or name.path, ast.Store())) for name in node.names
        ]
        target = low.at(node.span, ast.Tuple(targets, ast.Store()))
        return [low.at(node.span, ast.Assign([target], found))]
    aliases = [low.at(name.span, ast.alias(name.path, name.alias)) for name in node.names]
    names = aliases or [low.at(node.span, ast.alias("*", None))]
    return [low.at(node.span, ast.ImportFrom(node.path or None, names, node.level))]


def _origin(low: Lowering, node: nodes.FromImport) -> list[ast.expr]:
    """Return the arguments that say where to import from: a path, and the package that its dots mean."""
    span: Span = node.span
    path = low.constant(span, "." * node.level + node.path)
    package = low.name(span, "__package__") if node.level else low.constant(span, None)
    return [path, package]


STATEMENTS: dict[type[nodes.Node], LowerStatement] = {
    nodes.Import: _import,
    nodes.FromImport: _from_import,
}
