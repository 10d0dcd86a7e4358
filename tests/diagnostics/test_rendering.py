"""How a finding is printed: carets under characters of all widths, long lines, several places, fixes, colours."""

from __future__ import annotations

import io

import pytest

from danac.diagnostics import Diagnostic, Edit, Fix, Related, render
from danac.diagnostics.model import fixed
from danac.diagnostics.rendering import COLOURED, PLAIN, WIDTH, style_for
from danac.source import Source, Span


def shown(text: str, span: tuple[int, int, int, int], **more: object) -> list[str]:
    """Return the printed rows behind the head."""
    finding = Diagnostic("DANA110", "wrong", "error", Span(*span), **more)
    return render(finding, Source(text, "p.dana")).split("\n")[1:]


def caret(text: str, marked: str) -> tuple[str, str]:
    """Return the source row and the caret row for the stretch `marked` of a line, without the gutter."""
    start = text.index(marked) + 1
    source, carets = shown(text, (1, start, 1, start + len(marked)))
    return source.removeprefix("1 | "), carets.removeprefix("  | ")


def test_head():
    finding = Diagnostic("DANA211", "odd", "warning", Span(2, 3, 2, 4))
    head = render(finding, Source("a\nbcd", "p.dana")).split("\n")[0]
    assert head == "p.dana:2:3: warning[DANA211]: odd"


class TestCells:
    def test_plain(self):
        assert caret("x = wrong", "wrong") == ("x = wrong", "    ^^^^^")

    def test_wide_characters_take_two_cells(self):
        assert caret('x = "日本" + 語', "語") == ('x = "日本" + 語', " " * 13 + "^^")

    def test_emoji(self):
        assert caret('"🎉" y', "y") == ('"🎉" y', "     ^")

    def test_combining_characters_take_none(self):
        text = 'e\u0301e\u0301 = "x" y'
        assert caret(text, "y") == (text, "         ^")

    def test_tabs_are_shown_as_blanks(self):
        assert caret("\tx\ty", "y") == ("    x   y", "        ^")

    def test_invisible_characters_are_seen(self):
        assert caret("x\u200b = 1", "\u200b") == ("x\ufffd = 1", " ^")

    def test_controls_cannot_move_the_cursor(self):
        source, _ = caret("x = '\x1b[2J' y", "y")
        assert "\x1b" not in source

    def test_directions_cannot_turn_the_line_around(self):
        source, _ = caret("x = '\u202e' y", "y")
        assert "\u202e" not in source


class TestLongLines:
    TEXT = "a" * 300 + "WRONG" + "b" * 300

    def test_they_are_cut_around_the_mark(self):
        source, carets = caret(self.TEXT, "WRONG")
        assert len(source) <= WIDTH
        assert source.startswith("…a")
        assert source.endswith("b…")
        assert source[carets.index("^") : carets.rindex("^") + 1] == "WRONG"

    def test_at_the_start_and_at_the_end(self):
        start, carets = caret("WRONG" + "b" * 300, "WRONG")
        assert (start[:6], carets) == ("WRONGb", "^^^^^")
        end, carets = caret("a" * 300 + "WRONG", "WRONG")
        assert end.endswith("aWRONG")
        assert len(end) == len(carets)

    def test_a_mark_that_is_longer_than_the_room(self):
        source, carets = caret("x" + "y" * 500, "y" * 500)
        assert len(source) <= WIDTH
        assert len(carets) <= WIDTH

    @pytest.mark.parametrize("position", range(0, 600, 7))
    def test_wherever_it_is(self, position):
        text = "日" * position + "W" + "本" * (600 - position)
        source, carets = caret(text, "W")
        # Wide characters in front of the mark take two cells each.
        front = source[: source.index("W")]
        width = sum(2 if character in "日本" else 1 for character in front)
        assert carets == " " * width + "^"


class TestSeveralLines:
    def test_first_and_last_of_a_long_span(self):
        text = "foo(\n  1,\n  2,\n)\n"
        assert shown(text, (1, 1, 4, 2), label="all this") == [
            "1 | foo(",
            "  | ^^^^",
            "… |",
            "4 | )",
            "  | ^ all this",
        ]

    def test_a_span_that_ends_at_the_start_of_a_line(self):
        assert shown("foo\nbar\n", (1, 1, 2, 1)) == ["1 | foo", "  | ^^^"]

    def test_related_places_stand_in_the_order_of_the_lines(self):
        related = (Related(Span(1, 1, 1, 2), "defined here"),)
        text = "a\n\n\n\n\n\n\n\n\nb a\n"
        assert shown(text, (10, 3, 10, 4), label="used here", related=related) == [
            " 1 | a",
            "   | - defined here",
            " … |",
            "10 | b a",
            "   |   ^ used here",
        ]

    def test_two_places_in_one_line(self):
        related = (Related(Span(1, 1, 1, 2), "first"),)
        assert shown("a a\n", (1, 3, 1, 4), related=related) == [
            "1 | a a",
            "  |   ^",
            "  | - first",
        ]

    def test_places_behind_the_text_show_nothing(self):
        assert shown("a\n", (3, 1, 3, 1), hint="so") == ["  hint: so"]


class TestFixes:
    def test_one_line_is_shown_as_it_will_be(self):
        fix = Fix.replace("write `==`", Span(1, 6, 1, 7), "==")
        assert shown("if a = b:\n", (1, 6, 1, 7), fix=fix)[-1] == "  fix: if a == b:"

    def test_many_lines_are_told_by_their_title(self):
        edits = (Edit(Span(1, 1, 1, 1), "("), Edit(Span(5, 2, 5, 2), ")"))
        fix = Fix("put it in parentheses", edits)
        assert shown("a\nb\nc\nd\ne\n", (1, 1, 1, 2), fix=fix)[-1] == "  fix: put it in parentheses"

    def test_edits_are_made_from_the_last_to_the_first(self):
        source = Source("ab\ncd\n")
        fix = Fix("", (Edit(Span(1, 1, 1, 2), "xyz"), Edit(Span(1, 2, 2, 2), "-\n-")))
        assert fixed(source, fix) == "xyz-\n-d\n"


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


class TestColours:
    @pytest.fixture(autouse=True)
    def _environment(self, monkeypatch):
        monkeypatch.delenv("NO_COLOR", raising=False)
        monkeypatch.setenv("TERM", "xterm")

    def test_only_on_a_terminal(self):
        assert style_for(io.StringIO()) == PLAIN
        assert style_for(Terminal()) == COLOURED

    def test_not_where_they_are_not_wanted(self, monkeypatch):
        monkeypatch.setenv("NO_COLOR", "1")
        assert style_for(Terminal()) == PLAIN

    def test_not_on_a_dumb_terminal(self, monkeypatch):
        monkeypatch.setenv("TERM", "dumb")
        assert style_for(Terminal()) == PLAIN

    def test_not_on_a_closed_output(self):
        closed = io.StringIO()
        closed.close()
        assert style_for(closed) == PLAIN

    def test_they_change_no_text(self):
        finding = Diagnostic("DANA110", "wrong", "error", Span(1, 1, 1, 2), "so", label="here")
        source = Source("abc", "p.dana")
        coloured = render(finding, source, COLOURED)
        for code in filter(None, (getattr(COLOURED, name) for name in COLOURED.__slots__)):
            coloured = coloured.replace(code, "")
        assert coloured == render(finding, source)
