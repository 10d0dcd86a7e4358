"""Rename: all uses of a name in one file, or a refusal that says why not."""

from __future__ import annotations

import ast

import pytest

import danac
from danac.identifiers import is_renamed
from danac.language_server.documents import Document
from danac.language_server.rename import RenameError, rename


@pytest.mark.parametrize(
    ("marked", "expected"),
    [
        ("to‸tal = 1\nprint(total)\n", "new = 1\nprint(new)\n"),
        (
            "x = 1\ndef f(‸x):\n    [x for y in [x]]\nprint(x, f(x=2))\n",
            "x = 1\ndef f(new):\n    [new for y in [new]]\nprint(x, f(new=2))\n",
        ),
        ("n = 1\nf = lambda ‸n :: n + 1\n", "n = 1\nf = lambda new :: new + 1\n"),
        ("n = 1\n[‸n for n in [n] if n]\n", "n = 1\n[new for new in [n] if new]\n"),
        (
            '5 | abs as ‸k | max(k, $$) | f"{$$} {k}"\n',
            '5 | abs as new | max(new, $$) | f"{$$} {new}"\n',
        ),
        (
            "def ‸f(x): x\n5 | f | { f, str | f }\nprint(f)\n",
            "def new(x): x\n5 | new | { new, str | new }\nprint(new)\n",
        ),
        (
            "struct ‸P:\n    x: int\ndef (p: P) m(q: P | None) -> P: p\nP(1)\n",
            "struct new:\n    x: int\ndef (p: new) m(q: new | None) -> new: p\nnew(1)\n",
        ),
        (
            "c = 0\ndef f():\n    global ‸c\n    c += 1\n",
            "new = 0\ndef f():\n    global new\n    new += 1\n",
        ),
        ("import json as ‸j\nj.dumps(1)\n", "import json as new\nnew.dumps(1)\n"),
        (
            "try: 1 / 0\nexcept OSError as ‸e: print(e.args)\n",
            "try: 1 / 0\nexcept OSError as new: print(new.args)\n",
        ),
        ("‸x = [1]\nx[0] += 1\ndel x\n", "new = [1]\nnew[0] += 1\ndel new\n"),
        ("(‸x := 5)\nprint(f'{x=} {x!r:>{x}}')\n", "(new := 5)\nprint(f'{new=} {new!r:>{new}}')\n"),
        ("straße‸ = 'ß'; print(straße)\n", "new = 'ß'; print(new)\n"),
        ("cla‸ss = 1\nprint(class)\n", "new = 1\nprint(new)\n"),
        ("def f(cla‸ss): class\nf(class=1)\n", "def f(new): new\nf(new=1)\n"),
    ],
)
def test_all_uses_are_renamed(editor, marked, expected):
    assert editor.renamed(marked, "new") == expected
    # What comes out is a program that means the same.
    danac.compile_source(expected)


@pytest.mark.parametrize(
    ("marked", "reason"),
    [
        ("pri‸nt(1)\n", "it is built in"),
        ("struct P:\n    ‸x: int\n", "fields and methods"),
        ("struct P:\n    x: int\n    def ‸m(self): 1\n", "fields and methods"),
        ("private:‸x = 1\n", "other files may use"),
        ("from json import dum‸ps\ndumps(1)\n", "it is defined in another file"),
        ("import js‸on\n", "it is defined in another file"),
        ("from tools import *\n‸x = 1\n", "star import"),
        ("def ‸f(): 1\nexport f\n", "it is exported"),
        ("print(‸later)\n", "it is not known what it names"),
        ("def (p: int) ‸half() = noop\n", "it is a method"),
        ("half‸ = lambda (p: int) :: p / 2\n", "it is a method"),
        ("def half(a): a\ndef (p: int) half‸() = noop\n", "it is a method"),
        ("print(noop)\nno‸op = 1\n", "means the built-in"),
        ("def ‸f(p: int): p\ndef g(q): q.f()\n", "`.f(…)` on some value may mean it"),
        ("struct ‸P:\n    x: int\ndef f(a: 'P'): a\n", "a quoted annotation"),
        ("def __main__(‸a): a\n", "`danac run` passes it by name"),
        ("def __mai‸n__(a): a\n", "a meaning of its own"),
        ("def f(a, ‸b): a\n{'a': 1, 'b': 2} | f\n", "values are matched to it by name"),
        ("def f(a, b): a\ndef g(‸b): 1 | f\n", "as a stage, f may take it by name"),
        ("def f(‸a, b=1): a\nf(**{'a': 1})\n", "unpacks a dict"),
    ],
)
def test_what_is_not_certain_is_refused(editor, marked, reason):
    assert reason in editor.refusal(marked, "rename", newName="new")
    assert reason in editor.refusal(marked, "prepareRename")


@pytest.mark.parametrize(
    ("marked", "new", "reason"),
    [
        ("‸x = 1\n", "2x", "no name"),
        ("‸x = 1\n", "", "no name"),
        ("‸x = 1\n", "if", "reserved word"),
        ("‸x = 1\n", "None", "reserved word"),
        ("‸x = 1\n", "_dana_x", "the compiler's own"),
        ("‸x = 1\n", "print", "is built in"),
        ("‸x = 1\ny = 2\n", "y", "already means something"),
        ("‸x = 1\ndef f():\n    y = 2\n    x + y\n", "y", "already means something"),
        ("y = 1\ndef f(‸x): x + y\n", "y", "already means something"),
        ("‸x = 1\ny = 2 | abs as c | max(c, x)\n", "c", "already means something"),
        ("‸x = 1\ndef f(): later\n", "later", "already means something"),
        ("def f(a, b): a\ndef g(‸c): 1 | f\n", "b", "as a stage, f may take it by name"),
    ],
)
def test_new_names_that_cannot_be_are_refused(editor, marked, new, reason):
    assert reason in editor.refusal(marked, "rename", newName=new)


def test_a_text_with_errors_is_not_searched(editor):
    assert "a text with errors" in editor.refusal("‸x = 1\ny = = 2\n", "rename", newName="new")


def test_where_there_is_no_name_nothing_is_renamed(editor):
    assert "no name here" in editor.refusal("x = 1 ‸+ 2\n", "prepareRename")


def test_the_editor_is_told_what_will_be_renamed(editor):
    found = editor.at("x = 1\nprint(‸x)\n", "prepareRename")
    assert found == {"start": {"line": 1, "character": 6}, "end": {"line": 1, "character": 7}}


def test_renaming_leaves_programs_what_they_are(checkout):
    programs = sorted((checkout / "tests" / "programs").glob("*.dana"))
    renamed = 0
    for path in programs:
        program = Document("", str(path), path.read_text(encoding="utf-8")).exact_program
        assert program is not None
        shape = shape_of(program.source.text)
        symbols = {occurrence.symbol: occurrence for occurrence in program.occurrences}
        # A part of them all: each takes a compilation.
        for occurrence in list(symbols.values())[::8]:
            if is_renamed(program.source.text_of(occurrence.span)):
                # Generated code says what Dana calls it, which a plain name has no need of.
                continue
            try:
                spans = rename(program, occurrence, "quite_new")
            except RenameError:
                continue
            lines = list(program.source.lines)
            for line, start, _, end in sorted(spans, reverse=True):
                text = lines[line - 1]
                lines[line - 1] = text[: start - 1] + "quite_new" + text[end - 1 :]
            assert shape_of("\n".join(lines)) == shape, (path.name, occurrence)
            renamed += 1
    assert renamed > 100


def shape_of(text):
    """The compiled program without its names: the kinds of nodes, in order."""
    return [type(node) for node in ast.walk(danac.to_ast(text))]
