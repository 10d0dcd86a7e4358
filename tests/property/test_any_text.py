"""Any text at all → a compiled program or a `DanaSyntaxError` at a place in it, and nothing else."""

from __future__ import annotations

import warnings
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from danac.compilation import check_source, compile_source
from danac.diagnostics import DanaSyntaxError, Diagnostic
from danac.source import Source

TESTS = Path(__file__).parent.parent

TEXTS = [
    text
    for folder in ("programs", "errors", "lowering/golden")
    for path in sorted((TESTS / folder).glob("*.dana"))
    # The whole is compiled for each example: long ones would take most of the time.
    if 0 < len(text := path.read_text("utf-8")) < 1500
]

PIECES = [
    *("if ", "elif ", "else:", "while ", "for ", " in ", "def ", "sync ", "struct ", "interface "),
    *("try:", "except ", "finally:", "raise ", "assert ", "import ", "from ", "with ", " as "),
    *(
        "lambda ",
        "return ",
        "deliver ",
        "break",
        "continue",
        "pass",
        " and ",
        " or ",
        " not ",
        " is ",
    ),
    *(
        "export ",
        "yield ",
        "global ",
        "nonlocal ",
        "del ",
        "async ",
        "await ",
        "agent ",
        "resource ",
    ),
    *(
        "private:",
        "public:",
        "local:",
        "system:",
        "True",
        "none",
        "case(",
        "$$",
        "::",
        ":",
        ";",
        ",",
    ),
    *(
        "=",
        "==",
        "+=",
        "|=",
        ":=",
        "|",
        "+",
        "-",
        "*",
        "**",
        "/",
        "//",
        "%",
        "<",
        ">",
        "!",
        "&",
        "@",
    ),
    *(
        "(",
        ")",
        "[",
        "]",
        "{",
        "}",
        ".",
        "->",
        "\\",
        "\n",
        "\n    ",
        "\n\t",
        "\r\n",
        "  ",
        "#",
        "?",
    ),
    *(
        "x",
        "y",
        "f",
        "_dana_x",
        "class",
        "match",
        "größe",
        "ﬁ",
        "0",
        "1",
        "1.5",
        "0x",
        "1e",
        "1_",
        "3j",
    ),
    *(
        '"',
        "'",
        '"""',
        'f"',
        "f'{",
        "r'",
        "b'",
        "{x!r:>",
        "}}",
        "\\n",
        "\\x",
        "\\N{",
        "é",
        "🐍",
        "\0",
        "\ufeff",
    ),
]

pieces = st.lists(st.sampled_from(PIECES), max_size=40).map("".join)


@st.composite
def mutated_programs(draw: st.DrawFn) -> str:
    """A program that is right or nearly so, with a few stretches cut out, doubled, moved or replaced."""
    text = draw(st.sampled_from(TEXTS))
    for _ in range(draw(st.integers(1, 3))):
        start = draw(st.integers(0, len(text)))
        end = min(len(text), start + draw(st.integers(0, 12)))
        before, stretch, after = text[:start], text[start:end], text[end:]
        match draw(st.integers(0, 4)):
            case 0:
                text = before + after
            case 1:
                text = before + stretch * 2 + after
            case 2:
                place = draw(st.integers(0, len(before + after)))
                rest = before + after
                text = rest[:place] + stretch + rest[place:]
            case 3:
                text = before + draw(st.sampled_from(PIECES)) + after
            case _:
                text = before
    return text


def check_place(finding: Diagnostic, text: str) -> None:
    span, lines = finding.span, Source(text).lines
    assert finding.message
    assert 1 <= span.line <= span.end_line <= len(lines)
    assert 1 <= span.column <= len(lines[span.line - 1]) + 1


def check_outcome(text: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SyntaxWarning)
        try:
            compile_source(text)
        except DanaSyntaxError as error:
            check_place(error.diagnostic, text)
        for finding in check_source(text):
            check_place(finding, text)


@given(mutated_programs())
def test_nearly_right_programs(text):
    check_outcome(text)


@given(pieces)
def test_pieces_of_programs_in_any_order(text):
    check_outcome(text)


@given(st.text(max_size=60))
def test_any_characters(text):
    check_outcome(text)
