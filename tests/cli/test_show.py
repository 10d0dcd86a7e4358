from __future__ import annotations

import ast
import io
import sys

import pytest

pytest.importorskip("danac.compilation")

from danac.cli import main, show

TEXT = "x = 1\nprint('ä', x)\n"


@pytest.fixture
def program(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.dana").write_text(TEXT, encoding="utf-8")
    return "a.dana"


def shown(capsys, *arguments: str) -> str:
    assert main(["show", *arguments]) == 0
    captured = capsys.readouterr()
    assert captured.err == ""
    assert captured.out.endswith("\n")
    assert not captured.out.endswith("\n\n")
    return captured.out


def test_python_is_the_default(program, capsys):
    assert shown(capsys, program) == "x = 1\nprint('ä', x)\n"
    assert shown(capsys, program, "--stage", "python") == "x = 1\nprint('ä', x)\n"


def test_ast_can_be_read_back(program, capsys):
    text = shown(capsys, program, "--stage=ast")
    tree = eval(text, vars(ast))
    assert isinstance(tree, ast.Module)
    assert len(tree.body) == 2
    assert text.startswith("Module(\n    body=[\n")


@pytest.mark.parametrize("stage", ["tree", "nodes"])
def test_early_stages_are_indented(program, capsys, stage):
    lines = shown(capsys, program, "--stage", stage).splitlines()
    assert len(lines) > 1


def test_bytecode_has_positions(program, capsys):
    text = shown(capsys, program, "--stage", "bytecode")
    assert text.startswith("<module> (line ")
    assert "2:1-14" in text
    assert "STORE_NAME" in text


def test_standard_input(monkeypatch, capsys):
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"x = 1\n")))
    assert shown(capsys, "-") == "x = 1\n"


def test_wrong_program(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.dana").write_text("x = (1 +\n")
    for stage in show.STAGES:
        assert main(["show", "a.dana", "--stage", stage]) == 2
        captured = capsys.readouterr()
        assert captured.out == ""
        assert captured.err.startswith("a.dana:1:")


class TestColour:
    @pytest.fixture
    def terminal(self, monkeypatch):
        pytest.importorskip("pygments")
        monkeypatch.setattr(show, "_wants_colour", show._wants_colour)
        monkeypatch.delenv("NO_COLOR", raising=False)

        def on_terminal():
            monkeypatch.setattr(sys.stdout, "isatty", lambda: True)

        return on_terminal

    def test_on_a_terminal(self, program, capsys, terminal):
        terminal()
        assert "\x1b[" in shown(capsys, program)

    def test_not_elsewhere(self, program, capsys, terminal):
        assert "\x1b[" not in shown(capsys, program)

    def test_not_against_the_users_wish(self, program, capsys, terminal, monkeypatch):
        terminal()
        monkeypatch.setenv("NO_COLOR", "1")
        assert "\x1b[" not in shown(capsys, program)

    def test_not_for_text_that_is_no_python(self, program, capsys, terminal):
        terminal()
        assert "\x1b[" not in shown(capsys, program, "--stage", "bytecode")

    def test_not_without_pygments(self, program, capsys, terminal, monkeypatch):
        terminal()
        monkeypatch.setitem(sys.modules, "pygments", None)
        assert shown(capsys, program) == "x = 1\nprint('ä', x)\n"
