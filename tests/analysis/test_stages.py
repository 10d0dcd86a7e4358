"""What is known of an expression at compile time: a function, data, or neither."""

from __future__ import annotations

import pytest

from danac import nodes
from danac.analysis.names import Names
from danac.analysis.stages import is_known_function, kind_of
from danac.compilation import build, compile_source
from danac.source import Source

DEFINITIONS = """\
from functools import wraps
import json
def f(x): return x
def p(x) = f
async def coroutine(x): return x
@wraps(f)
def decorated(x): return x
def twice(x): return x
def twice(x): return x
def rebound(x): return x
rebound = 5
def from_inside(x): return x
def change():
    global from_inside
    from_inside = 5
def deleted(x): return x
del deleted
def looped(x): return x
for looped in []: pass
if f:
    def conditional(x): return x
variable = f
struct Plain:
    x: int
struct Called:
    def __call__(self): 1
struct Made:
    def __new__(cls): f
"""


def kind_in(text: str, definitions: str = DEFINITIONS) -> str:
    module = build(Source(f"{definitions}\n{text}\n"))
    last = module.body[-1]
    assert isinstance(last, nodes.ExpressionStatement)
    return kind_of(last.value, Names(module).module)


@pytest.mark.parametrize(
    ("text", "kind"),
    {
        "5": "data",
        "'text'": "data",
        "none": "data",
        "f'{f}'": "data",
        "1 + 2 * -3": "data",
        "1 + len(f)": "data",
        "'n = ' + f(2)": "data",
        "f(2) + 'text' + f": "data",
        "1 + f(2)": "unknown",
        "f(2) * 3 - 1": "unknown",
        "-f(2)": "unknown",
        "not f": "data",
        "f == f": "unknown",
        "1 < 2 < 3": "data",
        "f(2) in f": "data",
        "f is f": "data",
        "1 < f(2) in f": "unknown",
        "Plain(1)": "data",
        "Plain(1) + 2": "unknown",
        "-(Plain(1))": "unknown",
        "(Plain(1) if f else 2) + 3": "unknown",
        "Called()": "unknown",
        "Made()": "unknown",
        "sum(f)": "unknown",
        "[f]": "data",
        "(f, f)": "data",
        "{f}": "data",
        "{'f': f}": "data",
        "[x for x in f]": "data",
        "len(f)": "data",
        "str(f)": "data",
        "(5)": "data",
        "1 if f else 2": "data",
        "lambda x :: x": "callable",
        "f": "callable",
        "p": "callable",
        "len": "callable",
        "ValueError": "callable",
        "noop": "callable",
        "conditional": "callable",
        "f | len": "callable",
        "(f | len)": "callable",
        "f if f else len": "callable",
        "f(1)": "unknown",
        "max(f)": "unknown",
        "json": "unknown",
        "json.dumps": "unknown",
        "f.attribute": "unknown",
        "f[0]": "unknown",
        "variable": "unknown",
        "undefined": "unknown",
        "coroutine": "callable",
        "decorated": "unknown",
        "twice": "unknown",
        "rebound": "unknown",
        "from_inside": "unknown",
        "deleted": "unknown",
        "looped": "unknown",
        "f if f else 5": "unknown",
        "5 | f": "unknown",
        "f and f": "unknown",
    }.items(),
)
def test_kind(text, kind):
    assert kind_in(text) == kind


class TestShadows:
    def kinds(self, text: str, name: str) -> list[bool]:
        """Return whether `name` is known wherever a scope of the program can read it, in source order."""
        module = build(Source(text))
        names = Names(module)
        scopes = [module] + [
            node
            for node in nodes.walk(module)
            if isinstance(node, nodes.Function | nodes.Lambda | nodes.Comprehension)
        ]
        return [is_known_function(name, names.scope_of(node)) for node in scopes]

    def test_parameter(self):
        assert self.kinds("def f(x): return x\ndef g(f): return f\n", "f") == [True, True, False]

    def test_local_variable(self):
        assert self.kinds("def g():\n    len = 5\n    return len\n", "len") == [True, False]

    def test_lambda_and_comprehension(self):
        text = "lambda len :: len\n[len for len in []]\nlambda x :: len\n"
        assert self.kinds(text, "len") == [True, False, False, True]

    def test_star_import(self):
        assert self.kinds("from m import *\n", "len") == [False]

    def test_star_import_behind_a_definition(self):
        assert self.kinds("def f(x): return x\nfrom m import *\n", "f") == [False, False]

    def test_nested_function(self):
        text = "def g():\n    def f(x): return x\n    return f\n"
        assert self.kinds(text, "f") == [False, True, True]

    def test_nonlocal(self):
        text = (
            "def g():\n    def f(x): return x\n    def change():\n"
            "        nonlocal f\n        f = 5\n    return f\n"
        )
        assert not any(self.kinds(text, "f"))

    def test_capture_is_not_the_function(self):
        namespace: dict[str, object] = {}
        text = "def f(x): return [x]\nresult = (lambda y :: y + 1) | noop\nvalue = 5 as f | [f]\n"
        with pytest.raises(TypeError, match="not callable"):
            exec(compile_source(text), namespace)
