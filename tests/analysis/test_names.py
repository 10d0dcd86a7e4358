"""Which scope binds which name, and how often: Python's rules."""

from __future__ import annotations

import pytest

from danac import nodes
from danac.analysis.names import Names, Scope
from danac.compilation import build
from danac.source import Source


def names_of(text: str) -> tuple[Names, nodes.Module]:
    module = build(Source(text))
    return Names(module), module


def scope_of(text: str, kind: type[nodes.Node]) -> Scope:
    """Return the scope of the last node of that kind."""
    names, module = names_of(text)
    return names.scope_of([node for node in nodes.walk(module) if isinstance(node, kind)][-1])


@pytest.mark.parametrize(
    ("text", "bound"),
    {
        "x = 1": {"x": "assigned"},
        "x, (y, *z) = a": {"x": "assigned", "y": "assigned", "z": "assigned"},
        "x.y = 1": {},
        "x[0] = 1": {},
        "x += 1": {"x": "assigned"},
        "x: int = 1": {"x": "assigned"},
        "local:x = 1": {"x": "assigned"},
        "private:x = 1": {},
        "for x, y in z: pass": {"x": "assigned", "y": "assigned"},
        "with a as x: pass": {"x": "assigned"},
        "try: a\nexcept A as x: b": {"x": "assigned"},
        "import a.b": {"a": "import"},
        "import a.b as c": {"c": "import"},
        "from a import b, c as d": {"b": "import", "d": "import"},
        "import a.py": {"a": "import"},
        "def f(x): y = 1": {"f": "function"},
        "def f(x) = g": {"f": "function"},
        "struct P:\n    x: int": {"P": "struct"},
        "del x": {"x": "assigned"},
        "(x := 1)": {"x": "assigned"},
        "[(x := y) for y in z]": {"x": "assigned"},
        "[x for x in y]": {},
        "lambda x :: x": {},
        "a | f as x | g(x)": {},
    }.items(),
)
def test_bindings_of_the_module(text, bound):
    names, _ = names_of(text)
    assert {name: binding.kind for name, binding in names.module.bindings.items()} == bound


def test_writes_are_counted():
    names, _ = names_of("x = 1\nx = 2\nfor x in y: pass\ndef f():\n    global x\n    x = 3\n")
    assert names.module.bindings["x"].writes == 4


def test_parameters_and_locals():
    scope = scope_of("def f(a, *b, c=1, **d):\n    e = 1\n", nodes.Function)
    assert {n: b.kind for n, b in scope.bindings.items()} == {
        **dict.fromkeys("abcd", "parameter"),
        "e": "assigned",
    }


def test_global_counts_for_the_whole_function():
    text = "def f():\n    if a:\n        global x\n    x = 1\n"
    assert "x" not in scope_of(text, nodes.Function).bindings


def test_nonlocal_binds_in_the_function_around():
    names, module = names_of(
        "def f():\n    x = 1\n    def g():\n        nonlocal x\n        x = 2\n"
    )
    outer = names.scope_of(module.body[0])
    assert outer.bindings["x"].writes == 2


def test_lookup_goes_outwards():
    text = "x = 1\ndef f(y):\n    return lambda z :: [w for w in x]\n"
    scope = scope_of(text, nodes.Comprehension)
    assert [scope.lookup(name)[0].kind for name in "wzyx"] == [
        "comprehension",
        "lambda",
        "function",
        "module",
    ]
    assert scope.lookup("v") is None


def test_first_iterable_belongs_to_the_scope_around():
    names, module = names_of("[x for x in (lambda x :: x)(1) for y in (lambda z :: z)(x)]")
    comprehension = module.body[0].value
    first, second = (clause.iterable.function for clause in comprehension.clauses)
    assert names.scope_of(first).parent.kind == "module"
    assert names.scope_of(second).parent.kind == "comprehension"


def test_defaults_belong_to_the_scope_around():
    names, module = names_of("def f(x=lambda :: 1): pass")
    default = module.body[0].parameters[0].default
    assert names.scope_of(default).parent.kind == "module"


def test_star_import_is_noted():
    assert names_of("from a import *")[0].module.star_import is not None
    assert names_of("from a import b")[0].module.star_import is None
