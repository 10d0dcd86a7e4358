"""Programs as `danac run` runs them: what they print, how their errors look, their exit status."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("danac.compilation")


@pytest.fixture
def run(tmp_path, run_danac):
    """Write files, then run the first of them: `run({"a.dana": text}, "n=1")`."""

    def run(files: dict[str, str], *arguments: str, **options):
        for name, text in files.items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        return run_danac("run", next(iter(files)), *arguments, cwd=tmp_path, **options)

    return run


def printed(completed) -> list[str]:
    assert completed.stderr == ""
    assert completed.returncode == 0
    return completed.stdout.splitlines()


class TestSurroundings:
    def test_module_is_main(self, run, tmp_path):
        files = {
            "a.dana": "seen = 5\nimport probe\nprint(__name__, __file__)\n",
            "probe.py": """
import __main__
print(__main__.seen, __main__.__dana__, __main__.__spec__, __main__.__cached__)
print(type(__main__.__loader__).__name__, __main__.__file__)
""",
        }
        path = tmp_path / "a.dana"
        assert printed(run(files)) == [
            "5 True None None",
            f"DanaLoader {path}",
            f"__main__ {path}",
        ]

    def test_arguments_and_path(self, run, tmp_path):
        text = "import sys\nprint(sys.argv)\nprint(sys.path[0])\n"
        completed = run({"sub/a.dana": text}, "one", "--two=2", "-x", "-")
        file = os.path.join("sub", "a.dana")
        assert printed(completed) == [
            f"['{file}', 'one', '--two=2', '-x', '-']",
            str(tmp_path / "sub"),
        ]

    def test_search_path(self, run, tmp_path):
        files = {
            "sub/a.dana": "import m, n, o\nprint(m.x, n.x, o.x)\n",
            "sub/m.na": "x = 'sub'\n",
            "lib/m.dana": "x = 'lib'\n",
            "lib/n.dana": "x = 'lib'\n",
            "rest/n.dana": "x = 'rest'\n",
            "rest/o.py": "x = 'rest'\n",
        }
        env = {"DANAPATH": str(tmp_path / "lib"), "PYTHONPATH": str(tmp_path / "rest")}
        assert printed(run(files, env=env)) == ["sub lib rest"]

    def test_working_directory_is_not_on_the_path(self, run):
        completed = run({"sub/a.dana": "import m\n", "m.dana": "x = 1\n"})
        assert completed.returncode == 1
        assert completed.stderr.endswith("ModuleNotFoundError: No module named 'm'\n")

    def test_safe_path_keeps_the_program_folder(self, run):
        files = {"sub/a.dana": "import m\nprint(m.x)\n", "sub/m.dana": "x = 1\n"}
        assert printed(run(files, env={"PYTHONSAFEPATH": "1"})) == ["1"]

    def test_main_can_be_pickled_by_reference(self, run):
        text = """
import pickle
def f():
    return 4
print(pickle.loads(pickle.dumps(f))())
"""
        assert printed(run({"a.na": text})) == ["4"]

    def test_inspect_shows_the_source_of_the_program(self, run):
        text = "import inspect\ndef f():\n    return 4\nprint(inspect.getsource(f))\n"
        assert printed(run({"a.dana": text}))[:2] == ["def f():", "    return 4"]

    def test_empty_program(self, run):
        assert printed(run({"a.dana": ""})) == []


class TestEntry:
    MAIN = """
print("module")
def __main__(n: int, flag: bool = False, data = None):
    print(n + 1, flag, data)
"""

    def test_is_called_after_the_module_with_converted_arguments(self, run):
        files = {"a.dana": self.MAIN, "d.json": "[1, {}]"}
        lines = printed(run(files, "n=4", "data=@d.json", "flag=yes"))
        assert lines == ["module", "5 True [1, {}]"]

    def test_others_are_in_argv(self, run):
        text = "import sys\ndef __main__(n):\n    print(n, sys.argv[1:])\n"
        assert printed(run({"a.dana": text}, "x", "n=a=b", "--n=2", "=", "a b=3")) == [
            "a=b ['x', '--n=2', '=', 'a b=3']"
        ]

    @pytest.mark.parametrize(
        ("arguments", "message"),
        [
            (["n=x"], "danac: error: n: expected int, got str ('x')\n"),
            ([], "danac: error: missing parameter n (__main__ takes n"),
            (["n=1", "m=2"], "danac: error: unknown parameter m (__main__ takes n"),
            (["n=1", "n=2"], "danac: error: parameter n is given twice\n"),
            (["n=1", "data=@no.csv"], "danac: error: cannot read no.csv for parameter data: "),
        ],
    )
    def test_wrong_arguments_are_usage_errors(self, run, arguments, message):
        completed = run({"a.dana": self.MAIN}, *arguments)
        assert completed.returncode == 2
        assert completed.stderr.startswith(message)
        assert completed.stderr.count("\n") == 1

    def test_arguments_for_a_program_without_entry_are_refused_before_it_runs(self, run):
        completed = run({"a.dana": "print(1)\n"}, "n=1")
        assert (completed.returncode, completed.stdout) == (2, "")
        assert completed.stderr == (
            "danac: error: a.dana defines no __main__ function that could take n=…\n"
        )

    def test_entry_may_be_imported(self, run):
        files = {
            "a.dana": "from b import __main__\n",
            "b.dana": "def __main__(n: int):\n    print(n)\n",
        }
        assert printed(run(files, "n=1")) == ["1"]

    def test_module_of_that_name_is_no_entry(self, run):
        assert printed(run({"a.dana": "import __main__\nprint(1)\n"})) == ["1"]

    def test_coroutine_function(self, run):
        text = "async def __main__(n: int):\n    print(n)\n"
        assert printed(run({"a.dana": text}, "n=1")) == ["1"]


class TestExitStatus:
    @pytest.mark.parametrize(
        ("text", "status", "shown"),
        [
            ("import sys\nsys.exit()\n", 0, ""),
            ("import sys\nsys.exit(7)\n", 7, ""),
            ("import sys\nsys.exit('enough')\n", 1, "enough\n"),
            ("raise SystemExit(3)\n", 3, ""),
        ],
    )
    def test_sys_exit(self, run, text, status, shown):
        completed = run({"a.dana": text})
        assert (completed.returncode, completed.stderr) == (status, shown)

    def test_exit_from_the_entry(self, run):
        completed = run({"a.dana": "import sys\ndef __main__():\n    sys.exit(4)\n"})
        assert completed.returncode == 4

    def test_output_before_an_exit_is_not_lost(self, run):
        completed = run({"a.dana": "import sys\nprint(1)\nsys.exit(2)\n"})
        assert completed.stdout == "1\n"

    @pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals")
    def test_interrupt(self, tmp_path, clean_environment):
        text = "import time\nprint('ready', flush=True)\ntime.sleep(60)\n"
        (tmp_path / "a.dana").write_text(text)
        process = subprocess.Popen(
            [sys.executable, "-m", "danac", "run", "a.dana"],
            cwd=tmp_path,
            env=clean_environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        process.send_signal(signal.SIGINT)
        _, shown = process.communicate(timeout=60)
        assert process.returncode == 130
        assert shown.splitlines()[-1] == "KeyboardInterrupt"
        assert "danac" not in shown

    def test_reader_that_has_seen_enough(self, tmp_path, clean_environment):
        (tmp_path / "a.dana").write_text("for i in range(100000):\n    print(i)\n")
        for option in ([], ["-u"]):
            process = subprocess.Popen(
                [sys.executable, *option, "-m", "danac", "run", "a.dana"],
                cwd=tmp_path,
                env=clean_environment,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
            )
            assert process.stdout is not None
            assert process.stderr is not None
            assert process.stdout.readline() == "0\n"
            process.stdout.close()
            assert process.stderr.read() == ""
            process.stderr.close()
            assert process.wait(timeout=60) == 1


class TestTracebacks:
    def test_only_the_frames_of_the_program(self, run, tmp_path):
        files = {
            "a.dana": "import b\ndef __main__():\n    b.f(0)\n",
            "b.na": "from c import divide\ndef f(x):\n    return divide(1, x)\n",
            "c.py": "def divide(a, b):\n    return a / b\n",
        }
        completed = run(files)
        assert completed.returncode == 1
        assert completed.stdout == ""
        lines = completed.stderr.splitlines()
        assert [line for line in lines if line.startswith("  File")] == [
            f'  File "{tmp_path / "a.dana"}", line 3, in __main__',
            f'  File "{tmp_path / "b.na"}", line 3, in f',
            f'  File "{tmp_path / "c.py"}", line 2, in divide',
        ]
        assert lines[0] == "Traceback (most recent call last):"
        assert lines[-1] == "ZeroDivisionError: division by zero"

    @pytest.mark.parametrize("before", ["", "'abc', ", "'äöüß', ", "'é', 'ñ', "])
    def test_caret_stands_under_the_failing_expression(self, run, before):
        text = f"x = 0\ny = [{before}(1 / x)]\n"
        # The second run is that of cached bytecode.
        for _ in range(2):
            lines = run({"a.dana": text}).stderr.splitlines()
            at = next(i for i, line in enumerate(lines) if "1 / x" in line)
            start = lines[at].index("1 / x")
            carets = lines[at + 1]
            assert [i for i, char in enumerate(carets) if char in "~^"] == list(
                range(start, start + len("1 / x"))
            )

    def test_failing_import_shows_the_module(self, run, tmp_path):
        completed = run({"a.dana": "import b\n", "b.dana": "1 / 0\n"})
        lines = completed.stderr.splitlines()
        assert [line for line in lines if line.startswith("  File")] == [
            f'  File "{tmp_path / "a.dana"}", line 1, in <module>',
            f'  File "{tmp_path / "b.dana"}", line 1, in <module>',
        ]

    def test_causes_groups_and_notes(self, run):
        files = {
            "a.dana": "import b\nb.fail(lambda_free)\n".replace("lambda_free", "len"),
            "b.py": """
def fail(f):
    try:
        f(5)
    except TypeError as error:
        error.add_note("a note")
        group = ExceptionGroup("several", [error, ValueError("other")])
        raise RuntimeError("outer") from group
""",
        }
        shown = run(files).stderr
        for part in ("a note", "several", "ValueError: other", "RuntimeError: outer"):
            assert part in shown
        assert "danac" not in shown
        assert "importlib" not in shown

    def test_name_error_suggests_what_was_meant(self, run):
        text = "def f():\n    colour = 1\n    print(color)\nf()\n"
        assert "Did you mean: 'colour'?" in run({"a.dana": text}).stderr

    def test_output_comes_before_the_error(self, tmp_path, clean_environment):
        (tmp_path / "a.dana").write_text("print('first')\n1 / 0\n")
        completed = subprocess.run(
            [sys.executable, "-m", "danac", "run", "a.dana"],
            cwd=tmp_path,
            env=clean_environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        assert completed.stdout.startswith("first\nTraceback")

    def test_debugging_shows_all_frames(self, run):
        completed = run({"a.dana": "1 / 0\n"}, env={"DANAC_DEBUG": "1"})
        assert "program.py" in completed.stderr


class TestWrongProgram:
    def test_is_a_diagnosis_without_traceback(self, run):
        completed = run({"a.dana": "x = 1\ny = (2 + \n"})
        assert (completed.returncode, completed.stdout) == (2, "")
        assert completed.stderr.startswith("a.dana:2:")
        assert "2 | y = (2 +" in completed.stderr
        assert "^" in completed.stderr
        assert "Traceback" not in completed.stderr

    def test_imported_module_as_well(self, run):
        completed = run({"sub/a.dana": "print(1)\nimport b\n", "sub/b.na": "y = (2 + \n"})
        assert (completed.returncode, completed.stdout) == (2, "1\n")
        assert completed.stderr.startswith(os.path.join("sub", "b.na") + ":1:")
        assert "Traceback" not in completed.stderr

    def test_imported_python_module_keeps_pythons_traceback(self, run):
        completed = run({"a.dana": "import b\n", "b.py": "y = (2 + \n"})
        assert completed.returncode == 1
        assert completed.stderr.splitlines()[-1] == "SyntaxError: '(' was never closed"

    def test_file_that_is_no_text(self, run_danac, tmp_path):
        (tmp_path / "a.dana").write_bytes(b"x = '\xff'\n")
        completed = run_danac("run", "a.dana", cwd=tmp_path)
        assert completed.returncode == 2
        assert completed.stderr.startswith("a.dana:1:6: error[DANA100]: the text is not UTF-8")

    def test_bug_of_danac_asks_for_a_report(self, run_python, tmp_path):
        (tmp_path / "a.dana").write_text("x = 1\n")
        script = """
import sys, danac.compilation, danac.diagnostics, danac.cli
def fail(*arguments):
    raise eval(sys.argv[1])
danac.compilation.compile_source = fail
sys.exit(danac.cli.main(["run", "a.dana"]))
"""
        for error in ("danac.diagnostics.InternalError('no node')", "KeyError('no node')"):
            completed = run_python("-c", script, error, cwd=tmp_path)
            assert completed.returncode == 1
            assert completed.stderr.startswith("danac: internal error: ")
            assert "no node" in completed.stderr
            assert "Please report it" in completed.stderr
            assert "Traceback" not in completed.stderr


class TestStandardInput:
    def test_program_from_standard_input(self, run_danac, tmp_path):
        (tmp_path / "m.dana").write_text("x = 3\n")
        text = "import sys, m\nprint(sys.argv, sys.path[0] == '', m.x)\n"
        completed = run_danac("run", "-", "one", cwd=tmp_path, stdin=text)
        assert printed(completed) == ["['-', 'one'] True 3"]

    def test_traceback_shows_its_lines(self, run_danac):
        completed = run_danac("run", "-", stdin="x = 0\n1 / x\n")
        assert completed.returncode == 1
        assert '  File "<stdin>", line 2, in <module>\n    1 / x\n    ~~^~~\n' in completed.stderr
        assert "danac" not in completed.stderr

    def test_wrong_program(self, run_danac):
        completed = run_danac("run", "-", stdin="y = (2 + \n")
        assert completed.returncode == 2
        assert completed.stderr.startswith("<stdin>:1:")


class TestWrongFile:
    @pytest.mark.parametrize(
        ("file", "message"),
        [
            ("none.dana", "danac: error: cannot read none.dana: No such file or directory\n"),
            (".", "danac: error: cannot read .: Is a directory\n"),
        ],
    )
    def test_is_a_usage_error(self, run_danac, tmp_path, file, message):
        completed = run_danac("run", file, cwd=tmp_path)
        assert (completed.returncode, completed.stderr) == (2, message)

    @pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may read")
    def test_unreadable(self, run_danac, tmp_path):
        path = Path(tmp_path, "a.dana")
        path.write_text("")
        path.chmod(0)
        completed = run_danac("run", "a.dana", cwd=tmp_path)
        assert completed.returncode == 2
        assert completed.stderr == "danac: error: cannot read a.dana: Permission denied\n"


class TestDoubts:
    """What can hardly be meant is said when a program is compiled, and so once."""

    TEXT = "ä = 5\nimport m\nprint('ä', ä is 5)\n"

    def test_is_said_once(self, run):
        files = {"a.dana": self.TEXT, "m.dana": "\nx = 'a' is 'b'\n"}
        first, second = run(files), run(files)
        assert first.returncode == second.returncode == 0
        assert first.stdout == second.stdout == "ä True\n"
        assert first.stderr == (
            "a.dana:3:12: warning[DANA221]: `is` asks for the same object, of which a number says nothing\n"
            "3 | print('ä', ä is 5)\n"
            "  |            ^^^^^^\n"
            "  hint: write `==`\n"
            "m.dana:2:5: warning[DANA221]: `is` asks for the same object, of which a text says nothing\n"
            "2 | x = 'a' is 'b'\n"
            "  |     ^^^^^^^^^^\n"
            "  hint: write `==`\n"
        )
        assert second.stderr == ""

    def test_standard_input(self, run_danac):
        completed = run_danac("run", "-", stdin="x = 5 is 5\n")
        assert completed.returncode == 0
        assert completed.stderr.startswith("<stdin>:1:5: warning[DANA221]: ")

    def test_python_settings_do_not_matter(self, run):
        completed = run({"a.dana": "x = 5 is 5\n"}, env={"PYTHONWARNINGS": "error"})
        assert completed.returncode == 0
        assert "warning[DANA221]" in completed.stderr
