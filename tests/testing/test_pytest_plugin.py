"""Real pytest runs on tests that are written in Dana."""

from __future__ import annotations

import re
import tomllib

import pytest

PLUGIN = "danac.testing.pytest_plugin"


@pytest.fixture
def pytest_run(run_python, tmp_path):
    """Write files and run pytest on their folder; the plugin is the one of this checkout."""

    def run(files, *arguments, plugin=True):
        for name, text in files.items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        command = ["-m", "pytest", "-p", "no:cacheprovider", *(["-p", PLUGIN] if plugin else [])]
        # Nothing but what is asked for, whatever is installed beside it.
        environment = {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
        result = run_python(*command, *arguments, cwd=tmp_path, env=environment)
        return result.stdout + result.stderr

    return run


def counts(output):
    return re.findall(r"(\d+ \w+)", output.splitlines()[-1].partition(" in ")[0])


def failure(output, name):
    """Return the part of the output about the failure of one test."""
    return re.split(r"^_{3,} .* _{3,}$", output.partition(f"_ {name} _")[2], flags=re.MULTILINE)[0]


def test_files_and_functions_are_found_by_name(pytest_run):
    test = "def test_it():\n    assert true\ndef helper():\n    assert false\n"
    files = {
        "test_one.dana": test,
        "two_test.na": test,
        "other.dana": test,
        "deep/test_three.dana": test,
        "test_python.py": "def test_it(): pass\n",
    }
    output = pytest_run(files, "-v")
    assert counts(output) == ["4 passed"]
    for name in ("deep/test_three.dana", "test_one.dana", "two_test.na", "test_python.py"):
        assert f"{name}::test_it PASSED" in output
    assert counts(pytest_run({}, "other.dana")) == ["1 passed"]
    assert counts(pytest_run({}, "test_one.dana::test_it")) == ["1 passed"]


FAILING = """\
struct Point:
    x: int
    y: int = 2

def double(x):
    x * 2

def test_function():
    assert double(5) == 11

def test_pipe():
    value = 5
    assert (value | double) == 11, "not eleven"

def test_block():
    assert (5 | { double, str | len }) == [10, 2]

def test_struct():
    point = Point(1)
    assert point.x == 1 and point.y == 3

def test_spans_lines():
    assert (
        "a b c"
            | str.split
            | len
    ) == 4
"""


def test_asserts_are_explained(pytest_run):
    output = pytest_run({"test_it.dana": FAILING})
    assert counts(output) == ["5 failed"]
    shown = failure(output, "test_function")
    assert ">       assert double(5) == 11\n" in shown
    assert "E       assert 10 == 11\nE        +  where 10 = double(5)\n" in shown
    assert "test_it.dana:9: AssertionError" in shown
    shown = failure(output, "test_pipe")
    assert "E       AssertionError: not eleven\nE       assert 10 == 11\n" in shown
    assert "test_it.dana:13: AssertionError" in shown
    assert "At index 1 diff: 1 != 2" in failure(output, "test_block")
    shown = failure(output, "test_struct")
    assert "2 = Point(x=1, y=2).y" in shown
    shown = failure(output, "test_spans_lines")
    assert "AssertionError: assert 3 == 4\nE        +  where 3 = len(['a', 'b', 'c'])\n" in shown
    assert "where ['a', 'b', 'c'] = " in shown
    assert "str.split\n" in shown
    assert "_dana_" not in output


PIPES = """\
def seen(x): x
def add(a, b): a + b
order = 3

def test_call():
    assert (1 | seen | add(seen(1), $$)) == 3, "it is % s"
def test_capture():
    assert (5 | seen as kept | add(kept, $$)) == 11
def test_unknown(tmp_path):
    n = 5
    assert (n | [seen, str | len] | len) == 3
def test_composed():
    f = seen | str
    assert (f | len)(5) == 2
def test_walrus():
    assert (y := 5 | seen) and y == 6
def test_block():
    assert not (order | seen | { seen, str })
def test_percent():
    assert (order | seen | f"{$$}%") == "%d"
def test_private():
    private:z = 1
    assert private:z == 2
def test_typed():
    assert isinstance(order, "str")
"""


def test_generated_names_are_not_shown(pytest_run):
    output = pytest_run({"test_it.dana": PIPES})
    assert counts(output) == ["9 failed"]
    assert "where 2 = n | [seen, str | len] | len" in failure(output, "test_unknown")
    assert "where [3, '3'] = order | seen | { seen, str }" in failure(output, "test_block")
    assert "it is % s" in failure(output, "test_call")
    assert "_dana_" not in output


def test_asserts_can_be_left_plain(pytest_run):
    output = pytest_run({"test_it.dana": FAILING}, "--assert=plain")
    assert counts(output) == ["5 failed"]
    assert "where 10 = double(5)" not in output


# What a test does must not depend on whether its asserts are explained.
PASSING = """\
log = []
def seen(x, name="seen"):
    log.append(name)
    x
def add(a, b): a + b

def test_order_and_count():
    log.clear()
    assert (1 | seen | seen("second") | add(seen(1, "argument"), $$)) == 2
    assert log == ["seen", "second", "argument"], log

def test_captures_and_temporaries():
    assert (5 | seen as kept | add(kept, $$)) == 10
    assert (5 | [seen, str] | len) == 2
    assert [x | str for x in [1, 2]] == ["1", "2"]
    f = seen | str
    assert (f | len)(5) == 1
    assert (y := 5 ) and y == 5
    assert "n = " + 5 == "n = 5"
    assert not (0 | seen), "message"

def test_closures():
    total = 0
    def inner():
        nonlocal total
        total += 1
        total
    assert (lambda :: inner())() == 1 and total == 1
    assert all([n > 0 for n in [1, total]])
"""


@pytest.mark.parametrize("mode", ["rewrite", "plain"])
def test_explaining_changes_nothing_else(pytest_run, mode):
    assert counts(pytest_run({"test_it.dana": PASSING}, f"--assert={mode}")) == ["3 passed"]


def test_fixtures_marks_and_set_up_are_those_of_pytest(pytest_run):
    program = """\
import pytest

order = []

def setup_module(module):
    order.append("module")

def setup_function(function):
    order.append(function.__name__)

@pytest.fixture
def store(tmp_path):
    order.append("open")
    yield tmp_path / "x"
    order.append("closed")

def test_first(store):
    store.write_text("ä")
    assert store.read_text() == "ä"

def test_second():
    assert order == ["module", "test_first", "open", "closed", "test_second"]

@pytest.mark.parametrize("n, expected", [(1, 2), (2, 4), pytest.param(3, 7, marks=pytest.mark.xfail)])
def test_numbers(n, expected, shared):
    assert n * shared == expected

@pytest.mark.skip(reason="not now")
def test_skipped():
    assert false

def test_raises():
    with pytest.raises(ZeroDivisionError):
        1 / 0

def test_helper():
    import helper
    assert (5 | helper.half) == 2.5
"""
    files = {
        "test_it.dana": program,
        "helper.dana": "def half(x):\n    x / 2\n",
        "conftest.py": "import pytest\n@pytest.fixture\ndef shared(): return 2\n",
    }
    assert counts(pytest_run(files)) == ["6 passed", "1 skipped", "1 xfailed"]


def test_tracebacks_show_dana_lines_only(pytest_run):
    program = """\
def broken(x):
    x / 0

def test_thread():
    5 | { str, broken }

def test_in_order():
    5 | [ str, broken | str ]
"""
    output = pytest_run({"test_it.dana": program})
    for name in ("test_thread", "test_in_order"):
        shown = failure(output, name)
        assert ">       x / 0\nE       ZeroDivisionError: division by zero" in output
        assert "test_it.dana:2: ZeroDivisionError" in output
        assert "dana_runtime" not in shown
    assert "in branch 2 of 2, broken" in output
    assert "fan_out" not in output
    assert "dana_runtime" in pytest_run({}, "--full-trace")


def test_an_unknown_fixture_is_shown_where_it_is_asked_for(pytest_run):
    output = pytest_run({"test_it.dana": "def test_it(nothing):\n    5 | $$ + 1\n"})
    assert counts(output) == ["1 error"]
    assert (
        "test_it.dana, line 1\n  def test_it(nothing):\nE       fixture 'nothing' not found"
        in output
    )


def test_a_wrong_program_is_one_error_of_collection(pytest_run):
    output = pytest_run(
        {"test_it.dana": "x = = 1\n", "test_other.dana": "import nowhere_to_be_found\n"}
    )
    assert counts(output) == ["2 errors"]
    assert "test_it.dana:1:5: error[DANA" in output
    assert "No module named 'nowhere_to_be_found'" in output
    assert "Traceback (most recent call last)" not in output


def test_two_files_of_one_name_need_packages_or_importlib(pytest_run):
    test = "def test_it():\n    assert __name__ == '{}'\n"
    files = {"a/test_it.dana": test.format("test_it"), "b/test_it.dana": test.format("test_it")}
    output = pytest_run(files)
    assert counts(output) == ["1 error"]
    assert "import file mismatch" in output
    files = {name: test.format(f"{name[0]}.test_it") for name in files}
    assert counts(pytest_run(files, "--import-mode=importlib")) == ["2 passed"]
    packages = {"a/__init__.dana": "", "b/__init__.py": ""}
    assert counts(pytest_run(packages)) == ["2 passed"]


def test_without_dana_tests_the_compiler_is_not_loaded(pytest_run):
    test = "import sys\ndef test_it(): print([n for n in sys.modules if n.startswith(('dana', 'lark'))])\n"
    output = pytest_run({"test_it.py": test, "notes.dana": ""}, "-s")
    assert f"['danac', 'danac.testing', '{PLUGIN}']" in output


def test_without_the_plugin_dana_files_are_no_tests(pytest_run):
    assert "no tests ran" in pytest_run({"test_it.dana": FAILING}, plugin=False)


def test_pytest_finds_the_plugin_by_its_entry_point(checkout):
    project = tomllib.loads((checkout / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert project["entry-points"]["pytest11"] == {"danac": PLUGIN}
