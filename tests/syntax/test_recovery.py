"""Wrong programs: every independent error is found, none that only follows from another, and the rest is read."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from danac import nodes
from danac.cli import main
from danac.compilation import check_source, read
from danac.source import Source
from danac.syntax.automaton import Node
from danac.syntax.lexer import tokenize
from danac.syntax.parse import _parser, parse, parse_all
from danac.syntax.recovery import recover
from danac.syntax.stepping import Run

TESTS = Path(__file__).parent.parent
PROGRAMS = sorted(TESTS.glob("programs/*.dana"))


def found(text: str) -> list[tuple[int, str]]:
    """Return line and code of each error."""
    return [
        (finding.span.line, finding.code)
        for finding in check_source(text)
        if finding.severity == "error"
    ]


SEVERAL = {
    "one a line": ("x = = 1\ny = 2 +\nz = 3\nw = 4 5\n", [1, 2, 4]),
    "in blocks": ("def f(a b):\n    x = 1 +\n    return x y\nz = )\n", [1, 2, 3, 4]),
    "headers without a colon": ("if a\n    b = 1\nwhile c\n    d = = 1\n", [1, 3, 4]),
    "in the body of a class": ("class A:\n    def f(self x):\n        return 1 +\n", [1, 2, 3]),
    "behind a text without its end": ("x = 'abc\ny = 1 +\n", [1, 2]),
    "behind a call with one": ("print('abc)\ny = 1 +\n", [1, 2]),
    "behind an open bracket": ("x = [1,\ny = 2 +\ndef f():\n    return = 1\n", [1, 2, 4]),
    "an open bracket in a header": ("if f(1:\n    x = = 2\ny = 3 +\n", [1, 2, 3]),
    "an open bracket in a function": ("def f():\n    x = (1 +\n    return x\ny = 3 +\n", [2, 4]),
    "an open dict": ("d = {\n    'a': 1,\ndef f():\n    return d +\n", [1, 4]),
    "a bracket too many": ("x = 1)\ny = 2]\nz = (3]\nw = 4 +\n", [1, 2, 3, 4]),
    "f-strings": ("x = f'{a b}'\ny = f'{'\nz = f'{}'\nw = 1 +\n", [1, 2, 3, 4]),
    "indentation": ("x = 1\n    y = 2\nz = 3 +\n", [2, 3]),
    "dedents": ("if a:\n        b = 1\n    c = 2\nd = 3 +\n", [3, 4]),
    "clauses": ("try:\n    x = 1 +\nexcept A, e:\n    y = 2 +\nelse x:\n    z = 3\n", [2, 3, 4, 5]),
    "a try on its own": ("try:\n    x = 1\ny = 2 +\n", [3]),
    "decorators": ("@a b\ndef f(): 1\n@c\nx = 2 +\n", [1, 4]),
    "foreign blocks": ("match x:\n    case 1:\n        y\n    case 2: z\nw = 1 +\n", [1, 5]),
    "agents": ("agent A:\n    b: str = 'c'\n    d = = e\nf = 1 +\n", [1, 4]),
    "else if": ("if a:\n    b = 1\nelse if c:\n    d = 2 +\nelse:\n    e = 3 +\n", [3, 4, 6]),
    "interfaces": ("interface A:\n    f() -> int:\n        return 1\nx = 1 +\n", [2, 4]),
    "operators": ("a = 1 && 2\nb = !a\nc = a ? b\nd++\n", [1, 2, 3, 4]),
    "one-line suites": ("if a b: c\nelse: d e\nx = 1 +\n", [1, 2, 3]),
    "semicolons": ("x = 1; y = = 2\nz = 3 +\n", [1, 2]),
    "blocks that are missing": ("def f():\ndef g():\nx = 1 +\n", [2, 3]),
    "pipes over lines": ("x = 5 |\n    abs |\n    | str\ny = 1 +\n", [3, 4]),
}


@pytest.mark.parametrize(("text", "lines"), SEVERAL.values(), ids=SEVERAL)
def test_all_independent_errors_are_found(text, lines):
    errors = parse_all(Source(text)).errors
    assert [error.diagnostic.span.line for error in errors] == lines


def test_one_error_a_line():
    assert (
        found("x = = = 1 &&& ? !\n") == [(1, "DANA102")] or len(found("x = = = 1 &&& ? !\n")) == 1
    )


def test_what_is_no_program_at_all_is_read_to_a_limit():
    errors = found("x = (1\n" * 700 + "y = 1\nprint(y, z)\n")
    assert len(errors) == 500
    assert {code for _, code in errors} == {"DANA104"}


class TestWhatIsRight:
    """What parsed is looked at; what is missing only because of an error is not complained about."""

    def test_unknown_names_are_found_beside_errors(self):
        assert found("x = = 1\nprint(unknown)\n") == [(1, "DANA110"), (2, "DANA201")]

    @pytest.mark.parametrize(
        "text",
        [
            "total = 1 +\nprint(total)\n",
            "def f(a b):\n    return a + b\nprint(f(1))\n",
            "import math numpy\nprint(math, numpy)\n",
            "x = (1 +\nprint(x)\n",
            "class A:\n    def f(self): self.x\nprint(A())\n",
            "for a b in c:\n    print(a, b)\n",
            "text = '''abc\nx = 1\nprint(x)\n",
            "match x:\n    case 1:\n        y = 2\nprint(y)\n",
            "x = 1 && 2\nprint(x)\n",
            "def f(a, a): a\nprint(f)\n",
        ],
    )
    def test_names_in_wrong_lines_count_as_known(self, text):
        assert len(found(text)) == 1

    def test_placement_is_not_judged_where_blocks_are_unsure(self):
        assert found("def f():\nreturn 1\n") == [(2, "DANA112")]
        assert found("while true\n    break\n") == [(1, "DANA118")]

    def test_placement_is_judged_otherwise(self):
        assert found("x = = 1\nbreak\n") == [(1, "DANA110"), (2, "DANA160")]

    def test_errors_of_the_builder_are_all_found_too(self):
        text = "def f(a, a): a\nx = = 1\nlen(x) = 5\ndef g(*a, *b): a\n"
        assert [line for line, _ in found(text)] == [1, 2, 3, 4]

    def test_functions_around_an_error_keep_their_names(self):
        module = read(
            Source("def f(a):\n    x = = 1\n    return a\n\ndef g(b c):\n    return b\n")
        ).module
        functions = [node.name for node in module.body if isinstance(node, nodes.Function)]
        assert functions == ["f", "g"]


class TestShown:
    def test_twenty_and_a_count(self, tmp_path, monkeypatch, capsys):
        monkeypatch.chdir(tmp_path)
        (tmp_path / "a.dana").write_text("x = = 1\n" * 33)
        assert main(["check", "a.dana"]) == 1
        printed = capsys.readouterr()
        assert printed.out.count("error[") == 20
        assert printed.out.splitlines()[-1] == "a.dana: 13 more errors, not shown"
        assert printed.err == "33 errors, 0 warnings in 1 file\n"

    def test_running_shows_the_first(self, tmp_path, run_danac):
        (tmp_path / "a.dana").write_text("x = = 1\ny = = 2\n")
        completed = run_danac("run", "a.dana", cwd=tmp_path)
        assert completed.returncode == 2
        assert completed.stderr.count("error[") == 1
        assert completed.stderr.startswith("a.dana:1:5: error[DANA110]")


class TestStepping:
    """One token at a time the same trees are built; steps can be taken back."""

    @pytest.mark.parametrize("path", PROGRAMS[::6], ids=lambda path: path.stem)
    def test_the_same_tree_in_spite_of_steps_back(self, path):
        source = Source(path.read_text("utf-8"))
        automaton, terminals = _parser()
        tokens = list(tokenize(source, terminals))
        run = Run(automaton)
        for index, token in enumerate(tokens):
            if index % 3 == 0:
                mark = run.mark()
                for other in tokens[index : index + 7]:
                    assert run.feed(other)
                run.back_to(mark)
            assert token.type in run.accepted()
            assert run.feed(token)
        assert run.finish() == parse(source)

    @pytest.mark.parametrize("path", PROGRAMS[::3], ids=lambda path: path.stem)
    def test_recovery_of_a_right_program_is_the_program(self, path):
        source = Source(path.read_text("utf-8"))
        recovered = recover(source, *_parser())
        assert recovered.errors == []
        assert recovered.tree == parse(source)
        assert not recovered.missing


def broken(text: str, chance: random.Random) -> str:
    """Return `text` with a few characters or lines left out, doubled or put in."""
    for _ in range(chance.randint(1, 4)):
        place = chance.randrange(len(text) + 1)
        match chance.randrange(4):
            case 0:
                text = text[:place] + text[place + chance.randint(1, 4) :]
            case 1:
                text = text[:place] + chance.choice("()[]{}:\"'=|!\n\t,.#f$&\\ ") + text[place:]
            case 2:
                lines = text.split("\n")
                del lines[chance.randrange(len(lines))]
                text = "\n".join(lines)
            case 3:
                lines = text.split("\n")
                line = chance.randrange(len(lines))
                lines[line] = (
                    chance.choice([" ", "    ", "\t", "def ", "else", "f'{"]) + lines[line]
                )
                text = "\n".join(lines)
    return text


@pytest.mark.parametrize("seed", range(6))
def test_whatever_is_wrong(seed):
    """A wrong program has errors, in order, inside of the text; the same each time."""
    chance = random.Random(seed)
    texts = [path.read_text("utf-8") for path in PROGRAMS if path.stat().st_size < 1500]
    for _ in range(60):
        text = broken(chance.choice(texts), chance)
        source = Source(text)
        parsed = parse_all(source)
        if isinstance(parsed, Node):
            continue
        assert parsed.errors
        assert [e.diagnostic for e in parsed.errors] == [
            e.diagnostic for e in parse_all(source).errors
        ]
        for error in parsed.errors:
            line, column, *_ = error.diagnostic.span
            assert 1 <= line <= len(source.lines), text
            assert 1 <= column <= len(source.line(line)) + 1, text
