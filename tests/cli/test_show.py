from __future__ import annotations

import ast
import io
import re
import sys

import pytest

pytest.importorskip("danac.compilation")

import danac
from danac.cli import main, show
from danac.cli.side_by_side import _cells, side_by_side
from danac.source import Source

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

    def test_without_pygments_a_wish_for_colours_is_refused(
        self, program, capsys, terminal, monkeypatch
    ):
        monkeypatch.setitem(sys.modules, "pygments", None)
        assert main(["show", program, "--color", "always"]) == 2
        message = "danac: error: colours need Pygments: pip install danac[repl]\n"
        assert capsys.readouterr().err == message

    def test_the_option_decides(self, program, capsys, terminal):
        assert "\x1b[" in shown(capsys, program, "--color", "always")
        terminal()
        assert "\x1b[" not in shown(capsys, program, "--color=never")

    def test_colours_change_no_text(self, program, capsys, terminal):
        for more in ([], ["--side-by-side"], ["--stage=ast"]):
            plain = shown(capsys, program, *more)
            with_colours = shown(capsys, program, *more, "--color=always")
            assert "\x1b[" in with_colours
            assert [line.rstrip() for line in _without_colours(with_colours)] == plain.split("\n")


def _without_colours(text: str) -> list[str]:
    return re.sub(r"\x1b\[[0-9;]*m", "", text).split("\n")


class TestSideBySide:
    def test_statements_stand_beside_their_python(self, tmp_path, capsys):
        path = tmp_path / "a.dana"
        path.write_text(
            "# one\n\ndef f(n) = n\n    | str\n    | len\n\n\ndef g():\n    x = 1\n    try:\n"
            "        x += 1\n    except as e:\n        pass\n    return x\n\nprint(g())\n"
        )
        rows = shown(capsys, str(path), "--side-by-side").splitlines()
        beside = {}
        for row in rows:
            left, _, right = row.partition("│")
            if left[:2].strip():
                beside[left[3:].rstrip()] = right.strip()
        assert beside["def f(n) = n"] == "@_dana_declared('n', 'str', 'len')"
        assert beside["def g():"] == "def g():"
        assert beside["    x = 1"] == "x = 1"
        assert beside["        x += 1"] == "x += 1"
        assert beside["    return x"] == "return x"
        assert beside["print(g())"] == "print(g())"

    @pytest.mark.parametrize("name", ["flights", "site_report"])
    def test_no_line_is_lost_or_doubled(self, checkout, capsys, name):
        path = checkout / "examples" / name / f"{name}.dana"
        rows = shown(capsys, str(path), "--side-by-side").splitlines()
        column = rows[0].index("│")
        # In the examples every character takes one cell.
        digits = rows[0].index("1") + 1
        numbered = [row[digits + 1 : column].rstrip() for row in rows if row[:digits].strip()]
        assert numbered == [line.rstrip() for line in path.read_text("utf-8").splitlines()]
        listing = [row[column + 2 :].rstrip() for row in rows if len(row) > column]
        python = [line.rstrip() for line in shown(capsys, str(path)).splitlines()]
        assert [line for line in listing if line] == [line for line in python if line]

    def test_long_lines_are_folded_and_wide_characters_counted(self):
        source = Source("x = '漢字漢字漢字漢字漢字漢字漢字漢字'\ny = 1\n")
        tree = danac.to_ast(source.text)
        text = side_by_side(source, tree, danac.to_python(source.text), 50)
        for row in text.splitlines():
            left, _, right = row.partition("│")
            assert _cells(left) == 26
            assert _cells(right) <= 23

    def test_other_stages_have_no_side(self, program, capsys):
        assert main(["show", program, "--side-by-side", "--stage", "ast"]) == 2
        assert "--side-by-side shows Python" in capsys.readouterr().err


class TestPlans:
    def test_first_stages_are_given_their_arguments_by_the_caller(self, tmp_path, capsys):
        path = tmp_path / "a.dana"
        path.write_text(
            "def f(x): return x\np = f | str\ndef both(a, b) = max | f\n"
            "print(f(3) | f)\ndef own(v) = v | f\n"
        )
        rows = [row.split(maxsplit=2) for row in shown(capsys, str(path), "--plans").splitlines()]
        assert [row[:2] for row in rows] == [
            ["a.dana:2:5", "f"],
            ["a.dana:2:9", "str"],
            ["a.dana:3:18", "max"],
            ["a.dana:3:24", "f"],
            ["a.dana:4:14", "f"],
            ["a.dana:5:18", "f"],
        ]
        assert rows[0][2] == "given by the caller"
        assert rows[2][2] == "given by the caller: a, b"

    def test_each_stage_has_its_decision(self, tmp_path, capsys):
        path = tmp_path / "a.dana"
        path.write_text(
            "import other\ndef add(a, b): return a + b\ndef whole(n: int): return n\n"
            "def run(x) = { add_one, add_two } | add | whole | other.f\n"
        )
        rows = shown(capsys, str(path), "--plans").splitlines()
        assert rows == [
            "a.dana:4:16  add_one               rule 1, the value as it is, known now",
            "a.dana:4:25  add_two               rule 1, the value as it is, known now",
            "a.dana:4:37  add                   rule 2, items become arguments, known now: "
            "a = item 1, b = item 2",
            "a.dana:4:43  whole                 rule 1, the value as it is, where it is an int; "
            "else decided at run time",
            "a.dana:4:51  other.f               decided at run time: what is called is known only "
            "at run time",
        ]

    def test_what_is_taken_apart_and_what_cannot_succeed(self, tmp_path, capsys):
        path = tmp_path / "a.dana"
        path.write_text(
            "struct P:\n    x: int\n    y: str\n"
            "def take(y: str, x: int): return y\ndef rated(x, rate): return x\n"
            "P(1, 'a') | take\n(1, 'a') | take\n{'z': 1, 'x': 2, 'y': 3} | take\n"
            "(1, 2, 'a') | take\n1 | rated\n"
            "def f(rate, v):\n    1 | rated\n    v | rated\n(1, 'a') | { take, rated }\n"
        )
        rows = shown(capsys, str(path), "--plans").splitlines()
        assert [row.partition("  ")[2].strip() for row in rows] == [
            "take                  rule 3, fields match parameters by name, known now: "
            "y = field y, x = field x",
            "take                  rule 2, items become arguments, known now: "
            "y = item 2, x = item 1",
            "take                  rule 3, fields match parameters by name, known now: "
            "y = field y, x = field x",
            "take                  cannot succeed: items (int, int, str) fit in more than one way: "
            "y = item 3, x = item 1; or y = item 3, x = item 2; the value is a tuple of 3 items",
            "rated                 cannot succeed: nothing gives this stage its 'rate': "
            "the value is an int",
            "rated                 decided at run time: rate from the names around "
            "(rule 4, names in sight fill what is open)",
            "rated                 decided at run time: the value is known only at run time",
            "take                  rule 2, items become arguments, when the block runs: "
            "y = item 2, x = item 1",
            "rated                 rule 2, items become arguments, when the block runs: "
            "x = item 1, rate = item 2",
        ]
