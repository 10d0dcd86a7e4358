"""What is said of the purity of a branch, and why: what `program` defines is what the branch may use."""

from __future__ import annotations

import pytest

from danac import nodes
from danac.analysis.names import Names
from danac.analysis.purity import Purity
from danac.compilation import build
from danac.source import Source


def verdict(program: str, branch: str) -> str:
    """Return the verdict of `branch`, as text without its place."""
    source = Source(f"{program}\ndef run(v) = noop | {{ {branch} }}\n", "p.dana")
    module = build(source)
    names = Names(module)
    declared = module.body[-1]
    assert isinstance(declared, nodes.Declaration)
    block = declared.pipe.stages[-1].value
    assert isinstance(block, nodes.ParallelBlock)
    return Purity(names).of_branch(block.branches[0], names.module).text


PURE = [
    ("", "str"),
    ("", "len"),
    ("", "lambda v :: v + 1"),
    ("", "lambda v :: v if v > 2 else -v"),
    ("", "lambda v :: [x * 2 for x in v if x]"),
    ("", "lambda v :: {x: y for x, y in v.items()}"),
    ("", "lambda v :: f'{v:>5} of {v!r}'"),
    ("", "lambda v :: v[0] + v[1:3][-1]"),
    ("", "lambda v :: not v and 'none' or v"),
    ("", "lambda v :: sum(x for x in v)"),
    ("", "lambda v :: sorted(v, key=lambda x :: -x)"),
    ("", "lambda v :: v.strip().upper().split(',')"),
    ("", "lambda v :: v.name"),
    ("", "$$ + 1"),
    ("", "$$ | str | len"),
    ("", "noop"),
    ("", "pow(2)"),
    ("def f(x): x * 2", "f"),
    ("def f(x): x * 2", "f | str"),
    ("def f(x): x * 2", "(f | str)"),
    ("def f(x, k=2): x * k", "f"),
    ("def f(x, k): x * k", "f(3)"),
    ("def f(x, k): x * k", "f(2, $$)"),
    ("def f(x) = str | len", "f"),
    ("def f(n): 1 if n < 2 else n * f(n - 1)", "f"),
    ("def f(n): n == 0 or g(n - 1)\ndef g(n): n != 0 and f(n - 1)", "f"),
    ("def g(x): x + 1\ndef f(x): g(g(x))", "f"),
    ("def g(x): x + 1\ndef f(xs): list(map(g, xs))", "f"),
    ("f = lambda x :: x + 1", "f"),
    ("RATE = 0.2\ndef f(x): x * RATE", "f"),
    ("LIMITS = (1, -5)\ndef f(x): x in LIMITS", "f"),
    ("import math\ndef f(x): math.sqrt(x) * math.pi", "f"),
    ("import math as m", "m.floor"),
    ("from math import sqrt as root", "root"),
    ("from json import dumps", "dumps"),
    (
        "def f(xs):\n    found = []\n    for x in xs:\n        found.append(x)\n    return found",
        "f",
    ),
    (
        "def f(xs):\n    n = {}\n    for x in xs:\n        n[x] = n.get(x, 0) + 1\n    return n",
        "f",
    ),
    ("def f(xs):\n    n = [0]\n    for x in xs:\n        n[0] += 1\n    return n", "f"),
    (
        "def f(n):\n    total = 0\n    while n > 0:\n        total += n\n        n = n - 1\n    total",
        "f",
    ),
    ("def f(x):\n    try:\n        int(x)\n    except ValueError as e:\n        str(e)", "f"),
    ("def f(x):\n    assert x, 'none'\n    raise ValueError(f'no {x}')", "f"),
    ("def f(x):\n    def g(y): y + 1\n    g(x)", "f"),
    ("def f(x):\n    a, *b = x\n    b", "f"),
    ("def f(x):\n    y: int = x\n    y", "f"),
    ("def f(x): (y := x + 1) * y", "f"),
    ("def f(x): x | str | len", "f"),
    ("def f(x) = case((is_even, add_one), add_two)", "f"),
]

IMPURE = [
    ("", "print", "it calls print"),
    ("", "lambda v :: print(v)", "it calls print"),
    ("", "lambda v :: input(v)", "it calls input"),
    ("", "lambda v :: log(v)", "it calls log"),
    ("", "lambda v :: next(v)", "it calls next"),
    ("", "lambda v :: setattr(v, 'a', 1)", "it calls setattr"),
    ("", "lambda v :: v.append(1)", "its call of append may change what others have"),
    ("", "lambda v :: private:x", "it reads private:x"),
    ("", "lambda v :: system:depth", "it reads system:depth"),
    ("def f(x):\n    private:x = x", "f", "it writes private:x"),
    ("def f(x):\n    x.count = 1", "f", "it changes an attribute"),
    ("def f(x):\n    x[0] = 1", "f", "it changes an item of what others may have"),
    ("def f(x):\n    *y, x[0] = x", "f", "it changes an item of what others may have"),
    ("def f(x):\n    del x[0]", "f", "it changes an item of what others may have"),
    ("def f(xs):\n    xs += [1]", "f", "it changes xs, which others may see"),
    ("def f(xs):\n    ys = xs\n    ys += [1]", "f", "it changes ys, which others may see"),
    ("def f(xs):\n    ys = xs\n    ys.append(1)", "f", "its call of append"),
    ("def f(xs):\n    all = [xs]\n    all[0] += [1]", "f", "it changes an item in place"),
    ("def f(xs, kept=[]):\n    kept.append(xs)", "f", "its call of append"),
    ("n = 0\ndef f(x):\n    global n\n    n = x", "f", "it binds n, which others see"),
    ("n = 0\ndef f(x):\n    global n\n    n += x", "f", "it changes n, which others may see"),
    ("n = 0\nn = 1\ndef f(x): x + n", "f", "it reads n, which may change"),
    ("import time\ndef f(x): time.sleep(x)", "f", "it uses time.sleep"),
    ("from time import sleep", "sleep", "it uses time.sleep"),
    ("from random import random\ndef f(x): random()", "f", "it uses random.random"),
    ("def g(x): print(x)\ndef f(x): g(x) + 1", "f", "it calls print"),
    ("def g(x): print(x)\ndef f(xs): map(g, xs)", "f", "it calls print"),
    ("def f(x):\n    import math\n    math.sqrt(x)", "f", "it imports a module"),
]

UNKNOWN = [
    ("", "lambda v :: open(v).read()", "nothing is known of the method read"),
    ("import requests_of_some_kind as r", "r.get", "nothing is known of requests_of_some_kind.get"),
    ("from somewhere import fetch", "fetch", "nothing is known of somewhere.fetch"),
    ("from .near import fetch", "fetch", "nothing is known of fetch, which is imported"),
    ("TABLE = {'a': 1}\ndef f(x): TABLE[x]", "f", "the value of TABLE"),
    ("def f(x, y): x + y", "f", "f does not take one argument"),
    ("def f(): 1", "f", "f does not take one argument"),
    ("struct Point:\n    x: int\ndef f(v): Point(x=v)", "f", "it makes a Point"),
    ("@log_calls\ndef f(x): x", "f", "f is decorated"),
    ("def f(x): x\ndef f(x): x + 1", "f", "f may be bound to something else"),
    ("async def f(x): x", "f", "f is a coroutine function"),
    ("def f(x):\n    yield x", "f", "it is a generator"),
    ("def f(x):\n    with x as y:\n        y", "f", "it uses a context manager"),
    ("def f(x, g): g(x)", "f(abs)", "nothing is known of g, which it calls"),
    ("def f(x): x.fetch()", "f", "nothing is known of the method fetch"),
    ("def upper(x): x\ndef f(x): x.upper()", "f", "upper may be a method"),
    ("def f(x): x | { str, len }", "f", "it runs a block of its own"),
    ("", "{ str, len }", "it runs a block of its own"),
    ("", "str with (retries=1) | len", "a stage of it has a policy"),
    ("from somewhere import *\ndef f(x): helper(x)", "f", "nothing is known of helper"),
    ("def f(x): (lambda :: x)()()", "f", "what it calls is made when it runs"),
    ("", "lambda v :: getattr(v, 'a')", "nothing is known of getattr"),
    ("", "lambda v :: v.append", "append may change"),
    ("from queue import Queue\ndef f(x, q=Queue()): q.get()", "f", "the default of q"),
    ("from queue import Queue\nf = lambda x, q=Queue() :: q.get()", "f", "the default of q"),
    ("def f(x): x * f.rate\nf.rate = 2", "f", "rate may be set on a function"),
]


@pytest.mark.parametrize(("program", "branch"), PURE)
def test_pure(program, branch):
    assert verdict(program, branch) == "pure"


@pytest.mark.parametrize(
    ("kind", "program", "branch", "reason"),
    [*[("impure", *case) for case in IMPURE], *[("unknown", *case) for case in UNKNOWN]],
)
def test_not_pure(kind, program, branch, reason):
    found = verdict(program, branch)
    assert found.startswith(f"{kind}: ")
    assert reason in found


def test_the_place_is_that_of_the_effect():
    assert verdict("def g(x):\n    print(x)\ndef f(x): g(x)", "f").endswith("it calls print (2:5)")


def test_parameters_of_the_function_around_may_be_anything():
    text = "def outer(v, rate):\n    return v | { lambda x :: x * rate }\n"
    module = build(Source(text, "p.dana"))
    names = Names(module)
    function = module.body[0]
    found = [n for n in nodes.walk(function) if isinstance(n, nodes.ParallelBlock)]
    said = Purity(names).of_branch(found[0].branches[0], names.scope_of(function))
    assert (said.kind, said.reason) == (
        "unknown",
        "the type of rate, which is bound around it, is not known",
    )


def test_a_very_long_sum():
    assert verdict(f"def f(x): x{' + 1' * 3000}", "f") == "pure"
