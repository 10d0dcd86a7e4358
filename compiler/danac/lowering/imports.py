"""Imports and exports: Python's statements, and the runtime's functions for what these cannot say.

import m, a.b as x           import m, a.b as x
import a.b.py                _dana_import_python("a.b"); import a
import a.b.py as c           c = _dana_import_python("a.b")
import m.if                  _dana_imported("m.if"); import m
from m import f              from m import f
from m import class          class_ = _dana_imported("m", "class")
from .a.py import f, g       f, g = _dana_import_python_names(".a", __package__, "f", "g")
from a.py import *           _dana_import_python_star("a", None)
from a import _f             _f, = _dana_import_names("a", None, "_f")
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
    for name in node.names:
        last = lowered[-1] if lowered else None
        root = name.path.partition(".")[0]
        if name.is_python:
            lowered += _python_module(low, name)
        elif _is_writable(name.path):
            alias = low.at(name.span, ast.alias(name.path, name.alias))
            if isinstance(last, ast.Import):
                last.names.append(alias)
            else:
                lowered.append(low.at(node.span, ast.Import([alias])))
        elif name.alias is not None:
            lowered.append(_bind(low, name, name.alias, _imported(low, name, name.path)))
        else:
            if root != name.path:
                lowered.append(low.at(name.span, ast.Expr(_imported(low, name, name.path))))
            lowered.append(_bind(low, name, python_name(root), _imported(low, name, root)))
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
    target = low.at(span, ast.Name(name.alias or python_name(top), ast.Store()))
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
    if node.is_python or any(is_private(dana_name(name.path)) for name in node.names):
        function = low.runtime(
            node.span, "import_python_names" if node.is_python else "import_names"
        )
        wanted = [low.constant(name.span, dana_name(name.path)) for name in node.names]
        found = low.call(node.span, function, *_origin(low, node), *wanted)
        targets: list[ast.expr] = [
            low.at(name.span, ast.Name(name.alias or name.path, ast.Store())) for name in node.names
        ]
        target = low.at(node.span, ast.Tuple(targets, ast.Store()))
        return [low.at(node.span, ast.Assign([target], found))]
    if not node.names:
        everything = low.at(node.span, ast.alias("*", None))
        return [low.at(node.span, ast.ImportFrom(node.path or None, [everything], node.level))]
    lowered: list[ast.stmt] = []
    for name in node.names:
        attribute, variable = dana_name(name.path), name.alias or name.path
        last = lowered[-1] if lowered else None
        if is_renamed(attribute) or not _is_writable(node.path):
            path = "." * node.level + node.path
            package = [low.name(name.span, "__package__")] if node.level else []
            arguments = [low.constant(name.span, attribute), *package]
            lowered.append(_bind(low, name, variable, _imported(low, name, path, *arguments)))
            continue
        alias = low.at(name.span, ast.alias(attribute, name.alias))
        if isinstance(last, ast.ImportFrom):
            last.names.append(alias)
        else:
            lowered.append(
                low.at(node.span, ast.ImportFrom(node.path or None, [alias], node.level))
            )
    return lowered


def _origin(low: Lowering, node: nodes.FromImport) -> list[ast.expr]:
    """Return the arguments that say where to import from: a path, and the package that its dots mean."""
    span: Span = node.span
    path = low.constant(span, "." * node.level + node.path)
    package = low.name(span, "__package__") if node.level else low.constant(span, None)
    return [path, package]


def _is_writable(path: str) -> bool:
    """Whether Python can write the path of a module."""
    return not any(keyword.iskeyword(part) for part in path.split("."))


def _imported(low: Lowering, node: nodes.Node, path: str, *arguments: ast.expr) -> ast.expr:
    function = low.runtime(node.span, "imported")
    return low.call(node.span, function, low.constant(node.span, path), *arguments)


def _bind(low: Lowering, node: nodes.Node, name: str, value: ast.expr) -> ast.stmt:
    target = low.at(node.span, ast.Name(name, ast.Store()))
    return low.at(node.span, ast.Assign([target], value))


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
