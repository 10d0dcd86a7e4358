"""The Pygments lexer against the compiler's own: what the one calls a name, the other colours as one."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("pygments", reason="colours need Pygments: pip install danac[repl]")

from pygments.lexers import get_lexer_by_name, get_lexer_for_filename
from pygments.token import (
    Comment,
    Error,
    Keyword,
    Name,
    Number,
    Operator,
    Punctuation,
    String,
    Whitespace,
)

from danac.highlighting.lexer import DanaLexer
from danac.source import Source
from danac.syntax.keywords import RESERVED_WORDS
from danac.syntax.lexer import tokenize
from danac.syntax.tables import load_parser, terminal_names

CHECKOUT = Path(__file__).parent.parent.parent
PROGRAMS = sorted(
    path
    for folder in ("examples", "tests/programs", "tests/lowering/golden", "tests/errors")
    for path in (CHECKOUT / folder).rglob("*.dana")
)
TERMINALS = terminal_names(load_parser())
RIGHT = [path for path in PROGRAMS if "errors" not in path.parts]


def tokens_of(text: str) -> list[tuple[int, object, str]]:
    return list(DanaLexer().get_tokens_unprocessed(text))


def kinds(text: str) -> list[tuple[object, str]]:
    return [(kind, value) for _, kind, value in tokens_of(text) if kind is not Whitespace]


def program(path: Path) -> str:
    # As the compiler reads it: line ends and byte order marks are nothing to colour.
    return Source(path.read_bytes().decode("utf-8", "replace")).text


def expected_kinds(type_: str, value: str) -> tuple[object, ...]:
    """The Pygments kinds, any of which fits a token of the compiler."""
    if type_ in {"TRUE", "FALSE", "NONE"}:
        return (Keyword.Constant,)
    if type_ == "FLOW":
        return (Name.Variable.Magic,)
    if type_.startswith("FSTRING") or type_ == "STRING":
        return (String,)
    if type_ == "SCOPED":
        return (Keyword.Type, Punctuation, Name.Variable.Global)
    if value in RESERVED_WORDS and type_ != "NAME":
        return (Keyword, Operator.Word)
    others = (Operator, Punctuation, Keyword, Name.Decorator)
    return {"NAME": (Name,), "NUMBER": (Number,)}.get(type_, others)


@pytest.mark.parametrize("path", RIGHT, ids=lambda path: path.stem)
def test_programs_are_read_as_the_compiler_reads_them(path):
    text = program(path)
    kind_at: dict[int, object] = {}
    for start, kind, value in tokens_of(text):
        assert kind is not Error, (value, text[:start].count("\n") + 1)
        kind_at.update(dict.fromkeys(range(start, start + len(value)), kind))
    for token in tokenize(Source(text), TERMINALS):
        if token.type in {"NEWLINE", "INDENT", "DEDENT"} or not token:
            continue
        fitting = expected_kinds(token.type, str(token))
        for position in range(token.start_pos, token.end_pos):
            kind = kind_at[position]
            inside = (Whitespace, Comment, String.Escape)
            fits = any(kind in wanted for wanted in (*fitting, *inside))
            assert fits, (str(token), token.type, kind, token.line)


@pytest.mark.parametrize("path", PROGRAMS, ids=lambda path: path.stem)
def test_nothing_is_lost_of_any_text(path):
    text = program(path)
    assert "".join(value for _, _, value in tokens_of(text)) == text
    half = text[: len(text) // 2]
    assert "".join(value for _, _, value in tokens_of(half)) == half


def test_what_dana_has_beyond_python():
    assert kinds("5 | scale(2, $$) as x") == [
        (Number.Integer, "5"),
        (Operator, "|"),
        (Name, "scale"),
        (Punctuation, "("),
        (Number.Integer, "2"),
        (Punctuation, ","),
        (Name.Variable.Magic, "$$"),
        (Punctuation, ")"),
        (Keyword, "as"),
        (Name, "x"),
    ]
    assert kinds("lambda x :: private:n")[2:] == [
        (Operator, "::"),
        (Keyword.Type, "private"),
        (Punctuation, ":"),
        (Name.Variable.Global, "n"),
    ]
    assert (Keyword, "with") in kinds("f | g with (timeout=5)")
    assert (Keyword.Constant, "null") in kinds("x = null")


def test_fields_of_fstrings_are_expressions():
    assert kinds('f"{a["k"]:>{width}}{{}}"') == [
        (String.Affix, "f"),
        (String.Double, '"'),
        (String.Interpol, "{"),
        (Name, "a"),
        (Punctuation, "["),
        (String.Double, '"'),
        (String.Double, "k"),
        (String.Double, '"'),
        (Punctuation, "]"),
        (String.Interpol, ":"),
        (String.Interpol, ">"),
        (String.Interpol, "{"),
        (Name, "width"),
        (String.Interpol, "}"),
        (String.Interpol, "}"),
        (String.Escape, "{{"),
        (String.Escape, "}}"),
        (String.Double, '"'),
    ]
    assert (Operator, "|") in kinds("f'{rows | len}'")


@pytest.mark.parametrize(
    ("text", "token"),
    [
        ("def report(x) = f", (Name.Function, "report")),
        ("def (p: Point) scale(k):", (Name.Function, "scale")),
        ("async def g():", (Name.Function, "g")),
        ("struct Point:", (Name.Class, "Point")),
        ("@poet(x)", (Name.Decorator, "poet")),
        ("import struct", (Name.Namespace, "struct")),
        ("from os.path import join as j", (Name.Namespace, "join")),
        ("os.system", (Name, "system")),
        ("f(in=1)", (Name, "in")),
        ("raise ValueError", (Name.Exception, "ValueError")),
        ('"""doc"""', (String.Doc, '"""doc"""')),
        ("# dana: coerce", (Comment.Preproc, "# dana: coerce")),
        ("x = 1 # why", (Comment.Single, "# why")),
        ("größe = 1", (Name, "größe")),
        ("a & b", (Error, "&")),
    ],
)
def test_kind(text, token):
    assert token in kinds(text)


def test_a_text_without_an_end_does_not_colour_the_next_line():
    assert (Name, "next_line") in kinds("x = 'abc\nnext_line")
    assert (Name, "next_line") in kinds("x = f'abc {\nnext_line")


def test_installed_for_all_tools():
    assert isinstance(get_lexer_by_name("dana"), DanaLexer)
    assert isinstance(get_lexer_for_filename("orders.na"), DanaLexer)
