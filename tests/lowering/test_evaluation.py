"""What a pipe evaluates, in which order and how often: each program beside its Python twin.

Both have the functions `f`, `g` and `h`, and `call`, `make`, `note` and `watched` (see conftest.py).
"""

from __future__ import annotations

import re

import pytest

HEADS = {
    "head is evaluated once and first": (
        "result = note(5) | f | g",
        "result = g(f(note(5)))",
    ),
    "head is evaluated once where it is called": (
        "result = (make('head') | f)(note(1))",
        "head = make('head')\nresult = f(head(note(1)))",
    ),
    "head of a composed pipe is evaluated at composition": (
        "p = make('head') | f\nnote('composed')\nresult = [p(1), p(2)]",
        "head = make('head')\nnote('composed')\nresult = [f(head(1)), f(head(2))]",
    ),
    "head is read once where it is an attribute": (
        "p = watched.a | f\nnote('composed')\nresult = [p(1), p(2)]",
        "a = watched.a\nnote('composed')\nresult = [f(a(1)), f(a(2))]",
    ),
    "head in a comprehension": (
        "result = [note(i) | f($$, $$) for i in range(2)]",
        "result = [f(note(i), i) for i in range(2)]",
    ),
    "head that is a subscript": (
        "things = [g, 7]\nresult = [things[note(1)] | f, (things[note(0)] | f)('a')]",
        "note(1)\nfirst = f(7)\nnote(0)\nresult = [first, f(g('a'))]",
    ),
    "head that is a conditional expression": (
        "def run(flag): return (note(1) if note(flag) else note(2)) | f\n"
        "result = [run(true), run(false)]",
        "def run(flag): return f(note(1) if note(flag) else note(2))\n"
        "result = [run(True), run(False)]",
    ),
    "head that is none, falsy or empty flows": (
        "def run(x): return x | f\nresult = [run(none), run(0), run(''), run([])]",
        "result = [f(None), f(0), f(''), f([])]",
    ),
    "a class is callable": (
        "def run(x): return x | f\nresult = run(int)('12')",
        "result = f(12)",
    ),
    "a head name that a later argument rebinds keeps its value": (
        "x = 1\ndef change():\n    global x\n    x = 2\n    return x\n"
        "result = [x | f(change(), $$), x]",
        "result = [f(2, 1), 2]",
    ),
    "a rebound function name is looked at when the pipe runs": (
        "k = f\ncomposed = k | g\nk = 5\nresult = [composed(1), k | g]",
        "result = [g(f(1)), g(5)]",
    ),
    "names that the generated code could need": (
        "def callable(x): return 0\ndef isinstance(x, y): return 0\ndict = 5\n"
        "def run(x): return x | f | (lambda y :: y.upper())\nresult = [run(1), run(g)(2)]",
        "result = [f(1).upper(), f(g(2)).upper()]",
    ),
    "named expression as head": (
        "result = [(x := note(5)) | f($$, x), x]",
        "result = [f((x := note(5)), x), x]",
    ),
}

STAGES = {
    "value before the arguments of a call": (
        "result = note(5) | f(note(1), k=note(2))",
        "result = f(note(5), note(1), k=note(2))",
    ),
    "value before an attribute callee": (
        "result = note(5) | watched.a",
        "value = note(5)\nresult = watched.a(value)",
    ),
    "value before an attribute callee with arguments": (
        "result = note(5) | watched.a(note(1), k=note(2))",
        "value = note(5)\nresult = watched.a(value, note(1), k=note(2))",
    ),
    "value before an attribute callee with `$$`": (
        "result = note(5) | watched.a(note(1), $$)",
        "value = note(5)\nresult = watched.a(note(1), value)",
    ),
    "value before an attribute callee with `$$` first": (
        "result = note(5) | watched.a($$, note(1))",
        "value = note(5)\nresult = watched.a(value, note(1))",
    ),
    "value before a dotted callee": (
        "things = [watched]\nresult = note(5) | things[note(0)].a.__call__",
        "value = note(5)\nresult = [watched][note(0)].a(value)",
    ),
    "value before a factory in parentheses": (
        "result = note(5) | (make('made'))",
        "value = note(5)\nresult = make('made')(value)",
    ),
    "value before a factory in a function": (
        "def run(x): return note(x) | (make('made')) | (make('other'))\nresult = run(5)",
        "value = note(5)\nvalue = make('made')(value)\nresult = make('other')(value)",
    ),
    "value before a subscript callee": (
        "table = {'f': f}\nresult = note(5) | table[note('f')]",
        "value = note(5)\nresult = {'f': f}[note('f')](value)",
    ),
    "value before a called callee": (
        "result = note(5) | make('made')(note(1))",
        "value = note(5)\nresult = make('made')(value, note(1))",
    ),
    "value before a conditional stage": (
        "result = note(5) | (f if note(1) else g)",
        "value = note(5)\nresult = (f if note(1) else g)(value)",
    ),
    "only the chosen arm is evaluated": (
        "result = note(5) | (watched.a(note(1)) if note(0) else watched.b(note(2), $$))",
        "value = note(5)\nnote(0)\nresult = watched.b(note(2), value)",
    ),
    "value before the default of a lambda stage": (
        "result = note(5) | (lambda x, y=note(1) :: [x, y])",
        "value = note(5)\nresult = (lambda x, y=note(1): [x, y])(value)",
    ),
    "stages from left to right": (
        "result = note(1) | watched.a(note(2)) | watched.b(note(3)) | watched.c(note(4), $$)",
        "value = note(1)\nvalue = watched.a(value, note(2))\nvalue = watched.b(value, note(3))\n"
        "result = watched.c(note(4), value)",
    ),
    "a failing stage stops the pipe": (
        "def fail(x): raise ValueError(x)\n"
        "try:\n    note(1) | f | fail | g(note(2))\nexcept ValueError as e:\n    result = str(e)\n",
        "result = f(note(1))\n",
    ),
    "stages behind a failing head are not evaluated": (
        "result = []\ntry:\n    note([])[0] | watched.a(note(1))\nexcept IndexError:\n    note(2)\n",
        "result = []\nnote([])\nnote(2)\n",
    ),
    "a stage that is not callable fails after its value": (
        "five = 5\nresult = ''\ntry:\n    note(1) | five\nexcept TypeError as e:\n    result = 'no'\n",
        "note(1)\nresult = 'no'\n",
    ),
    "value before a name that its evaluation rebinds": (
        "k = make('old')\ndef change():\n    global k\n    k = make('new')\n    return 5\n"
        "result = [len([change()]) | k, len([change()]) | k(1), len([change()]) | k(1, $$)]",
        "make('old')\nfirst = make('new')(1)\nsecond = make('new')(1, 1)\n"
        "result = [first, second, make('new')(1, 1)]",
    ),
    "value before a module's attribute that its evaluation rebinds": (
        "import tracing\ndef change():\n    tracing.fresh = make('new')\n    return 5\n"
        "result = [len([change()]) | tracing.fresh(2), len([change()]) | tracing.fresh($$, $$)]",
        "first = make('new')(1, 2)\nresult = [first, make('new')(1, 1)]",
    ),
    "an arm that is not chosen is not evaluated": (
        "nothing = none\ndef run(x): return x | (nothing.a if nothing is not none else f)\n"
        "result = [run(1), run(g)(2)]",
        "result = [f(1), f(g(2))]",
    ),
    "a partial application of many kinds of arguments": (
        "result = note(5) | f(*note([1, 2]), note(3), **note({'k': 4}))",
        "result = f(note(5), *note([1, 2]), note(3), **note({'k': 4}))",
    ),
    "an empty call is the callable itself": (
        "result = note(5) | f() | watched.a()",
        "value = f(note(5))\nresult = watched.a(value)",
    ),
    "a method of a value": (
        "separator = '-'\nresult = note(['a', 'b']) | separator.join | f",
        "result = f('-'.join(note(['a', 'b'])))",
    ),
    "a stage applied to a function value": (
        "result = 5 | make | noop | (lambda k :: k(1))",
        "made = make(5)\nresult = made(1)",
    ),
}

FLOW_VALUE = {
    "behind an effect": (
        "def run(x): return note(x) | f(note(1), $$)\nresult = run(5)",
        "value = note(5)\nresult = f(note(1), value)",
    ),
    "behind an effect, at module level": (
        "result = note(5) | f(note(1), $$)",
        "value = note(5)\nresult = f(note(1), value)",
    ),
    "behind an effect, in a comprehension": (
        "result = [note(x) | f(note(1), $$) for x in 'ab']",
        "result = []\nfor x in 'ab':\n    value = note(x)\n    result.append(f(note(1), value))",
    ),
    "behind an effect, in a generator": (
        "def run(): return list(note(x) | f(note(1), $$) for x in 'ab')\nresult = run()",
        "result = []\nfor x in 'ab':\n    value = note(x)\n    result.append(f(note(1), value))",
    ),
    "in a keyword behind an effect": (
        "result = note(5) | f(a=note(1), b=$$)",
        "value = note(5)\nresult = f(a=note(1), b=value)",
    ),
    "in one arm of a conditional argument": (
        "result = note(5) | f($$ if note(0) else note(1))",
        "note(5)\nresult = f(5 if note(0) else note(1))",
    ),
    "behind `and`": (
        "result = note(5) | f(note(0) and $$)",
        "note(5)\nresult = f(note(0) and 5)",
    ),
    "in a condition and both arms": (
        "result = note(5) | ($$ + 1 if $$ > note(9) else note(1) + $$)",
        "value = note(5)\nresult = value + 1 if value > note(9) else note(1) + value",
    ),
    "used several times, evaluated once": (
        "def run(x): return note(x) | f($$, [$$, {'k': $$}], lambda :: $$)\nresult = run(5)",
        "result = f(note(5), [5, {'k': 5}], len)",
    ),
    "of the innermost stage": (
        "result = note(5) | f(note(6) | g($$, 1), $$)",
        "value = note(5)\nresult = f(g(note(6), 1), value)",
    ),
    "is the head of an inner pipe": (
        "result = note(5) | f(($$ | g), ($$ | h(1)))",
        "value = note(5)\nresult = f(g(value), h(value, 1))",
    ),
    "in a nested call": (
        "result = note(5) | f(g($$), h(g($$)))",
        "value = note(5)\nresult = f(g(value), h(g(value)))",
    ),
    "in a subscript and a slice": (
        "result = note('abcd') | f($$[note(1)], $$[1:note(3)])",
        "value = note('abcd')\nresult = f(value[note(1)], value[1:note(3)])",
    ),
    "in a starred argument": (
        "result = note([1, 2]) | f(*$$, **{'n': len($$)})",
        "value = note([1, 2])\nresult = f(*value, **{'n': len(value)})",
    ),
    "as the callee": (
        "result = 5 | make | $$(1)",
        "result = make(5)(1)",
    ),
    "as the callee's object": (
        "result = note('ab') | $$.upper() | $$.replace(note('A'), 'x')",
        "result = note('ab').upper().replace(note('A'), 'x')",
    ),
    "in an expression behind an effect": (
        "result = note(5) | note(1) + $$",
        "value = note(5)\nresult = note(1) + value",
    ),
    "in a comparison": (
        "result = note(5) | note(1) < $$ < note(9)",
        "value = note(5)\nresult = note(1) < value < note(9)",
    ),
    "in an f-string": (
        "result = note(5) | f'{note(1)} {$$} {$$!r:>4}'",
        "value = note(5)\nresult = f'{note(1)} {value} {value!r:>4}'",
    ),
    "in a comprehension's first iterable": (
        "result = note([1, 2]) | f([note(x) for x in $$])",
        "result = f([note(x) for x in note([1, 2])])",
    ),
    "in a comprehension's element and condition": (
        "result = note(2) | f([x * $$ for x in note([1, 2]) if x < $$])",
        "value = note(2)\nresult = f([x * value for x in note([1, 2]) if x < value])",
    ),
    "in a generator that is read later": (
        "def run(x): return note(x) | noop(y * $$ for y in note([1, 2]))\nresult = list(run(3))",
        "note(3)\nresult = [y * 3 for y in note([1, 2])]",
    ),
    "in lambdas made in a loop": (
        "made = []\ndef run():\n    for i in range(3):\n"
        "        note(i) | made.append(lambda :: $$)\nrun()\nresult = [k() for k in made]",
        "for i in range(3): note(i)\nresult = [0, 1, 2]",
    ),
    "in lambdas made in a comprehension": (
        "def run(): return [note(i) | noop(lambda :: $$) for i in range(3)]\n"
        "result = [k() for k in run()]",
        "for i in range(3): note(i)\nresult = [0, 1, 2]",
    ),
    "in a lambda stage": (
        "result = note(5) | (lambda x :: x + $$)(note(1))",
        "value = note(5)\nresult = (lambda x: x + value)(note(1))",
    ),
    "in the default of a lambda": (
        "result = note(5) | f((lambda x=$$ :: x)(), note(1))",
        "result = f(note(5), note(1))",
    ),
}

COMPOSED = {
    "callables once, at composition": (
        "p = f | watched.a | (make('made'))\nnote('composed')\nresult = [p(1), p(2)]",
        "a = watched.a\nmade = make('made')\nnote('composed')\n"
        "result = [made(a(f(1))), made(a(f(2)))]",
    ),
    "arguments at each run": (
        "p = f | g(note(1)) | watched.a(note(2), $$)\nnote('composed')\nresult = [p(1), p(2)]",
        "a = watched.a\nnote('composed')\n"
        "def p(x):\n    value = g(f(x), note(1))\n    return a(note(2), value)\n"
        "result = [p(1), p(2)]",
    ),
    "head before the other callables": (
        "p = watched.a | watched.b | (make('c'))\nresult = p(1)",
        "a = watched.a\nb = watched.b\nc = make('c')\nresult = c(b(a(1)))",
    ),
    "callables of branches too": (
        "p = f | [watched.a, watched.b(note(1)), g | watched.c]\nnote('composed')\nresult = p(1)",
        "a, b, c = watched.a, watched.b, watched.c\nnote('composed')\nvalue = f(1)\n"
        "result = [a(value), b(value, note(1)), c(g(value))]",
    ),
    "defaults of a lambda, once": (
        "p = f | (lambda x, y=note([]) :: [x, y])\nnote('composed')\nresult = [p(1), p(2)]",
        "last = (lambda x, y=note([]): [x, y])\nnote('composed')\n"
        "result = [last(f(1)), last(f(2))]",
    ),
    "defaults of a lambda at the head, once": (
        "p = lambda x, y=note(3) :: [x, y] | f\nnote('composed')\nresult = [p(1), p(2)]",
        "head = (lambda x, y=note(3): [x, y])\nnote('composed')\nresult = [f(head(1)), f(head(2))]",
    ),
    "takes the arguments of its first stage": (
        "p = f | g\nresult = [p(), p(1, 2), p(1, *[2, 3], k=4)]",
        "result = [g(f()), g(f(1, 2)), g(f(1, 2, 3, k=4))]",
    ),
    "of composed ones": (
        "p = f | g\nq = p | h\nresult = [q(1), (h | p)(2), (p | p)(3), 4 | p, 5 | (p | h)]",
        "result = [h(g(f(1))), g(f(h(2))), g(f(g(f(3)))), g(f(4)), h(g(f(5)))]",
    ),
    "with a conditional stage": (
        "def pick(flag): return f | (watched.a if note(flag) else watched.b)\n"
        "p = pick(1)\nnote('composed')\nresult = [p(1), p(2)]",
        "a = watched.a if note(1) else watched.b\nnote('composed')\nresult = [a(f(1)), a(f(2))]",
    ),
    "with a conditional stage that looks at the value": (
        "p = f | (g if $$ == 'f(1)' else h)\nresult = [p(1), p(2)]",
        "result = [g(f(1)), h(f(2))]",
    ),
    "with a flow value in the callee's arguments only": (
        "p = f | watched.a($$, $$)\nnote('composed')\nresult = [p(1), p(2)]",
        "a = watched.a\nnote('composed')\nx = f(1)\nfirst = a(x, x)\ny = f(2)\n"
        "result = [first, a(y, y)]",
    ),
    "in a loop, each with its own callables": (
        "made = []\nfor i in range(3): made.append(f | (make(str(i))))\n"
        "result = [p(1) for p in made]",
        "made = [make(str(i)) for i in range(3)]\nresult = [m(f(1)) for m in made]",
    ),
    "names of arguments are read at each run": (
        "n = 1\np = f | g(n)\nn = 2\nresult = p(0)",
        "result = g(f(0), 2)",
    ),
    "unknown head, composed at run time": (
        "def compose(x, y): return x | y | f(note(1))\np = compose(g, h)\nnote('composed')\n"
        "result = [p(5), compose(5, h)]",
        "note('composed')\nfirst = f(h(g(5)), note(1))\nresult = [first, f(h(5), note(1))]",
    ),
    "deep in other pipes": (
        "def run(a, b): return a | f((b | g((a | h))))\nresult = run(1, 2)",
        "result = f(1, g(2, h(1)))",
    ),
}

DECLARED = {
    "stages are looked up at each call": (
        "def p(x) = later | f\nlater = make('a')\nfirst = p(1)\nlater = make('b')\n"
        "result = [first, p(2)]",
        "a = make('a')\nfirst = f(a(1))\nb = make('b')\nresult = [first, f(b(2))]",
    ),
    "factories run at each call": (
        "def p(x) = f | (make('made'))\nresult = [p(1), p(2)]",
        "value = f(1)\nfirst = make('made')(value)\nvalue = f(2)\n"
        "result = [first, make('made')(value)]",
    ),
    "defaults once, at definition": (
        "def p(x, y=note(7)) = f | g\nnote('defined')\nresult = [p(1), p(2), p(3, y=4)]",
        "note(7)\nnote('defined')\nresult = [g(f(1, 7)), g(f(2, 7)), g(f(3, 4))]",
    ),
    "parameters are variables in all stages": (
        "def p(a, b) = f | g(b, $$) | h(a)\nresult = p(1, 2)",
        "result = h(g(2, f(1, 2)), 1)",
    ),
    "a first call that mentions no parameter gets them first": (
        "def p(a, b) = f(note(9), k=note(8)) | g\nresult = p(1, 2)",
        "result = g(f(1, 2, note(9), k=note(8)))",
    ),
    "a first call that mentions a parameter is called as written": (
        "def p(a, b) = f(note(9), b) | g\nresult = p(1, 2)",
        "result = g(f(note(9), 2))",
    ),
    "a first call that mentions `$$`": (
        "def p(x) = f(note(9), $$, $$) | g\nresult = p(1)",
        "result = g(f(note(9), 1, 1))",
    ),
    "a parameter in a lambda counts as mentioned": (
        "def p(x) = f(lambda :: x) | g\nresult = p(1)",
        "result = g(f(len))",
    ),
    "a lambda's own parameter does not": (
        "def p(x) = f(lambda x :: x) | g\nresult = p(1)",
        "result = g(f(1, len))",
    ),
    "a single stage": (
        "def p(x) = watched.a\nresult = [p(1), p(2)]",
        "first = watched.a(1)\nresult = [first, watched.a(2)]",
    ),
    "a lambda first": (
        "def p(x, y) = lambda a, b :: a - b | f\nresult = p(5, 3)",
        "result = f(2)",
    ),
    "an operation of parameters is a head": (
        "def p(a, b) = a * b | f | g(a)\nresult = p(2, 3)",
        "result = g(f(6), 2)",
    ),
    "a head that is a function composes": (
        "def p(x) = x | f\nq = p(g)\nresult = [q(1), p(2)]",
        "result = [f(g(1)), f(2)]",
    ),
    "a parameter may be a stage": (
        "def p(x, stage) = x | stage | f\nresult = p(5, g)",
        "result = f(g(5))",
    ),
    "recursion": (
        "def down(n) = n | (f if $$ == 0 else (lambda m :: m - 1 | down | g))\n"
        "def count(n): return 0 if n == 0 else (n - 1 | count | $$ + 1)\n"
        "result = [down(2), count(5)]",
        "result = [g(g(f(0))), 5]",
    ),
    "nested in a function, over its variables": (
        "def outer(k):\n    def p(x) = f(k, $$) | g(k)\n    return p\nresult = outer(1)(2)",
        "result = g(f(1, 2), 1)",
    ),
    "with a decorator": (
        "def twice(k): return lambda x :: k(k(x))\n@twice\ndef p(x) = f | g\nresult = p(1)",
        "result = g(f(g(f(1))))",
    ),
    "rest and options go on": (
        "def p(*rest, **options) = f | g\nresult = [p(), p(1, 2, k=3)]",
        "result = [g(f()), g(f(1, 2, k=3))]",
    ),
    "positional-only and keyword-only parameters": (
        "def p(a, /, b, *, c=3) = f | g\nresult = [p(1, 2), p(1, b=2, c=4)]",
        "result = [g(f(1, 2, c=3)), g(f(1, 2, c=4))]",
    ),
    "a block first, with several parameters": (
        "def p(a, b) = [f, g(9), h(b), watched.a | f]\nresult = p(1, 2)",
        "result = [f(1, 2), g(1, 2, 9), h(2), f(watched.a(1, 2))]",
    ),
    "a block first, without parameters": (
        "def one(): return f(1)\ndef two(): return g(2)\ndef p() = [one, two | h]\nresult = p()",
        "result = [f(1), h(g(2))]",
    ),
}


def _flat(table: dict[str, tuple[str, str]]) -> list[object]:
    return [pytest.param(dana, python, id=name) for name, (dana, python) in table.items()]


MAIN = HEADS | STAGES | FLOW_VALUE
# The others are about names of the module.
IN_FUNCTIONS = {name: texts for name, texts in MAIN.items() if "global " not in texts[0]}
BEHIND_KNOWN_FUNCTIONS = {
    name: (known, python)
    for name, (dana, python) in MAIN.items()
    if (known := re.sub(r"note\((\w+|'\w+'|\[[^()]*\])\) \|", r"\1 | noted |", dana)) != dana
}


class TestEvaluation:
    @pytest.mark.parametrize(("dana", "python"), _flat(HEADS))
    def test_head(self, dana, python, tell_the_same, prelude):
        tell_the_same(prelude + dana, prelude + python)

    @pytest.mark.parametrize(("dana", "python"), _flat(STAGES))
    def test_stage(self, dana, python, tell_the_same, prelude):
        tell_the_same(prelude + dana, prelude + python)

    @pytest.mark.parametrize(("dana", "python"), _flat(FLOW_VALUE))
    def test_flow_value(self, dana, python, tell_the_same, prelude):
        tell_the_same(prelude + dana, prelude + python)

    @pytest.mark.parametrize(("dana", "python"), _flat(COMPOSED))
    def test_composed(self, dana, python, tell_the_same, prelude):
        tell_the_same(prelude + dana, prelude + python)

    @pytest.mark.parametrize(("dana", "python"), _flat(DECLARED))
    def test_declared(self, dana, python, tell_the_same, prelude):
        tell_the_same(prelude + dana, prelude + python)

    @pytest.mark.parametrize(("dana", "python"), _flat(IN_FUNCTIONS))
    def test_in_a_function_as_at_module_level(self, dana, python, tell_the_same, prelude):
        """Where temporaries have room the code is another one; it must mean the same."""
        tell_the_same(prelude + _in_function(dana), prelude + _in_function(python))

    @pytest.mark.parametrize(("dana", "python"), _flat(BEHIND_KNOWN_FUNCTIONS))
    def test_behind_a_known_function(self, dana, python, tell_the_same, prelude):
        """The same where the value comes from a stage that is known, so that it needs no test."""
        tell_the_same(prelude + dana, prelude + python)


def _in_function(text: str) -> str:
    body = "\n".join("    " + line for line in text.splitlines())
    return f"def program():\n{body}\n    return result\nresult = program()\n"
