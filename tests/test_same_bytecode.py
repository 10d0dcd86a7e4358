"""A compiled function is the function that one would have written in Python: the same instructions.

Compared are the instructions with their arguments, the constants, the table of exception handlers
and the kinds of variables, of functions and of all that is made inside them; names may differ.

`SAME` holds functions whose text means the same in both languages, or stands beside its Python twin.
`MORE` holds the places where Dana asks more of an operation than Python, with the reason, and the
Python that this costs: nothing else may cost anything.
"""

from __future__ import annotations

import dis
import textwrap
from types import CodeType, FunctionType
from typing import Any, NamedTuple

import pytest

import danac


class Twins(NamedTuple):
    dana: str
    python: str


def both(text: str) -> Twins:
    """Return a text that is a program in both languages."""
    return Twins(text, text)


SAME = {
    # --- Expressions
    "arithmetic": both("def f(a, b): return -a ** 2 + b * 3 // 4 - (a % b) / 2.5"),
    "constant folding": both("def f(): return 60 * 60 * 24, 'ab' * 3, -1, (1, 2, 3)"),
    "comparisons": both("def f(a, b): return a < b <= 3 != a, a is None, a in b, a not in (1, 2)"),
    "short circuits": both("def f(a, b): return a and b or not a"),
    "conditional expression": both("def f(a): return 'yes' if a > 1 else 'no' if a else None"),
    "displays": both("def f(a, b): return [a, *b], (a, b), {a, b}, {'a': a, **b}"),
    "subscripts and slices": both("def f(a, i): return a[i], a[1:i], a[::2], a[i, 1:], a[-1]"),
    "conversions of numbers": both("def f(a): return int(a), float(a), str(a), abs(a)"),
    "f-strings": both('def f(a, w): return f"n = {a}, {a!r}, {a:>{w}.1f}, {a:.2f} {{}} {a=}"'),
    "f-string of an attribute called": both('def f(a): return f"{a.upper()}: {len(a)}"'),
    "texts joined": both('def f(a): return "a" + "b" + str(a) + f"{a}"'),
    "addition": both("def f(a, b): return a + b + 1"),
    "assignment expression": both(
        "def f(a):\n    if (n := len(a)) > 3:\n        return n\n    return 0"
    ),
    # --- Calls
    "calls": both("def f(g, a): return g(), g(a), g(a, 1, k=2), g(*a, **a), g(1, *a, k=a)"),
    "method calls": both("def f(a): return a.strip().split(',')[0].join(a)"),
    "method call with keywords": both("def f(a, b): return a.sort(key=b, reverse=True)"),
    "functions of modules": both("import math\ndef f(a): return math.sqrt(a) + math.pi"),
    "parameters": both("def f(a, b=1, *c, d, e=2, **g): return a, b, c, d, e, g"),
    "annotated parameters": Twins(
        "def f(a: int, b: list[str] = None) -> int:\n    return a",
        "from __future__ import annotations\ndef f(a: int, b: list[str] = None) -> int: return a",
    ),
    "recursion": both("def f(n): return n if n < 2 else f(n - 1) + f(n - 2)"),
    "isinstance": both("def f(a): return isinstance(a, int), isinstance(a, (str, list))"),
    "comparison of types": both("def f(a): return type(a) is int, type(a) == type(1)"),
    # --- Statements
    "assignments": both(
        """
        def f(a, b):
            c = d = a
            a, b = b, a
            (x, *y), z = [a, b], c
            b[0] = d
            b[1:2] = x
            a.name = z
            return y
        """
    ),
    "augmented assignments": both(
        """
        def f(a, b):
            a += 1
            a -= b
            a *= 2
            a //= 3
            b[a] += 1
            b[a] **= a
            return a
        """
    ),
    "implicit result": Twins(
        "def f(a):\n    b = a + 1\n    b * 2", "def f(a):\n    b = a + 1\n    return b * 2"
    ),
    "implicit results of branches": Twins(
        """
        def f(a):
            if a > 1:
                "many"
            elif a:
                "one"
            else:
                b = a
        """,
        """
        def f(a):
            if a > 1:
                return "many"
            elif a:
                return "one"
            else:
                b = a
        """,
    ),
    "docstring": both('def f(a):\n    """Say a."""\n    return a'),
    "for loop": both(
        """
        def f(n):
            total = 0
            for i in range(n):
                if i % 3 == 0:
                    continue
                if total > 1000:
                    break
                total += i
            else:
                total = -1
            return total
        """
    ),
    "nested loops over pairs": both(
        """
        def f(rows):
            found = []
            for index, (a, b) in enumerate(rows):
                for x in a:
                    found.append((index, x, b))
            return found
        """
    ),
    "while loop": both(
        """
        def f(n):
            steps = 0
            while n != 1:
                n = n // 2 if n % 2 == 0 else 3 * n + 1
                steps += 1
            return steps
        """
    ),
    "endless loop": both("def f(q):\n    while True:\n        if q.get():\n            return 1"),
    "if statements": both(
        """
        def f(a, b):
            if a and not b:
                return 1
            elif a or b > 2:
                return 2
            if a is None: return 3
            pass
        """
    ),
    "assert and del": both("def f(a):\n    assert a, 'empty'\n    del a[0]\n    del a"),
    "global": both("count = 0\ndef f():\n    global count\n    count += 1\n    return count"),
    "with": both(
        "def f(a, g):\n    with open(a) as x, g() as y:\n        return x.read() + y\n    return 1"
    ),
    "imports": both(
        "def f():\n    import os.path\n    from json import dumps as d\n    return d(os.sep)"
    ),
    # --- Comprehensions
    "list comprehension": both("def f(xs): return [x * x for x in xs if x % 2]"),
    "nested comprehension": both(
        "def f(n): return [(i, j) for i in range(n) for j in range(i) if i if j]"
    ),
    "set and dict comprehensions": both("def f(xs): return {x for x in xs}, {k: v for k, v in xs}"),
    "Dana's dict comprehension": Twins(
        "def f(xs): return {(k: v) for k, v in xs}", "def f(xs): return {k: v for k, v in xs}"
    ),
    "generator expression": both("def f(xs, k): return sum(x * k for x in xs if x)"),
    # --- Functions in functions
    "closure": both(
        """
        def f(a):
            count = 0
            def g(b):
                nonlocal count
                count += b
                return a + count
            return g
        """
    ),
    "lambda": Twins(
        "def f(k): return lambda x, y=2, *z :: x * k + y",
        "def f(k): return lambda x, y=2, *z: x * k + y",
    ),
    "lambda as argument": Twins(
        "def f(xs): return sorted(xs, key=lambda x :: -x)",
        "def f(xs): return sorted(xs, key=lambda x: -x)",
    ),
    # --- Generators and coroutines
    "generator": both(
        """
        def f(n):
            a, b = 0, 1
            while a < n:
                sent = yield a
                a, b = b, a + b
            yield from range(n)
        """
    ),
    "coroutine": both(
        """
        async def f(a):
            async with a as b:
                async for x in b:
                    await x
            return [y async for y in a]
        """
    ),
    # --- Exceptions
    "try, except, else, finally": both(
        """
        def f(a):
            try:
                b = int(a)
            except (ValueError, TypeError):
                return 0
            except OverflowError:
                raise
            else:
                return b
            finally:
                print(a)
        """
    ),
    "raise": both(
        """
        def f(a):
            if a:
                raise ValueError("no " + "more")
            raise KeyError from None
        """
    ),
    # --- Pipes
    "what is built in sight and taken apart": Twins(
        """
        struct P:
            x: int
            y: str
        def take(y: str, x: int, z=1): return y
        def f(a):
            b = (a, 2) | pair
            c = P(a, "t") | take
            d = ("t", 2) | typed
            e = {"y": a, "x": 2} | take
            return {"q": a, "x": 2, "y": "t"} | take
        def pair(a, b): return a
        def typed(n: int, s: str): return n
        """,
        """
        def f(a):
            b = pair(a, 2)
            c = take((v := P(a, "t")).y, v.x)
            d = typed((w := ("t", 2))[1], w[0])
            e = take(y=a, x=2)
            return take((u := {"q": a, "x": 2, "y": "t"})["y"], u["x"])
        """,
    ),
    "declarative function": Twins(
        "def f(a) = double | add | str\ndef double(x): return x\ndef add(x): return x",
        "def f(a): return str(add(double(a)))\ndef double(x): return x\ndef add(x): return x",
    ),
    "declarative function, several parameters": Twins(
        "def f(a, b=1, *, k=2) = g | h\ndef g(*a, **k): return a\ndef h(x): return x",
        "def f(a, b=1, *, k=2): return h(g(a, b, k=k))\ndef g(*a, **k): return a\ndef h(x): return x",
    ),
    "stages that are calls": Twins(
        "def f(a) = g(2) | g(3, $$) | g(k=$$)\ndef g(x, y=1, k=0): return x",
        "def f(a): return g(k=g(3, g(a, 2)))\ndef g(x, y=1, k=0): return x",
    ),
    "pipe of a literal": Twins(
        "def f(): return 5 | g | h\ndef g(x): return x\ndef h(x): return x",
        "def f(): return h(g(5))\ndef g(x): return x\ndef h(x): return x",
    ),
    "pipe of arithmetic": Twins(
        "def f(a): return len(a) * 2 | g | h\ndef g(x): return x\ndef h(x): return x",
        "def f(a): return h(g(len(a) * 2))\ndef g(x): return x\ndef h(x): return x",
    ),
    "pipe of what a method returns": Twins(
        "def f(a): return f'{a}' | g(1) | len\ndef g(x, y): return x",
        "def f(a): return len(g(f'{a}', 1))\ndef g(x, y): return x",
    ),
    "a stage that is an expression": Twins(
        "def f(a) = g | $$ + 1 | g\ndef g(x): return x",
        "def f(a): return g(g(a) + 1)\ndef g(x): return x",
    ),
    "captures": Twins(
        "def f(a) = g as b | g(b, 1) | g($$, b)\ndef g(x, y=1): return x",
        "def f(a): return g(g((b := g(a)), 1), b)\ndef g(x, y=1): return x",
    ),
    "case": Twins(
        "def f(n) = case((even, half), triple)\n"
        "def even(n): return n\ndef half(n): return n\ndef triple(n): return n",
        "def f(n): return half(n) if even(n) else triple(n)\n"
        "def even(n): return n\ndef half(n): return n\ndef triple(n): return n",
    ),
    # --- What the compiler can prove needs no test
    "typed assignment of a value of that type": Twins(
        "def f(a):\n    x: int = 5\n    y: list = [a]\n    z: str = f'{a}'\n    return x, y, z",
        "def f(a):\n    x = 5\n    y = [a]\n    z = f'{a}'\n    return x, y, z",
    ),
    "attributes of what is no dict": both("def f(a): return [1].append, 'a'.join, type(a).mro"),
    "fields of self": Twins(
        "struct P:\n    x: int\n    def f(self, k): return self.x * k + self.x\nf = P.f",
        "class P:\n    def f(self, k): return self.x * k + self.x\nf = P.f",
    ),
    "fields assigned": both("def f(p, v):\n    p.x = v\n    p.x += 1\n    return p"),
}

MORE: dict[str, tuple[str, Twins]] = {
    "attribute that is not called": (
        "a dict's key comes before its attribute",
        Twins(
            """
            def f(a):
                return a.name
            """,
            """
            def f(a):
                match a:
                    case {}: return attribute(a, 'name')
                return a.name
            """,
        ),
    ),
    "attribute of a result": (
        "a dict's key comes before its attribute",
        Twins(
            "def f(a): return a().name",
            "def f(a): return v.name if not isinstance((v := a()), dict) else attribute(v, 'name')",
        ),
    ),
    "text joined with what may be a number": (
        "beside a text that is one by its form, numbers are rendered",
        Twins("def f(a): return 'n = ' + a", "def f(a): return 'n = ' + text(a)"),
    ),
    "typed assignment": (
        "the value is converted or refused",
        Twins(
            "def f(a):\n    x: int = a\n    return x",
            "def f(a):\n    x = a if type(a) is int else convert(a, int, 'x')\n    return x",
        ),
    ),
    "the name of a caught error": (
        "the name stays bound behind the clause",
        Twins(
            """
            def f(a):
                try:
                    a()
                except ValueError as e:
                    print(e)
                return e
            """,
            """
            def f(a):
                try:
                    a()
                except ValueError as caught:
                    e = caught
                    print(e)
                return e
            """,
        ),
    ),
    "except without a class, with a name": (
        "it catches what `except:` does",
        Twins(
            "def f(a):\n    try:\n        a()\n    except as e:\n        return e",
            "def f(a):\n    try:\n        a()\n    except BaseException as e:\n        return e",
        ),
    ),
    "raise of what may be no exception": (
        "a value that is no exception raises RuntimeError of its text",
        Twins("def f(a): raise a", "def f(a): raise exception_from(a)"),
    ),
    "type where text is made of it": (
        "it prints as the name of the type",
        Twins("def f(a): return str(type(a))", "def f(a): return str(type(a).__name__)"),
    ),
    "isinstance as a value": (
        "types may be given as text",
        Twins("def f(): return isinstance", "def f(): return isinstance_of"),
    ),
    "isinstance with a class that is known at run time only": (
        "types may be given as text",
        Twins("def f(a, b): return isinstance(a, b)", "def f(a, b): return isinstance_of(a, b)"),
    ),
    "attributes of a parameter": (
        "whether it is a dict is asked once",
        Twins(
            """
            def f(a):
                return a.name + a.size
            """,
            """
            def f(a):
                match a:
                    case {}: return attribute(a, 'name') + attribute(a, 'size')
                return a.name + a.size
            """,
        ),
    ),
    "attributes of a parameter that is bound anew": (
        "it may be another thing each time",
        Twins(
            """
            def f(a):
                b = a.name
                a = b
                return a.name
            """,
            """
            def f(a):
                b = a.name if not isinstance(a, dict) else attribute(a, 'name')
                a = b
                return a.name if not isinstance(a, dict) else attribute(a, 'name')
            """,
        ),
    ),
    "fields of a receiver": (
        "it is a function too, which may be called with a dict",
        Twins(
            "struct P:\n    x: int\ndef (p: P) f(k):\n    return p.x * k",
            """
            def f(p, k):
                match p:
                    case {}: return attribute(p, 'x') * k
                return p.x * k
            """,
        ),
    ),
    "method call where a function of that name has an annotated first parameter": (
        "the function may be the method meant",
        Twins(
            "def size(x: list, n): return n\ndef f(a): return a.size(1)",
            "def size(x, n): return n\ndef f(a): return call_method(a, 'size', size, 1)",
        ),
    ),
    "the same, where the function may not be there yet": (
        "the object's own method is called then",
        Twins(
            "def f(a): return a.size(1)\ndef size(x: list, n): return n",
            "def f(a): return call_method(a, 'size', bound(lambda: size), 1)\ndef size(x, n): return n",
        ),
    ),
    "stage that is known at run time only": (
        "its signature says how it is called, and may ask for names in sight",
        Twins(
            "def f(a) = len | a\n",
            "def f(a):\n"
            "    return call_stage(\n"
            "        len(a), a, 'stage 2 of f', lambda: {'a': a}\n"
            "    )\n",
        ),
    ),
}


def function(text: str, *, python: bool = False) -> FunctionType:
    """Run a program and return its function `f`."""
    text = textwrap.dedent(text)
    namespace: dict[str, Any] = {"__name__": "twin"}
    if python:
        exec(compile(text, "<twin>", "exec", dont_inherit=True), namespace)
    else:
        namespace = danac.run_source(text)
    found = namespace["f"]
    assert isinstance(found, FunctionType), "no wrapper stands before a compiled function"
    return found


def shape(code: CodeType) -> list[object]:
    """Return what a code object does, without the names that it has for things."""
    instructions = [f"{found.opname} {found.arg}" for found in dis.get_instructions(code)]
    constants = [
        shape(constant) if isinstance(constant, CodeType) else constant
        # Before Python 3.13, the qualified names of inner functions are among the constants.
        for constant in code.co_consts
        if not (isinstance(constant, str) and "<locals>" in constant)
    ]
    parameters = code.co_argcount, code.co_posonlyargcount, code.co_kwonlyargcount
    kinds = len(code.co_varnames), len(code.co_cellvars), len(code.co_freevars), code.co_stacksize
    return [instructions, constants, parameters, kinds, code.co_exceptiontable]


@pytest.mark.parametrize("twins", SAME.values(), ids=SAME.keys())
def test_same_as_by_hand(twins):
    compiled, by_hand = function(twins.dana), function(twins.python, python=True)
    assert shape(compiled.__code__) == shape(by_hand.__code__)
    assert compiled.__defaults__ == by_hand.__defaults__
    assert compiled.__kwdefaults__ == by_hand.__kwdefaults__


@pytest.mark.parametrize(("reason", "twins"), MORE.values(), ids=MORE.keys())
def test_costs_this_and_no_more(reason, twins):
    compiled, by_hand = function(twins.dana), function(twins.python, python=True)
    assert shape(compiled.__code__) == shape(by_hand.__code__), reason


@pytest.mark.parametrize("operator", ["+", "==", "!=", "<", "<=", ">", ">="])
def test_only_programs_that_ask_for_coerce_pay_for_it(operator):
    program = f"def f(a, b): return a {operator} b"
    by_hand = compile(program, "<twin>", "exec", dont_inherit=True)
    assert shape(danac.compile_source(program)) == shape(by_hand)
    assert shape(danac.compile_source(f"# dana: coerce\n{program}")) != shape(by_hand)
