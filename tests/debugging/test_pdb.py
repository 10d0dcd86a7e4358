"""Real pdb sessions: what the debugger says to each command, in plain Dana lines."""

from __future__ import annotations

import re
import sys

import pytest

PROGRAM = """\
def double(x):
    y = x * 2
    return y

def add(x):
    total = x + 10
    total

def show(value):
    # Not a line to stop at.
    print(value)

5 | double | BLOCK | show
print("done")
"""

IN_ORDER = PROGRAM.replace("BLOCK", "[ add, double | add ]")
PARALLEL = PROGRAM.replace("BLOCK", "{ add, double | add }")


@pytest.fixture
def debug(run_python, tmp_path):
    """Run a program under pdb with some commands and return what comes after each of them."""

    def run(program, *commands, pdb=(), options=("--pdb",), env=None):
        path = tmp_path / "program.dana"
        path.write_text(program, encoding="utf-8")
        result = run_python(
            *pdb, "-m", "danac", "run", *options, "program.dana",
            cwd=tmp_path,
            env=env,
            stdin="".join(f"{command}\n" for command in commands),
            # A debugger and a measuring tool would both trace.
            measured=False,
        )  # fmt: skip
        output = result.stdout.replace(f"{tmp_path}/", "")
        return re.split(r"\(Pdb\) ?", output)[1:], result

    return run


OUTSIDE = pytest.mark.skipif(
    sys.version_info >= (3, 13), reason="this pdb finds a file by name only if it ends in .py"
)


@pytest.mark.parametrize(
    "started",
    [
        {},
        pytest.param({"pdb": ("-m", "pdb"), "options": ()}, marks=OUTSIDE),
    ],
    ids=["run --pdb", "python -m pdb"],
)
def test_break_stops_at_a_line_of_the_program(debug, started):
    answers, _ = debug(
        IN_ORDER, "break program.dana:2", "continue", "p x", "where", "list", "q", **started
    )
    assert answers[0] == "Breakpoint 1 at program.dana:2\n"
    assert "> program.dana(2)double()\n-> y = x * 2\n" in answers[1]
    assert answers[2] == "5\n"
    assert (
        "  program.dana(13)<module>()\n-> 5 | double | [ add, double | add ] | show\n" in answers[3]
    )
    assert "  2 B->\t    y = x * 2\n" in answers[4]
    assert "  5  \tdef add(x):\n" in answers[4]


def test_step_and_next_follow_the_lines(debug):
    answers, _ = debug(IN_ORDER, "break program.dana:2", "continue", "next", "step", "up", "q")
    assert "> program.dana(3)double()\n-> return y\n" in answers[2]
    assert "> program.dana(3)double()->10\n-> return y\n" in answers[3]
    assert "> program.dana(13)<module>()\n" in answers[4]


def test_there_is_no_stopping_at_lines_without_code(debug):
    answers, _ = debug(IN_ORDER, "break program.dana:4", "break program.dana:10", "q")
    assert answers[0] == "*** Blank or comment\n"
    assert answers[1] == "*** Blank or comment\n"


def test_variables_can_be_changed(debug):
    _, result = debug(IN_ORDER, "break program.dana:11", "continue", "value = 'mine'", "continue")
    assert "mine\ndone\n" in result.stdout


def stops_in_both_branches(answers):
    assert "> program.dana(6)add()\n-> total = x + 10\n" in answers[1]
    assert answers[2] == "10\n"
    assert "program.dana(13)<module>()\n" in answers[3]
    assert "> program.dana(6)add()\n-> total = x + 10\n" in answers[4]
    assert answers[5] == "20\n"
    assert "[20, 30]\ndone\n" in answers[6]


STOPS = ("break program.dana:6", "continue", "p x", "where", "continue", "p x", "continue", "q")


def test_break_stops_in_branches_that_run_in_order(debug):
    answers, _ = debug(IN_ORDER, *STOPS)
    stops_in_both_branches(answers)


@pytest.mark.parametrize(
    "started",
    [
        {},
        pytest.param({"pdb": ("-m", "pdb"), "options": ()}, marks=OUTSIDE),
        pytest.param(
            {"pdb": ("-m", "pdb"), "options": (), "env": {"DANA_DEBUG": "1"}}, marks=OUTSIDE
        ),
    ],
    ids=["run --pdb", "python -m pdb", "python -m pdb with DANA_DEBUG"],
)
def test_break_stops_in_parallel_branches(debug, started):
    pytest.importorskip(
        "dana_runtime.execution.debugging", reason="the runtime runs no block inline for debuggers"
    )
    answers, _ = debug(PARALLEL, *STOPS, **started)
    stops_in_both_branches(answers)


# --- breakpoint() ---------------------------------------------------------------------------------

STOPPING = IN_ORDER.replace("    # Not a line to stop at.", "    breakpoint()")


@pytest.mark.parametrize("options", [(), ("--debug",)])
def test_breakpoint_stops_behind_itself(debug, options):
    answers, result = debug(STOPPING, "p value", "continue", options=options)
    before = result.stdout.partition("(Pdb)")[0]
    assert before.rstrip().endswith("-> print(value)") or "-> breakpoint()" in before
    assert answers[0] == "[20, 30]\n"
    assert answers[1] == "[20, 30]\ndone\n"
    assert result.returncode == 0, result.stderr


def test_step_stays_in_the_program_when_it_runs_for_debugging(debug):
    program = 'breakpoint()\nprint("go")\n' + IN_ORDER
    answers, _ = debug(program, *["step"] * 40, options=("--debug",))
    shown = re.findall(r"^> (\S+?)\(\d+\)", "".join(answers), re.MULTILINE)
    assert len(shown) > 12
    assert set(shown) == {"program.dana"}


def test_breakpoint_stops_in_parallel_branches_of_a_run_for_debugging(debug):
    pytest.importorskip(
        "dana_runtime.execution.debugging", reason="the runtime runs no block inline for debuggers"
    )
    program = PARALLEL.replace("    total = x", "    breakpoint()\n    total = x")
    answers, result = debug(program, "p x", "continue", "p x", "continue", options=("--debug",))
    assert (answers[0], answers[2]) == ("10\n", "20\n")
    assert result.returncode == 0, result.stderr


def test_the_environment_chooses_another_debugger(debug):
    _, result = debug(STOPPING, options=("--debug",), env={"PYTHONBREAKPOINT": "0"})
    assert result.stdout == "[20, 30]\ndone\n"


def test_breakpoint_is_known_to_check(run_danac, tmp_path):
    (tmp_path / "program.dana").write_text(STOPPING, encoding="utf-8")
    assert run_danac("check", tmp_path / "program.dana").returncode == 0


def test_the_debugger_begins_before_the_first_line(debug):
    answers, result = debug(
        '"""Docs."""\nx = 1\nprint(x)\n', "p 'x' in globals()", "next", "next", "c"
    )
    assert result.stdout.startswith("> ")
    assert "program.dana(1)<module>()" in result.stdout.partition("(Pdb)")[0]
    assert answers[0] == "False\n"
    assert result.stdout.replace("(Pdb) ", "").endswith("1\n")
    assert result.returncode == 0


def test_quit_leaves_without_a_traceback(debug):
    for started in ({}, {"pdb": ("-m", "pdb"), "options": ()}):
        _, result = debug(IN_ORDER, "break double", "continue", "quit", "y", **started)
        assert "Traceback" not in result.stdout + result.stderr
    _, result = debug(STOPPING, "quit", "y", options=("--debug",))
    assert "Traceback" not in result.stdout + result.stderr
    assert result.returncode == 1
