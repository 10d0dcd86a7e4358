"""Whole programs through every stage: what they print, what is wrong with them, how they fail, and no surprises.

programs/ holds programs with the output they must have (`name.out`), errors/ wrong ones with what must
be said of them (`name.err`).
"""

from __future__ import annotations

import marshal
import random
import re
import shlex
import shutil
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path

import pytest

import dana_runtime
import danac
from danac.cli import main
from danac.compilation import check_source, compile_source
from danac.diagnostics import DanaSyntaxError, render
from danac.source import Source

TESTS = Path(__file__).parent
PROGRAMS = sorted((TESTS / "programs").glob("*.dana"))
WRONG_PROGRAMS = sorted((TESTS / "errors").glob("*.dana"))

ONLY_CHECKED = {"DANA201", "DANA220"}
"""The errors that only `danac check` reports: when it runs, an unknown name is a NameError."""


def by_name(path: Path) -> str:
    return path.stem


def arguments_of(program: Path) -> list[str]:
    """Return the arguments that the program says it is to be run with: `# arguments: a=1 b=2`."""
    found = re.search(r"^# arguments: (.+)$", program.read_text("utf-8"), re.MULTILINE)
    return shlex.split(found[1]) if found else []


@pytest.fixture(scope="module")
def programs(tmp_path_factory) -> Path:
    """A copy of the programs, so that no caches are left in the checkout."""
    folder = tmp_path_factory.mktemp("run") / "programs"
    return shutil.copytree(TESTS / "programs", folder)


@pytest.fixture(scope="module")
def built(tmp_path_factory) -> Path:
    """The programs as .py files, beside the Python modules that they import."""
    folder = tmp_path_factory.mktemp("built") / "programs"
    shutil.copytree(TESTS / "programs", folder, ignore=shutil.ignore_patterns("*.out"))
    main(["build", str(folder)])
    return folder


@pytest.fixture
def own_process_state(monkeypatch, programs) -> Iterator[None]:
    """Let a program take the process over, and take it back."""
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.setattr(sys, "argv", list(sys.argv))
    monkeypatch.setitem(sys.modules, "__main__", sys.modules["__main__"])
    before = set(sys.modules)
    yield
    danac.uninstall()
    for name in set(sys.modules) - before:
        if Path(getattr(sys.modules[name], "__file__", None) or "").is_relative_to(programs):
            del sys.modules[name]
    for name in list(dana_runtime.public):
        del dana_runtime.public[name]


class TestPrograms:
    @pytest.mark.parametrize("program", PROGRAMS, ids=by_name)
    def test_run(self, program, programs, own_process_state, capsys):
        assert main(["run", str(programs / program.name), *arguments_of(program)]) == 0
        printed = capsys.readouterr()
        assert printed.err == ""
        assert printed.out == program.with_suffix(".out").read_text("utf-8")

    # A built file is a module: what calls its __main__ is `danac run`.
    @pytest.mark.parametrize("program", [p for p in PROGRAMS if not arguments_of(p)], ids=by_name)
    def test_built(self, program, built, run_python):
        # Without the site packages there is no danac: the built files need only dana_runtime.
        runtime = str(Path(dana_runtime.__file__).parent.parent)
        target = built / program.with_suffix(".py").name
        completed = run_python("-S", target, env={"PYTHONPATH": runtime}, measured=False)
        assert completed.stderr == ""
        assert completed.stdout == program.with_suffix(".out").read_text("utf-8")

    def test_built_folder_is_complete(self, built):
        sources = {path.relative_to(built).with_suffix(".py") for path in built.rglob("*.dana")}
        assert sources <= {path.relative_to(built) for path in built.rglob("*.py")}

    @pytest.mark.parametrize("program", PROGRAMS, ids=by_name)
    def test_nothing_is_wrong_with_it(self, program):
        found = check_source(program.read_text("utf-8"), program.name)
        assert [finding for finding in found if finding.severity == "error"] == []

    def test_each_says_what_it_covers(self):
        silent = [
            program.name
            for program in PROGRAMS
            if (text := program.read_text("utf-8-sig"))
            and not re.search(r"^# covers:( \d+\.?\d*)+$", text, re.MULTILINE)
        ]
        assert silent == []


class TestWrongPrograms:
    @pytest.mark.parametrize("program", WRONG_PROGRAMS, ids=by_name)
    def test_what_is_said(self, program):
        text = program.read_text("utf-8")
        source = Source(text, program.name)
        said = [render(finding, source) for finding in check_source(text, program.name)]
        assert "\n".join(said) + "\n" == program.with_suffix(".err").read_text("utf-8")

    @pytest.mark.parametrize("program", WRONG_PROGRAMS, ids=by_name)
    def test_compiling_raises_the_first(self, program):
        text = program.read_text("utf-8")
        errors = [
            finding
            for finding in check_source(text, program.name)
            if finding.severity == "error" and finding.code not in ONLY_CHECKED
        ]
        if not errors:
            compile_source(text, program.name)
            return
        first = errors[0]
        with pytest.raises(DanaSyntaxError) as caught:
            compile_source(text, program.name)
        assert (caught.value.diagnostic.code, caught.value.diagnostic.span) == (
            first.code,
            first.span,
        )

    def test_run_says_the_same_and_leaves_with_2(self, run_danac):
        program = TESTS / "errors" / "missing_colon.dana"
        completed = run_danac("run", program.name, cwd=program.parent)
        assert completed.returncode == 2
        assert completed.stdout == ""
        assert completed.stderr == program.with_suffix(".err").read_text("utf-8")


class TestTracebacks:
    """What `danac run` prints of an uncaught error: .dana lines only, the caret under the culprit."""

    @pytest.fixture
    def traceback_of(self, tmp_path, run_danac):
        def run(text: str) -> str:
            path = tmp_path / "orders.dana"
            path.write_text(textwrap.dedent(text), encoding="utf-8")
            completed = run_danac("run", path.name, cwd=tmp_path)
            assert completed.returncode == 1
            assert completed.stdout == ""
            files = re.findall(r'File "(.*?)"', completed.stderr)
            assert set(files) == {str(path)}
            return completed.stderr

        return run

    def underlined(self, shown: str) -> list[str]:
        """Return the stretches of source that carets stand under, outermost call first.

        Python leaves the carets out where they would mark the whole line.
        """
        found = []
        lines = shown.splitlines()
        for index, line in enumerate(lines):
            if line.strip() and not line.strip().strip("~^") and "^" in line:
                start = len(line) - len(line.lstrip())
                found.append(lines[index - 1][start : len(line.rstrip())])
        return found

    def test_plain_failure(self, traceback_of):
        shown = traceback_of(
            """\
            def halve(x):
                return 1 + (x / 0)

            total = 1 + halve(3)
            """
        )
        assert self.underlined(shown) == ["halve(3)", "x / 0"]
        assert "line 4, in <module>" in shown
        assert "line 2, in halve" in shown
        assert shown.endswith("ZeroDivisionError: division by zero\n")

    def test_non_ascii_text_before_it(self, traceback_of):
        shown = traceback_of(
            """\
            def größe(schlüssel):
                return "äöü éñ", schlüssel["größe"]["länge"]

            größe({"größe": {}})
            """
        )
        assert self.underlined(shown)[-1] == 'schlüssel["größe"]["länge"]'

    def test_stage_of_a_nested_call(self, traceback_of):
        shown = traceback_of(
            """\
            def load(n): return n * 2
            def charge(n): return n / 0
            def show(n): return str(n)

            result = 5 | load | charge | show
            """
        )
        assert self.underlined(shown) == ["charge", "n / 0"]
        assert "line 5, in <module>" in shown
        assert "line 2, in charge" in shown

    def test_call_stage(self, traceback_of):
        shown = traceback_of(
            """\
            def scale(x, by): return x / by

            def run(x):
                return x | scale(by=0) | str

            print(run(1))
            """
        )
        assert self.underlined(shown) == ["run(1)", "scale(by=0)", "x / by"]

    def test_expression_stage(self, traceback_of):
        shown = traceback_of(
            """\
            def run(order):
                return [order] | list | ($$[0].total + 1) | str

            run(5)
            """
        )
        assert self.underlined(shown)[-1] == "$$[0].total"
        assert "AttributeError: 'int' object has no attribute 'total'" in shown

    def test_stage_that_is_not_callable(self, traceback_of):
        shown = traceback_of(
            """\
            five = 5
            result = 1 | abs | five
            """
        )
        assert self.underlined(shown) == ["five"]
        last = "TypeError: stage 3 of 1 | abs | five is not callable: 5 (int)"
        assert shown.splitlines()[-1] == last

    def test_branch(self, traceback_of):
        shown = traceback_of(
            """\
            def tax(order): return order["total"] * 0.2
            def charge(order): return order["card"]
            def confirm(order): return "ok"
            def report(order) = order | { tax, charge, confirm } | list

            report({"total": 10})
            """
        )
        assert self.underlined(shown)[-1] == 'order["card"]'
        assert shown.splitlines()[-3:] == [
            "KeyError: 'card'",
            "in branch 2 of 3, charge (orders.dana:4:36), of pipeline report",
            "its keys are: 'total'",
        ]

    def test_sub_pipeline_of_a_branch(self, traceback_of):
        shown = traceback_of(
            """\
            def clean(text): return text.strip()
            def number(text): return int(text)

            def report(text) = text | {
                len,
                "größe", clean | number | str,
            }

            report(" x ")
            """.replace('"größe", ', "")
        )
        assert self.underlined(shown)[-2:] == ["number", "int(text)"]
        assert shown.splitlines()[-2:] == [
            "ValueError: invalid literal for int() with base 10: 'x'",
            "in branch 2 of 2, clean | number | str (orders.dana:6:5), of pipeline report",
        ]

    def test_nested_block(self, traceback_of):
        shown = traceback_of(
            """\
            def fail(x): return x / 0
            def run(x) = x | { abs, [abs, fail] | sum }

            run(3)
            """
        )
        assert self.underlined(shown)[-1] == "x / 0"
        inner, outer = shown.splitlines()[-2:]
        assert inner == "in branch 2 of 2, fail (orders.dana:2:31), of pipeline run"
        assert outer == "in branch 2 of 2, [abs, fail] | sum (orders.dana:2:25), of pipeline run"

    def test_block_in_order(self, traceback_of):
        shown = traceback_of(
            """\
            def fail(x): return x / 0
            result = 1 | [abs, fail, abs]
            """
        )
        assert shown.splitlines()[-1] == (
            "in branch 2 of 3, fail (orders.dana:2:20), of pipeline 1 | [abs, fail, abs]"
        )

    def test_composed_pipe(self, traceback_of):
        shown = traceback_of(
            """\
            def fail(x): return x / 0
            both = abs | fail
            both(1)
            """
        )
        assert self.underlined(shown)[-2:] == ["fail", "x / 0"]

    def test_lambda_over_several_lines(self, traceback_of):
        shown = traceback_of(
            """\
            result = (
                [1, 2]
                | sum
                | (lambda x :: x
                    / 0)
            )
            """
        )
        assert shown.endswith("ZeroDivisionError: division by zero\n")
        assert "line 4" in shown

    def test_failure_in_an_f_string(self, traceback_of):
        shown = traceback_of(
            """\
            name = "x"
            text = f"{name} is {name.size:>3} long"
            """
        )
        assert self.underlined(shown) == ["name.size"]

    def test_generator_and_cause(self, traceback_of):
        shown = traceback_of(
            """\
            def items():
                yield 1
                raise KeyError("inner")

            try:
                items() | list
            except KeyError as error:
                raise ValueError("outer") from error
            """
        )
        assert "direct cause" in shown
        assert "items() | list" in shown


class TestDeterminism:
    def test_same_bytes_whatever_the_hash_seed(self, tmp_path, run_python, programs):
        text = """
import hashlib, marshal, pathlib, sys
from danac.compilation import compile_source
from danac.listing import to_python
from danac.compilation import to_ast
from danac.source import Source
for path in sorted(pathlib.Path(sys.argv[1]).glob("*.dana")) + sorted(pathlib.Path(sys.argv[2]).glob("*.dana")):
    source = path.read_bytes().decode()
    code = marshal.dumps(compile_source(source, path.name))
    listing = to_python(to_ast(source, path.name), Source(source)).encode()
    print(path.name, hashlib.sha256(code).hexdigest(), hashlib.sha256(listing).hexdigest())
"""
        script = tmp_path / "digests.py"
        script.write_text(text, encoding="utf-8")
        folders = TESTS / "programs", TESTS / "lowering" / "golden"
        outputs = []
        for seed in "1", "4711":
            completed = run_python(
                script, *folders, env={"PYTHONHASHSEED": seed, "PYTHONDONTWRITEBYTECODE": "1"}
            )
            assert completed.stderr == ""
            outputs.append(completed.stdout)
        assert outputs[0].count("\n") == len(PROGRAMS) + len(list(folders[1].glob("*.dana")))
        assert outputs[0] == outputs[1]

    def test_built_files(self, tmp_path, run_danac):
        contents = []
        for seed in "1", "4711":
            target = tmp_path / seed
            completed = run_danac(
                "build", TESTS / "programs", "-o", target, env={"PYTHONHASHSEED": seed}
            )
            assert completed.returncode == 0, completed.stderr
            contents.append({p.name: p.read_bytes() for p in sorted(target.rglob("*.py"))})
        assert contents[0] == contents[1]

    def test_compiled_twice_in_one_process(self):
        for program in PROGRAMS:
            text = program.read_text("utf-8")
            one, other = (marshal.dumps(compile_source(text, "x.dana")) for _ in range(2))
            assert one == other


# The last two are Python's own limits.
LIMITS = (
    r"(compiled|too deeply nested \d+|an integer of more than \d+ decimal digits \d+"
    r"|too many statically nested blocks \d+)"
)
TOKENS = re.compile(r"\s+|\w+|\$\$|::|\*\*|[^\w\s]")


def mutated(text: str, chance: random.Random) -> str:
    """Return `text` with one thing wrong: a token or character less, double, swapped, or the end cut off."""
    parts = TOKENS.findall(text) if chance.random() < 0.7 else list(text)
    if len(parts) < 3:
        return text + chance.choice("([{|'\"\\")
    one, other = chance.randrange(len(parts)), chance.randrange(len(parts))
    match chance.randrange(6):
        case 0:
            del parts[one]
        case 1:
            parts.insert(one, parts[one])
        case 2:
            parts[one], parts[other] = parts[other], parts[one]
        case 3:
            del parts[one:]
        case 4:
            parts[one] = parts[other]
        case _:
            parts.insert(
                one, chance.choice(["|", "$$", "as", "\t", "\n", "{", ")", "::", "'", "\0", "é"])
            )
    return "".join(parts)


DEEP = {
    "parentheses": "x = " + "(" * 10_000 + "1" + ")" * 10_000,
    "sum": "x = " + " + ".join(["1"] * 100_000),
    "sum of names": "y = 1\nx = " + " + ".join(["y"] * 30_000),
    "product": "x = " + " * ".join(["1"] * 5_000),
    "powers": "x = " + " ** ".join(["1"] * 5_000),
    "conjunction": "x = " + " and ".join(["1"] * 10_000),
    "comparison": "x = " + " < ".join(["1"] * 10_000),
    "lists": "x = " + "[" * 5_000 + "]" * 5_000,
    "dicts": "x = " + "{1: " * 5_000 + "1" + "}" * 5_000,
    "lambdas": "x = " + "lambda :: " * 5_000 + "1",
    "negations": "x = " + "not " * 5_000 + "true",
    "signs": "x = " + "-" * 5_000 + "1",
    "conditionals": "x = " + "1 if 0 else " * 5_000 + "2",
    "pipe": "x = 1" + " | abs" * 2_500,
    "pipe of an unknown head": "def f(x): return x" + " | abs" * 2_500,
    "pipe of calls": "x = 1" + " | round(1)" * 2_500,
    "pipes in pipes": "x = 1 | " + "(abs | " * 3_000 + "abs" + ")" * 3_000,
    "pipes of unknown heads": "def f(x): return " + "(x | " * 300 + "abs" + ")" * 300,
    "blocks in blocks": "x = 1 | " + "{abs, " * 1_000 + "abs" + "}" * 1_000,
    "captures": "x = 1" + "".join(f" as a{i} | f(a{i}, $$)" for i in range(400)),
    "elif chain": "x = 1\nif x: x = 2\n" + "elif x: x = 3\n" * 3_000,
    "attributes": "x = 1\ny = x" + ".real" * 5_000,
    "calls": "x = abs" + "()" * 5_000,
    "subscripts": "x = abs" + "[0]" * 5_000,
    "nested calls": "x = " + "abs(" * 5_000 + "1" + ")" * 5_000,
    "f-strings": "x = " + "f'{" * 100 + "1" + "}'" * 100,
    "nested ifs": "\n".join(" " * i + "if 1:" for i in range(90)) + "\n" + " " * 90 + "x = 1",
    "nested functions": "".join(" " * i + f"def f{i}():\n" for i in range(90)) + " " * 90 + "1",
    "nested loops": "".join(" " * i + "for x in []:\n" for i in range(60)) + " " * 60 + "1",
    "annotations": "def f(x: " + "list[" * 5_000 + "int" + "]" * 5_000 + "): 1",
    "comprehensions": "x = " + "[y for y in " * 1_000 + "[]" + "]" * 1_000,
    "targets": "[" * 5_000 + "x" + "]" * 5_000 + " = 1",
    "decorators": "@repeat(1)\n" * 1_000 + "def f(): 1",
    "statements": "x = 1\n" * 10_000,
    "one line": "x = 1; " * 10_000,
    "long string": "x = '" + "a" * 1_000_000 + "'",
    "long name": "x" * 100_000 + " = 1",
    "digits": "x = " + "9" * 10_000,
    "branches": "x = 1 | {" + "abs, " * 2_000 + "}",
    "parameters": "def f(" + ", ".join(f"a{i}" for i in range(2_000)) + "): 1",
    "joined texts": "x = " + "'a' " * 5_000,
}


class TestRobustness:
    @pytest.mark.filterwarnings("ignore::SyntaxWarning")
    @pytest.mark.parametrize("seed", range(4))
    def test_wrong_programs_give_diagnostics_and_nothing_else(self, seed):
        chance = random.Random(seed)
        texts = [path.read_text("utf-8") for path in PROGRAMS]
        texts += [path.read_text("utf-8") for path in (TESTS / "lowering/golden").glob("*.dana")]
        texts = sorted(text for text in texts if len(text) < 1500)
        for _ in range(500):
            text = mutated(chance.choice(texts), chance)
            try:
                findings = check_source(text)
            except Exception as error:
                pytest.fail(f"{type(error).__name__}: {error}\nfor this program:\n{text}")
            lines = Source(text).lines
            for finding in findings:
                line, column, *_ = finding.span
                assert 1 <= line <= len(lines)
                assert 1 <= column <= len(lines[line - 1]) + 1, f"{finding}\n{text}"

    @pytest.mark.parametrize("text", DEEP.values(), ids=DEEP.keys())
    def test_deep_and_long_programs(self, text, tmp_path, run_python):
        """In a process of its own, so that a crash of the interpreter is a failure of the test only."""
        program = tmp_path / "deep.dana"
        program.write_text(text, encoding="utf-8")
        script = textwrap.dedent(
            """
            import pathlib, sys
            import danac
            text = pathlib.Path(sys.argv[1]).read_text("utf-8")
            for use in danac.compile_source, danac.to_ast, danac.to_python:
                try:
                    use(text)
                except danac.DanaSyntaxError as error:
                    print(error.diagnostic.message, error.diagnostic.span.line)
                else:
                    print("compiled")
            errors = [found for found in danac.check_source(text) if found.severity == "error"]
            errors = [found for found in errors if found.code != "DANA201"]
            print(*[f"{found.message} {found.span.line}" for found in errors] or ["compiled"])
            """
        )
        completed = run_python("-W", "ignore", "-c", script, program, measured=False)
        assert completed.returncode == 0, completed.stderr[-2000:]
        first, *others = completed.stdout.splitlines()
        assert re.fullmatch(LIMITS, first)
        *others, checked = others
        # The text of a .py file has a limit of its own: brackets in brackets.
        others = [other for other in others if "for the text of a .py file" not in other]
        assert {*others, checked} == {first}


# Right for danac's own stages, but not for Python's compiler; and where in the text it is wrong.
REFUSED_BY_PYTHON = {
    "nonlocal without a binding": ("def f():\n    'äö'; nonlocal q\n    q = 1", "nonlocal q"),
    "parameter and global": ("def f(x):\n    'äö'; global x\n    x = 1", "global x"),
    "walrus on a target": ("ä = [(i := 1) for i in range(3)]", "i"),
    "yield in a comprehension": (
        "def ö():\n    'ä'; return [(yield 1) for i in range(3)]",
        "yield 1",
    ),
    "debug": ("ä = 'ö'; __debug__ = 1", "__debug__"),
    "star import in a function": ("def f():\n    'ä'; from os import *", "from os import *"),
}


class TestWhatPythonRefuses:
    @pytest.mark.parametrize(
        "use", [danac.compile_source, danac.to_ast, danac.to_python, danac.run_source]
    )
    @pytest.mark.parametrize(
        ("text", "place"), REFUSED_BY_PYTHON.values(), ids=REFUSED_BY_PYTHON.keys()
    )
    def test_is_refused_by_all(self, use, text, place):
        with pytest.raises(DanaSyntaxError) as caught:
            use(text)
        found = caught.value.diagnostic
        assert Source(text).text_of(found.span).startswith(place)
        [reported] = [f for f in check_source(text) if f.severity == "error"]
        assert reported == found


def test_name_of_a_function_stands_in_the_bytecode_once():
    # As in Python's own: a name that is not interned is written, and read from the cache, twice.
    module = compile_source("def a_longer_name(x): return x\n")
    (function,) = [constant for constant in module.co_consts if hasattr(constant, "co_name")]
    assert function.co_name is next(name for name in module.co_names if name == "a_longer_name")
    assert marshal.dumps(module).count(b"a_longer_name") == 1
