"""What is compared: Dana code, the Python that one would write in its place, and a statement that runs both.

Each comparison says where its figure should be, if it has a goal, and which expressions show that both
sides compute the same. Where the operation itself takes a few nanoseconds only, it is written out 50
times in the function that is called.
"""

from __future__ import annotations

import textwrap
from dataclasses import dataclass
from types import CodeType, FunctionType
from typing import Any

from benchmarks.measure import Side, value_of

import danac

MANY = 50


@dataclass(frozen=True)
class Comparison:
    """One line of the table: `statement` is timed on both sides, `checks` must give equal values."""

    group: str
    name: str
    dana: str
    python: str
    statement: str
    checks: tuple[str, ...]
    goal: float | None = None
    against: str = "the same by hand"

    @property
    def id(self) -> str:
        """The name by which one comparison is run."""
        return f"{self.group}: {self.name}"

    def sides(self) -> tuple[Side, Side]:
        """Compile both sides; raises AssertionError if they do not compute the same."""
        first = Side(self.statement, _compiled(self.dana))
        second = Side(self.statement, _executed(self.python))
        for check in self.checks:
            values = value_of(first, check), value_of(second, check)
            assert values[0] == values[1], f"{self.id}: {check} is {values[0]}, not {values[1]}"
        return first, second

    def described(self, first: Side, second: Side) -> dict[str, Any]:
        """Return what the table says besides the figures."""
        return {
            "group": self.group,
            "name": self.name,
            "against": self.against,
            "goal": self.goal,
            "same_bytecode": is_same_bytecode(first, second),
        }


def is_same_bytecode(first: Side, second: Side) -> bool:
    """Tell whether the functions of both sides are the same instructions: then all that differs is noise."""
    ours, theirs = (
        {name: value for name, value in side.namespace.items() if not name.startswith("_")}
        for side in (first, second)
    )
    functions = [name for name, value in theirs.items() if isinstance(value, FunctionType)]
    if any(isinstance(value, type) for value in theirs.values()):
        return False
    return bool(functions) and all(
        isinstance(ours[name], FunctionType)
        and _instructions(ours[name].__code__) == _instructions(theirs[name].__code__)
        for name in functions
    )


def _instructions(code: CodeType) -> list[object]:
    constants = [
        _instructions(constant) if isinstance(constant, CodeType) else repr(constant)
        for constant in code.co_consts
    ]
    return [code.co_code, code.co_names, code.co_exceptiontable, *constants]


def _compiled(text: str) -> dict[str, Any]:
    return danac.run_source(textwrap.dedent(text))


def _executed(text: str) -> dict[str, Any]:
    namespace: dict[str, Any] = {"__name__": "by_hand"}
    exec(compile(textwrap.dedent(text), "<by hand>", "exec", dont_inherit=True), namespace)
    return namespace


def often(head: str, line: str, result: str = "v", before: str = "") -> str:
    """Return a function that holds `line` many times, and returns `result` then."""
    return f"{head}:\n{before}" + f"    {line}\n" * MANY + f"    return {result}\n"


# --- Functions ------------------------------------------------------------------------------------

_FIB = """
def fib(n):
    if n < 2:
        return n
    return fib(n - 1) + fib(n - 2)
"""
_LOOP = """
def total(n):
    found = 0
    for i in range(n):
        if i % 3 == 0 or i % 5 == 0:
            found += i * 2
    return found
"""
_TEXT = """
def letters(n):
    lines = []
    for i in range(n):
        lines.append(f"{i}: {i * i}")
    return ", ".join(lines)
"""
_COMPREHENSION = """
def squares(n):
    return [x * x for x in range(n) if x % 2]
"""
_CLOSURE = """
def counters(n):
    count = 0
    def add(k):
        nonlocal count
        count += k
        return count
    for i in range(n):
        add(i)
    return count
"""
_GENERATOR = """
def fibs(limit):
    a, b = 0, 1
    while a < limit:
        yield a
        a, b = b, a + b
def total(limit):
    return sum(fibs(limit))
"""
_ERRORS = """
def attempts(texts):
    good = 0
    for text in texts:
        try:
            good += int(text)
        except ValueError as error:
            good -= len(str(error))
    return good
texts = ["1", "2", "x"]
"""
_SORT_DANA = "def ranked(pairs): return sorted(pairs, key=lambda pair :: (-pair[1], pair[0]))\n"
_SORT_PYTHON = "def ranked(pairs): return sorted(pairs, key=lambda pair: (-pair[1], pair[0]))\n"
_PAIRS = "pairs = [(i, i % 7) for i in range(50)]\n"


def _function(name: str, text: str, call: str, *checks: str, python: str = "") -> Comparison:
    """Compare a function whose text is the same in both languages, or has a Python twin."""
    return Comparison("functions", name, text, python or text, call, (call, *checks), 1.02)


FUNCTIONS = [
    _function("fib(12)", _FIB, "fib(12)", "[fib(n) for n in range(15)]"),
    _function("a loop over 300 numbers", _LOOP, "total(300)", "[total(n) for n in range(30)]"),
    _function("a text of 100 parts", _TEXT, "letters(100)", "letters(3)"),
    _function("a comprehension over 300 numbers", _COMPREHENSION, "squares(300)", "squares(9)"),
    _function("a closure called 100 times", _CLOSURE, "counters(100)", "counters(7)"),
    _function("a generator", _GENERATOR, "total(10 ** 9)", "list(fibs(50))"),
    _function("errors caught by name", _ERRORS, "attempts(texts)", "attempts(['a', '1', ''])"),
    _function(
        "a sort with a lambda",
        _SORT_DANA + _PAIRS,
        "ranked(pairs)",
        "ranked(pairs[:9])",
        python=_SORT_PYTHON + _PAIRS,
    ),
]

# --- Pipes ----------------------------------------------------------------------------------------

_STAGES = "".join([f"def s{n}(x): return x + {n}\n" for n in range(1, 11)])


def _nested(count: int, value: str) -> str:
    for number in range(1, count + 1):
        value = f"s{number}({value})"
    return value


def _flat(count: int) -> str:
    return " | ".join([f"s{number}" for number in range(1, count + 1)])


def _pipe(
    name: str,
    dana: str,
    python: str,
    goal: float | None,
    *checks: str,
    against: str = "nested calls",
) -> Comparison:
    checks = checks or ("p(0)", "p(-7)", "p(2.5)")
    return Comparison(
        "pipes", name, _STAGES + dana, _STAGES + python, "p(1)", checks, goal, against
    )


PIPES = [
    *[
        _pipe(
            f"declarative function of {count} known stage{'s' * (count > 1)}",
            f"def p(x) = {_flat(count)}",
            f"def p(x): return {_nested(count, 'x')}",
            1.02,
        )
        for count in (1, 3, 10)
    ],
    _pipe(
        "parameter as head, 3 stages",
        f"def p(x): return x | {_flat(3)}",
        f"def p(x): return {_nested(3, 'x')}",
        None,
    ),
    *[
        _pipe(
            f"Pipeline value of {count} stages",
            f"p = {_flat(count)}",
            f"p = lambda x: {_nested(count, 'x')}",
            1.15,
            against="a closure",
        )
        for count in (2, 3, 10)
    ],
    _pipe(
        "Pipeline value of 3 stages",
        f"p = {_flat(3)}",
        f"p = lambda *args, **options: {_nested(3, '*args, **options')}",
        1.15,
        against="a closure that takes any arguments",
    ),
    _pipe(
        "a pipe with a call and a capture",
        "def p(x) = s1 as first | add(10) | add($$, first)\ndef add(a, b): return a + b",
        "def p(x):\n    first = s1(x)\n    return add(add(first, 10), first)\n"
        "def add(a, b): return a + b",
        1.02,
        against="a local variable",
    ),
]

# --- Structs --------------------------------------------------------------------------------------

_DATACLASS = "from dataclasses import dataclass\n@dataclass(slots=True, eq=True)\nclass P:\n"


def _struct(fields: int, methods: str = "") -> str:
    lines = [f"    f{number}: int\n" for number in range(1, fields + 1)]
    return f"struct P:\n{''.join(lines)}{methods}\n"


def _dataclass(fields: int, methods: str = "") -> str:
    return _DATACLASS + _struct(fields, methods).partition("\n")[2]


def _checking(fields: int) -> str:
    """Return the dataclass of those who check their fields by hand."""
    lines = [
        f"        if type(self.f{n}) is not int: raise TypeError('f{n}: expected int')\n"
        for n in range(1, fields + 1)
    ]
    return _dataclass(fields, f"    def __post_init__(self):\n{''.join(lines)}")


def _made(fields: int, *, by_keyword: bool = False) -> str:
    numbers = range(1, fields + 1)
    return f"P({', '.join([f'f{n}={n}' if by_keyword else f'{n}' for n in numbers])})"


_SLOTTED = "a dataclass with slots"


def _construction(fields: int, *, by_keyword: bool = False, checking: bool = False) -> Comparison:
    return Comparison(
        "structs",
        f"made of {fields} field{'s' * (fields > 1)}{', by keyword' * by_keyword}",
        _struct(fields),
        _checking(fields) if checking else _dataclass(fields),
        _made(fields, by_keyword=by_keyword),
        (
            _made(fields),
            f"[{_made(fields)}.f{fields}, {_made(fields)} == {_made(fields, by_keyword=True)}]",
        ),
        None if checking else 3.0,
        "one that checks its fields by hand" if checking else _SLOTTED,
    )


def _use(
    name: str,
    methods: str,
    functions: str,
    statement: str,
    goal: float | None = None,
    *,
    checks: tuple[str, ...] = (),
    python: tuple[str, str] | None = None,
) -> Comparison:
    """Compare what is done with an instance `p` of two fields; `python` has other methods and functions."""
    made = "p = P(3, 4)\n"
    python_methods, python_functions = python or (methods, functions)
    return Comparison(
        "structs",
        name,
        _struct(2, methods) + functions + made,
        _dataclass(2, python_methods) + python_functions + made,
        statement,
        (statement, "p", *checks),
        goal,
        _SLOTTED,
    )


_READ = often("def read(p)", "v = p.f1")
_READ_SELF = textwrap.indent(often("def read(self)", "v = self.f1"), "    ")
_LOOP_READ = """
def total(points):
    found = 0
    for point in points:
        found += point.f1 * point.f2
    return found
many = [P(i, i) for i in range(100)]
"""
_WRITE = often("def write(p)", "p.f1 = 5", "p")
_CALL = often("def run(p)", "v = p.scale(2)")
_SCALE = "    def scale(self, k): return self.f1 * k\n"
_RECEIVER = "def (p: P) scale(k): return p.f1 * k\n"

STRUCTS = [
    *[_construction(fields) for fields in (1, 2, 5)],
    _construction(2, by_keyword=True),
    _construction(2, checking=True),
    _construction(5, checking=True),
    _use("field read through self", _READ_SELF, "", "p.read()", 1.1),
    _use("field read through a plain variable", "", _READ, "read(p)", 1.1),
    _use(
        "four reads in one expression, plain variable",
        "",
        "def norm(p): return p.f1 * p.f1 + p.f2 * p.f2\n",
        "norm(p)",
    ),
    _use("one read, all that a function does", "", "def first(p): return p.f1\n", "first(p)"),
    _use(
        "reads of two variables in one expression",
        "",
        "def norm(p, q): return p.f1 * q.f1 + p.f2 * q.f2\n",
        "norm(p, p)",
    ),
    _use("two reads a round of a loop over 100", "", _LOOP_READ, "total(many)"),
    _use("field assigned", "", _WRITE, "write(p)"),
    _use("method in the struct", _SCALE, _CALL, "run(p)", 1.1),
    _use("method by receiver", "", _RECEIVER + _CALL, "run(p)", 1.1, python=(_SCALE, _CALL)),
    _use("equality", "", "q = P(3, 4)\n", "p == q", checks=("p == P(3, 5)", "p != q")),
]

# --- Where Dana asks more than Python -------------------------------------------------------------


def _more(
    name: str, dana: str, python: str, *calls: str, against: str, goal: float | None = None
) -> Comparison:
    """Compare `calls`, of which the first one is timed."""
    return Comparison("more than Python", name, dana, python, calls[0], calls, goal, against)


_KEY = 'd = {"a": 1, "b": 2}\n'
_TYPED = often("def run(n)", "v: int = n")
_JOINED = often("def run(n)", 'v = "n = " + n')
_PRIVATE = "private:count = 1\n" + often("def run()", "v = private:count")

MORE = [
    _more(
        "d.a of a dict",
        _KEY + often("def run(d)", "v = d.a"),
        _KEY + often("def run(d)", 'v = d["a"]'),
        "run(d)",
        "run({'a': 'x'})",
        against='d["a"]',
    ),
    _more(
        "text joined with a number",
        _JOINED,
        often("def run(n)", 'v = f"n = {n}"'),
        "run(123)",
        "run(-5)",
        "run(0.5)",
        against="an f-string",
    ),
    _more(
        "text joined with a text",
        _JOINED,
        often("def run(n)", 'v = "n = " + n'),
        "run('abc')",
        against="the same `+`",
    ),
    _more(
        "typed assignment, the value fits",
        _TYPED,
        often("def run(n)", "v = n"),
        "run(7)",
        against="a plain assignment",
    ),
    _more(
        "typed assignment, the value fits",
        _TYPED,
        often("def run(n)", "v = n if type(n) is int else int(n)"),
        "run(7)",
        "run(7.5)",
        against="the test by hand",
    ),
    _more(
        "typed assignment of a text to an int",
        _TYPED,
        often("def run(n)", "v = int(n)"),
        "run('7')",
        "run(' 8 ')",
        against="`int(n)`",
    ),
    _more(
        "function called as a method of a list",
        "def total(x: list, k): return x[0] + k\n" + often("def run(x)", "v = x.total(2)"),
        "def total(x, k): return x[0] + k\n" + often("def run(x)", "v = total(x, 2)"),
        "run([5])",
        against="the call of the function",
    ),
    _more(
        "private name read",
        _PRIVATE,
        "count = 1\n" + often("def run()", "v = count"),
        "run()",
        against="a global of the module",
    ),
    _more(
        "private name read",
        _PRIVATE,
        'names = {"count": 1}\n' + often("def run()", 'v = names["count"]'),
        "run()",
        against="an item of a dict",
    ),
    _more(
        "private name assigned",
        often("def run(n)", "private:count = n", "private:count"),
        often("def run(n)", "count = n", "count", before="    global count\n"),
        "run(5)",
        "run('x')",
        against="a global of the module",
    ),
]

COMPARISONS = [*FUNCTIONS, *PIPES, *STRUCTS, *MORE]
