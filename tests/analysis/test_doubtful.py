"""What can hardly be meant is told by danac, with its place, and never by Python's own compiler."""

from __future__ import annotations

import ast
import sys
import warnings

import pytest

import danac
from danac.source import Source

# The text, the code of the warning, and the text that it points at.
DOUBTFUL = [
    ("x = y is 5", "DANA221", "y is 5"),
    ("x = 'a' is not y", "DANA221", "'a' is not y"),
    ("x = y is (5)", "DANA221", "y is (5"),
    ("x = y is -5", "DANA221", "y is -5"),
    ("x = 'ö' == y is 'a'", "DANA221", "y is 'a'"),
    ("x = ['a' ('b')]", "DANA222", "'a' ('b')"),
    ("x = [1, 2](y)", "DANA222", "[1, 2](y)"),
    ("x = (1, 2)(y)", "DANA222", "(1, 2)(y)"),
    ("x = {1: 2}(y)", "DANA222", "{1: 2}(y)"),
    ("x = f'{y}'(y)", "DANA222", "f'{y}'(y)"),
    ("x = none(y)", "DANA222", "none(y)"),
    ("x = 5[y]", "DANA223", "5[y]"),
    ("x = {1, 2}[y]", "DANA223", "{1, 2}[y]"),
    ("x = none[y]", "DANA223", "none[y]"),
    ("x = (lambda v :: v)[y]", "DANA223", "(lambda v :: v)[y]"),
    ("x = [[1, 2] [3, 4]]", "DANA224", "[1, 2] [3, 4]"),
    ("x = 'abc'['a']", "DANA224", "'abc'['a']"),
    ("x = [1, 2][1.5]", "DANA224", "[1, 2][1.5]"),
    ("assert (y, 'text')", "DANA225", "assert (y, 'text')"),
]
INNOCENT = [
    *("x = y is none", "x = true is y", "x = y is [5]", "x = y == 5", "x = 'abc'[0]"),
    *("x = [1, 2][y]", "x = [1, 2][0:1]", "x = {'a': 1}['a']", "x = [1, 2][true]"),
    *("x = (lambda v :: v)(y)", "assert y, 'text'", "assert ()", "x = 5 | $$ is y"),
]
BEFORE = "y = 1\n"


def findings(text: str) -> list[tuple[str, str]]:
    source = Source(BEFORE + text)
    found = danac.check_source(source.text)
    return [(f.code, source.text_of(f.span)) for f in found if f.code.startswith("DANA22")]


@pytest.mark.parametrize(("text", "code", "place"), DOUBTFUL)
def test_is_told_with_its_place(text, code, place):
    assert findings(text) == [(code, place)]


@pytest.mark.parametrize("text", INNOCENT)
def test_innocent(text):
    assert findings(text) == []


@pytest.mark.parametrize("text", [*(text for text, *_ in DOUBTFUL), *INNOCENT])
def test_python_says_nothing(text):
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        danac.compile_source(BEFORE + text)
        assert warnings.filters[0][0] == "always"
    assert said == []


def test_python_says_nothing_of_what_pipes_are_compiled_to():
    text = "def twice(f) = f\ny = 5 | $$ is 6\nx = 5 | twice($$[0])\n"
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        danac.compile_source(text)
    assert said == []


@pytest.mark.skipif(sys.version_info >= (3, 14), reason="Python finds fewer of them since 3.14")
@pytest.mark.parametrize("text", [text for text, *_ in DOUBTFUL])
def test_python_would_have(text):
    tree = danac.to_ast(BEFORE + text)
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        compile(ast.fix_missing_locations(tree), "x", "exec")
    assert [found.category for found in said] == [SyntaxWarning]


LEAVING = """
def f():
    for i in [1, 2]:
        try:
            pass
        finally:
            for j in [1]:
                break
            if i:
                {leave}
"""


@pytest.mark.parametrize("leave", ["break", "continue", "return 1"])
def test_leaving_a_finally(leave):
    assert findings(LEAVING.format(leave=leave)) == [("DANA226", leave)]


def test_a_function_in_a_finally_may_return():
    text = "try:\n    pass\nfinally:\n    def f():\n        return 1\n"
    assert findings(text) == []
