from __future__ import annotations

import gc
import io
import json
import sys

import pytest

pytest.importorskip("danac.compilation")

from danac import nodes
from danac.cli import check, main
from danac.diagnostics import Diagnostic
from danac.lowering import module
from danac.source import Span

WRONG = "x = (1 +\n"


@pytest.fixture
def project(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    def write(files: dict[str, str]) -> None:
        for name, text in files.items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)

    return write


@pytest.fixture
def findings(monkeypatch):
    """Make `check` find the given diagnostics, the same in each file."""

    def find(*diagnostics: Diagnostic) -> None:
        monkeypatch.setattr(check, "check_source", lambda text, name, options: list(diagnostics))

    return find


def test_sound_files(project, capsys):
    project({"a.dana": "x = 1\n", "sub/b.na": "y = 2\n"})
    assert main(["check", "."]) == 0
    captured = capsys.readouterr()
    assert (captured.out, captured.err) == ("", "no errors or warnings in 2 files\n")


def test_errors_of_all_files_in_order(project, capsys):
    project({"b.dana": WRONG, "a/c.na": WRONG, "a/b.dana": "x = 1\n"})
    assert main(["check", "b.dana", "a", "b.dana"]) == 1
    captured = capsys.readouterr()
    heads = [line.split(":")[0] for line in captured.out.splitlines() if "error[" in line]
    assert heads == ["b.dana", "a/c.na"]
    assert captured.err == "2 errors, 0 warnings in 3 files\n"


def test_nothing_is_executed(project, capsys):
    project({"a.dana": "print('executed')\nraise ValueError\n"})
    assert main(["check", "a.dana"]) == 0
    assert capsys.readouterr().out == ""


def test_findings_are_sorted_and_shown_with_their_lines(project, capsys, findings):
    project({"a.dana": "one = 1\ntwo = 2\n"})
    findings(
        Diagnostic("DANA302", "late", "warning", Span(2, 1, 2, 4), hint="change it"),
        Diagnostic("DANA301", "early", "error", Span(1, 7, 1, 8)),
    )
    assert main(["check", "a.dana"]) == 1
    captured = capsys.readouterr()
    assert captured.out == (
        "a.dana:1:7: error[DANA301]: early\n"
        "1 | one = 1\n"
        "  |       ^\n"
        "a.dana:2:1: warning[DANA302]: late\n"
        "2 | two = 2\n"
        "  | ^^^\n"
        "  hint: change it\n"
    )
    assert captured.err == "1 error, 1 warning in 1 file\n"


def test_warnings_alone_are_no_failure(project, capsys, findings):
    project({"a.dana": "x = 1\n"})
    findings(Diagnostic("DANA302", "odd", "warning", Span(1, 1, 1, 2)))
    assert main(["check", "a.dana"]) == 0
    assert capsys.readouterr().err == "0 errors, 1 warning in 1 file\n"


def test_json(project, capsys, findings):
    project({"a.dana": "é = 1\n"})
    findings(Diagnostic("DANA302", "ödd", "warning", Span(1, 1, 2, 3), hint="h"))
    assert main(["check", "a.dana", "--format", "json"]) == 0
    captured = capsys.readouterr()
    assert captured.err == ""
    assert "ödd" in captured.out
    assert json.loads(captured.out) == [
        {
            "file": "a.dana",
            "line": 1,
            "column": 1,
            "endLine": 2,
            "endColumn": 3,
            "severity": "warning",
            "code": "DANA302",
            "message": "ödd",
            "label": None,
            "hint": "h",
            "fix": None,
            "related": [],
        }
    ]


def test_json_of_sound_files_is_an_empty_list(project, capsys):
    project({"a.dana": "x = 1\n"})
    assert main(["check", "--format=json", "a.dana"]) == 0
    assert json.loads(capsys.readouterr().out) == []


def test_file_that_is_no_text_is_a_finding(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.dana").write_bytes(b"x = 1\ny = '\xff'\n")
    assert main(["check", "a.dana"]) == 1
    captured = capsys.readouterr()
    assert captured.out.startswith("a.dana:2:6: error[DANA100]: the text is not UTF-8")
    assert captured.out.splitlines()[1] == "2 | y = '\ufffd'"


def test_standard_input(monkeypatch, capsys):
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(WRONG.encode())))
    assert main(["check", "-"]) == 1
    assert capsys.readouterr().out.startswith("<stdin>:1:")


def test_file_of_any_ending_may_be_named(project):
    project({"program.txt": "x = 1\n"})
    assert main(["check", "program.txt"]) == 0


@pytest.mark.parametrize("command", ["check", "build", "show"])
def test_the_garbage_collector_rests_while_a_file_is_compiled(project, monkeypatch, command):
    project({"a.dana": "pass\n"})
    seen = []
    lower = module._STATEMENTS[nodes.Pass]

    def looking(*arguments):
        seen.append(gc.isenabled())
        return lower(*arguments)

    monkeypatch.setitem(module._STATEMENTS, nodes.Pass, looking)
    assert main([command, "a.dana"]) == 0
    assert seen == [False]
    assert gc.isenabled()
