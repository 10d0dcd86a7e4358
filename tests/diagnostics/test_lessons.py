"""`danac explain`: each code has a lesson, whose examples show what it says, and a golden file."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from danac.cli import main
from danac.compilation import check_source
from danac.diagnostics import render
from danac.diagnostics.codes import CODES
from danac.diagnostics.lessons import lesson_of
from danac.source import Source

CHECKOUT = Path(__file__).parent.parent.parent
TESTS = CHECKOUT / "tests"

TOO_LONG_TO_SHOW = {
    "DANA190": "x = " + "(" * 300 + ")" * 300,
    "DANA191": "x = " + "9" * 6000,
}
"""Programs in place of examples that no page could hold."""

NO_PROGRAM = {"DANA100", "DANA900", "DANA901"}
"""Bytes that are no text, and bugs of danac: tests of their own show them."""


def findings(text: str) -> set[str]:
    return {found.code for found in check_source(text)}


@pytest.mark.parametrize("code", sorted(set(CODES) - NO_PROGRAM - set(TOO_LONG_TO_SHOW)))
class TestExamples:
    def test_the_wrong_one_is_wrong_in_this_way_only(self, code):
        assert findings(lesson_of(code).wrong) == {code}

    def test_the_right_one_has_no_fault(self, code):
        lesson = lesson_of(code)
        assert lesson.right
        assert findings(lesson.right) == set()


SAID = Path(__file__).parent / "said_in_lessons.md"
_SECTION = re.compile(r"^## (DANA\d{3})\n\n```text\n(.*?)\n```$", re.MULTILINE | re.DOTALL)


def answer(code: str) -> str:
    source = Source(lesson_of(code).wrong, "lesson.dana")
    return "\n".join(render(found, source) for found in check_source(source.text, "lesson.dana"))


@pytest.fixture(scope="module")
def said(request):
    if request.config.getoption("--update-golden"):
        codes = [code for code in CODES if lesson_of(code).wrong]
        sections = [f"## {code}\n\n```text\n{answer(code)}\n```\n" for code in codes]
        SAID.write_text(
            "\n".join(["# What is said of the lessons' wrong examples\n", *sections]), "utf-8"
        )
    return dict(_SECTION.findall(SAID.read_text("utf-8")))


@pytest.mark.parametrize("code", sorted(set(CODES) - NO_PROGRAM - set(TOO_LONG_TO_SHOW)))
def test_what_is_said_of_the_wrong_example(code, said):
    assert answer(code) == said[code]


@pytest.mark.parametrize("code", TOO_LONG_TO_SHOW)
def test_long_examples(code):
    assert findings(TOO_LONG_TO_SHOW[code]) == {code}


@pytest.mark.parametrize("code", CODES)
def test_lessons_have_a_title_and_a_text(code):
    lesson = lesson_of(code)
    assert lesson.title == CODES[code][1]
    assert len(lesson.text) >= 40
    # An example that was not found would be shown as text.
    assert "```" not in lesson.text


def test_each_code_that_is_reported_is_known():
    used = set()
    for root in ("compiler", "runtime"):
        for path in (CHECKOUT / root).rglob("*.py"):
            if path.name != "codes.py":
                used |= set(re.findall(r'"(DANA\d{3})"', path.read_text("utf-8")))
    assert used == set(CODES)


def test_each_code_is_in_a_golden_file():
    shown = NO_PROGRAM | set(TOO_LONG_TO_SHOW)
    for path in (SAID, TESTS / "diagnostics/mistakes.md"):
        shown |= set(re.findall(r"(?:error|warning)\[(DANA\d{3})\]", path.read_text("utf-8")))
    assert shown == set(CODES)


class TestCommand:
    def test_one(self, capsys):
        assert main(["explain", "dana113"]) == 0
        shown = capsys.readouterr().out
        assert shown.startswith("DANA113: A lambda with one colon\n\nA lambda's body stands")
        assert "Wrong:\n\n    double = lambda x: x * 2\n" in shown
        assert shown.endswith("Right:\n\n    double = lambda x :: x * 2\n")

    def test_all(self, capsys):
        assert main(["explain"]) == 0
        rows = capsys.readouterr().out.splitlines()
        assert [row.split()[0] for row in rows] == list(CODES)

    @pytest.mark.parametrize(("wrong", "near"), [("DANA133X", "DANA133"), ("201", "DANA201")])
    def test_unknown_code(self, capsys, wrong, near):
        assert main(["explain", wrong]) == 2
        captured = capsys.readouterr()
        assert captured.out == ""
        assert f"did you mean {near}?" in captured.err

    def test_nothing_like_a_code(self, capsys):
        assert main(["explain", "colon"]) == 2
        assert "danac explain lists all codes" in capsys.readouterr().err

    def test_every_lesson_can_be_printed(self, capsys):
        assert main(["explain", *CODES]) == 0
        assert capsys.readouterr().out.count("Wrong:") == len(CODES) - 5


def test_the_documentation_lists_all_codes():
    text = (CHECKOUT / "docs" / "diagnostics.md").read_text("utf-8")
    rows = re.findall(r"^\| (DANA\d{3}) \| (\w+) \| (.+) \|$", text, re.MULTILINE)
    assert rows == [(code, severity, title) for code, (severity, title) in CODES.items()]
