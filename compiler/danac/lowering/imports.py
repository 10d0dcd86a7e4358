"""Imports and exports: Python's statements, and the runtime's functions for what these cannot say.

import a.b                   import a.b
import a.b.py                _dana_import_python("a.b"); import a
import a.b.py as c           c = _dana_import_python("a.b")
from .a.py import f, g       f, g = _dana_import_python_names(".a", __package__, "f", "g")
from a.py import *           _dana_import_python_star("a", None)
from a.if import *           _dana_import_star("a.if", None)
from a import _f             _f, = _dana_import_names("a", None, "_f")
from a import class          class_, = _dana_import_names("a", None, "class")
import a.if                  _dana_import_path("a.if"); a = _dana_import_path("a")
export f, class              __exports__ = ["f", "class"]; __all__ = ["f", "class_"]
"""

from __future__ import annotations

import ast
import keyword

from dana_runtime.modules import is_private
from danac import nodes
from danac.identifiers import dana_name, is_renamed, python_name
from danac.lowering.context import Lowering, LowerStatement, Surroundings
from danac.source import Span


def _import(low: Lowering, node: nodes.Import, around: Surroundings) -> list[ast.stmt]:
    lowered: list[ast.stmt] = []
    plain: ast.Import | None = None
    for name in node.names:
        if name.is_python:
            lowered += _python_module(low, name)
            plain = None
        elif not _is_writable(name.path):
            lowered += _by_path(low, name)
            plain = None
        elif plain:
            plain.names.append(low.at(name.span, ast.alias(name.path, name.alias)))
        else:
            alias = low.at(name.span, ast.alias(name.path, name.alias))
            plain = low.at(node.span, ast.Import([alias]))
            lowered.append(plain)
    return lowered


def _is_writable(path: str) -> bool:
    """Whether Python can write the path of a module."""
    return not any(keyword.iskeyword(part) for part in path.split("."))


def _by_path(low: Lowering, name: nodes.ImportedName) -> list[ast.stmt]:
    """Import the module of a path that Python cannot write."""
    span = name.span
    module = low.call(span, low.runtime(span, "import_path"), low.constant(span, name.path))
    top, _, below = name.path.partition(".")
    if name.alias is not None or not below:
        target = low.at(span, ast.Name(name.alias or python_name(top), ast.Store()))
        return [low.at(span, ast.Assign([target], module))]
    package = low.call(span, low.runtime(span, "import_path"), low.constant(span, top))
    target = low.at(span, ast.Name(python_name(top), ast.Store()))
    return [low.at(span, ast.Expr(module)), low.at(span, ast.Assign([target], package))]


def _python_module(low: Lowering, name: nodes.ImportedName) -> list[ast.stmt]:
    """Import the Python module of a path; like Python, bind its first name if no other is given."""
    span = name.span
    function = low.runtime(span, "import_python")
    module = low.call(span, function, low.constant(span, name.path))
    top, _, below = name.path.partition(".")
    if below and name.alias is None:
        bound = low.at(span, ast.Import([low.at(span, ast.alias(top, None))]))
        return [low.at(span, ast.Expr(module)), bound]
    target = low.at(span, ast.Name(name.alias or python_name(top), ast.Store()))
    return [low.at(span, ast.Assign([target], module))]


def _from_import(low: Lowering, node: nodes.FromImport, around: Surroundings) -> list[ast.stmt]:
    attributes = [dana_name(name.path) for name in node.names]
    is_plain = _is_writable(node.path) and not node.is_python
    if is_plain and not any(is_private(name) or is_renamed(name) for name in attributes):
        aliases = [low.at(name.span, ast.alias(name.path, name.alias)) for name in node.names]
        names = aliases or [low.at(node.span, ast.alias("*", None))]
        return [low.at(node.span, ast.ImportFrom(node.path or None, names, node.level))]
    if not node.names:
        return [_star(low, node, around)]
    function = low.runtime(node.span, "import_python_names" if node.is_python else "import_names")
    wanted = [
        low.constant(name.span, attribute)
        for name, attribute in zip(node.names, attributes, strict=True)
    ]
    found = low.call(node.span, function, *_origin(low, node), *wanted)
    targets: list[ast.expr] = [
        low.at(name.span, ast.Name(name.alias or name.path, ast.Store())) for name in node.names
    ]
    target = low.at(node.span, ast.Tuple(targets, ast.Store()))
    return [low.at(node.span, ast.Assign([target], found))]


def _star(low: Lowering, node: nodes.FromImport, around: Surroundings) -> ast.stmt:
    """Import all names of a module that Python's statement cannot name."""
    if around.scope.kind != "module":
        # As Python says it of its own statement.
        low.report(node.span, "import * only allowed at module level", "DANA180")
    function = low.runtime(node.span, "import_python_star" if node.is_python else "import_star")
    return low.at(node.span, ast.Expr(low.call(node.span, function, *_origin(low, node))))


def _origin(low: Lowering, node: nodes.FromImport) -> list[ast.expr]:
    """Return the arguments that say where to import from: a path, and the package that its dots mean."""
    span: Span = node.span
    path = low.constant(span, "." * node.level + node.path)
    package = low.name(span, "__package__") if node.level else low.constant(span, None)
    return [path, package]


def _export(low: Lowering, node: nodes.Export, around: Surroundings) -> list[ast.stmt]:
    # Python's star import goes by `__all__`, which names the variables.
    dana, python = [dana_name(name) for name in node.names], list(node.names)
    if dana == python:
        return [_names(low, node, python, "__exports__", "__all__")]
    return [_names(low, node, dana, "__exports__"), _names(low, node, python, "__all__")]


def _names(low: Lowering, node: nodes.Node, names: list[str], *variables: str) -> ast.stmt:
    targets: list[ast.expr] = [
        low.at(node.span, ast.Name(variable, ast.Store())) for variable in variables
    ]
    found = [low.constant(node.span, name) for name in names]
    listed = low.at(node.span, ast.List(found, ast.Load()))
    return low.at(node.span, ast.Assign(targets, listed))


STATEMENTS: dict[type[nodes.Node], LowerStatement] = {
    nodes.Export: _export,
    nodes.Import: _import,
    nodes.FromImport: _from_import,
}
