"""Completion: what can stand where one types, in texts that are not finished."""

from __future__ import annotations

import pytest

POINT = "struct Point:\n    x: int\n    y: int = 2\n    def norm(self) -> float:\n        self.x\n"


def test_names_in_scope_come_before_built_ins_and_keywords(editor):
    marked = "rate = 2\ndef price(amount):\n    extra = 1\n    ‸\ndef other(hidden): 1\n"
    items = editor.at(marked, "completion")
    labels = [item["label"] for item in items]
    assert {"rate", "price", "amount", "extra", "other", "print", "noop", "lambda"} <= set(labels)
    assert "hidden" not in labels
    assert len(labels) == len(set(labels))
    order = {item["label"]: item["sortText"] for item in items}
    assert order["rate"] < order["abs"]
    assert order["rate"] < order["if"]


def test_functions_show_their_signature(editor):
    items = editor.at('def price(a, b=1) -> int:\n    "Doc."\n    a\npri‸\n', "completion")
    (price,) = [item for item in items if item["label"] == "price"]
    assert price["detail"] == "def price(a, b=1) -> int"
    assert price["documentation"] == "Doc."


@pytest.mark.parametrize(
    "line",
    [
        "p = Point(1)\np.‸",
        "p = Point(1)\nprint(p.x‸)",
        "p: Point = make()\np.‸\n",
        "def f(a: Point):\n    a.‸",
        "def make() -> Point:\n    Point(1)\nq = make()\nq.‸",
    ],
)
def test_fields_and_methods_after_a_dot(editor, line):
    labels = editor.labels(POINT + line + "\n")
    assert labels == ["x", "y", "norm", "replace", "to_dict", "_type"]


def test_self_is_known_in_methods(editor):
    marked = POINT + "    def twice(self):\n        self.‸\n"
    assert {"x", "y", "norm"} <= set(editor.labels(marked))


def test_methods_by_receiver_are_members(editor):
    assert "scale" in editor.labels(
        POINT + "def (p: Point) scale(k): k\nPoint(1)\nq = Point(1)\nq.‸\n"
    )


def test_members_of_modules_after_a_dot(editor):
    editor.write("prices.dana", "def price(n): n\nrate = 1\n")
    editor.write("tools.py", "def helper(): pass\nclass Kind: pass\n")
    assert set(editor.labels("import prices\nprices.‸\n")) == {"price", "rate"}
    assert set(editor.labels("import tools as t\nx = t.he‸\n")) == {"helper", "Kind"}


@pytest.mark.parametrize("marked", ["unknown.‸", "x = 1.‸", "f().‸", "'text'.‸"])
def test_nothing_is_guessed_after_a_dot(editor, marked):
    assert editor.labels(marked + "\n") == []


@pytest.mark.parametrize(
    "marked",
    [
        "def f(x) = abs with (‸)",
        "def f(x) = abs with (‸",
        "5 | abs with (timeout=5, re‸",
        "5 | { abs, str } with (\n    timeout=max(1, 2),\n    ‸)",
    ],
)
def test_settings_in_a_policy(editor, marked):
    items = editor.at(marked + "\n", "completion")
    settings = [item for item in items if item.get("insertText")]
    assert {"timeout", "retries", "on_error", "executor"} <= {item["label"] for item in settings}
    assert all(item["insertText"] == item["label"] + "=" for item in settings)


@pytest.mark.parametrize("marked", ["with (‸open('f')): 1", "5 | abs with (timeout=‸)", "f(‸)"])
def test_no_settings_elsewhere(editor, marked):
    assert "timeout" not in editor.labels(marked + "\n")


def test_captures_are_offered_to_their_right(editor):
    assert "kept" in editor.labels("5 | abs as kept | max(k‸, $$)\n")
    assert "kept" not in editor.labels("5 | ab‸s as kept | max($$)\n")


def test_every_setting_of_the_compiler_is_offered(editor):
    policies = pytest.importorskip(
        "danac.analysis.policies", reason="the compiler takes no policies"
    )
    older_names = {"execution_timeout", "max_parallel_depth"}
    assert set(policies.SETTINGS) - older_names <= set(editor.labels("5 | abs with (‸)\n"))
