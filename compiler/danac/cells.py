"""The tree of a cell → the same, ready to run after other cells in one namespace.

Its last expression is kept, and the names that the compiler has made up get the cell's number: functions
of earlier cells go on reading theirs.
"""

from __future__ import annotations

import ast

RESULT = "_dana_result"
"""Where a cell that ends in an expression leaves its value."""

_GENERATED = "_dana_"


def as_cell(tree: ast.Module, number: int) -> bool:
    """Change `tree` in place; return whether it leaves a value under the name `RESULT`."""
    _number(tree, number)
    if not tree.body or not isinstance(last := tree.body[-1], ast.Expr):
        return False
    target = ast.copy_location(ast.Name(RESULT, ast.Store()), last)
    tree.body[-1] = ast.copy_location(ast.Assign([target], last.value), last)
    return True


def _number(tree: ast.Module, number: int) -> None:
    names = [node for node in ast.walk(tree) if isinstance(node, ast.Name)]
    bound = {
        name.id
        for name in names
        if isinstance(name.ctx, ast.Store) and name.id.startswith(_GENERATED)
    }
    for name in names:
        if name.id in bound:
            name.id = f"{name.id}_in_{number}"
    for node in ast.walk(tree):
        if isinstance(node, ast.Global | ast.Nonlocal):
            node.names = [f"{name}_in_{number}" if name in bound else name for name in node.names]
