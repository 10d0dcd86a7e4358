from __future__ import annotations

import ast

import pytest

from danac.assembly import assemble
from danac.diagnostics import DanaSyntaxError, InternalError
from danac.source import Source


def test_runs_like_the_tree():
    namespace = {}
    exec(assemble(ast.parse("x = 1 + 2"), Source("x = 1 + 2", "sum.dana")), namespace)
    assert namespace["x"] == 3


def test_deep_nesting_is_shown_behind_wide_characters():
    text = "ä = 'ö'; x = 1 + 1"
    tree = ast.parse(text)
    assignment = tree.body[1]
    value = assignment.value
    for _ in range(200_000):
        value = ast.copy_location(ast.BinOp(value, ast.Add(), value.right), value)
    assignment.value = value
    with pytest.raises(DanaSyntaxError, match="too deeply nested") as caught:
        assemble(tree, Source(text))
    assert caught.value.diagnostic.span == (1, 10, 1, 11)


def test_a_tree_that_is_none_is_a_bug():
    with pytest.raises(InternalError, match="Python does not accept the generated tree"):
        assemble(ast.Module([ast.Pass()], []), Source("pass"))
