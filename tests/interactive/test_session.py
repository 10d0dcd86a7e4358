"""Cells in one namespace: each sees what the ones before it have bound, whatever has become of it."""

from __future__ import annotations

import traceback

import pytest

from danac.diagnostics import DanaSyntaxError
from danac.interactive.session import NOTHING, Session
from danac.loading.tracebacks import register_text
from danac.options import Options


@pytest.fixture
def run():
    session = Session({"__name__": "__main__"})

    def run(text: str):
        return session.run(session.compile(text, "<cell>"))

    run.session = session
    return run


def test_the_last_expression_is_the_value(run):
    assert run("x = 5\nx | str") == "5"
    assert run("x = 6") is NOTHING
    assert run("") is NOTHING
    assert run("# nothing") is NOTHING
    assert run("none") is None
    assert run("'a text alone'") == "a text alone"
    assert run("if true:\n    5") is NOTHING
    assert not any(name.startswith("_dana_result") for name in run.session.namespace)


def test_a_failed_cell_leaves_no_value(run):
    with pytest.raises(ZeroDivisionError):
        run("1 / 0")
    assert run("x = 1") is NOTHING
    assert "_dana_result" not in run.session.namespace


def test_names_are_shared_and_looked_up_late(run):
    run("x = 1\ndef add(n): return n + x")
    assert run("5 | add") == 6
    run("x = 10")
    assert run("5 | add") == 15
    run("def add(n): return 'new'")
    assert run("5 | add") == "new"


def test_functions_keep_the_blocks_of_their_cell(run):
    run("def fail(n): return 1 / 0\ndef same(n): return n")
    run("def first(n) = n | { same, fail }")
    run("def second(n) = n | { fail, same, same }")
    with pytest.raises(ZeroDivisionError) as caught:
        run("first(1)")
    assert caught.value.__notes__ == ["in branch 2 of 2, fail (<cell>:1:28), of pipeline first"]


def test_a_name_may_become_something_else(run):
    run("f = lambda n :: n + 1")
    assert run("g = f | str\ng(1)") == "2"
    run("f = 5")
    assert run("f | str") == "5"
    # Bound before and in this cell: at its start it still is the number.
    assert run("before = f | str\ndef f(n): return n\n[before, 1 | f]") == ["5", 1]


def test_built_in_names_may_be_hidden(run):
    run("def len(x): return 'mine'")
    assert run("[1] | len") == "mine"


def test_structs_and_methods_by_receiver(run):
    run("struct Point:\n    x: int\n    y: int = 0")
    run("p = Point(1)")
    assert run("p.x") == 1
    run("def (p: Point) twice(): return p.x * 2")
    assert run("p.twice()") == 2
    run("def (n: int) half(): return n / 2")
    run("def (s: str) half(): return s[:1]")
    assert run("n = 5\n[n.half(), 'ab'.half()]") == [2.5, "a"]
    run("def norm(p: Point): return p.x")
    assert run("p.norm()") == 1
    run("q: Point = p")
    with pytest.raises(TypeError, match="expected Point"):
        run("q: Point = 5")


def test_keys_errors_and_words_that_are_pythons(run):
    run("d = {'a': {'b': 1}}")
    assert run("d.a.b") == 1
    run("try:\n    1 / 0\nexcept as e:\n    pass")
    assert run("[e.type, e.message]") == ["ZeroDivisionError", "division by zero"]
    run("def f(class): return class")
    assert run("f(class=3)") == 3


def test_scopes(run):
    run("private:n = 1")
    assert run("private:n + n") == 2


def test_names_that_python_code_has_put_there(run):
    exec(
        "import math\ndef area(r): return math.pi * r\nclass C: size = 1\nc = C()",
        run.session.namespace,
    )
    assert run("2 | area | round") == 6
    assert run("[math.floor(2.5), c.size]") == [2, 1]


def test_a_name_that_is_nowhere(run):
    with pytest.raises(NameError, match="'unknown'"):
        run("unknown")


def test_tracebacks_point_into_the_cell(run):
    session = Session({"__name__": "__main__"})
    for number, text in enumerate(("def half(n):\n    return 1 / n", "0 | half"), 1):
        register_text(f"<cell {number}>", text)
        cell = session.compile(text, f"<cell {number}>")
        if number == 1:
            session.run(cell)
            continue
        with pytest.raises(ZeroDivisionError) as caught:
            session.run(cell)
    frames = traceback.extract_tb(caught.value.__traceback__)
    call, inner = [frame for frame in frames if frame.filename.startswith("<cell")]
    assert (call.filename, call.lineno, call.line) == ("<cell 2>", 1, "0 | half")
    assert (inner.filename, inner.lineno, inner.line) == ("<cell 1>", 2, "return 1 / n")


def test_wrong_cells(run):
    with pytest.raises(DanaSyntaxError):
        run("x = = 1")
    run("x = 1")
    assert run("x") == 1


def test_options(run):
    session = Session({"__name__": "__main__", "a": "n = "}, Options(coerce=True))
    assert session.run(session.compile("a + 5", "<cell>")) == "n = 5"
