"""Dana programs whose branches run in processes: what travels by value, and what by reference."""

from __future__ import annotations

import os

import pytest

HELPER = """
import threading
from dana_runtime.execution import processes
from dana_runtime.execution.attempt import Attempt

def run(function, value):
    over = threading.Event()
    attempt = Attempt(function, value, on_end=lambda attempt: over.set())
    processes.start(attempt)
    assert over.wait(60)
    if attempt.error is not None:
        raise attempt.error
    return attempt.result
"""

SHAPES = """
struct Circle:
    r: float
private:unit = 10
def area(c): return c | (lambda c :: c.r * c.r * private:unit)
def where(c): return __name__
def make(r): return Circle(r=r)
def fails(c): return c.r / 0
"""


@pytest.fixture
def run_program(tmp_path, run_danac, checkout):
    roots = os.pathsep.join([str(checkout / "compiler"), str(checkout / "runtime")])

    def run(text, *options):
        (tmp_path / "helper.py").write_text(HELPER, "utf-8")
        (tmp_path / "shapes.dana").write_text(SHAPES, "utf-8")
        path = tmp_path / "main.dana"
        path.write_text("from helper import run\nimport shapes\nimport os\n" + text, "utf-8")
        return run_danac("run", *options, path, env={"PYTHONPATH": roots})

    return run


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("print(run(lambda x :: x + 1, 1))", "2"),
        ("k = 5\ndef f(x): return x + k\nprint(run(f, 1))", "6"),
        (
            "def outer(n):\n    def inner(m): return m + n\n    return inner\nprint(run(outer(5), 3))",
            "8",
        ),
        ("def outer(n):\n    return lambda m :: m + n\nprint(run(outer, 5)(1))", "6"),
        ("def f(x): return x + 1\ndef g(x): return x * 2\nprint(run(f | g | f, 3))", "9"),
        ("def f(x): return x + 1\ndef g(x): return x * 2\nprint(run(f | { g, f }, 3))", "[8, 5]"),
        ("def f(n): return 1 if n < 2 else n * f(n - 1)\nprint(run(f, 6))", "720"),
        ("private:rate = 3\ndef f(x): return x * private:rate\nprint(run(f, 2))", "6"),
        ("print(run(shapes.area, shapes.Circle(r=2.0)))", "40.0"),
        (
            "shapes.area | print\nprint(run(shapes.area | (lambda x :: x + 1), shapes.make(1.0)))",
            "11.0",
        ),
        (
            "print(run(shapes.where, 1), run(shapes.make, 2.5) == shapes.Circle(r=2.5))",
            "shapes True",
        ),
        ("print(isinstance(run(shapes.make, 2.5), shapes.Circle))", "True"),
    ],
)
def test_functions(run_program, text, expected):
    done = run_program(text)
    assert (done.stdout, done.stderr) == (expected + "\n", "")


def test_structs_of_the_program_come_back_as_themselves(run_program):
    done = run_program(
        """
struct Point:
    x: int
    y: float = 1.5
def moved(p): return Point(x=p.x + 1)
def scaled(p): return [p, {"p": p}]
p = run(moved, Point(x=1))
print(p, p == Point(x=2), isinstance(p, Point), type(p) is Point)
print(run(scaled, p) == [p, {"p": p}])
p.x = 5
print(p, Point(x=7), Point(x=7) == run(moved, Point(x=6)))
try:
    p.x = "a"
except TypeError as e:
    print(e)
def wrong(p): return Point(x="a")
try:
    run(wrong, p)
except TypeError as e:
    print(e)
"""
    )
    assert done.stderr == ""
    assert done.stdout == (
        "Point(x=2, y=1.5) True True True\n"
        "True\n"
        "Point(x=5, y=1.5) Point(x=7, y=1.5) True\n"
        "Point.x: expected int, got str ('a')\n"
        "Point: x: expected int, got str ('a')\n"
    )


def test_tracebacks_point_into_the_files(run_program):
    done = run_program("run(shapes.fails, shapes.Circle(r=1.0))")
    assert done.returncode == 1
    assert "def fails(c): return c.r / 0\n" in done.stderr
    assert "~~~~^~~" in done.stderr
    assert "main.dana" in done.stderr
    assert "worker.py" not in done.stderr


def test_modules_are_compiled_with_the_options_of_the_program(run_program, tmp_path):
    (tmp_path / "texts.dana").write_text('def joined(x): return "n: " + x\n', "utf-8")
    text = "import texts\nprint(run(texts.joined, 5))"
    assert run_program(text, "--coerce").stdout == "n: 5\n"


def test_the_hook_registers_its_set_up_and_takes_it_back(run_python, checkout):
    roots = os.pathsep.join([str(checkout / "compiler"), str(checkout / "runtime")])
    done = run_python(
        "-c",
        "import sys, danac\n"
        "from dana_runtime.execution.worker_setups import registered_setups\n"
        "danac.install(); danac.install()\n"
        "print(registered_setups(), 'loky' in sys.modules, 'threading' in sys.modules)\n"
        "danac.uninstall()\n"
        "print(registered_setups())\n",
        env={"PYTHONPATH": roots},
        measured=False,
    )
    assert done.stdout == "('danac.loading.import_hook:install',) False False\n()\n"
