"""The command line as a whole: choosing a command, help, and the one mistake of each."""

from __future__ import annotations

import sys

import pytest

from danac import cli
from danac.version import __version__


def run(capsys, *arguments: str) -> tuple[int, str, str]:
    status = cli.main(arguments)
    captured = capsys.readouterr()
    return status, captured.out, captured.err


def test_version(capsys):
    assert run(capsys, "--version") == (0, f"danac {__version__}\n", "")


@pytest.mark.parametrize("argument", ["--help", "-h", "help"])
def test_help_names_every_command(capsys, argument):
    status, out, err = run(capsys, argument)
    assert (status, err) == (0, "")
    assert all(f"  {command} " in out for command in cli.COMMANDS)


def test_without_arguments_help_goes_to_standard_error(capsys):
    status, out, err = run(capsys)
    assert (status, out) == (2, "")
    assert err.startswith("usage: danac COMMAND")


@pytest.mark.parametrize("command", cli.COMMANDS)
def test_every_command_has_help(capsys, command):
    pytest.importorskip("danac.compilation")
    status, out, err = run(capsys, command, "--help")
    assert (status, err) == (0, "")
    assert out.startswith(f"usage: danac {command} ")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["rnu"], "unknown command 'rnu'. Did you mean 'run'?"),
        (
            ["frobnicate"],
            f"unknown command 'frobnicate'; there are {', '.join(cli.COMMANDS)}",
        ),
        (["--verbose"], "unknown option --verbose; see danac --help"),
        (["run"], "run needs a FILE; see danac run --help"),
        (["run", "--fast", "a.dana"], "unknown option --fast; see danac run --help"),
        (
            ["build"],
            "the following arguments are required: PATH; see danac build --help",
        ),
        (["build", "none"], "cannot read none: No such file or directory"),
        (["build", "-"], "cannot build -: not a .dana or .na file"),
        (["show"], "the following arguments are required: FILE; see danac show --help"),
        (["show", "none.dana"], "cannot read none.dana: No such file or directory"),
        (["show", "."], "cannot read .: Is a directory"),
        (["check", "none.dana"], "cannot read none.dana: No such file or directory"),
        (["check", "."], "no .dana or .na file in ."),
    ],
)
def test_each_mistake_is_one_line(capsys, tmp_path, monkeypatch, arguments, message):
    pytest.importorskip("danac.compilation")
    monkeypatch.chdir(tmp_path)
    assert run(capsys, *arguments) == (2, "", f"danac: error: {message}\n")


@pytest.mark.parametrize(
    "arguments", [["show", "--stage", "x", "a"], ["check", "--format", "xml", "a"]]
)
def test_wrong_choice_is_one_line(capsys, arguments):
    pytest.importorskip("danac.compilation")
    status, out, err = run(capsys, *arguments)
    assert (status, out) == (2, "")
    assert err.startswith(f"danac: error: argument {arguments[1]}: invalid choice: ")
    assert err.count("\n") == 1


def test_file_in_the_place_of_a_command(capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.dana").write_text("")
    status, _, err = run(capsys, "a.dana")
    assert status == 2
    assert err == ("danac: error: unknown command 'a.dana'; to run that file: danac run a.dana\n")


def test_arguments_default_to_the_command_line(capsys, monkeypatch):
    monkeypatch.setattr(sys, "argv", ["danac", "--version"])
    assert cli.main() == 0
    assert capsys.readouterr().out == f"danac {__version__}\n"


def fail_with(monkeypatch, error: BaseException) -> None:
    def dispatch(arguments):
        raise error

    monkeypatch.setattr(cli, "_dispatch", dispatch)


def test_unexpected_error_is_a_bug_report_without_traceback(capsys, monkeypatch):
    monkeypatch.delenv("DANAC_DEBUG", raising=False)
    fail_with(monkeypatch, KeyError("x"))
    status, _, err = run(capsys, "show")
    assert status == 1
    assert err.startswith("danac: internal error: KeyError: 'x'\n")
    assert "Please report it" in err
    assert "DANAC_DEBUG" in err


def test_debugging_raises_the_bug(monkeypatch):
    monkeypatch.setenv("DANAC_DEBUG", "1")
    fail_with(monkeypatch, KeyError("x"))
    with pytest.raises(KeyError):
        cli.main(["show"])


@pytest.mark.parametrize(
    ("error", "status", "message"),
    [
        (OSError(28, "No space left"), 2, "danac: error: No space left\n"),
        (OSError(13, "Denied", "a.py"), 2, "danac: error: a.py: Denied\n"),
        (KeyboardInterrupt(), 130, ""),
    ],
)
def test_what_the_system_refuses(capsys, monkeypatch, error, status, message):
    fail_with(monkeypatch, error)
    assert run(capsys, "show") == (status, "", message)


def test_closed_standard_output_is_no_error(monkeypatch):
    monkeypatch.setattr(sys, "stdout", None)
    monkeypatch.setattr(cli, "_dispatch", lambda arguments: 0)
    assert cli.main(["run"]) == 0


@pytest.mark.skipif(sys.platform != "linux", reason="/dev/full")
def test_full_disk_is_one_line(run_python, tmp_path):
    script = "import sys; sys.stdout = open('/dev/full', 'w'); from danac.cli import main; "
    completed = run_python("-c", script + "sys.exit(main(['--version']))")
    assert completed.returncode == 2
    assert completed.stderr == "danac: error: No space left on device\n"


def test_python_m_danac(run_danac):
    completed = run_danac("--version")
    assert (completed.returncode, completed.stdout) == (0, f"danac {__version__}\n")


def test_cached_run_loads_little(run_python, tmp_path):
    pytest.importorskip("danac.compilation")
    (tmp_path / "a.dana").write_text("x = 1\n")
    # Not all that is loaded counts: measuring the coverage loads much, too.
    script = """
import sys
before = set(sys.modules)
from danac.cli import main
main(["run", "a.dana"])
print(*set(sys.modules) - before)
"""
    for _ in range(2):
        loaded = run_python("-c", script, cwd=tmp_path).stdout.split()
    assert "danac.cli.run" in loaded
    heavy = {"argparse", "lark", "astor", "typing", "inspect", "dataclasses", "traceback", "re"}
    assert not heavy & set(loaded)
    assert "danac.compilation" not in loaded
