"""Attributes of variables that closures read: what a loop binds anew is looked at anew."""

from __future__ import annotations

import pytest

import danac

PROGRAM = """
struct S:
    name: str

def plain(x): x

def names(xs):
    made = []
    for x in xs:
        {made}
    return [take() for take in made]

result = names([S("a"), {{"name": "b"}}, S("c")])
"""

LAST = [
    "made.append(lambda :: x.name)",
    "def take(): x.name\n        made.append(take)",
    "texts = (x.name for _ in range(1))\n        made.append(lambda t=texts :: list(t)[0])",
    "y = x\n        made.append(lambda :: y.name)",
    "made.append((lambda :: 1) | max(x.name, $$ and ''))",
]


@pytest.mark.parametrize("made", LAST)
def test_closures_read_the_latest_value(made):
    expected = ["c", "c", "c"]
    assert danac.run_source(PROGRAM.format(made=made))["result"] == expected


def test_a_generator_reads_what_its_variable_holds_when_it_runs():
    program = PROGRAM.format(made="made.append((x.name for _ in range(1)))")
    program = program.replace("take()", "list(take)[0]")
    assert danac.run_source(program)["result"] == ["c", "c", "c"]


def test_comprehensions_read_at_once():
    made = "found = [x.name for _ in range(1)]\n        made.append(lambda f=found :: f[0])"
    assert danac.run_source(PROGRAM.format(made=made))["result"] == ["a", "b", "c"]
