from __future__ import annotations

import ast
import sys
import warnings

import pytest

from danac.diagnostics import DanaSyntaxError, InternalError
from danac.listing import to_python
from danac.source import Source

NOWHERE = Source("")


def listed(text: str) -> str:
    return to_python(ast.parse(text), Source(text))


def same(text: str, other: str) -> bool:
    return ast.dump(ast.parse(text)) == ast.dump(ast.parse(other))


def arguments(number: int) -> str:
    return ", ".join(f"argument_{n}" for n in range(number))


PROGRAMS = {
    "nothing": "",
    "docstring": '"""About."""\nx = 1\n',
    "future import": "from __future__ import annotations\nx: int = 1\n",
    "quotes in f-strings": "x = f'{a[\"b\"]} \\'{c!r:>{width}}\\' {{}}'",
    "f-string over lines": "x = f'''one\n{a}\ntwo'''",
    "debug f-string": "x = f'{a=} {b = !s}'",
    "long text": f"x = {'word ' * 60!r}",
    "long text in a call": f"f({'word ' * 60!r}, a, b=[{'x' * 90!r}])",
    "text over lines": "x = 'one\\ntwo\\n\\tthree\\\\'",
    "odd characters": "x = '\\x00\\u2028\\ud800 é日'",
    "tuple subscripts": "x = a[1, 2], a[1:2, ::3], a[(1, 2),], a[*b, 1]",
    "powers and signs": "x = (-2) ** 2, -2 ** 2, 2 ** -1, -(-x), not (not y), (a ** b) ** c",
    "lambdas": "x = (lambda: 0), (lambda a, *b, c=1, **d: (a, b))(1), [lambda: (yield)]",
    "walrus": "print((a := 1), [b := 2], (c := 3) + 1)\nif (d := f()): pass",
    "infinite floats": "x = 1e999, -1e999, 1e-320, 0.1, 1e22",
    "large numbers": "x = 123456789012345678901234567890, 0xFF",
    "conditionals": "x = a if b else (c if d else e), (a if b else c) if d else e",
    "comprehensions": "x = [a for b in c if d if e for a in b], {a: b for a, b in c}, {*a, 1}",
    "one-item tuples": "x = (1,)\nfor a, in b: pass\nreturn_ = ()\n",
    "starred": "a, *b = c\nf(*a, **b)\nx = [*a, *b]",
    "decorated": "@a.b(1)\n@c\ndef f(a: int = 1, /, b=2, *, c=3, **d) -> 'T':\n    return 1",
    "class": "class A(B, metaclass=C):\n    'doc'\n    x: int = 1\n    def f(self): pass",
    "async": "async def f():\n    async with a as b: await c\n    return [d async for d in e]",
    "match": "match a:\n    case [1, *b] if b: c\n    case {'k': v, **r} | A(x=1) | None: d",
    "groups": "try:\n    pass\nexcept* ValueError as e:\n    pass",
    "try": "try:\n    a\nexcept (B, C) as e:\n    raise D from e\nelse:\n    f\nfinally:\n    g",
    "with": "with a as b, c: pass\nwith (a, b) as c: pass",
    "chains": "x = a < b <= c is not d not in e",
    "elif": "if a: pass\nelif b: pass\nelse:\n    if c: pass\n    d",
    "global": "def f():\n    global a\n    def g():\n        nonlocal b\n    b = 1",
    "imports": "import a.b as c, d\nfrom . import e\nfrom ..f import (g as h, i)\nfrom j import *",
    "long chain": "x = " + " + ".join("a" * 700),
    "nested calls": "x = " + "f(" * 150 + "1" + ")" * 150,
    "bytes and ellipsis": "x = b'\\x00\\'', ...",
    "loops": "while a:\n    break\nelse:\n    pass\nfor b in c:\n    continue\nelse:\n    pass",
    "deletions": "del a, b[0], c.d\nassert a, 'b'\n",
    "long assert": f"assert {'a' * 50} == {'b' * 50}, {'c' * 30}",
}


@pytest.mark.parametrize("text", PROGRAMS.values(), ids=PROGRAMS)
def test_listing_means_the_same(text):
    assert same(listed(text), text)


@pytest.mark.parametrize("text", PROGRAMS.values(), ids=PROGRAMS)
def test_without_astor_too(text, monkeypatch):
    monkeypatch.setitem(sys.modules, "astor", None)
    assert same(listed(text), text)


def test_layout():
    text = """
'''About.'''
import a
from b import c
x = 1
y = 2
def f(): return 1
class A:
    def g(self): return 2
    def h(self): return 3
z = 3
"""
    assert (
        listed(text)
        == '''\
"""About."""

import a
from b import c

x = 1
y = 2


def f():
    return 1


class A:

    def g(self):
        return 2

    def h(self):
        return 3


z = 3
'''
    )


def test_long_lines_are_wrapped():
    text = f"x = f({arguments(40)})\n"
    assert max(map(len, listed(text).splitlines())) < 100
    assert same(listed(text), text)


def test_oddities_of_astor_are_tidied_up_where_that_is_safe():
    assert listed("def f() -> int: return 1\n") == "def f() -> int:\n    return 1\n"
    text = f"x = f({arguments(40)})\n"
    assert all(line == line.rstrip() for line in listed(text).splitlines())
    kept = "def f() -> int:\n    return 'f() ->int'\n"
    assert same(listed(kept), kept)


def test_same_tree_gives_the_same_text():
    text = "\n".join(PROGRAMS["class"] for _ in range(3))
    assert listed(text) == listed(text)
    tree = ast.parse(text)
    before = ast.dump(tree, include_attributes=True)
    assert to_python(tree, NOWHERE) == to_python(tree, NOWHERE)
    assert ast.dump(tree, include_attributes=True) == before


def test_tree_without_positions_or_optional_fields():
    function = ast.FunctionDef(
        name="f",
        args=ast.arguments(posonlyargs=[], args=[], kwonlyargs=[], kw_defaults=[], defaults=[]),
        body=[ast.Return(value=ast.Constant(1))],
        decorator_list=[],
    )
    assert listed(to_python(ast.Module(body=[function], type_ignores=[]), NOWHERE)) == (
        "def f():\n    return 1\n"
    )


@pytest.mark.parametrize("failure", [SyntaxError, AttributeError, RecursionError, ImportError])
def test_statement_that_astor_cannot_print_is_printed_by_python(monkeypatch, failure):
    astor = pytest.importorskip("astor")
    print_one = astor.to_source

    def fail_on_functions(module):
        if isinstance(module.body[0], ast.FunctionDef):
            raise failure("no")
        return print_one(module)

    monkeypatch.setattr(astor, "to_source", fail_on_functions)
    long_call = f"g({arguments(20)})"
    text = listed(f"def f():\n    {long_call}\n\n{long_call}\n")
    of_python, of_astor = text.split("\n\n\n")
    assert of_python.count("\n") == 1
    assert of_astor.count("\n") > 1


@pytest.mark.parametrize("wrong", ["y = 2\n", "x = = 1\n", None, "x = 1.0\n"])
def test_what_astor_prints_wrongly_is_printed_by_python(monkeypatch, wrong):
    astor = pytest.importorskip("astor")
    monkeypatch.setattr(astor, "to_source", lambda module: wrong)
    assert listed("x = 1\n") == "x = 1\n"


@pytest.mark.parametrize(
    "value",
    [
        ast.Constant(value=float("nan")),
        ast.Constant(value=object()),
        ast.Constant(value=frozenset({1})),
        ast.Name(id="a b", ctx=ast.Load()),
        ast.Name(id="1", ctx=ast.Load()),
    ],
)
def test_tree_that_no_text_stands_for_is_a_bug(value):
    statement = ast.Assign(targets=[ast.Name(id="x", ctx=ast.Store())], value=value)
    tree = ast.fix_missing_locations(ast.Module(body=[statement], type_ignores=[]))
    with pytest.raises(InternalError):
        to_python(tree, NOWHERE)


def test_more_brackets_than_python_reads():
    tree = ast.parse("ä = 1; x = 1")
    for _ in range(250):
        called = ast.Call(ast.Name("f", ast.Load()), [tree.body[1].value], [])
        tree.body[1].value = ast.copy_location(called, tree.body[1].value)
    ast.fix_missing_locations(tree)
    with pytest.raises(DanaSyntaxError, match="too deeply nested for the text of a") as caught:
        to_python(tree, Source("ä = 1; x = 1"))
    assert caught.value.diagnostic.span == (1, 8, 1, 9)


def test_no_warnings_escape():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        listed("x = 'a', 1, None, ..., f'{a}'\nassert x is 'a'\n")
