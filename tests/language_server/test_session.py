"""The session as a whole: what is offered, diagnostics while one types, broken texts, columns, the end."""

from __future__ import annotations

import pytest


def test_it_offers_what_it_can_do(editor):
    offered = editor.capabilities
    for name in ("hover", "definition", "references", "documentSymbol", "completion"):
        assert offered[f"{name}Provider"] not in (None, False)
    assert offered["renameProvider"] == {"prepareProvider": True}
    assert offered["completionProvider"]["triggerCharacters"] == ["."]


def test_it_ends_when_it_is_told_to(start_editor):
    editor = start_editor()
    editor.open("x = 1\n")
    assert editor.stop() == 0


def test_a_refusal_is_an_answer_and_nothing_for_the_log(start_editor):
    editor = start_editor()
    assert "reserved word" in editor.refusal("‸x = 1\n", "rename", newName="if")
    assert editor.stop() == 0
    assert editor.log.read_text("utf-8") == ""


def test_diagnostics_come_with_code_severity_and_place(editor):
    (found,) = editor.open("x = 1\nprint(y)\n")
    assert found["code"] == "DANA201"
    assert found["severity"] == 1
    assert found["source"] == "danac"
    assert found["message"].startswith("name 'y' is not defined")
    assert found["range"] == {
        "start": {"line": 1, "character": 6},
        "end": {"line": 1, "character": 7},
    }


def test_diagnostics_follow_the_text(editor):
    assert len(editor.open("print(y)\n")) == 1
    assert editor.change("y = 1\nprint(y)\n") == []
    (found,) = editor.change("y = 1\nprint(y\n")
    assert found["message"].startswith("'(' was never closed")
    assert editor.change("y = 1\nprint(y)\n") == []


def test_warnings_are_warnings(editor):
    (found,) = editor.open("def f(x) = abs as unused | str\nprint(f(1))\n")
    assert (found["code"], found["severity"]) == ("DANA211", 2)


def test_the_options_of_the_project_count(editor):
    editor.write("pyproject.toml", "[tool.danac]\nnonsense = true\n")
    # A wrong project file is no fault of the text.
    assert editor.open("x = 1\n") == []


def test_closed_texts_show_nothing(editor):
    editor.open("print(y)\n")
    uri = editor.uri("program.dana")
    editor.notify("textDocument/didClose", {"textDocument": {"uri": uri}})
    assert editor.diagnostics(None) == []
    assert editor.ask("hover", 0, 0) is None


EMOJI = 'text = "🎉🎉"; answer = 42; print(answer)\n'


def test_columns_are_utf_16_unless_agreed_otherwise(editor):
    (found,) = editor.open('print("🎉", y)\n')
    assert found["range"]["start"]["character"] == 12
    assert editor.renamed(EMOJI.replace("answer)", "ans‸wer)"), "result") == EMOJI.replace(
        "answer", "result"
    )


@pytest.mark.parametrize(("encoding", "column"), [("utf-8", 14), ("utf-16", 12), ("utf-32", 11)])
def test_columns_are_in_the_units_that_the_editor_wants(start_editor, encoding, column):
    editor = start_editor(positionEncodings=[encoding])
    assert editor.capabilities["positionEncoding"] == encoding
    (found,) = editor.open('print("🎉", y)\n')
    assert found["range"]["start"]["character"] == column
    assert "y" in editor.open('print("🎉", y)\n')[0]["message"]


def test_a_broken_line_leaves_the_rest_known(editor):
    marked = "def double(x: int) -> int:\n    x * 2\nvalue = = 3\nprint(dou‸ble(2))\n"
    assert "def double(x: int) -> int" in editor.hovered(marked)
    assert editor.defined(marked) == (1, "double")


def test_what_was_right_once_is_known_still(editor):
    good = "def double(x):\n    x * 2\nprint(double(2))\n"
    assert editor.open(good) == []
    # Nothing of this can be mended line by line.
    broken = "def double(x):\n    x * 2\nprint(double(2))\n" + "((\n" * 12
    assert len(editor.change(broken)) == 1
    answer = editor.ask("definition", 2, 8)
    assert answer["range"]["start"] == {"line": 0, "character": 4}


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\n",
        "(",
        "def",
        "x.",
        "‸",
        "\t  x\n y",
        '"""',
        "struct P:\n",
        "5 | {",
        "\x0c\x0b",
        "\r\n\r",
    ],
)
@pytest.mark.parametrize("method", ["hover", "definition", "completion", "references"])
def test_any_text_gets_an_answer(editor, text, method):
    editor.open(text)
    for place in ((0, 0), (0, 2), (1, 0), (7, 7)):
        more = {"context": {"includeDeclaration": True}} if method == "references" else {}
        editor.ask(method, *place, **more)
    document = {"textDocument": {"uri": editor.uri("program.dana")}}
    editor.request("textDocument/documentSymbol", document)


def test_every_place_of_a_program_has_answers(editor, checkout):
    text = (checkout / "tests" / "programs" / "structs.dana").read_text(encoding="utf-8")
    editor.open(text)
    for number, line in enumerate(text.split("\n")[:40]):
        for column in range(0, len(line), 3):
            for method in ("hover", "definition"):
                editor.ask(method, number, column)


def test_the_command_says_what_it_needs(run_python, tmp_path):
    # A module of that name that cannot be imported, as if the extra were not installed.
    (tmp_path / "pygls.py").write_text("raise ModuleNotFoundError(name='pygls')\n")
    code = (
        "import sys; sys.path.insert(0, '.'); from danac.cli import main; sys.exit(main(['lsp']))"
    )
    result = run_python("-c", code, cwd=tmp_path)
    assert result.returncode == 2
    assert (
        result.stderr
        == "danac: error: the language server needs pygls: pip install danac[editor]\n"
    )


@pytest.mark.parametrize(("argument", "status"), [("--help", 0), ("--tcp", 2)])
def test_the_command_takes_no_arguments(run_danac, argument, status):
    assert run_danac("lsp", argument).returncode == status


def test_other_commands_do_not_load_the_protocol(run_python):
    code = "import sys, danac.cli; danac.cli.main(['--version']); print('pygls' in sys.modules)"
    assert run_python("-c", code).stdout.splitlines()[-1] == "False"
