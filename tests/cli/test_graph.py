from __future__ import annotations

import pytest

from danac.cli import main

TEXT = "def p(x) = f | {g, h}\n"


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.dana").write_text(TEXT)
    return tmp_path


def test_mermaid_goes_to_standard_output(folder, capsys):
    assert main(["graph", "a.dana"]) == 0
    assert capsys.readouterr().out.startswith("flowchart LR\n")


@pytest.mark.parametrize(
    ("name", "start"),
    [
        ("a.svg", "<svg "),
        ("a.SVG", "<svg "),
        ("a.mmd", "flowchart "),
        ("a.dot", 'digraph "a.dana"'),
        ("a.gv", "digraph "),
    ],
)
def test_the_ending_says_what_is_written(folder, capsys, name, start):
    assert main(["graph", "a.dana", "-o", name]) == 0
    assert capsys.readouterr().out == ""
    assert (folder / name).read_text("utf-8").startswith(start)


def test_the_format_can_be_named(folder, capsys):
    assert main(["graph", "a.dana", "--format", "dot"]) == 0
    assert capsys.readouterr().out.startswith("digraph ")


def test_the_same_program_gives_the_same_bytes(folder):
    main(["graph", "a.dana", "-o", "1.svg"])
    main(["graph", "a.dana", "-o", "2.svg"])
    assert (folder / "1.svg").read_bytes() == (folder / "2.svg").read_bytes()


@pytest.mark.parametrize(
    ("arguments", "status", "message"),
    [
        (["a.dana", "-o", "a.png"], 2, "danac: error: cannot tell what a.png is to be: none of "),
        (["a.dana", "-o", "none/a.svg"], 2, "danac: error: cannot write none/a.svg: No such file"),
        (["none.dana"], 2, "danac: error: cannot read none.dana"),
        (["wrong.dana"], 2, "wrong.dana:1:"),
        (["plain.dana"], 1, "danac: plain.dana has no pipelines"),
    ],
)
def test_mistakes(folder, capsys, arguments, status, message):
    (folder / "wrong.dana").write_text("x = = 1\n")
    (folder / "plain.dana").write_text("x = 1\n")
    assert main(["graph", *arguments]) == status
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith(message)


def test_nothing_is_executed(folder, capsys):
    (folder / "b.dana").write_text("open('made', 'w') | print\n1 / 0\n")
    assert main(["graph", "b.dana"]) == 0
    assert not (folder / "made").exists()
