"""Every form of pipe: the Python that it becomes, and that this Python does what one would write by hand.

In golden/, each `name.dana` stands beside `name.py.txt`, the generated code, and `name.hand.txt`, the
same program written by hand (behind the definitions of `PRELUDE` in conftest.py).
`pytest tests/lowering --update-golden` writes the `.py.txt` files anew.
"""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import danac

GOLDEN = Path(__file__).parent / "golden"
PROGRAMS = sorted(GOLDEN.glob("*.dana"))


@pytest.fixture(params=PROGRAMS, ids=lambda path: path.stem)
def program(request: pytest.FixtureRequest) -> Path:
    return request.param


def test_generated_code(program, request):
    generated = ast.unparse(danac.to_ast(program.read_text("utf-8"), program.name)) + "\n"
    expected = program.with_suffix(".py.txt")
    if request.config.getoption("--update-golden"):
        expected.write_text(generated, "utf-8")
    written = expected.read_text("utf-8")
    # Python versions spell f-strings differently: what counts is the tree. Texts show the difference better.
    if ast.dump(ast.parse(generated)) != ast.dump(ast.parse(written)):
        assert generated == written


def test_same_story_as_by_hand(program, tell_the_same, prelude):
    by_hand = program.with_suffix(".hand.txt").read_text("utf-8")
    tell_the_same(program.read_text("utf-8"), prelude + by_hand)


def test_listing_means_the_generated_tree(program):
    text = program.read_text("utf-8")
    tree = danac.to_ast(text, program.name)
    assert ast.dump(ast.parse(danac.to_python(text, program.name))) == ast.dump(
        ast.parse(ast.unparse(tree))
    )


def test_each_golden_file_has_its_program():
    stems = {path.stem for path in PROGRAMS}
    assert {path.name.split(".")[0] for path in GOLDEN.iterdir()} == stems
