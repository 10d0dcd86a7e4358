"""The pictures in the pages are what `danac graph` makes of the programs that the pages show.

UPDATE_GOLDEN=1 in the environment draws them anew.
"""

from __future__ import annotations

import os

import pytest
from tests.docs.pages import CHECKOUT, blocks_of

PICTURES = {
    "report.svg": ("tutorial.md", "report.dana"),
    "invoice.svg": ("graph.md", "invoice.dana"),
}


@pytest.mark.parametrize("picture", PICTURES)
def test_picture_shows_the_program_of_the_page(picture, run_danac, tmp_path):
    page, file = PICTURES[picture]
    (program,) = (block for block in blocks_of(CHECKOUT / "docs" / page) if block.title == file)
    (tmp_path / file).write_text(program.text, encoding="utf-8")
    drawn = run_danac("graph", file, "-o", picture, cwd=tmp_path)
    assert (drawn.returncode, drawn.stderr) == (0, "")
    expected = CHECKOUT / "docs" / "pictures" / picture
    if os.environ.get("UPDATE_GOLDEN"):
        expected.write_bytes((tmp_path / picture).read_bytes())
    assert (tmp_path / picture).read_bytes() == expected.read_bytes()


def test_every_picture_is_drawn_by_a_test():
    assert {path.name for path in (CHECKOUT / "docs" / "pictures").iterdir()} == set(PICTURES)
