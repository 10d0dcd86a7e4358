"""The automaton builds the trees that lark itself would build, positions included."""

from __future__ import annotations

from pathlib import Path

import pytest
from lark import Tree

from danac.source import Source
from danac.syntax.automaton import Automaton
from danac.syntax.lexer import tokenize
from danac.syntax.tables import load_parser, terminal_names

TESTS = Path(__file__).parent.parent
PROGRAMS = sorted(
    [*TESTS.glob("programs/*.dana"), *TESTS.glob("lowering/golden/*.dana")],
    key=lambda path: path.name,
)


@pytest.fixture(scope="module")
def lark_parser():
    return load_parser()


@pytest.fixture(scope="module")
def automaton(lark_parser):
    return Automaton(lark_parser.parse_interactive("").parser_state.parse_conf)


def by_lark(parser, text):
    state = parser.parse_interactive("")
    token = None
    for token in tokenize(Source(text, "p.dana"), terminal_names(parser)):
        state.parser_state.feed_token(token)
    return state.feed_eof(token)


def flat(tree):
    """Each part of a tree with its position, outer parts first."""
    found, todo = [], [tree]
    while todo:
        part = todo.pop()
        if isinstance(part, Tree):
            meta = part.meta
            place = None
            if not meta.empty:
                place = (meta.line, meta.column, meta.end_line, meta.end_column)
            found.append((part.data, len(part.children), place))
            todo += part.children
        elif part is None:
            found.append(None)
        else:
            found.append((part.type, str(part), part.line, part.column))
    return found


@pytest.mark.parametrize("path", PROGRAMS, ids=lambda path: path.stem)
def test_the_tree_is_lark_s(path, lark_parser, automaton):
    text = path.read_text(encoding="utf-8")
    tokens = tokenize(Source(text, "p.dana"), terminal_names(lark_parser))
    tree = automaton.parse(tokens)
    assert tree is not None
    assert flat(tree) == flat(by_lark(lark_parser, text))


@pytest.mark.parametrize("text", ["", "\n\n", "# only a comment", "x = 1", "if a:\n    b\n"])
def test_small_programs(text, lark_parser, automaton):
    tokens = tokenize(Source(text, "p.dana"), terminal_names(lark_parser))
    assert flat(automaton.parse(tokens)) == flat(by_lark(lark_parser, text))


@pytest.mark.parametrize("text", ["x = = 1\n", "f(1 2)\n", "if\n", "x |\n"])
def test_what_is_no_program_has_no_tree(text, lark_parser, automaton):
    tokens = tokenize(Source(text, "p.dana"), terminal_names(lark_parser))
    assert automaton.parse(tokens) is None
