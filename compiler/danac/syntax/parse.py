"""Program text → lark tree, or a positioned error that says what was expected.

This package is the only part of danac that knows lark. The LALR tables are shipped as data, so that no
run pays for computing them: `python -m danac.syntax.tables` writes them anew when the grammar changes.
"""

from __future__ import annotations

import re
from functools import cache
from typing import TypeAlias

from lark import Lark, Token, Tree
from lark.exceptions import UnexpectedToken
from lark.parsers.lalr_interactive_parser import InteractiveParser

from danac.diagnostics import DanaSyntaxError, InternalError
from danac.source import Source, Span
from danac.syntax import messages
from danac.syntax.automaton import Automaton
from danac.syntax.lexer import tokenize
from danac.syntax.tables import load_parser, terminal_names

ParseTree: TypeAlias = Tree[Token]


@cache
def _parser() -> tuple[Lark, Automaton, dict[str, str]]:
    parser = load_parser()
    tables = parser.parse_interactive("").parser_state.parse_conf
    return parser, Automaton(tables), terminal_names(parser)


def parse(source: Source) -> ParseTree:
    """Return the tree of a program.

    Raises `DanaSyntaxError` where the text is no Dana.
    """
    parser, automaton, names = _parser()
    tree = automaton.parse(tokenize(source, names))
    if tree is None:
        raise _error(source, parser, names)
    return tree


def _error(source: Source, parser: Lark, names: dict[str, str]) -> DanaSyntaxError:
    """Return the error of a text that is no Dana: lark's own parser can say what it expected."""
    state = parser.parse_interactive("")
    feed = state.parser_state.feed_token
    token: Token | None = None
    try:
        for token in tokenize(source, names):
            feed(token)
        state.feed_eof(token)  # type: ignore[no-untyped-call]
    except UnexpectedToken as error:
        return _unexpected(source, error.token, state)
    raise InternalError("the two parsers disagree", token)


def span_of(token: Token) -> Span:
    """Return where `token` stands."""
    line, column = token.line or 1, token.column or 1
    return Span(line, column, token.end_line or line, token.end_column or column)


def _unexpected(source: Source, token: Token, state: InteractiveParser) -> DanaSyntaxError:
    previous = _last_token(state)
    before = None if previous is None else (previous.type, str(previous))
    expected: set[str] = state.accepts()  # type: ignore[no-untyped-call]
    inside = _definition_around(state, token)
    finding = messages.unexpected(token.type, str(token), expected, before, inside)
    span = span_of(token)
    if token.type == "$END" or (token.type in {"NEWLINE", "DEDENT"} and previous is not None):
        # What is missing is missing behind the last word, not at the start of the next line.
        span = _behind(previous)
    if finding.code == messages.LAMBDA_COLON:
        span = _colon_of_lambda(source, state) or span
    return DanaSyntaxError(finding.message, source, span, code=finding.code, hint=finding.hint)


def _behind(previous: Token | None) -> Span:
    if previous is None:
        return Span(1, 1, 1, 1)
    line, column, end_line, end_column = span_of(previous)
    if previous.type == "NEWLINE":
        return Span(line, column, line, column)
    return Span(end_line, end_column, end_line, end_column)


def _colon_of_lambda(source: Source, state: InteractiveParser) -> Span | None:
    """Return where the innermost unfinished lambda has a single colon, if it has one on its line."""
    for value in reversed(state.parser_state.value_stack):
        if isinstance(value, Token) and value.type == "LAMBDA":
            start = span_of(value)
            found = re.compile("(?<!:):(?!:)").search(source.line(start.line), start.end_column - 1)
            if found is None:
                return None
            return Span(start.line, found.start() + 1, start.line, found.end() + 1)
    return None


def _definition_around(state: InteractiveParser, token: Token) -> messages.Definition | None:
    """Return the struct or interface of which a member is being read, a field's type or value aside."""
    stack = state.parser_state.value_stack
    body = next((i for i in range(len(stack) - 1, -1, -1) if _type(stack[i]) == "INDENT"), None)
    # In front of it stand the word, the name, the colon and the end of the line.
    if body is None or body < 4 or _type(stack[body - 4]) not in {"STRUCT", "INTERFACE"}:
        return None
    member = [part for part in stack[body + 1 :] if isinstance(part, Token)]
    if any(part.type == "COLON" for part in member):
        return None
    first = str(member[0]) if member else str(token)
    return messages.Definition(str(stack[body - 4]), str(stack[body - 3]), first)


def _type(part: object) -> str:
    return part.type if isinstance(part, Token) else ""


def _last_token(state: InteractiveParser) -> Token | None:
    """Return the last token that the parser has taken: it ends whatever is on top of the stack."""
    for value in reversed(state.parser_state.value_stack):
        while isinstance(value, Tree):
            value = next((child for child in reversed(value.children) if child is not None), None)
        if isinstance(value, Token) and value.type not in {"INDENT", "DEDENT"}:
            return value
    return None
