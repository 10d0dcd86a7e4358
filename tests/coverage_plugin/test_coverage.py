"""`coverage run` and its reports on real programs, in processes of their own."""

from __future__ import annotations

import json
import re
from html import unescape

import pytest

CONFIGURATION = """\
[tool.coverage.run]
plugins = ["danac.coverage_plugin"]
branch = true
source = ["."]
"""


@pytest.fixture
def coverage(run_python, tmp_path):
    """Run coverage.py in a folder with `files`; `coverage("report")` after `coverage.run(...)`."""

    class Coverage:
        folder = tmp_path

        def __call__(self, *arguments, status=0):
            # Measured by the coverage.py that is under test, not by that of these tests.
            result = run_python("-m", "coverage", *arguments, cwd=tmp_path, measured=False)
            assert result.returncode == status, result.stdout + result.stderr
            return result.stdout + result.stderr

        def run(self, main, files, configuration=CONFIGURATION):
            for name, text in files.items():
                (tmp_path / name).write_text(text, encoding="utf-8")
            (tmp_path / "pyproject.toml").write_text(configuration, encoding="utf-8")
            command = [main] if main.endswith(".py") else ["-m", "danac", "run", main]
            return self("run", *command)

        def results(self):
            self("json", "-q")
            return json.loads((tmp_path / "coverage.json").read_text())["files"]

    return Coverage()


PROGRAM = '''\
"""Its docstring is no statement."""
import json

def double(x):
    "Doubles."
    y = (
        x * 2
    )
    return y

def never(x):
    x + 1

struct Point:
    x: int
    y: int = 2
    def norm(self):
        self.x + self.y
    def unused(self):
        self.x

def choose(x):
    if x > 1:
        "big"
    elif x < 0:
        "negative"
    else:
        "small"

def report(x) = double | { choose, str | len } | [
    json.dumps,
    len
]

print(
    5 | report,
    Point(1).norm()
)
'''


def test_executed_and_missing_lines_are_right(coverage):
    assert coverage.run("program.dana", {"program.dana": PROGRAM}).endswith(
        "['[\"big\", 2]', 2] 3\n"
    )
    found = coverage.results()["program.dana"]
    assert found["executed_lines"] == [
        2, 4, 6, 9, 11, 14, 15, 16, 17, 18, 19, 22, 23, 24, 30, 35,
    ]  # fmt: skip
    assert found["missing_lines"] == [12, 20, 25, 26, 28]
    assert found["missing_branches"] == [[23, 25], [25, 26], [25, 28]]
    assert found["summary"]["num_branches"] == 4


def test_the_report_lists_dana_files(coverage):
    coverage.run("program.dana", {"program.dana": PROGRAM})
    (line,) = re.findall(r"^program\.dana.*$", coverage("report", "-m"), re.MULTILINE)
    assert line.split() == [
        "program.dana", "21", "5", "4", "1", "68%", "12,", "20,", "25-28",
    ]  # fmt: skip


def test_functions_and_structs_are_reported(coverage):
    coverage.run("program.dana", {"program.dana": PROGRAM})
    found = coverage.results()["program.dana"]
    assert set(found["functions"]) >= {"double", "never", "Point.norm", "Point.unused", "choose"}
    assert found["functions"]["never"]["missing_lines"] == [12]
    assert found["classes"]["Point"]["missing_lines"] == [20]


def test_the_html_report_shows_the_source(coverage):
    coverage.run("program.dana", {"program.dana": PROGRAM})
    coverage("html", "-q")
    (page,) = (coverage.folder / "htmlcov").glob("*program_dana.html")
    html = page.read_text(encoding="utf-8")
    assert '<span class="key">struct</span>' in html
    assert '<span class="str">&quot;big&quot;</span>' in html
    (missed,) = re.findall(r'<p class="mis[^"]*">.*?id="t12".*?</p>', html)
    assert "+" in missed
    shown = [
        unescape(re.sub("<[^>]+>", "", row))
        for row in re.findall(r'class="t">(.*?)&nbsp;</span>', html)
    ]
    rows = [row.strip() for row in PROGRAM.split("\n")]
    assert [row.strip() for row in shown] == rows[:-1]


# A program of both languages: what coverage.py makes of Python must be what we make of Dana.
BOTH = """\
import json
import sys


def loops(n):
    total = 0
    for i in range(n):
        if i == 1:
            continue
        elif i > 5:
            break
        total += i
    else:
        total = -1
    while total > 3:
        total -= 1
        if (total
                == 2):
            return total
    return total


def fails(kind):
    try:
        if kind == 1:
            raise ValueError(kind)
        elif kind == 2:
            raise KeyError(
                kind
            )
    except (ValueError,
            TypeError):
        return "value"
    except KeyError as error:
        kind = 3
    else:
        kind = 4
    finally:
        if kind == 4:
            kind += 1
    return kind


def nested(flag):
    def inner(x):
        if x:
            return 1
        return 2
    if flag: return inner(flag)
    with open(__file__) as file:
        for line in file:
            if "never there" in line + "!":
                print(line)
        if not flag:
            file.read()
    return [x for x in [1, 2] if x]


def waits():
    n = 0
    while True:
        n += 1
        if n > 2:
            break
    assert n == 3, "three"
    pass


def excluded(x):  # pragma: no cover
    if x:
        return 1
    return 2


def partial(x):
    if x:  # pragma: no branch
        return 1
    return 2


def gen(n):
    for i in range(n):
        yield i
    if n:
        yield n


if __name__ == "__main__":
    print(loops(3), loops(2), loops(9), fails(1), fails(2), fails(0), nested(0), waits(), partial(1))
    print(sum(gen(3)))
else:
    print("imported")
"""


def ends(branches):
    """Branches, but for those to the head of a `with`, behind whose end coverage.py looks for Python."""
    head = BOTH.split("\n").index("    with open(__file__) as file:") + 1
    return {(start, head + 6 if end == head else end) for start, end in branches}


@pytest.mark.parametrize(
    "calls", ["", "loops(0)\n", "fails(2)\nfails(3)\n", "nested(1)\nnested(0)\n", "list(gen(0))\n"]
)
def test_statements_and_branches_are_those_of_python(coverage, calls):
    start = BOTH.index("    print(loops(3)")
    text = BOTH if not calls else BOTH[:start] + f"    {calls.strip().replace(chr(10), '; ')}\n"
    coverage.run("both.py", {"both.py": text})
    expected = coverage.results()["both.py"]
    (coverage.folder / "both.py").unlink()
    coverage.run("both.dana", {"both.dana": text})
    found = coverage.results()["both.dana"]
    for key in ("executed_lines", "missing_lines", "excluded_lines", "summary"):
        assert found[key] == expected[key], key
    for key in ("executed_branches", "missing_branches"):
        assert ends(found[key]) == ends(expected[key]), key


def test_files_that_never_ran_are_reported(coverage):
    coverage.run("main.dana", {"main.dana": "print(1)\n", "other.dana": "x = 1\ny = 2\n"})
    found = coverage.results()
    assert found["other.dana"]["missing_lines"] == [1, 2]
    assert found["main.dana"]["missing_lines"] == []


def test_imported_modules_are_measured(coverage):
    files = {
        "main.dana": "import tools\ntools.f()\n",
        "tools.dana": "def f():\n    1\ndef g():\n    2\n",
    }
    coverage.run("main.dana", files)
    assert coverage.results()["tools.dana"]["missing_lines"] == [4]


def test_branches_on_threads_are_measured(coverage):
    program = (
        "import threading\n"
        "together = threading.Barrier(2, timeout=60)\n"
        "def meet(name):\n"
        "    together.wait()\n"
        "    name\n"
        "'x' | { meet, meet } | print\n"
    )
    coverage.run("main.dana", {"main.dana": program})
    assert coverage.results()["main.dana"]["missing_lines"] == []


def test_exclusions_of_the_project_count(coverage):
    configuration = (
        CONFIGURATION + '[tool.coverage.report]\nexclude_also = ["def debug", "@skipped"]\n'
    )
    program = (
        "def skipped(f): f\n"
        "def debug():\n"
        "    1\n"
        "@skipped\n"
        "def other():\n"
        "    2\n"
        "def missing():\n"
        "    3\n"
        "if skipped(1):\n"
        "    4\n"
        "else:  # pragma: no cover\n"
        "    5\n"
    )
    coverage.run("main.dana", {"main.dana": program}, configuration)
    found = coverage.results()["main.dana"]
    assert found["missing_lines"] == [8]
    assert set(found["excluded_lines"]) >= {2, 3, 4, 5, 6, 11, 12}
    assert found["missing_branches"] == []


def test_a_wrong_file_is_named(coverage):
    coverage.run("main.dana", {"main.dana": "print(1)\n"})
    (coverage.folder / "main.dana").write_text("print(\n")
    told = coverage("report", status=1)
    assert "Couldn't parse" in told
    assert "Traceback" not in told
    assert "Couldn't parse" in coverage("report", "--ignore-errors", status=1)


def test_colours_lose_no_text():
    from danac.coverage_plugin.colours import coloured

    for text in (
        "",
        "x",
        "x\n",
        'f"a{x}" # c\n',
        '"""a\nb"""\n\n',
        "'open\n'",
        "5 | $$\t# ü\n",
        "a\x0cb\n",
    ):
        rows = ["".join(piece for _, piece in row) for row in coloured(text)]
        assert "\n".join(rows) == text.removesuffix("\n")
