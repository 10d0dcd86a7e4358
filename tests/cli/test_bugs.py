"""What a bug of danac does to the command that meets it: one file is lost, the others are not."""

from __future__ import annotations

import json

import pytest

from danac import nodes
from danac.cli import main
from danac.diagnostics import InternalError
from danac.lowering import module


def _broken(low, node, around):
    raise ZeroDivisionError("the bug")


@pytest.fixture(autouse=True)
def project(tmp_path, monkeypatch):
    """Three programs, and a danac that cannot compile `assert`, which the second one holds."""
    monkeypatch.setitem(module._STATEMENTS, nodes.Assert, _broken)
    monkeypatch.delenv("DANAC_DEBUG", raising=False)
    monkeypatch.chdir(tmp_path)
    for name, text in {"a": "x = 1\n", "b": "assert true\n", "c": "x = (\n"}.items():
        (tmp_path / f"{name}.dana").write_text(text, encoding="utf-8")
    return tmp_path


def test_check_goes_on(capsys):
    assert main(["check", "."]) == 1
    captured = capsys.readouterr()
    heads = [line for line in captured.out.splitlines() if "error[" in line]
    assert heads[0] == "b.dana:1:1: error[DANA900]: internal error: ZeroDivisionError: the bug"
    assert heads[1].startswith("c.dana:1:")
    assert len(heads) == 2
    assert "please report it with the program" in captured.out
    assert captured.err == "2 errors, 0 warnings in 3 files\n"


def test_check_as_json(capsys):
    assert main(["check", "--format", "json", "."]) == 1
    codes = [found["code"] for found in json.loads(capsys.readouterr().out)]
    assert len(codes) == 2
    assert codes[0] == "DANA900"


def test_build_goes_on_and_leaves_nothing_half_written(project, capsys):
    assert main(["build", ".", "-o", "out"]) == 1
    captured = capsys.readouterr()
    assert "b.dana:1:1: error[DANA900]: internal error: ZeroDivisionError" in captured.err
    assert [path.name for path in sorted((project / "out").iterdir())] == ["a.py"]


@pytest.mark.parametrize("command", ["check", "build"])
def test_debugging_shows_where_it_happened(command, monkeypatch):
    monkeypatch.setenv("DANAC_DEBUG", "1")
    with pytest.raises(InternalError) as caught:
        main([command, "."])
    assert isinstance(caught.value.__cause__, ZeroDivisionError)
