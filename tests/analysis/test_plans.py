"""How a value that is built in sight meets a function of the program: the generated call, and what is refused."""

from __future__ import annotations

import ast
import builtins as python

import pytest

import dana_runtime
import danac
from dana_runtime.orchestration.signatures import signature_of
from danac.analysis import builtins
from danac.analysis.plans import _NOT_OF_ONE_VALUE

DEFINITIONS = """
struct P:
    x: int
    y: str
struct Made:
    x: int
    y: str
    def __init__(self, x, y): pass
def one(a): return a
def number(n: int): return n
def two(a, b): return a
def typed(x: int, y: str): return x
def turned(y: str, x: int): return x
def wide(x, y, z="Z", *, k=1): return x
def only(x, /, y): return x
def named(*, x, y=2): return x
def keyword(a, *, k): return a
def several(m: int, n: int, s: str): return m
def many(a, *rest): return a
def everything(a: any, b: object): return a
"""

# What is written, and the expression that it becomes.
CALLS = [
    ("5 | one", "one(5)"),
    ("(1, 2) | one", "one((1, 2))"),
    ("5 | number", "number(5)"),
    ('{"n": 5} | number', "number(n=5)"),
    ('{"n": 5, "m": 6} | number', "number((v := {'n': 5, 'm': 6})['n'])"),
    ('("x", 5) | number', "number((v := ('x', 5))[1])"),
    ("(1, 2) | two", "two(1, 2)"),
    ("(one(1), one(2)) | two", "two(one(1), one(2))"),
    ("P(1, 'a') | two", None),
    ("P(1, 'a') | turned", "turned((v := P(1, 'a')).y, v.x)"),
    ("P(1, 'a') | wide", "wide((v := P(1, 'a')).x, v.y)"),
    ("P(1, 'a') | only", "only((v := P(1, 'a')).x, v.y)"),
    ("P(1, 'a') | named", "named(x=(v := P(1, 'a')).x, y=v.y)"),
    ("P(1, 'a') | one", "one(P(1, 'a'))"),
    ("Made(1, 'a') | turned", None),
    ("(1, 'a') | typed", "typed(1, 'a')"),
    ("('a', 1) | typed", "typed((v := ('a', 1))[1], v[0])"),
    ("('a', one(1)) | typed", None),
    ("('a', 1, 2.5) | typed", "typed((v := ('a', 1, 2.5))[1], v[0])"),
    ("(true, 'a') | typed", "typed(True, 'a')"),
    ('{"y": 1, "x": 2} | typed', "typed(y=1, x=2)"),
    (
        '{"y": 1, "x": 2, "q": one(3)} | typed',
        "typed((v := {'y': 1, 'x': 2, 'q': one(3)})['x'], v['y'])",
    ),
    ('{"k": 1, "x": 2, "y": 3} | wide', "wide(k=1, x=2, y=3)"),
    ('{"x": 1, "y": 2} | only', "only((v := {'x': 1, 'y': 2})['x'], v['y'])"),
    ("(1, 2, 3) | many", "many((1, 2, 3))"),
    ("(1, 2) | everything", "everything(1, 2)"),
    ("(one(1), 2) | everything", "everything(one(1), 2)"),
    ("5 | keyword", None),
    ("free | two", None),
]


def lowered(text):
    """Return the Python expression of a Dana expression in a function, with one name for temporaries."""
    tree = danac.to_ast(f"free = 1\n{DEFINITIONS}def probe():\n    return {text}\n")
    return ast.unparse(tree.body[-1].body[0].value).replace("_dana_value_1", "v")


@pytest.mark.parametrize(("text", "expected"), CALLS)
def test_what_is_built_in_sight_becomes_the_plain_call(text, expected):
    found = lowered(text)
    if expected is None:
        assert "_dana_call_stage" in found
    else:
        assert found == expected


def test_outside_of_functions_the_parts_are_taken_in_a_lambda():
    tree = danac.to_ast(f"{DEFINITIONS}P(1, 'a') | turned\n")
    found = ast.unparse(tree.body[-1])
    assert (
        found
        == "_dana_apply(P(1, 'a'), lambda _dana_value_1: turned(_dana_value_1.y, _dana_value_1.x))"
    )


REFUSED = [
    ("('a', 1, 2) | several", "fit in more than one way"),
    ("(1, 2, 3, 'a') | several", "fit in more than one way"),
    ("5 | named", "it takes nothing by position"),
    ('{"y": 5} | named', "nothing gives this stage its 'x'"),
    ("5 | keyword", "nothing gives this stage its 'k'"),
    ("free | keyword", "nothing gives this stage its 'k'"),
    ("P(1, 'a') | two", "nothing gives this stage its 'b': the value is a P"),
    ("[1, 2] | two", "nothing gives this stage its 'b': the value is a list"),
    ("none | two", "nothing gives this stage its 'b': the value is none"),
    ("5 | { one, two }", "nothing gives this stage its 'b'"),
    (
        "5 | { one, one, one } | two",
        "nothing gives this stage its 'b': the value is a list of 3 items",
    ),
]


@pytest.mark.parametrize(("text", "expected"), REFUSED)
def test_what_can_never_succeed_is_an_error_and_does_not(text, expected):
    program = f"free = 1\n{DEFINITIONS}{text}\n"
    line = len(program.splitlines())
    findings = [f for f in danac.check_source(program) if f.code == "DANA220"]
    assert [expected in finding.message for finding in findings] == [True]
    assert findings[0].span.line == line
    assert "it is defined in line " in findings[0].hint
    with pytest.raises(dana_runtime.OrchestrationError):
        danac.run_source(program)


@pytest.mark.parametrize("text", [text for text, _ in CALLS if text != "5 | keyword"])
def test_what_can_succeed_is_no_error(text):
    findings = danac.check_source(f"free = 1\n{DEFINITIONS}{text}\n")
    assert [f for f in findings if f.code == "DANA220"] == (
        [] if "| two" not in text[8:] else findings
    )


@pytest.mark.parametrize("name", sorted(builtins.CALLABLE - _NOT_OF_ONE_VALUE))
def test_built_ins_are_called_as_the_runtime_calls_them(name):
    function = getattr(dana_runtime if name in builtins.DANA_NAMES else python, name)
    signature = signature_of(function)
    assert signature is None or signature.is_plain()
