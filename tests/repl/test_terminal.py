"""`danac repl` as its users have it: on a terminal of its own."""

from __future__ import annotations

import signal

import pytest

pytest.importorskip("prompt_toolkit", reason="the prompt is an extra: pip install danac[repl]")
pytest.importorskip("platformdirs", reason="the prompt is an extra: pip install danac[repl]")


@pytest.fixture
def terminal(open_terminal):
    opened = open_terminal()
    opened.wait_for("dana>")
    return opened


def test_values_are_printed_and_kept(terminal):
    assert "danac 0." in terminal.raw
    terminal.enter("20 + 3", "\n23\n")
    terminal.enter("_ * 2", "\n46\n")
    shown = terminal.enter("nothing = none", "\n")
    assert "None" not in shown
    terminal.enter("_", "\n46\n")
    terminal.type("\x04")
    assert terminal.leave() == 0


def test_names_live_on(terminal):
    terminal.enter("rate = 3", "\n")
    terminal.enter("def times(n) = n * rate | str", "\n")
    terminal.enter("14 | times", "\n'42'\n")
    terminal.enter("rate = 5", "\n")
    terminal.enter("[14, 2] | list | { len, sum | times }", "\n[2, '80']\n")


def test_input_goes_on_while_it_is_not_whole(terminal):
    terminal.type("def f(n):\r")
    terminal.wait_for("....>")
    # The prompt has indented the line.
    terminal.type("m = n + 1\r")
    terminal.wait_for("....>")
    terminal.type("m * 2\r")
    terminal.wait_for("....>")
    terminal.type("\r")
    terminal.wait_for("dana>")
    terminal.enter("f(20)", "\n42\n")
    terminal.type("4 |\r")
    terminal.wait_for("....>")
    terminal.type("f | {\r")
    terminal.wait_for("....>")
    terminal.type("str, abs }\r")
    terminal.wait_for("['10', 10]\n")


def test_an_error_does_not_end_the_conversation(terminal):
    terminal.enter("kept = 'still here'", "\n")
    shown = terminal.enter("1 / 0", "ZeroDivisionError: division by zero\n")
    assert '<input 2>", line 1' in shown
    assert "    1 / 0\n" in shown
    assert "danac/" not in shown
    shown = terminal.enter("x = = 1", "\n1 | x = = 1")
    assert "<input 3>:1:5: error[DANA110]" in shown
    terminal.enter("unknown_name", "NameError: name 'unknown_name' is not defined\n")
    terminal.enter("kept", "\n'still here'\n")


def test_frames_of_earlier_inputs_show_their_lines(terminal):
    terminal.define("def half(n): return 1 / n  # far away")
    shown = terminal.enter("0 | half", "ZeroDivisionError")
    assert "return 1 / n  # far away" in shown


def test_ctrl_c_stops_what_runs_and_no_more(terminal):
    terminal.enter("kept = 1", "\n")
    terminal.type("import threading; print('go' + 'ing'); threading.Event().wait(50)\r")
    terminal.wait_for("\ngoing\n")
    terminal.type("\x03")
    terminal.wait_for("interrupted\n")
    terminal.wait_for("dana>")
    terminal.enter("kept + 1", "\n2\n")


def test_ctrl_c_stops_a_block(terminal):
    terminal.enter("import threading", "\n")
    terminal.enter("def wait(n): return threading.Event().wait(n)", "\n....> ") if False else None
    terminal.type("def wait(n): return threading.Event().wait(n)\r")
    terminal.wait_for("....>")
    terminal.type("\r")
    terminal.wait_for("dana>")
    terminal.type("print('go' + 'ing'); 50 | { wait, wait }\r")
    terminal.wait_for("\ngoing\n")
    terminal.type("\x03")
    terminal.wait_for("interrupted\n")
    terminal.wait_for("dana>")
    terminal.enter("40 + 2", "\n42\n")


def test_ctrl_c_while_typing_forgets_the_line(terminal):
    terminal.type("forgotten = 1 +")
    terminal.wait_for("1 +")
    terminal.type("\x03")
    terminal.wait_for("dana>")
    terminal.enter("2 + 40", "\n42\n")


def test_names_and_keys_are_completed(terminal):
    terminal.enter("measured_values = {'first_one': {'unusual': 41}}", "\n")
    terminal.type("measured_v\t")
    terminal.wait_for("measured_values")
    terminal.type(".fir\t")
    terminal.wait_for("first_one")
    terminal.type(".unu\t")
    terminal.wait_for("unusual")
    terminal.type(" + 1\r")
    terminal.wait_for("\n42\n")


def test_commands(terminal):
    terminal.enter(":show", "nothing has been compiled yet")
    terminal.enter("a = 5 | str", "\n")
    shown = terminal.enter(":show", "a = str(5)\n")
    assert "Traceback" not in shown
    assert ":quit" in terminal.enter(":help", "leave")
    terminal.enter(":wrong", "no command :wrong; there are :show, :help, :quit")
    terminal.type(":quit\r")
    assert terminal.leave() == 0


def test_the_programs_own_exit_status(terminal):
    terminal.type("import sys; sys.exit(7)\r")
    assert terminal.leave() == 7


def test_history_outlives_the_conversation(open_terminal, tmp_path):
    first = open_terminal()
    first.wait_for("dana>")
    first.enter("remembered = 40 + 1", "\n")
    first.type("\x04")
    assert first.leave() == 0
    second = open_terminal()
    second.wait_for("dana>")
    second.type("\x1b[A")
    second.wait_for("remembered = 40 + 1")
    second.type("\r")
    second.wait_for("dana>")
    second.enter("remembered", "\n41\n")
    (kept,) = (tmp_path / "state").rglob("repl_history")
    assert "remembered = 40 + 1" in kept.read_text("utf-8")


def test_without_a_place_for_history_there_is_none(open_terminal, tmp_path):
    (tmp_path / "file").write_text("")
    opened = open_terminal(XDG_STATE_HOME=str(tmp_path / "file"))
    opened.wait_for("dana>")
    opened.enter("20 + 3", "\n23\n")


def test_modules_of_the_working_directory_are_found(open_terminal, tmp_path):
    (tmp_path / "orders.dana").write_text("def total(n) = n * 2 | str\n")
    opened = open_terminal()
    opened.wait_for("dana>")
    opened.enter("from orders import total", "\n")
    opened.enter("21 | total", "\n'42'\n")


def test_options_of_the_project(open_terminal):
    opened = open_terminal("--coerce")
    opened.wait_for("dana>")
    opened.enter("a = 'n = '", "\n")
    opened.enter("a + 5", "\n'n = 5'\n")


def test_colours(open_terminal):
    plain = open_terminal()
    plain.wait_for("dana>")
    plain.enter("x = 'text'", "\n")
    assert "\x1b[0;38" not in plain.raw
    coloured = open_terminal(NO_COLOR="", TERM="xterm-256color")
    coloured.wait_for("dana>")
    coloured.enter("x = 'text'", "\n")
    assert "\x1b[0;38" in coloured.raw


def test_leaves_when_the_terminal_goes(open_terminal):
    opened = open_terminal()
    opened.wait_for("dana>")
    opened.process.send_signal(signal.SIGTERM)
    assert opened.leave() != 0


def test_a_script_on_standard_input_is_run(run_danac):
    done = run_danac("repl", stdin="x = 5\nx | str | print\n1\n")
    assert (done.stdout, done.stderr, done.returncode) == ("5\n", "", 0)
    wrong = run_danac("repl", stdin="1 / 0\n")
    assert wrong.returncode == 1
    assert 'File "<stdin>", line 1' in wrong.stderr


def test_without_the_library_the_extra_is_named(run_python):
    script = """
import sys
sys.modules["prompt_toolkit"] = None
sys.stdin.isatty = lambda: True
from danac.cli import main
sys.exit(main(["repl"]))
"""
    done = run_python("-c", script)
    message = "danac: error: the prompt needs prompt_toolkit: pip install danac[repl]\n"
    assert (done.returncode, done.stderr) == (2, message)
