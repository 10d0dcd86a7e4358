"""Program text to tokens: what they are, where they stand, and where a text is no Dana at all."""

from __future__ import annotations

import io
import random
import tokenize as python_tokenize

import pytest
from lark import Token

from danac.diagnostics import DanaSyntaxError, render
from danac.source import Source
from danac.syntax.keywords import KEYWORDS
from danac.syntax.lexer import MAX_BRACKETS, tokenize
from danac.syntax.lexical_errors import Code

OPERATORS = [
    *"+-*/%<>=()[]{},:.|;@", "//", "**", "==", "!=", "<=", ">=", "+=", "-=", "*=", "/=", "//=",
    "%=", "**=", "::", ":=", "...", "->", "$$",
]  # fmt: skip
# Terminals are named after their literals, so that an expected list of types reads like a program.
TERMINALS = {literal: literal for literal in (*KEYWORDS, *OPERATORS)}


def tokens(text: str) -> list[Token]:
    return list(tokenize(Source(text), TERMINALS))


def types(text: str) -> str:
    return " ".join(token.type for token in tokens(text))


def values(text: str, type_: str) -> list[str]:
    return [token.value for token in tokens(text) if token.type == type_]


def error(text: str) -> DanaSyntaxError:
    with pytest.raises(DanaSyntaxError) as caught:
        tokens(text)
    return caught.value


def span(token: Token) -> tuple[int | None, ...]:
    return (token.line, token.column, token.end_line, token.end_column)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("x", "NAME NEWLINE"),
        ("x = 1; y = 2", "NAME = NUMBER ; NAME = NUMBER NEWLINE"),
        ("f(a, *b, **c)[1:2]", "NAME ( NAME , * NAME , ** NAME ) [ NUMBER : NUMBER ] NEWLINE"),
        ("a//=b**c!=d->e", "NAME //= NAME ** NAME != NAME -> NAME NEWLINE"),
        ("lambda x :: x := $$", "lambda NAME :: NAME := $$ NEWLINE"),
        ("x...y..z", "NAME ... NAME . . NAME NEWLINE"),
        ("x = a.b .c", "NAME = NAME . NAME . NAME NEWLINE"),
        ("a | {b, c}", "NAME | { NAME , NAME } NEWLINE"),
        ("class case match", "NAME NAME NAME NEWLINE"),
        ("True true TRUE False false FALSE", "TRUE TRUE TRUE FALSE FALSE FALSE NEWLINE"),
        ("None none NONE null NULL Null", "NONE NONE NONE NONE NONE NAME NEWLINE"),
        ("x=-1", "NAME = - NUMBER NEWLINE"),
        ('x if a else"b"', "NAME if NAME else STRING NEWLINE"),
        ("@a.b(c)", "@ NAME . NAME ( NAME ) NEWLINE"),
    ],
)
def test_types(text: str, expected: str) -> None:
    assert types(text) == expected


def test_a_token_knows_where_it_stands() -> None:
    text = "é = [1,\n  'a\\\nb', xyz]"
    found = [(token.value, *span(token)) for token in tokens(text)]
    assert found == [
        ("é", 1, 1, 1, 2),
        ("=", 1, 3, 1, 4),
        ("[", 1, 5, 1, 6),
        ("1", 1, 6, 1, 7),
        (",", 1, 7, 1, 8),
        ("'a\\\nb'", 2, 3, 3, 3),
        (",", 3, 3, 3, 4),
        ("xyz", 3, 5, 3, 8),
        ("]", 3, 8, 3, 9),
        ("", 3, 9, 3, 9),
    ]
    assert all(text[token.start_pos : token.end_pos] == token.value for token in tokens(text))


@pytest.mark.parametrize(
    ("text", "name"),
    [("ﬁn", "fin"), ("नमस्ते", "नमस्ते"), ("x·y", "x·y"), ("\U0001d431", "x"), ("名前", "名前")],
)
def test_names_are_unicode_and_normalised(text: str, name: str) -> None:
    assert values(text, "NAME") == [name]


# Reserved words


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("x.if.class.True", "NAME . NAME . NAME . NAME NEWLINE"),
        ("f(in=1, from = 2)", "NAME ( NAME = NUMBER , NAME = NUMBER ) NEWLINE"),
        ("f(x in==1)", "NAME ( NAME in == NUMBER ) NEWLINE"),
        ("in=1", "in = NUMBER NEWLINE"),
        ("{in=1}", "{ in = NUMBER } NEWLINE"),
        ("struct.pack(x)", "NAME . NAME ( NAME ) NEWLINE"),
        ("return.5", "return NUMBER NEWLINE"),
        ("None.x", "NONE . NAME NEWLINE"),
        ("import struct", "import NAME NEWLINE"),
        ("import struct, in.if as is, as", "import NAME , NAME . NAME as NAME , NAME NEWLINE"),
        ("import a as b; x is y", "import NAME as NAME ; NAME is NAME NEWLINE"),
        ("if x: import struct", "if NAME : import NAME NEWLINE"),
        ("from struct import if as in", "from NAME import NAME as NAME NEWLINE"),
        ("from struct.import import x", "from NAME . NAME import NAME NEWLINE"),
        ("from . import struct", "from . import NAME NEWLINE"),
        ("from.m import x", "from . NAME import NAME NEWLINE"),
        ("from .. import x", "from . . import NAME NEWLINE"),
        ("from ... import x", "from ... import NAME NEWLINE"),
        ("from ....struct import x", "from ... . NAME import NAME NEWLINE"),
        (
            "from m import (\n  if,\n  in as is,\n)",
            "from NAME import ( NAME , NAME as NAME , ) NEWLINE",
        ),
        ("raise e from if", "raise NAME from if NEWLINE"),
        ("with a as if", "with NAME as if NEWLINE"),
        ("\U0001d422\U0001d41f x", "if NAME NEWLINE"),
    ],
)
def test_reserved_words_are_names_in_some_places(text: str, expected: str) -> None:
    assert types(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("x not in y", "NAME NOT_IN NAME NEWLINE"),
        ("x is not y", "NAME IS_NOT NAME NEWLINE"),
        ("x is not not y", "NAME IS_NOT not NAME NEWLINE"),
        ("not x in y", "not NAME in NAME NEWLINE"),
        ("(x not # why\n  in y)", "( NAME NOT_IN NAME ) NEWLINE"),
        ("x is \\\n not y", "NAME IS_NOT NAME NEWLINE"),
        ("x.not in y", "NAME . NAME in NAME NEWLINE"),
    ],
)
def test_two_words_make_one_operator(text: str, expected: str) -> None:
    assert types(text) == expected


def test_a_merged_operator_spans_both_words() -> None:
    merged = tokens("(x not\n in y)")[2]
    assert (merged.value, *span(merged)) == ("not in", 1, 4, 2, 4)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("private:x = public:y", "SCOPED = SCOPED NEWLINE"),
        ("{system:x}", "{ SCOPED } NEWLINE"),
        ("a.private:b", "NAME . NAME : NAME NEWLINE"),
        ("import system; system.x", "import NAME ; NAME . NAME NEWLINE"),
        ("f(local=1)", "NAME ( NAME = NUMBER ) NEWLINE"),
    ],
)
def test_scoped_names(text: str, expected: str) -> None:
    assert types(text) == expected


def test_the_value_of_a_scoped_name_is_normalised() -> None:
    assert values("private:ﬁ", "SCOPED") == ["private:fi"]


# Numbers


@pytest.mark.parametrize(
    "number",
    [
        "0",
        "00",
        "0_0",
        "7",
        "1_000",
        "0xfF",
        "0XF",
        "0x_f",
        "0b1_0",
        "0o17",
        "1.5",
        "1.",
        ".5",
        "1e5",
        "1.e5",
        ".5E-3",
        "1_0.0_1e+1_0",
        "012.5",
        "012e3",
    ],
)
def test_numbers_are_those_of_python(number: str) -> None:
    assert values(f"x = {number}\n", "NUMBER") == [number]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1..real", "NUMBER . NAME NEWLINE"),
        ("1.5.real", "NUMBER . NAME NEWLINE"),
        ("x[1:2]", "NAME [ NUMBER : NUMBER ] NEWLINE"),
        ("0x1e+5", "NUMBER + NUMBER NEWLINE"),
        ("1 if x", "NUMBER if NAME NEWLINE"),
    ],
)
def test_where_a_number_ends(text: str, expected: str) -> None:
    assert types(text) == expected


# Lines and indentation


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", ""),
        ("\n  \n# c\n   # d", ""),
        ("x\n\n# c\n  # d\n\ny\n", "NAME NEWLINE NAME NEWLINE"),
        ("if x:\n  y\nz", "if NAME : NEWLINE INDENT NAME NEWLINE DEDENT NAME NEWLINE"),
        (
            "if x:\n  if y:\n    z",
            "if NAME : NEWLINE INDENT if NAME : NEWLINE INDENT NAME NEWLINE DEDENT DEDENT",
        ),
        ("if x:\n        y\n\tz", "if NAME : NEWLINE INDENT NAME NEWLINE NAME NEWLINE DEDENT"),
        ("if x:\n  y\n  \f  z", "if NAME : NEWLINE INDENT NAME NEWLINE NAME NEWLINE DEDENT"),
        ("  x", "INDENT NAME NEWLINE DEDENT"),
        ("(\n\n  x # c\n)", "( NAME ) NEWLINE"),
        ("x = \\\n  1", "NAME = NUMBER NEWLINE"),
        ("if x:\n  y\n\\\n\nz", "if NAME : NEWLINE INDENT NAME NEWLINE DEDENT NAME NEWLINE"),
    ],
)
def test_lines(text: str, expected: str) -> None:
    if "\t" in text:
        assert error(text).diagnostic.code == Code.INCONSISTENT_INDENTATION
    else:
        assert types(text) == expected


def test_the_places_of_layout_tokens() -> None:
    found = [
        (token.type, *span(token)) for token in tokens("a: # c\n  b\nc") if token.type.isupper()
    ]
    assert [place for place in found if place[0] != "NAME"] == [
        ("NEWLINE", 1, 7, 1, 8),
        ("INDENT", 2, 1, 2, 3),
        ("NEWLINE", 2, 4, 2, 5),
        ("DEDENT", 3, 1, 3, 1),
        ("NEWLINE", 3, 2, 3, 2),
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("if x:\n  # c\ny", "if NAME : NEWLINE INDENT DEDENT NAME NEWLINE"),
        ("if x:\n  # c", "if NAME : NEWLINE INDENT DEDENT"),
        ("if x:\n# c\ny", "if NAME : NEWLINE NAME NEWLINE"),
        ("if x: # c\ny", "if NAME : NEWLINE NAME NEWLINE"),
        ("if x:\n  # c\n  y", "if NAME : NEWLINE INDENT NAME NEWLINE DEDENT"),
        (
            "if x:\n  if y:\n    # c\nz",
            "if NAME : NEWLINE INDENT if NAME : NEWLINE INDENT DEDENT DEDENT NAME NEWLINE",
        ),
        ("x\n  # c\ny", "NAME NEWLINE NAME NEWLINE"),
    ],
)
def test_a_block_may_hold_only_comments(text: str, expected: str) -> None:
    assert types(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("x |\ny", "NAME | NAME NEWLINE"),
        ("x | # c\n\n  # d\n     y\nz", "NAME | NAME NEWLINE NAME NEWLINE"),
        ("x\n  | y\n\n  # c\n | z\nu", "NAME | NAME | NAME NEWLINE NAME NEWLINE"),
        ("x\n| y", "NAME NEWLINE | NAME NEWLINE"),
        ("if x:\n  y\n  | z", "if NAME : NEWLINE INDENT NAME NEWLINE | NAME NEWLINE DEDENT"),
        (
            "if x:\n  y\n   | z\nu",
            "if NAME : NEWLINE INDENT NAME | NAME NEWLINE DEDENT NAME NEWLINE",
        ),
        ("x |", "NAME | NEWLINE"),
        ("x\n  | {\n a\n}\n  | y", "NAME | { NAME } | NAME NEWLINE"),
    ],
)
def test_a_pipeline_may_break_around_a_pipe(text: str, expected: str) -> None:
    assert types(text) == expected


# Errors: the marked stretch is the span.


@pytest.mark.parametrize(
    ("marked", "code", "message"),
    [
        ("x = ⟦“⟧a”", Code.STRAY_CHARACTER, 'LEFT DOUBLE QUOTATION MARK) (use `"`)'),
        ("naïve⟦\u2013⟧1", Code.STRAY_CHARACTER, "U+2013 EN DASH) (use `-`)"),
        ("x =⟦\u00a0⟧1", Code.STRAY_CHARACTER, "U+00A0 NO-BREAK SPACE (use an ordinary space)"),
        ("x⟦\u200b⟧", Code.STRAY_CHARACTER, "invisible"),
        ("x⟦\0⟧", Code.STRAY_CHARACTER, "stray character U+0000"),
        ("f⟦\uff08⟧x)", Code.STRAY_CHARACTER, "use `(`"),
        ("⟦\ud800⟧", Code.STRAY_CHARACTER, "U+D800"),
        ("x⟦²⟧", Code.STRAY_CHARACTER, "SUPERSCRIPT TWO"),
        ("x ⟦|=⟧ f", Code.FOREIGN_OPERATOR, "`|=` does not exist in Dana: `|` is the pipe"),
        ("x ⟦||⟧ y", Code.FOREIGN_OPERATOR, "use `or`"),
        ("x ⟦&&⟧ y", Code.FOREIGN_OPERATOR, "use `and`"),
        ("x ⟦|>⟧ y", Code.FOREIGN_OPERATOR, "the pipe is `|`"),
        ("x ⟦<>⟧ y", Code.FOREIGN_OPERATOR, "use `!=`"),
        ("x ⟦<<⟧ y", Code.FOREIGN_OPERATOR, "no bit operators"),
        ("⟦~⟧x", Code.FOREIGN_OPERATOR, "no bit operators"),
        ("⟦!⟧x", Code.FOREIGN_OPERATOR, "use `not`"),
        ("x ⟦?⟧ y", Code.FOREIGN_OPERATOR, "a if condition else b"),
        ("f(⟦$⟧)", Code.FOREIGN_OPERATOR, "`$$`"),
        ("⟦`⟧x`", Code.FOREIGN_OPERATOR, "quote"),
        ("x ⟦@=⟧ y", Code.FOREIGN_OPERATOR, "`@=` does not exist"),
        ("x = 1⟦__⟧0", Code.MALFORMED_NUMBER, "underscore"),
        ("1⟦_⟧", Code.MALFORMED_NUMBER, "underscore"),
        ("1⟦_⟧.5", Code.MALFORMED_NUMBER, "underscore"),
        ("0x1⟦__⟧2", Code.MALFORMED_NUMBER, "underscore"),
        ("⟦0x⟧", Code.MALFORMED_NUMBER, "needs hexadecimal digits"),
        ("0b1⟦2⟧", Code.MALFORMED_NUMBER, "`2` is no binary digit"),
        ("⟦012⟧", Code.MALFORMED_NUMBER, "`0o12` for an octal number"),
        ("x + ⟦3j⟧", Code.MALFORMED_NUMBER, "no complex numbers"),
        ("⟦5abc⟧", Code.MALFORMED_NUMBER, "malformed number `5abc`"),
        ("⟦1.real⟧", Code.MALFORMED_NUMBER, "malformed number"),
        ("⟦1e+⟧", Code.MALFORMED_NUMBER, "has no digits"),
        ("⟦" + "1" * 4301 + "⟧", Code.TOO_LONG, "more than 4300"),
        ("x = ⟦'⟧abc\ny", Code.MALFORMED_STRING, "no end"),
        ("x = r⟦'''⟧abc\n'", Code.UNFINISHED, "no end"),
        ("⟦b⟧'a'", Code.MALFORMED_STRING, "Dana has no bytes literals"),
        ("⟦Rb⟧'a'", Code.MALFORMED_STRING, "Dana has no bytes literals"),
        ("⟦u⟧'a'", Code.MALFORMED_STRING, "`u` is no string prefix"),
        (
            "x = 'a\n'".replace("'", "'''") + " + 'b⟦\\x1⟧'",
            Code.MALFORMED_STRING,
            "two hexadecimal",
        ),
        (
            "(a, [b⟦)⟧",
            Code.UNMATCHED_BRACKET,
            "closing parenthesis ')' does not match opening bracket",
        ),
        ("x = ⟦(⟧[a, b]\ny\n", Code.UNFINISHED, "'(' was never closed"),
        ("x⟦]⟧", Code.UNMATCHED_BRACKET, "unmatched ']'"),
        ("if x:\n    y\n⟦  ⟧z", Code.INCONSISTENT_INDENTATION, "unindent does not match any outer"),
        ("if x:\n        y\n⟦\t⟧z", Code.INCONSISTENT_INDENTATION, "tabs and spaces"),
        ("(" * 200 + "⟦(⟧", Code.TOO_DEEPLY_NESTED, "too deeply nested"),
        ("x = ⟦\\⟧ \n1", Code.STRAY_CHARACTER, "delete the blanks"),
        ("x = ⟦\\⟧", Code.UNFINISHED, "no line behind"),
        ("x = ⟦\\⟧\n", Code.UNFINISHED, "no line behind"),
        ("x.⟦_dana_y⟧", Code.RESERVED_NAME, "reserved for generated code"),
        ("private:⟦_dana_y⟧", Code.RESERVED_NAME, "reserved for generated code"),
        ("⟦_dana_é⟧", Code.RESERVED_NAME, "reserved for generated code"),
        ("⟦private⟧ : x", Code.RESERVED_NAME, "`private:x`"),
        ("private:⟦if⟧ = 1", Code.RESERVED_NAME, "`if` is a reserved word"),
        ("⟦" + "é" * 1001 + "⟧", Code.TOO_LONG, "more than 1000"),
    ],
)
def test_errors(marked: str, code: Code, message: str) -> None:
    before, stretch, after = marked.replace("⟧", "⟦").split("⟦")
    caught = error(before + stretch + after)
    place = caught.diagnostic.span
    start, end = _place(before), _place(before + stretch)
    assert (caught.diagnostic.code, tuple(place)) == (code, (*start, *end))
    assert message in str(caught)


def _place(before: str) -> tuple[int, int]:
    return before.count("\n") + 1, len(before) - (before.rfind("\n") + 1) + 1


def test_a_bracket_mismatch_names_both_places() -> None:
    caught = error("(a,\n  [b,\n)")
    expected = "closing parenthesis ')' does not match opening bracket '[' on line 2"
    assert (caught.diagnostic.message, caught.lineno, caught.offset) == (expected, 3, 1)


def test_the_limits_are_as_far_as_they_say() -> None:
    assert len(tokens("(" * MAX_BRACKETS + ")" * MAX_BRACKETS)) == 2 * MAX_BRACKETS + 1
    deep = "".join(" " * level + "if x:\n" for level in range(101))
    assert types(deep + " " * 100 + "y").count("DEDENT") == 100
    assert error(deep + " " * 101 + "y").diagnostic.code == Code.TOO_DEEPLY_NESTED


def test_a_reserved_word_that_the_grammar_lacks_is_no_name() -> None:
    with pytest.raises(DanaSyntaxError, match="`with` is a reserved word") as caught:
        list(tokenize(Source("with a"), {}))
    assert caught.value.diagnostic.code == Code.RESERVED_NAME


def test_codes_are_distinct() -> None:
    assert len({code.value for code in Code}) == len(Code.__members__)


# Against Python's tokenizer, and against noise

COMMON = [
    "def f(a, b=1, *c, **d):\n    return a + b\n\n\nx = f(1, 2)\n",
    "if a:\n\tif b:\n\t\tc\n\t# d\nelif e:\n\tpass\nelse:\n\tg\n",
    "x = [\n    1, 2,  # three\n\n    'a' 'b',\n]\ny = {1: 2}\n",
    "try:\n    a = 1; b = 2;\nexcept E as e:\n    raise X from e\n",
    "x = '''a\n  b''' + \\\n    r'c\\'' \nwhile x < 3 != y: x -= 1\n",
    "@a.b\ndef f(): pass\nfor i, j in k: print(i, end='')",
]


@pytest.mark.parametrize("text", COMMON)
def test_the_common_subset_has_the_tokens_of_python(text: str) -> None:
    ours = [(token.value, span(token)) for token in tokens(text) if not _is_layout(token)]
    theirs = []
    layout = {"NEWLINE", "INDENT", "DEDENT", "NL", "COMMENT", "ENDMARKER"}
    for token in python_tokenize.generate_tokens(io.StringIO(text).readline):
        if python_tokenize.tok_name[token.type] not in layout:
            (line, column), (end_line, end_column) = token.start, token.end
            theirs.append((token.string, (line, column + 1, end_line, end_column + 1)))
    assert ours == theirs
    expected = [
        python_tokenize.tok_name[token.type]
        for token in python_tokenize.generate_tokens(io.StringIO(text).readline)
    ]
    kept = [name for name in expected if name in {"NEWLINE", "INDENT", "DEDENT"}]
    assert [token.type for token in tokens(text) if _is_layout(token)] == kept


def _is_layout(token: Token) -> bool:
    return token.type in {"NEWLINE", "INDENT", "DEDENT"}


FRAGMENTS = [
    *KEYWORDS, *OPERATORS, "private:", "private:x", "x", "_dana_", "f'", 'f"', "rf'''", '"""', "'",
    '"', "{{", "}}", "{x=}", "{x!r:>{y}}", "!r", "||", "\n", "\n  ", "\n\t", "\f", " ", "\t", "\\",
    "\\\n", "\\N{", "\\N{DASH}", "\\x1", "#", "# c\n", "0", "012", "1_0", "0x", "1e", "1.", "3j",
    "é", "नमस्ते", "“", "\u00a0", "\ud800", "\0", "²", "\U0001d422\U0001d41f", "\u0301", "b'", "~",
    "`", "$", "true",
]  # fmt: skip


@pytest.mark.parametrize("seed", range(5))
def test_noise_gives_ordered_tokens_or_a_positioned_error(seed: int) -> None:
    chance = random.Random(seed)
    for _ in range(1500):
        if chance.random() < 0.7:
            text = "".join(chance.choices(FRAGMENTS, k=chance.randrange(1, 12)))
        else:
            limit = chance.choice([0x80, 0x3000, 0x110000])
            text = "".join(chr(chance.randrange(limit)) for _ in range(chance.randrange(1, 12)))
        source = Source(text)
        try:
            found = list(tokenize(source, TERMINALS))
        except DanaSyntaxError as caught:
            _check_error(caught, source)
        else:
            _check_spans(found, source.text)


def _check_error(caught: DanaSyntaxError, source: Source) -> None:
    line, column, end_line, end_column = caught.diagnostic.span
    assert 1 <= line <= end_line <= len(source.lines), source.text
    assert 1 <= column <= len(source.line(line)) + 1, source.text
    assert (line, column) <= (end_line, end_column), source.text
    assert render(caught.diagnostic, source)


def _check_spans(found: list[Token], text: str) -> None:
    position = depth = 0
    for token in found:
        assert position <= token.start_pos <= token.end_pos, text
        position = token.end_pos
        assert (token.line, token.column) == _place(text[: token.start_pos]), text
        if token.type != "NEWLINE":
            assert (token.end_line, token.end_column) == _place(text[: token.end_pos]), text
        depth += (token.type == "INDENT") - (token.type == "DEDENT")
        assert depth >= 0, text
    assert depth == 0, text


@pytest.mark.parametrize(
    "text",
    [
        "x = " + " + ".join(["a"] * 20_000),
        "# comment\n" * 50_000 + "x",
        "#" * 500_000 + "\nx",
        "(" + "\n# c\n" * 50_000 + ")",
        "x = '" + "\\n" * 100_000 + "'",
        "x = f'" + "{a}" * 10_000 + "'",
        "x = a\n" + "  | b\n" * 10_000,
        "if x:\n  # c\n" * 10_000,
        "x = " + "1" * 500_000 + ".0",
        "\\\n" * 50_000 + "x",
    ],
    ids=lambda text: text[:12],
)
def test_long_texts_are_tokenized(text: str) -> None:
    assert tokens(text)[-1].type in {"NEWLINE", "DEDENT"}
