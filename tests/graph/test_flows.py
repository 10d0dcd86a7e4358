from __future__ import annotations

import pytest

from danac.graph.model import Block, Box


def only(flows_of, text):
    (flow,) = flows_of(text)
    return flow


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("def p(a, b=1, *c, k, **d) = f | g", "p(a, b, *c, k, **d)"),
        ("def (o: Order) p(a) = f | g", "Order.p(o, a)"),
        ("x = a | b", "x"),
        ("x: str = (a | b)", "x"),
        ("o.field = a | b", "o.field"),
        ("\na | b", "line 2"),
        ("def f():\n    return a | b", "line 2, in f"),
        ("def f():\n    def g(x) = a | b", "g(x), in f"),
        ("struct S:\n    n: int\n    def m(self) = self | str", "m(self), in S"),
        ("print(x | f)", "line 1"),
    ],
)
def test_titles(flows_of, text, title):
    assert only(flows_of, text).title == title


@pytest.mark.parametrize(
    ("text", "roles"),
    [
        ("5 | f", ["value", "stage"]),
        ("[f, 1] | f", ["value", "stage"]),
        ("len | str", ["stage", "stage"]),
        ("lambda x :: x | f", ["stage", "stage"]),
        ("unknown | f", ["open", "stage"]),
        ("def p(x) = f | g", ["value", "stage", "stage"]),
        ("def p(x) = x | g", ["value", "stage"]),
        ("def p(x) = x.rows[0] | g", ["value", "stage"]),
        ("def p() = f | g", ["stage", "stage"]),
        ("def p(x) = 5 | g", ["value", "stage"]),
        ("def p(x) = $$ + 1 | g", ["value", "stage", "stage"]),
    ],
)
def test_roles(flows_of, text, roles):
    assert [step.role for step in only(flows_of, text).steps] == roles


def test_suffixes(flows_of):
    _, step = only(flows_of, "x | f with (timeout=2 * 5, retries=3) as y").steps
    assert (step.policy, step.capture) == ("timeout=2 * 5, retries=3", "y")


def test_blocks(flows_of):
    _, block = only(
        flows_of, 'x | {"a": f | g, 1: [h, i], f"{n}": j} with (timeout=1) as all'
    ).steps
    assert isinstance(block, Block)
    assert [lane.key for lane in block.lanes] == ["a", "1", 'f"{n}"']
    assert (block.form, block.policy, block.capture) == ("parallel", "timeout=1", "all")
    assert [step.text for step in block.lanes[0].steps] == ["f", "g"]
    assert block.lanes[1].steps[0].form == "in order"


def test_a_pipeline_in_parentheses_is_part_of_the_one_around_it(flows_of):
    flow = only(flows_of, "x | (a | (b | c)) | d")
    assert [step.text for step in flow.steps] == ["x", "a", "b", "c", "d"]
    flow = only(flows_of, "x | (a | b) as both | d")
    group = flow.steps[1]
    assert (group.form, group.capture) == ("group", "both")


def test_a_pipeline_in_an_argument_is_one_of_its_own(flows_of):
    first, second = flows_of("x | f(a | b)")
    assert [step.text for step in first.steps] == ["x", "f(a | b)"]
    assert [step.text for step in second.steps] == ["a", "b"]


def test_texts_are_on_one_line_without_comments(flows_of):
    flow = only(flows_of, 'x | f(  # why\n    "a # b",\n\n    2)')
    assert flow.steps[1] == Box('f( "a # b", 2)', "stage", 1)


def test_order_is_that_of_the_text(flows_of):
    text = "def f(x):\n    return x | a\n\n5 | f\ndef g(x) = h\n"
    assert [flow.line for flow in flows_of(text)] == [2, 4, 5]


def test_a_program_without_pipelines(flows_of):
    assert flows_of("x = 1\n") == []
