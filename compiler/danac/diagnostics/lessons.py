"""Code of a diagnostic → its lesson: what is wrong, a wrong example and a right one, from lessons/CODE.md."""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

from danac.diagnostics.codes import CODES

_FOLDER = Path(__file__).parent / "lessons"
_EXAMPLE = re.compile(r"^(Wrong|Right):\n\n```dana\n(.*?)^```\n", re.MULTILINE | re.DOTALL)


class Lesson(NamedTuple):
    """A lesson; the examples of what no short program shows are empty."""

    code: str
    title: str
    text: str
    wrong: str
    right: str
    markdown: str


def lesson_of(code: str) -> Lesson:
    """Return the lesson about `code`; raises `KeyError` if there is no such code."""
    if code not in CODES:
        raise KeyError(code)
    markdown = (_FOLDER / f"{code}.md").read_text("utf-8")
    head, _, body = markdown.partition("\n\n")
    examples = {found[1]: found[2] for found in _EXAMPLE.finditer(body)}
    text = _EXAMPLE.sub("", body).strip()
    title = head.removeprefix("# ")
    return Lesson(code, title, text, examples.get("Wrong", ""), examples.get("Right", ""), markdown)
