from __future__ import annotations

import os

import pytest

import danac
from danac.interactive.completion import complete


class Touchy:
    __slots__ = ("plain",)

    @property
    def costly(self):
        raise AssertionError("it was asked")


class Untold:
    def __dir__(self):
        raise ValueError


@pytest.fixture
def names():
    touchy = Touchy()
    touchy.plain = {"inside": 1}
    return {
        "order": {"price": 1, "prize": {"won": 2}, "two words": 3, 5: 6},
        "orders": [],
        "text": "t",
        "os": os,
        "touchy": touchy,
        "untold": Untold(),
        "_hidden": 1,
        "_dana_x": 1,
        **danac.run_source("struct Point:\n    across: int\n    down: int\np = Point(1, 2)\n"),
    }


@pytest.mark.parametrize(
    ("before", "words"),
    [
        ("orde", ["order", "orders"]),
        ("x | orde", ["order", "orders"]),
        ("delive", ["deliver"]),
        ("sum_r", ["sum_range"]),
        ("_hid", ["_hidden"]),
        ("_dana_", []),
        ("order.pri", ["price", "prize"]),
        ("order.prize.", ["won"]),
        ("order['tw", ["two words"]),
        ('order.prize["', ["won"]),
        ("p.ac", ["across"]),
        ("p.ac + p.do", ["down"]),
        ("text.capi", ["capitalize"]),
        ("os.path.joi", ["join"]),
        ("nobody.", []),
        ("f().", []),
        ("1.", []),
        ("touchy.cost", ["costly"]),
        ("touchy.costly.", []),
        ("touchy.plain.in", ["inside"]),
        ("untold.", []),
    ],
)
def test_words(names, before, words):
    found = complete(before, names)
    assert found.words[: len(words)] == words
    if words:
        typed = before[len(before) - found.typed :]
        assert all(word.startswith(typed) for word in words)


def test_names_with_an_underscore_only_when_asked_for(names):
    assert "_hidden" not in complete("", names).words
    assert "order" in complete("", names).words
    assert complete("text.", names).words[0] == "capitalize"
