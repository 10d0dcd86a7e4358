"""Parallel blocks: their three spellings, what a branch may be, and when a display is none."""

from __future__ import annotations

import pytest

import danac

PROGRAMS = {
    "each branch's callable and arguments in its turn": (
        "result = note(5) | [watched.a, (make('b')), watched.c(note(1))]",
        "value = note(5)\nfirst = watched.a(value)\nsecond = make('b')(value)\n"
        "result = [first, second, watched.c(value, note(1))]",
    ),
    "an arm of a conditional stage may be a block": (
        "def run(x): return note(5) | ([f, g] if note(x) else {'h': h})\nresult = [run(0), run(1)]",
        "def run(x):\n    value = note(5)\n"
        "    return [f(value), g(value)] if note(x) else {'h': h(value)}\n"
        "result = [run(0), run(1)]",
    ),
    "keys in order of the branches, whatever they are": (
        "result = 5 | {'z': f, 'a': g, 1: h, none: str} | list",
        "f(5), g(5), h(5)\nresult = ['z', 'a', 1, None]",
    ),
    "keys that are f-strings": (
        "n = 1\nresult = note(5) | {f'k{note(n)}': f, f'k{n + 1}': g}",
        "n = 1\nvalue = note(5)\nresult = {f'k{note(n)}': f(value), 'k2': g(value)}",
    ),
    "branches that are expressions": (
        "result = 5 | [$$ + 1, -$$, f'{$$}', ($$, 1), $$]",
        "result = [6, -5, '5', (5, 1), 5]",
    ),
    "branches that are pipes of blocks": (
        "result = 5 | [f | [g, h] | len, [f, g] | h]",
        "value = f(5)\ng(value)\nh(value)\nresult = [2, h([f(5), g(5)])]",
    ),
    "a parenthesised pipe that begins with a block": (
        "result = 5 | ([f, g] | h)",
        "result = h([f(5), g(5)])",
    ),
    "a parenthesised pipe that begins with data": (
        "result = 5 | f([1, 2] | g)",
        "result = f(5, g([1, 2]))",
    ),
    "branches stand in the order in which they are written": (
        "result = 5 | {f, g, f, lambda x :: x, h(1)}",
        "result = [f(5), g(5), f(5), 5, h(5, 1)]",
    ),
    "a trailing comma and comments": (
        "result = 5 | [\n    # first\n    f,  # f\n    g,\n    # last\n]",
        "result = [f(5), g(5)]",
    ),
    "one branch": (
        "result = [5 | {f}, 5 | [g], 5 | {'h': h}]",
        "result = [[f(5)], [g(5)], {'h': h(5)}]",
    ),
    "a display as an argument is data": (
        "result = 5 | f([len, 1], {'a': abs}, {1})",
        "result = f(5, [len, 1], {'a': abs}, {1})",
    ),
    "a display as a head is data": (
        "result = [[1, 2] | f, {1: 2} | g, {1} | h]",
        "result = [f([1, 2]), g({1: 2}), h({1})]",
    ),
    "a display with a parameter, first in a declarative function, is data": (
        "def p(x) = [x, x] | f\ndef q(x) = {'a': x} | g\nresult = [p(1), q(2)]",
        "result = [f([1, 1]), g({'a': 2})]",
    ),
    "a display with a literal, first in a declarative function, is data": (
        "def p() = [f, 1] | len\nresult = p()",
        "result = 2",
    ),
    "noop makes a block of a list of functions": (
        "result = (noop | [f, g])(5)",
        "result = [f(5), g(5)]",
    ),
}


@pytest.mark.parametrize(("dana", "python"), PROGRAMS.values(), ids=PROGRAMS.keys())
class TestBlock:
    def test_at_module_level(self, dana, python, tell_the_same, prelude):
        tell_the_same(prelude + dana, prelude + python)

    def test_in_a_function(self, dana, python, tell_the_same, prelude):
        body = "\n".join("    " + line for line in (dana).splitlines())
        tell_the_same(
            f"{prelude}def program():\n{body}\n    return result\nresult = program()\n",
            prelude + python,
        )


def test_branches_overlap():
    program = danac.run_source(
        "from threading import Barrier\n"
        "meeting = Barrier(3)\n"
        "def meet(x):\n    meeting.wait(30)\n    return x\n"
        "result = 5 | {meet, meet | $$ + 1, lambda x :: meet(x) + 2}\n"
    )
    assert program["result"] == [5, 6, 7]


def test_doubled_f_string_keys_fail_when_they_are_known():
    with pytest.raises(ValueError, match="doubled"):
        danac.run_source("def f(x): return x\nn = 1\nresult = 5 | {f'{n}': f, f'{n}': f}\n")


def test_iterator_is_not_shared():
    with pytest.raises(TypeError, match="make a list of it first"):
        danac.run_source("iter([1, 2]) | noop | {list, len}\n")
