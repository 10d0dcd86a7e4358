"""The Python of docs/orchestration.md does what it says; its Dana programs are run by tests/test_docs.py."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

PAGE = Path(__file__).parents[3] / "docs" / "orchestration.md"
BLOCKS = re.findall(r"^```python\n(.*?)^```$", PAGE.read_text("utf-8"), re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("text", BLOCKS)
def test_python_of_the_page(text):
    assert "assert " in text
    exec(compile(text, str(PAGE), "exec"), {"__name__": "page"})


def test_no_block_is_left_out():
    page = PAGE.read_text("utf-8")
    words = re.findall(r"^```(\w+)$", page, re.MULTILINE)
    assert set(words) == {"dana", "text", "console", "python"}
    # Each program is followed by what it prints.
    assert words.count("dana") == words.count("text") + words.count("console")
