from __future__ import annotations

import dataclasses
import os
import subprocess
import sys
import traceback

import pytest

import danac.loading.tracebacks as tracebacks
from danac.diagnostics import DanaSyntaxError, InternalError
from danac.source import Source, Span

HIDDEN = tracebacks.__file__


def program(text: str, filename: str = "prog.dana"):
    """Define the function `f` in a file of that name."""
    namespace: dict[str, object] = {}
    exec(compile(text, filename, "exec"), namespace)
    return namespace["f"]


call = program("def f(function):\n    return function()\n", HIDDEN)


def error_of(function) -> BaseException:
    try:
        function()
    except BaseException as error:
        return error
    raise AssertionError("it did not fail")


def files_of(error: BaseException) -> list[str]:
    return [frame.filename for frame in traceback.extract_tb(error.__traceback__)]


class TestTrim:
    def test_frames_of_danac_go_and_all_others_stay(self):
        inner = program("def f():\n    return 1 / 0\n")
        outer = program("def f(call=None, inner=None):\n    return call(inner)\n", "outer.dana")
        error = error_of(lambda: call(lambda: outer(call, inner)))
        assert files_of(error).count(HIDDEN) == 2
        tracebacks.trim(error)
        assert files_of(error) == [__file__, __file__, __file__, "outer.dana", "prog.dana"]

    def test_positions_are_kept(self):
        inner = program("def f():\n    return 'äöü', (1 / 0)\n")
        error = error_of(lambda: call(inner))
        before = list(traceback.extract_tb(error.__traceback__))[-1]
        tracebacks.trim(error)
        after = list(traceback.extract_tb(error.__traceback__))[-1]
        assert (after.lineno, after.colno, after.end_colno) == (2, before.colno, before.end_colno)

    def test_causes_and_contexts_are_trimmed(self):
        text = """
def f(call, fail):
    try:
        call(fail)
    except ZeroDivisionError:
        try:
            call(fail)
        except ZeroDivisionError as error:
            raise ValueError from error
"""
        fail = program("def f():\n    return 1 / 0\n")
        error = error_of(lambda: program(text)(call, fail))
        tracebacks.trim(error)
        assert error.__cause__ is not None
        assert error.__cause__.__context__ is not None
        assert HIDDEN not in files_of(error.__cause__)
        assert HIDDEN not in files_of(error.__cause__.__context__)

    def test_members_of_groups_are_trimmed(self):
        fail = program("def f():\n    return 1 / 0\n")
        members = [error_of(lambda: call(fail)), error_of(lambda: call(fail))]
        group = ExceptionGroup("outer", [ExceptionGroup("inner", members[:1]), members[1]])
        tracebacks.trim(group)
        assert all(HIDDEN not in files_of(member) for member in members)

    def test_cycles_end(self):
        one, two = ValueError(), ValueError()
        one.__cause__, two.__cause__ = two, one
        tracebacks.trim(one)

    def test_exceptions_that_refuse_assignment(self):
        @dataclasses.dataclass(frozen=True)
        class FrozenError(Exception):
            text: str

        def fail():
            raise FrozenError("x")

        def catch():
            try:
                call(fail)
            except FrozenError as error:
                return error

        error = catch()
        tracebacks.trim(error)
        assert HIDDEN not in files_of(error)

    def test_deep_recursion(self):
        fail = program("def f(n):\n    return f(n + 1)\n")
        error = error_of(lambda: call(lambda: fail(0)))
        tracebacks.trim(error)
        assert files_of(error)[-1] == "prog.dana"


@pytest.fixture
def stderr(monkeypatch, capsys):
    monkeypatch.delenv("DANAC_DEBUG", raising=False)
    return lambda: capsys.readouterr().err


class TestReport:
    @pytest.mark.parametrize(
        ("code", "status", "text"),
        [
            (None, 0, ""),
            (0, 0, ""),
            (3, 3, ""),
            (True, 1, ""),
            ("done for", 1, "done for\n"),
            ((1, 2), 1, "(1, 2)\n"),
        ],
    )
    def test_system_exit(self, stderr, code, status, text):
        assert tracebacks.report(SystemExit(code)) == status
        assert stderr() == text

    def test_uncaught_error(self, stderr):
        error = error_of(lambda: call(program("def f():\n    raise KeyError('x')\n")))
        error.add_note("in branch 1 of 2")
        assert tracebacks.report(error) == 1
        shown = stderr()
        assert shown.startswith("Traceback (most recent call last):\n")
        assert shown.endswith("KeyError: 'x'\nin branch 1 of 2\n")
        assert HIDDEN not in shown

    def test_interrupt(self, stderr):
        assert tracebacks.report(KeyboardInterrupt()) == 130
        assert stderr() == "KeyboardInterrupt\n"

    def test_wrong_program(self, stderr):
        source = Source("x\n  y = ü +\n", "/somewhere/a.dana")
        error = DanaSyntaxError("expected a value", source, Span(2, 10, 2, 11), hint="add one")
        assert tracebacks.report(error) == 2
        assert stderr() == (
            "/somewhere/a.dana:2:10: error[DANA100]: expected a value\n"
            "2 |   y = ü +\n"
            "  |          ^\n"
            "  hint: add one\n"
        )

    def test_bug_of_danac(self, stderr):
        error = error_of(lambda: (_ for _ in ()).throw(InternalError("no such node")))
        assert tracebacks.report(error) == 1
        shown = stderr()
        assert shown.startswith("danac: internal error: no such node\n")
        assert "Please report it" in shown
        assert "Traceback" not in shown

    @pytest.mark.parametrize("debug", ["1", "yes"])
    def test_debugging_hides_nothing(self, stderr, monkeypatch, debug):
        monkeypatch.setenv("DANAC_DEBUG", debug)
        error = error_of(lambda: call(program("def f():\n    raise KeyError\n")))
        assert tracebacks.report(error) == 1
        assert HIDDEN in stderr()

    def test_hook_of_the_program_is_asked(self, stderr, monkeypatch):
        calls = []
        monkeypatch.setattr(sys, "excepthook", lambda *arguments: calls.append(arguments))
        error = error_of(lambda: call(program("def f():\n    raise KeyError\n")))
        assert tracebacks.report(error) == 1
        assert calls == [(KeyError, error, error.__traceback__)]
        assert stderr() == ""

    def test_broken_pipe_elsewhere_is_an_error_like_others(self, stderr):
        assert tracebacks.report(BrokenPipeError("socket")) == 1
        assert stderr() == "BrokenPipeError: socket\n"

    def test_missing_standard_output(self, stderr, monkeypatch):
        monkeypatch.setattr(sys, "stdout", None)
        with pytest.raises(AttributeError):
            sys.stdout.flush()
        assert tracebacks.report(BrokenPipeError("socket")) == 1


def test_short_path(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert tracebacks.short_path(str(tmp_path / "a" / "b.dana")) == os.path.join("a", "b.dana")
    assert tracebacks.short_path("/elsewhere/b.dana") == "/elsewhere/b.dana"
    assert tracebacks.short_path(f"{tmp_path}x/b.dana") == f"{tmp_path}x/b.dana"


def test_registered_text_is_shown_in_tracebacks():
    text = "a = '\x0c'\r\ndef f():\n    return 1 / 0\n"
    tracebacks.register_text("<shown>", text)
    error = error_of(program(text, "<shown>"))
    shown = "".join(traceback.format_exception(error))
    assert "return 1 / 0" in shown


PROCESSES = """\
import os.py
def die(x): os._exit(3)
def bad(x): return 1 // (x - x)
def ok(x): return x
"""


@pytest.mark.parametrize("name", ["die", "bad"])
def test_error_of_a_process_shows_the_programs_frames_only(tmp_path, name):
    pytest.importorskip("loky")
    path = tmp_path / "a.dana"
    path.write_text(f'{PROCESSES}print(1 | {{ {name}, ok }} with (executor="process"))\n')
    command = [sys.executable, "-m", "danac", "run", str(path)]
    printed = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert printed.returncode == 1
    frames = [line for line in printed.stderr.splitlines() if line.startswith('  File "')]
    assert frames
    assert all(line.startswith(f'  File "{path}"') for line in frames), printed.stderr
    assert "loky" not in printed.stderr
    assert "execution.processes" not in printed.stderr
