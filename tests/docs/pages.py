"""A page of the documentation → its code blocks, in order, each with what it asks the tests to do.

    ```dana title="orders.dana"     a program; `example.dana` where no title names a file
    ```python                       a Python program; `example.py` likewise
    ```text                         right behind a program: what it prints, and the error it ends in
    ```console                      lines `$ danac …`, `$ python …` or `$ cat …`, each with what it prints
    ```toml title="pyproject.toml"  any other file that the page's programs find beside them

What cannot be run says so where readers see it, by the block's title or the line before the block:

    ```sh title="not run: it installs packages"
    *Not run: it installs packages.*

Files that a page needs from the checkout stand in a comment: `<!-- files: examples/flights/data -->`.
"""

from __future__ import annotations

import re
import textwrap
from dataclasses import dataclass
from pathlib import Path

CHECKOUT = Path(__file__).parent.parent.parent
PAGES = [CHECKOUT / "README.md", *sorted((CHECKOUT / "docs").rglob("*.md"))]

_FENCE = re.compile(
    r"^(?P<indent> *)```(?P<language>[\w+-]*)(?P<info>[^\n`]*)\n(?P<text>.*?)^(?P=indent)```$",
    re.MULTILINE | re.DOTALL,
)
_TITLE = re.compile(r'title="([^"]*)"')
_REASON_IN_TITLE = re.compile(r"not run: (.+)")
_REASON_BEFORE = re.compile(r"^ *\*Not run: (.+)\*\n\Z", re.MULTILINE)
_FILE_NAME = re.compile(r"[\w./-]+\.\w+")
_NEEDED = re.compile(r"<!-- files: (.+?) -->")

OUTPUT_LANGUAGES = ("text", "console")


@dataclass(frozen=True)
class Block:
    """One fenced block; `reason` says why it is not run, `is_behind` that no text is between it and the last.

    The end of two blocks that stand side by side is no text.
    """

    name: str
    language: str
    title: str
    text: str
    reason: str | None
    is_behind: bool

    @property
    def file(self) -> str | None:
        """The file that the block is, or None where its title names none."""
        if self.title and _FILE_NAME.fullmatch(self.title):
            return self.title
        return {"dana": "example.dana", "python": "example.py"}.get(self.language)


def name_of(page: Path) -> str:
    """Return how reports call a page: `docs/language.md`."""
    return page.relative_to(CHECKOUT).as_posix()


def blocks_of(page: Path) -> list[Block]:
    """Return all code blocks of `page`."""
    text = page.read_text(encoding="utf-8")
    found = []
    end = 0
    for fence in _FENCE.finditer(text):
        between = text[end : fence.start()]
        end = fence.end()
        title = _TITLE.search(fence["info"])
        titled = title[1] if title else ""
        line = text.count("\n", 0, fence.start()) + 1
        reason = _REASON_IN_TITLE.search(titled) or _REASON_BEFORE.search(between.rstrip() + "\n")
        found.append(
            Block(
                f"{name_of(page)}:{line}",
                fence["language"],
                titled,
                textwrap.dedent(fence["text"]),
                reason[1] if reason else None,
                between.strip() in ("", "</div>"),
            )
        )
    return found


def files_of(page: Path) -> list[Path]:
    """Return the files and folders of the checkout that the programs of `page` need."""
    return [CHECKOUT / name for name in _NEEDED.findall(page.read_text(encoding="utf-8"))]
