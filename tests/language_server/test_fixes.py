"""All errors while one types, their fixes as code actions, and what is known of a half-written text."""

from __future__ import annotations

import pytest


def actions(editor, line: int) -> list[dict]:
    place = {"line": line, "character": 0}
    return editor.request(
        "textDocument/codeAction",
        {
            "textDocument": {"uri": editor.uri("program.dana")},
            "range": {"start": place, "end": place},
            "context": {"diagnostics": []},
        },
    )


WRONG = "def f(a b):\n    x = a &&\n    return x\nkey = lambda q: q\nprint(unknown)\n"


def test_all_errors_are_shown(editor):
    assert [found["code"] for found in editor.open(WRONG)] == [
        "DANA126",
        "DANA102",
        "DANA113",
        "DANA201",
    ]


def test_it_offers_code_actions(editor):
    assert editor.capabilities["codeActionProvider"] == {"codeActionKinds": ["quickfix"]}


def test_a_fix_is_an_action(editor):
    editor.open('key = "🎉" + (lambda q: q)\n')
    (action,) = actions(editor, 0)
    assert (action["title"], action["kind"]) == ("Write `::`", "quickfix")
    assert [found["code"] for found in action["diagnostics"]] == ["DANA113"]
    ((uri, (edit,)),) = action["edit"]["changes"].items()
    assert uri == editor.uri("program.dana")
    # The emoji takes two units of UTF-16.
    assert edit["range"]["start"] == {"line": 0, "character": 22}
    assert edit["newText"] == " ::"


def test_actions_are_those_of_the_asked_lines(editor):
    editor.open(WRONG)
    assert [action["title"] for action in actions(editor, 0)] == ["Insert a comma"]
    assert [action["title"] for action in actions(editor, 3)] == ["Write `::`"]
    assert actions(editor, 2) == []


def test_a_closed_text_has_none(editor):
    editor.open(WRONG)
    uri = editor.uri("program.dana")
    editor.notify("textDocument/didClose", {"textDocument": {"uri": uri}})
    editor.diagnostics(None)
    assert actions(editor, 0) is None


def test_related_places_and_faded_code(editor):
    (found,) = editor.open("def f():\n    return 1\n    print(2)\n")
    assert found["tags"] == [1]
    (related,) = found["relatedInformation"]
    assert related["location"]["range"]["start"] == {"line": 1, "character": 4}


def test_comments_silence(editor):
    assert editor.open("x = 5 | {abs}  # dana: ignore[DANA212]\n") == []


HALF = """\
struct Point:
    x: int
    y: int

def norm(p: Point) -> int:
    if p.x
        return p.
    return (p.x +

def other(q) = norm | str
"""


class TestHalfWritten:
    def test_the_outline_is_whole(self, editor):
        editor.open(HALF)
        document = {"textDocument": {"uri": editor.uri("program.dana")}}
        found = editor.request("textDocument/documentSymbol", document)
        assert [entry["name"] for entry in found] == ["Point", "norm", "other"]

    def test_names_are_completed(self, editor):
        marked = HALF + "oth‸\n"
        assert {"other", "norm", "Point"} <= set(editor.labels(marked))

    def test_parameters_are_known_inside(self, editor):
        assert "p" in editor.labels(HALF.replace("    return (p.x +", "    ‸\n    return (p.x +"))

    def test_definitions_are_found(self, editor):
        assert editor.defined(HALF + "nor‸m(1)\n") == (5, "norm")

    def test_nothing_follows_from_an_error(self, editor):
        assert [found["code"] for found in editor.open(HALF)] == ["DANA118", "DANA110", "DANA104"]


@pytest.mark.parametrize(
    ("marked", "expected"),
    [
        ("5 | ab‸s | str", "Its arguments: rule 1, the value as it is, known now."),
        (
            "def pair(a, b): a\n(1, 2) | pa‸ir",
            "Its arguments: rule 2, items become arguments, known now: a = item 1, b = item 2.",
        ),
        ("def f(g): 5 | ‸g", "Its arguments: decided at run time: what is called is known only"),
    ],
)
def test_hover_tells_how_the_value_meets_the_stage(editor, marked, expected):
    assert expected in editor.hovered(marked + "\n")
