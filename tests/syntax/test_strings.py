"""String literals and f-strings: values, pieces, errors, and what Python makes of them."""

from __future__ import annotations

import ast
import random
import sys
import warnings

import pytest
from lark import Token

from danac.diagnostics import DanaSyntaxError
from danac.source import Source
from danac.syntax.keywords import KEYWORDS
from danac.syntax.lexer import tokenize
from danac.syntax.lexical_errors import Code
from danac.syntax.strings import EscapeError, fstring_text_value, is_raw, string_value

OPERATORS = [*"+-*/%<>=()[]{},:.|;", "//", "**", "==", "!=", "<=", ">=", "::", ":="]
TERMINALS = {literal: literal for literal in (*KEYWORDS, *OPERATORS)}
SHORT = {"START": "<", "END": ">", "TEXT": "text", "OPEN": "{", "CLOSE": "}", "SPEC": "spec"}


def tokens(text: str) -> list[Token]:
    return list(tokenize(Source(text), TERMINALS))[:-1]


def values(text: str, type_: str) -> list[str]:
    return [token.value for token in tokens(text) if token.type == type_]


def pieces(text: str) -> str:
    """Return the types of the tokens, those of f-strings in short."""
    names = (token.type.removeprefix("FSTRING_") for token in tokens(text))
    return " ".join(SHORT.get(name, name) for name in names)


def error(text: str) -> DanaSyntaxError:
    with pytest.raises(DanaSyntaxError) as caught:
        tokens(text)
    return caught.value


# Plain strings


@pytest.mark.parametrize(
    ("literal", "value"),
    [
        ("'a'", "a"),
        ('"a\'b"', "a'b"),
        ("''", ""),
        ("''''''", ""),
        ("'''a\n'b''c'''", "a\n'b''c"),
        (r"'\a\b\f\n\r\t\v\\\'\"'", "\a\b\f\n\r\t\v\\'\""),
        (r"'\x41\u00e9\U0001F600\101\0'", "Aé😀A\0"),
        (r"'\N{BULLET}\N{LF}'", "•\n"),
        ("'a\\\nb'", "ab"),
        (r"'\q\{\8'", "\\q\\{\\8"),
        (r"'\ud800'", "\ud800"),
        (r"r'\n\''", r"\n\'"),
        (r"R'''\'''", None),
        ('R"""a\\n"""', "a\\n"),
    ],
)
def test_values(literal: str, value: str | None) -> None:
    if value is None:
        assert error(literal).diagnostic.code == Code.UNFINISHED
    else:
        (token,) = tokens(literal)
        assert (token.type, token.value, string_value(token)) == ("STRING", literal, value)


@pytest.mark.parametrize(
    ("literal", "start", "end"),
    [
        (r"'ab\x1z'", 3, 6),
        (r"'\x'", 1, 3),
        (r"'\u12'", 1, 5),
        (r"'\U0000123'", 1, 10),
        (r"'\U00110000'", 1, 11),
        (r"'\N'", 1, 3),
        (r"'\N{'", 1, 3),
        (r"'\N{NO SUCH}'", 1, 12),
        (r"'\N{KEYCAP DIGIT ZERO}'", 1, 22),
        (r"'\\\x'", 3, 5),
    ],
)
def test_malformed_escapes_are_found_where_they_stand(literal: str, start: int, end: int) -> None:
    caught = error("x = " + literal)
    assert caught.diagnostic.code == Code.MALFORMED_STRING
    assert tuple(caught.diagnostic.span) == (1, start + 5, 1, end + 5)
    with pytest.raises(EscapeError) as bare:
        string_value(literal)
    assert (bare.value.start, bare.value.end) == (start, end)


def test_random_literals_mean_what_they_mean_in_python() -> None:
    chance = random.Random(11)
    parts = [
        "a", " ", "\\", "\\\\", "\\n", "\\'", '\\"', "'", '"', "\n", "\\\n", "\\x4", "\\x41",
        "\\u1234", "\\u12", "\\U0001F600", "\\N{BULLET}", "\\N{BULLET}", "\\N", "\\N{", "}",
        "\\7", "\\777", "\\8", "\\q", "é", "\\é", "{", "\t",
    ]  # fmt: skip
    compared = 0
    for _ in range(8000):
        quote = chance.choice(["'", '"', "'''", '"""'])
        body = "".join(chance.choices(parts, k=chance.randrange(8)))
        literal = chance.choice(["", "", "r", "R"]) + quote + body + quote
        expected = _python_value(literal)
        try:
            found = tokens(literal)
        except DanaSyntaxError:
            assert expected is None, literal
        else:
            if all(token.type == "STRING" for token in found):
                assert "".join(map(string_value, found)) == expected, literal
                compared += 1
    assert compared > 4000


def _python_value(literal: str) -> object:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return ast.literal_eval(literal)
        except (SyntaxError, ValueError):
            return None


# f-strings


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("f''", "< >"),
        ("f'a{x}b'", "< text { NAME } text >"),
        ("f'{{a}}{x}'", "< text { NAME } >"),
        ("f'{x!r}'", "< { NAME CONVERSION } >"),
        ("f'{x !r :>5}'", "< { NAME CONVERSION spec text } >"),
        ("f'{x=}'", "< { NAME EQUAL } >"),
        ("f'{x = !s:>5}'", "< { NAME EQUAL CONVERSION spec text } >"),
        ("f'{x:}'", "< { NAME spec } >"),
        ("f'{x:{w}.{p}f}'", "< { NAME spec { NAME } text { NAME } text } >"),
        ("f'{x:{y:{z}}}'", "< { NAME spec { NAME spec { NAME } } } >"),
        ("f'{x:{{1}}}'", "< { NAME spec { { NUMBER } } } >"),
        ("f'{x!=y}'", "< { NAME != NAME } >"),
        ("f'{x==y}'", "< { NAME == NAME } >"),
        ("f'{x:=5}'", "< { NAME spec text } >"),
        ("f'{x::>5}'", "< { NAME spec text } >"),
        ("f'{(lambda a :: a)(1)}'", "< { ( lambda NAME :: NAME ) ( NUMBER ) } >"),
        ("f'{(x:=5)}'", "< { ( NAME := NUMBER ) } >"),
        ("f'{a[1:2]}'", "< { NAME [ NUMBER : NUMBER ] } >"),
        ("f'{ {1: 2} }'", "< { { NUMBER : NUMBER } } >"),
        ("f'{private:x}'", "< { SCOPED } >"),
        ("f'{private:x:>5}'", "< { SCOPED spec text } >"),
        ("f'{x | f}'", "< { NAME | NAME } >"),
        ("f'{a['b']}'", "< { NAME [ STRING ] } >"),
        ("f'{f'{f'{x}'}'}'", "< { < { < { NAME } > } > } >"),
        ("f'{\n  x # c }\n}'", "< { NAME } >"),
        ("f'''{\nx\n:\n}\n'''", "< { NAME spec text } text >"),
        ("rf'\\{x}\\n\\''", "< text { NAME } text >"),
        ("f'\\{x}'", "< text { NAME } >"),
        ("f'\\N{BULLET}'", "< text >"),
        ("rf'\\N{x}'", "< text { NAME } >"),
        ("f'{x is not y}'", "< { NAME IS_NOT NAME } >"),
        ("F'a' 'b' fR'c'", "< text > STRING < text >"),
    ],
)
def test_the_pieces_of_fstrings(text: str, expected: str) -> None:
    assert pieces(text) == expected


def test_the_places_of_the_pieces() -> None:
    found = tokens("x = rf'''a\n{y = !r:>{w}}'''")[2:]
    places = [(t.value, t.line, t.column, t.end_line, t.end_column) for t in found]
    assert places == [
        ("rf'''", 1, 5, 1, 10),
        ("a\n", 1, 10, 2, 1),
        ("{", 2, 1, 2, 2),
        ("y", 2, 2, 2, 3),
        ("y = ", 2, 4, 2, 5),
        ("r", 2, 6, 2, 8),
        (":", 2, 8, 2, 9),
        (">", 2, 9, 2, 10),
        ("{", 2, 10, 2, 11),
        ("w", 2, 11, 2, 12),
        ("}", 2, 12, 2, 13),
        ("}", 2, 13, 2, 14),
        ("'''", 2, 14, 2, 17),
    ]


@pytest.mark.parametrize(
    ("text", "raw", "value"),
    [
        ("a{{b}}", False, "a{b}"),
        ("a{{b}}\\n", True, "a{b}\\n"),
        ("\\n\\x41\\N{DIGIT FIVE}", False, "\nA5"),
        ("\\", False, "\\"),
        ("\\{{", False, "\\{"),
        ("\\\\{{", False, "\\{"),
    ],
)
def test_the_value_of_literal_text(text: str, raw: bool, value: str) -> None:
    assert fstring_text_value(text, raw) == value


@pytest.mark.parametrize(("start", "raw"), [('f"', False), ("Rf'", True), ("fr'''", True)])
def test_raw_fstrings_are_known_by_their_start(start: str, raw: bool) -> None:
    assert is_raw(start) is raw


DEBUG_TEXTS = [
    ("f'{x=}'", "x="),
    ("f'{ x  =  }'", " x  =  "),
    ("f'{x = !r:>5}'", "x = "),
    ("f'{\n x\n=\n}'", "\n x\n=\n"),
    ("f'{x # c\n=}'", "x \n="),
    ("f'{x= # c\n}'", "x= \n"),
    ("f'{(x # c\n + # d\n 1)=}'", "(x \n + \n 1)="),
    ("f'{f(x)[1:2] + 1 = }'", "f(x)[1:2] + 1 = "),
]


@pytest.mark.parametrize(("text", "expected"), [*DEBUG_TEXTS, ("f'{\"#\"=}'", '"#"=')])
def test_the_text_of_a_debug_field(text: str, expected: str) -> None:
    assert values(text, "FSTRING_EQUAL") == [expected]


@pytest.mark.skipif(sys.version_info < (3, 12), reason="Python's own f-strings are newer")
@pytest.mark.parametrize(("text", "expected"), DEBUG_TEXTS)
def test_python_shows_the_same_text_of_a_debug_field(text: str, expected: str) -> None:
    tree = ast.parse(text, mode="eval").body
    assert isinstance(tree, ast.JoinedStr)
    first = tree.values[0]
    assert isinstance(first, ast.Constant)
    assert first.value == expected


@pytest.mark.parametrize(
    ("marked", "code", "message"),
    [
        ("f'a ⟦{}⟧'", Code.MALFORMED_FIELD, "before `}`"),
        ("f'⟦{ }⟧'", Code.MALFORMED_FIELD, "before `}`"),
        ("f'⟦{!⟧r}'", Code.MALFORMED_FIELD, "before `!`"),
        ("f'⟦{:⟧>5}'", Code.MALFORMED_FIELD, "before `:`"),
        ("f'⟦{=⟧}'", Code.MALFORMED_FIELD, "before `=`"),
        ("f'a⟦}⟧'", Code.MALFORMED_FIELD, "write `}}`"),
        ("f'{x}⟦}⟧'", Code.MALFORMED_FIELD, "write `}}`"),
        ("f'{x:a}⟦}⟧'", Code.MALFORMED_FIELD, "write `}}`"),
        ("f'⟦{⟧x'", Code.MALFORMED_FIELD, "has no `}`"),
        ("f'⟦{⟧x + 'a' + '", Code.MALFORMED_FIELD, "has no `}`"),
        ("f'⟦{⟧x:>5'", Code.MALFORMED_FIELD, "has no `}`"),
        ("f'''⟦{⟧x:>5", Code.UNFINISHED, "has no `}`"),
        ("f'⟦{⟧x", Code.UNFINISHED, "'{' was never closed"),
        ("f'{⟦(⟧x\n", Code.UNFINISHED, "'(' was never closed"),
        ("f'{(x⟦}⟧'", Code.UNMATCHED_BRACKET, "does not match opening parenthesis '('"),
        ("f'{x⟦)⟧}'", Code.UNMATCHED_BRACKET, "unmatched ')'"),
        ("f'{x⟦!z⟧}'", Code.MALFORMED_FIELD, "`!z` is no conversion"),
        ("f'{x⟦!⟧}'", Code.MALFORMED_FIELD, "without a conversion"),
        ("f'{x⟦!⟧ r}'", Code.MALFORMED_FIELD, "without a conversion"),
        ("f'{x⟦=⟧5}'", Code.MALFORMED_FIELD, "a comparison is `==`"),
        ("f'{x:>5⟦\n⟧}'", Code.MALFORMED_FIELD, "between triple quotes"),
        ("f'{⟦lambda⟧ x :: x}'", Code.MALFORMED_FIELD, "must stand in parentheses"),
        ("x = f⟦'⟧abc\n'", Code.MALFORMED_STRING, "no end"),
        ("x = f⟦'''⟧abc{y}\n'", Code.UNFINISHED, "no end"),
        ("f'{x}a⟦\\x1⟧'", Code.MALFORMED_STRING, "two hexadecimal digits"),
        ("f'{x:⟦\\N{NO}⟧}'", Code.MALFORMED_STRING, "no character is named `NO`"),
        ("f'⟦\\N⟧{DASH'", Code.MALFORMED_STRING, "name in braces"),
        ("⟦bf⟧'a'", Code.MALFORMED_STRING, "no string prefix"),
        ("f'{x:⟦{⟧y'", Code.MALFORMED_FIELD, "has no `}`"),
        ("f'{" * 200 + "⟦(⟧", Code.TOO_DEEPLY_NESTED, "too deeply nested"),
        ("f'{" * 200 + "f'⟦{⟧", Code.TOO_DEEPLY_NESTED, "too deeply nested"),
    ],
)
def test_errors(marked: str, code: Code, message: str) -> None:
    before, stretch, after = marked.replace("⟧", "⟦").split("⟦")
    caught = error(before + stretch + after)
    line, column, end_line, end_column = caught.diagnostic.span
    lines = (before + stretch).split("\n")
    assert (caught.diagnostic.code, line, column) == (
        code,
        before.count("\n") + 1,
        len(before) - before.rfind("\n"),
    )
    assert (end_line, end_column) == (len(lines), len(lines[-1]) + 1)
    assert message in str(caught)


@pytest.mark.skipif(sys.version_info < (3, 12), reason="Python's own f-strings are newer")
def test_random_fstrings_are_accepted_where_python_accepts_them() -> None:
    chance = random.Random(5)
    parts = [
        "a", "{x}", "{{", "}}", "{x=}", "{ x = }", "{x !r}", "{x!r:>5}", "\\n", "\\{{", "\\x41",
        "'", '"', "{a['b']}", "{x # c\n}", "{f'{x}'}", "{1!=2}", "{x:=5}", "{x::>5}", "{(x:=5)}",
        "{x:{y}}", "{", "}", "{}", "{!r}", ":", "{x!z}", "\\N{BULLET}",
    ]  # fmt: skip
    accepted = 0
    for _ in range(4000):
        quote = chance.choice(["'", '"', "'''", '"""'])
        body = "".join(chance.choices(parts, k=chance.randrange(1, 6)))
        literal = chance.choice(["f", "rf"]) + quote + body + quote
        python = _python_texts(literal)
        try:
            found = tokens(literal)
        except DanaSyntaxError:
            assert python is None, literal
            continue
        if not _is_one_fstring(found):
            continue
        assert python == "".join(_texts(found)), literal
        accepted += 1
    assert accepted > 1000


def _is_one_fstring(found: list[Token]) -> bool:
    depth = 0
    for index, token in enumerate(found):
        depth += (token.type == "FSTRING_START") - (token.type == "FSTRING_END")
        if depth == 0:
            return index == len(found) - 1
    return False


def _python_texts(literal: str) -> str | None:
    """Return the text of an f-string that is not in its fields, as Python reads it."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            tree = ast.parse(literal, mode="eval").body
        except SyntaxError:
            return None
    if not isinstance(tree, ast.JoinedStr):
        return None
    return "".join(part.value for part in tree.values if isinstance(part, ast.Constant))


def _texts(found: list[Token]) -> list[str]:
    texts, depth = [], 0
    raw = is_raw(found[0])
    for token in found:
        if token.type == "FSTRING_TEXT" and depth == 0:
            texts.append(fstring_text_value(token, raw))
        elif token.type == "FSTRING_EQUAL" and depth == 1:
            texts.append(token.value)
        depth += (token.type == "FSTRING_OPEN") - (token.type == "FSTRING_CLOSE")
    return texts
