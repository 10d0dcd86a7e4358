"""Imports and exports: Python's own, but for names that Python cannot write, and for `import m.py`.

import m, a.b as x          import m, a.b as x
import m.py                 m = import_python("m")          the Python module beside a Dana one
import m.if                 imported("m.if"); import m
from m import f             from m import f
from m import class         class_ = imported("m", "class")
export f, class             __exports__ = ["f", "class"]; __all__ = ["f", "class_"]
"""

from __future__ import annotations

import ast
import keyword

from danac import nodes
from danac.identifiers import dana_name, is_renamed, python_name
from danac.lowering.context import Lowering, LowerStatement, Surroundings


def _import(low: Lowering, node: nodes.Import, around: Surroundings) -> list[ast.stmt]:
    lowered: list[ast.stmt] = []
    for name in node.names:
        last = lowered[-1] if lowered else None
        root = name.path.partition(".")[0]
        if name.is_python:
            lowered.append(
                _bind(low, name, name.alias or root, _python_module(low, name, name.path))
            )
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


def _from_import(low: Lowering, node: nodes.FromImport, around: Surroundings) -> list[ast.stmt]:
    if not node.is_python:
        _refuse_private(low, node)
    if not node.names:
        star = low.at(node.span, ast.alias("*", None))
        return [low.at(node.span, ast.ImportFrom(node.path or None, [star], node.level))]
    lowered: list[ast.stmt] = []
    for name in node.names:
        attribute, variable = dana_name(name.path), name.alias or name.path
        last = lowered[-1] if lowered else None
        if node.is_python and not node.level:
            value = _member(low, name, _python_module(low, node, node.path), attribute)
            lowered.append(_bind(low, name, variable, value))
        elif is_renamed(attribute) or not _is_writable(node.path):
            path = "." * node.level + node.path
            package = [low.name(name.span, "__package__")] if node.level else []
            arguments = [low.constant(name.span, attribute), *package]
            lowered.append(_bind(low, name, variable, _imported(low, name, path, *arguments)))
        else:
            alias = low.at(name.span, ast.alias(attribute, name.alias))
            if isinstance(last, ast.ImportFrom):
                last.names.append(alias)
            else:
                lowered.append(
                    low.at(node.span, ast.ImportFrom(node.path or None, [alias], node.level))
                )
    return lowered


def _is_writable(path: str) -> bool:
    """Whether Python can write the path of a module."""
    return not any(keyword.iskeyword(part) for part in path.split("."))


def _refuse_private(low: Lowering, node: nodes.FromImport) -> None:
    for name in node.names:
        path = dana_name(name.path)
        if path.startswith("_") and not path.startswith("__"):
            module = "." * node.level + node.path
            message = f"{path} is private to the module {module}"
            hint = f"import the module and write `{node.path.rpartition('.')[2] or 'm'}.{path}`"
            raise low.error(name.span, message, "DANA155", hint)


def _python_module(low: Lowering, node: nodes.Node, path: str) -> ast.expr:
    """`import m.py` means the Python module `m`, also where a Dana module of that name stands beside it."""
    function = low.runtime(node.span, "import_python")
    return low.call(node.span, function, low.constant(node.span, path))


def _imported(low: Lowering, node: nodes.Node, path: str, *arguments: ast.expr) -> ast.expr:
    function = low.runtime(node.span, "imported")
    return low.call(node.span, function, low.constant(node.span, path), *arguments)


def _member(low: Lowering, node: nodes.Node, module: ast.expr, name: str) -> ast.expr:
    if is_renamed(name):
        function = low.runtime(node.span, "attribute")
        return low.call(node.span, function, module, low.constant(node.span, name))
    return low.at(node.span, ast.Attribute(module, name, ast.Load()))


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
