from __future__ import annotations

from dataclasses import dataclass

from danac.cli.dumps import dump_bytecode, dump_nodes
from danac.source import Source, Span


@dataclass(frozen=True)
class Leaf:
    span: Span
    value: object


@dataclass(frozen=True)
class Branch:
    span: Span
    name: str
    first: Leaf
    rest: tuple[Leaf | str, ...] = ()
    nothing: Leaf | None = None
    pairs: tuple[tuple[str, Leaf], ...] = ()


ONE = Leaf(Span(1, 1, 1, 2), 1)


def test_nodes_are_indented_with_their_spans():
    branch = Branch(Span(1, 1, 2, 3), "f", ONE, ("text", ONE), None, (("k", ONE),))
    assert dump_nodes(branch) == (
        "Branch name='f' @1:1-2:3\n"
        "  first: Leaf value=1 @1:1-1:2\n"
        "  rest:\n"
        "    - 'text'\n"
        "    - Leaf value=1 @1:1-1:2\n"
        "  pairs:\n"
        "    -\n"
        "      - 'k'\n"
        "      - Leaf value=1 @1:1-1:2"
    )


def test_false_and_zero_are_shown_and_none_is_left_out():
    assert dump_nodes(Leaf(Span(1, 1, 1, 2), 0)) == "Leaf value=0 @1:1-1:2"
    assert dump_nodes(Leaf(Span(1, 1, 1, 2), False)) == "Leaf value=False @1:1-1:2"
    assert dump_nodes(Leaf(Span(1, 1, 1, 2), None)) == "Leaf @1:1-1:2"


def test_positions_of_bytecode_count_characters():
    source = Source("x = 'äöü'; y = x\ndef f():\n    return [\n        x]\n")
    text = dump_bytecode(compile(source.text, "a.dana", "exec"), source)
    rows = [" ".join(line.split()) for line in text.splitlines()]
    assert rows[0] == "<module> (line 1)"
    assert any(row.startswith("1:12-13 ") or row.startswith("1:16-17 ") for row in rows)
    assert any(row.startswith("3:12-4:11 ") for row in rows)
    assert any(row.startswith("f (line 2)") for row in rows)


def test_no_addresses_are_shown():
    source = Source("def f():\n    return lambda: 1\n")
    text = dump_bytecode(compile(source.text, "a.dana", "exec"), source)
    assert "<code of f>" in text
    assert "<code of f.<locals>.<lambda>>" in text
    assert " at 0x" not in text


def test_jump_targets_are_marked():
    source = Source("while x:\n    y\n")
    assert ">>" in dump_bytecode(compile(source.text, "a.dana", "exec"), source)
