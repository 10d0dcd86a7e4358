from __future__ import annotations

import ast
import sys
from dataclasses import dataclass

from danac.cli.dumps import dump_ast, dump_bytecode, dump_nodes, dump_tree
from danac.compilation import build, parse, to_ast
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


def test_source_lines_stand_above_their_instructions():
    source = Source("x = 1\ny = x\n")
    rows = dump_bytecode(compile(source.text, "a.dana", "exec"), source).splitlines()
    assert "  1 | x = 1" in rows
    assert "STORE_NAME" in rows[rows.index("  2 | y = x") - 1]


def test_the_tree_has_no_line_ends_and_no_gaps():
    text = dump_tree(parse(Source("x = f(1)\n\ndef g():\n    return x\n")))
    assert "None" not in text
    assert "NEWLINE" not in text
    assert all(line.strip() for line in text.splitlines())
    assert "NAME x @1:1" in text


def test_the_python_tree_can_be_read_back():
    text = "def f(a, *b):\n    if a:\n        return [*b, a.c[1:2], 'x' * 90]\nf(1) | len\n"
    source = Source(text)
    tree = to_ast(text)
    dumped = dump_ast(tree, source)
    again = eval(dumped, vars(ast))
    assert isinstance(again, ast.Module)
    if sys.version_info >= (3, 13):  # earlier ones do not supply the lists that are left out
        assert ast.unparse(ast.fix_missing_locations(again)) == ast.unparse(tree)
    assert "# 3:9-" in dumped
    assert all(len(line) <= 130 for line in dumped.splitlines())


def test_deep_trees_are_shown():
    source = Source("x = " + "-" * 150 + "1\n")
    assert dump_nodes(build(source)).count("UnaryOperation") == 150
    assert dump_ast(to_ast(source.text), source).count("USub") == 150
