"""Program text → lark tree, or a positioned error that says what was expected.

This package is the only part of danac that knows lark. The LALR tables are shipped as data, so that no
run pays for computing them: `python -m danac.syntax.tables` writes them anew when the grammar changes.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import NamedTuple, TypeAlias

from lark import Token, Tree

from danac.diagnostics import DanaSyntaxError, InternalError
from danac.source import Source
from danac.syntax.automaton import Automaton
from danac.syntax.lexer import tokenize
from danac.syntax.tables import load_parser, terminal_names

ParseTree: TypeAlias = Tree[Token]


class Recovered(NamedTuple):
    """What could be read of a wrong text.

    `missing` are the words in what the tree leaves out: names that may be defined there. Where
    `has_sure_blocks` is false, nobody knows what is inside of what.
    """

    tree: ParseTree
    errors: list[DanaSyntaxError]
    missing: frozenset[str]
    has_sure_blocks: bool


@cache
def _parser() -> tuple[Automaton, dict[str, str]]:
    parser = load_parser()
    tables = parser.parse_interactive("").parser_state.parse_conf
    return Automaton(tables), terminal_names(parser)


def parse(source: Source) -> ParseTree:
    """Return the tree of a program.

    Raises `DanaSyntaxError`, the first error, where the text is no Dana.
    """
    tree = _quickly(source)
    if isinstance(tree, Tree):
        return tree
    raise _recovered(source, tree).errors[0]


def parse_all(source: Source) -> ParseTree | Recovered:
    """Return the tree of a program, or what is right and what is wrong in a text that is none."""
    tree = _quickly(source)
    return tree if isinstance(tree, Tree) else _recovered(source, tree)


def tokens_of(source: Source) -> Iterator[Token]:
    """Yield the tokens of a program; raises `DanaSyntaxError` where the text has none."""
    return tokenize(source, _parser()[1])


def _quickly(source: Source) -> ParseTree | DanaSyntaxError | None:
    """Return the tree, or the lexer's error, or None where the grammar does not fit."""
    automaton, names = _parser()
    try:
        return automaton.parse(tokenize(source, names))
    except DanaSyntaxError as error:
        return error


def _recovered(source: Source, error: DanaSyntaxError | None) -> Recovered:
    # Loaded for wrong programs only.
    from danac.syntax.recovery import recover

    found = recover(source, *_parser())
    if not found.errors:
        if error is None:
            raise InternalError("the two parsers disagree")
        found.errors.append(error)
    return Recovered(found.tree, found.errors, frozenset(found.missing), found.has_sure_blocks)
