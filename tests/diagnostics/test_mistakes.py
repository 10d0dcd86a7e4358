"""What people write who come from Python and from other languages → what they are told: mistakes.md."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from danac.compilation import check_source, compile_source
from danac.diagnostics import DanaSyntaxError, render
from danac.diagnostics.codes import NOT_IN_THE_WAY
from danac.diagnostics.model import fixed
from danac.source import Source
from danac.syntax.parse import parse

GOLDEN = Path(__file__).parent / "mistakes.md"
_MISTAKE = re.compile(
    r"^## ([^\n]+)\n\n```dana\n(.*?)```\n\n```text\n(.*?)\n```$", re.MULTILINE | re.DOTALL
)
MISTAKES = {
    title: (text, said) for title, text, said in _MISTAKE.findall(GOLDEN.read_text("utf-8"))
}


def answer(text: str) -> str:
    source = Source(text, "mistake.dana")
    return "\n".join(render(found, source) for found in check_source(text, "mistake.dana"))


def test_all_are_read():
    assert len(MISTAKES) == GOLDEN.read_text("utf-8").count("\n## ")
    assert len(MISTAKES) >= 100


@pytest.fixture(scope="module")
def golden(request):
    """Write the file anew, where that is asked for, before anything is compared."""
    if request.config.getoption("--update-golden"):
        text = GOLDEN.read_text("utf-8")
        for title, (program, said) in MISTAKES.items():
            before = f"## {title}\n\n```dana\n{program}```\n\n```text\n"
            text = text.replace(f"{before}{said}\n```", f"{before}{answer(program)}\n```")
        GOLDEN.write_text(text, "utf-8")
    return {title: said for title, _, said in _MISTAKE.findall(GOLDEN.read_text("utf-8"))}


@pytest.mark.parametrize("title", MISTAKES)
def test_what_is_said(title, golden):
    assert answer(MISTAKES[title][0]) == golden[title]


@pytest.mark.parametrize("title", MISTAKES)
def test_one_mistake_is_one_error(title):
    errors = [found for found in check_source(MISTAKES[title][0]) if found.severity == "error"]
    # `await f()` at module level is two mistakes; all others are one.
    assert len(errors) == (2 if title == "a wrong await" else 1)


@pytest.mark.parametrize("title", MISTAKES)
def test_a_fix_mends_what_it_is_about(title):
    text = MISTAKES[title][0]
    source = Source(text)
    for found in check_source(text):
        if found.fix is not None:
            after = check_source(fixed(source, found.fix))
            assert (found.code, found.message, found.span) not in [
                (other.code, other.message, other.span) for other in after
            ]


MENDED = [
    "a colon is missing",
    "a lambda with one colon",
    "else if",
    "not with an exclamation mark",
    "counting with ++",
    "a comma is missing in a dict",
    "print without parentheses",
    "a setting with a colon",
    "a policy without parentheses",
    "a misspelt else",
    "a comment with slashes behind code",
    "a Python 2 exception",
    "curly quotes",
    "one bracket too many",
    "then",
    "an import of another language",
    "a trailing backslash with a blank",
]


@pytest.mark.parametrize("title", MENDED)
def test_with_its_fix_the_program_is_right(title):
    source = Source(MISTAKES[title][0])
    (found,) = check_source(source.text)
    assert found.fix is not None
    parse(Source(fixed(source, found.fix)))


@pytest.mark.parametrize("title", MISTAKES)
def test_compiling_says_the_first(title):
    text = MISTAKES[title][0]
    found = [error for error in check_source(text) if error.code not in NOT_IN_THE_WAY]
    if found:
        with pytest.raises(DanaSyntaxError) as caught:
            compile_source(text)
        assert caught.value.diagnostic == found[0]
    else:
        compile_source(text)
