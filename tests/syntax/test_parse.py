"""Which texts are Dana, which are none and where the error stands; the shipped tables are the grammar's."""

from __future__ import annotations

import json

import pytest
from lark import Token, Tree

from danac.diagnostics import DanaSyntaxError
from danac.source import Source
from danac.syntax.parse import parse
from danac.syntax.tables import TABLES, build_parser, grammar_digest

DANA = """\
x = 5 | f | g
x = 5 | f(1, $$, k=$$.a) as n
x = a | {f, g | h} | [f, {"a": g}]
x = a | f with (timeout=5, on_error="partial") as n | g
x = a | (b if c else d)
def p(a, b=1, *c, d: int = 2, **e) -> list[int] = f | g
def p() = f
def (p: Point) scale(k: float) -> Point: k
lambda :: 1
lambda a, b: int = 2, *c, d, **e :: a
lambda (p: Point) dx :: p
x: int | None = 5
x: list[dict[str, int]] = []
private:x = public:y + system:z
for a, *b in c: d
for a, in b: c
with a as b, c: d
with (a | b) as c: d
try: a
except (A, B) as e: b
except as e: c
except: d
struct Point: x: int
interface Shape: area() -> float
@a.b(1)
import a.b.c as d, e.py
from ..a import (b, c as d,)
from . import a
from a import *
export f, g
deliver x
yield
yield from x
x = yield
x = yield from y
raise E("x") from None
x[1:2, ::3, ...] = y
x = {**a, "b": c}
x = [*a, b]
x = [a for b, *c in d if e if f for g in h]
x = {(k: v) for k, v in a}
x = {k: v for k, v in a}
x = f(y for y in z)
x = f(*a, b=c, **d)
x = (y := 3)
x = not a in b is not c not in d
x = a if b else c if d else e
x = -a ** -b
x = await_
global a, b
assert a, b
del a, b[c]
x = y = z = 1
x //= 2
x **= 2; y -= 1; z %= 3
sync def f(): 1
async def f(): await g()
async for a in b: c
async with a as b: c
return x, *y
"""

NO_DANA = {
    "x = ": (1, 4),
    "x = 1 +": (1, 8),
    "x == ": (1, 5),
    "x = (1": (1, 5),
    "x = 1)": (1, 6),
    "x = [1, , 2]": (1, 9),
    "f(a b)": (1, 5),
    "if x\n    y\n": (1, 5),
    "if x:\ny\n": (2, 1),
    "  x = 1\n": (1, 1),
    "x | | y": (1, 5),
    "x | f as": (1, 9),
    "x | f as 3": (1, 10),
    "x | f with timeout=5": (1, 12),
    "x | f as n with (timeout=5)": (1, 12),
    "def f(): = 3": (1, 10),
    "def f(a b): c": (1, 9),
    "def 3(): a": (1, 5),
    "lambda x": (1, 9),
    "for x: y": (1, 6),
    "for f() + 1 in y: z": (1, 9),
    "import": (1, 7),
    "from a import": (1, 14),
    "from a import (b": (1, 15),
    "try: a\nb = 1\n": (2, 1),
    "else: a": (1, 1),
    "x = 1 2": (1, 7),
    "x = a if b": (1, 11),
    "x = {1: 2, 3}": (1, 13),
    "x = {1, 2: 3}": (1, 10),
    "@a\nx = 1": (2, 1),
    "x.3": (1, 2),
    "x..y": (1, 3),
    "return return": (1, 8),
    "x = $": (1, 5),
    "größe = = 1": (1, 9),
}


LAYOUT = {"NEWLINE", "INDENT", "DEDENT"}


def structure(text: str) -> object:
    """Return the tree of a text without what only says where its lines end."""

    def plain(part: object) -> object:
        if isinstance(part, Tree):
            kept = [c for c in part.children if not (isinstance(c, Token) and c.type in LAYOUT)]
            return (str(part.data), *map(plain, kept))
        return part if part is None else str(part)

    return plain(parse(Source(text)))


def lines(text: str) -> list[str]:
    """Return the snippets of one line each; `except` belongs to the `try` before it."""
    found: list[str] = []
    for line in text.splitlines():
        if line.startswith("except"):
            found[-1] += "\n" + line
        else:
            found.append(line)
    return [line + "\ndef f(): 1" if line.startswith("@") else line for line in found]


@pytest.mark.parametrize("text", lines(DANA))
def test_is_dana(text):
    assert parse(Source(text)).data == "start"


@pytest.mark.parametrize("text", lines(DANA))
def test_is_dana_with_a_line_end(text):
    assert structure(text + "\n") == structure(text)


@pytest.mark.parametrize(("text", "place"), NO_DANA.items())
def test_is_no_dana(text, place):
    with pytest.raises(DanaSyntaxError) as caught:
        parse(Source(text, "x.dana"))
    error = caught.value
    assert error.diagnostic.span[:2] == place
    assert (error.filename, error.lineno, error.offset) == ("x.dana", *place)
    assert error.msg


def test_error_knows_its_line():
    with pytest.raises(DanaSyntaxError) as caught:
        parse(Source("x = 1\ny = = 2\n"))
    assert caught.value.text == "y = = 2\n"


@pytest.mark.parametrize("text", ["", "\n", "# only a comment", "\n\n  \n", "\ufeff"])
def test_empty_programs(text):
    assert parse(Source(text)).children == []


class TestLayout:
    """Line ends and comments never change what a text means."""

    @pytest.mark.parametrize(
        "text",
        [
            "x = a | b | c",
            "x = a |\n  b | c",
            "x = a\n  | b\n  | c",
            "x = a  # one\n  # two\n  | b |  # three\n\n  c",
            "x = a \\\n | b | c",
            "x = a|b|c;",
        ],
    )
    def test_pipes_over_lines(self, text):
        assert structure(text) == structure("x = a | b | c")

    def test_bar_on_a_new_line_continues_in_a_block_too(self):
        text = "def f():\n    return a\n        | b\n    c\n"
        assert structure(text) == structure("def f():\n    return a | b\n    c\n")

    def test_crlf(self):
        text = "if a:\n    b\n    c = '''x\ny'''\nd\n"
        assert structure(text.replace("\n", "\r\n")) == structure(text)


class TestTables:
    def test_belong_to_the_grammar(self):
        """If not: `python -m danac.syntax.tables`."""
        assert json.loads(TABLES.read_bytes())["grammar"] == grammar_digest()

    def test_grammar_has_no_conflicts(self):
        build_parser()
