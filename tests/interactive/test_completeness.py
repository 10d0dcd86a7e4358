from __future__ import annotations

import pytest

from danac.interactive.completeness import next_indentation, state_of


@pytest.mark.parametrize(
    "text",
    [
        "f(",
        "x = [1,",
        "{'a':",
        "'''text",
        'f"""{x',
        "x = 1 + \\",
        "a |",
        "a |  # why",
        "a | b |\n",
        "a |\n    b |",
        "def p(x) = a |",
        "def f(x):",
        "def f(x):\n",
        "if a:\n    b\nelse:",
        "for x in y:",
        "struct P:",
        "try:\n    x",
        "try:\n    x\n",
        "@poet",
        "@poet\n",
        "def f():\n    if a:",
        "def f():\n    try:\n        x",
    ],
)
def test_unfinished(text):
    assert state_of(text) == "unfinished"


@pytest.mark.parametrize(
    "text",
    ["def f(x):\n    x", "if a:\n    b", "if a: b", "def f(): pass", "x = 1\nfor a in b:\n    c"],
)
def test_open_until_an_empty_line(text):
    assert state_of(text) == "open"
    assert state_of(text + "\n") == "whole"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "# only this",
        "x = 1",
        "a | b",
        "f(1,\n  2)",
        "def p(x) = a | b",
        "a |\n    b",
        "x =",
        "x = = 1",
        "x = 1 +",
        '"abc',
        "f(]",
        "def f()",
        "class A:",
        "if a:\n  b\n c",
    ],
)
def test_whole_or_beyond_mending(text):
    assert state_of(text) == "whole"


@pytest.mark.parametrize(
    ("text", "blanks"),
    [
        ("", 0),
        ("x = 1", 0),
        ("def f():", 4),
        ("def f():  # why", 4),
        ("def f():\n    x", 4),
        ("def f():\n    return x", 0),
        ("if a:\n    if b:", 8),
        ("f(", 4),
        ("a |", 4),
        ("a |\n    b |", 4),
        ("\tx", 8),
    ],
)
def test_indentation_of_the_next_line(text, blanks):
    assert next_indentation(text) == blanks
