"""Links between the pages lead to files and headings that exist; those of the site stay inside of it."""

from __future__ import annotations

import re

import pytest
from tests.docs.pages import CHECKOUT, PAGES, name_of

_LINK = re.compile(r"(?<!`)\[[^\]]+\]\(([^)\s]+)\)")
_FENCED = re.compile(r"^ *```.*?^ *```$", re.MULTILINE | re.DOTALL)
_HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
_CALL = re.compile(r"^::: ([\w.]+)$", re.MULTILINE)
DOCS = CHECKOUT / "docs"
# Other pages of the checkout that people read.
OTHERS = [*sorted(CHECKOUT.glob("examples/**/*.md")), CHECKOUT / "CHANGELOG.md"]


def prose(page):
    return _FENCED.sub("", page.read_text(encoding="utf-8"))


def anchors(page):
    """Return the anchors of a page's headings, as both MkDocs and GitHub make them."""
    text = prose(page)
    headings = [re.sub(r"[`*]|\[([^\]]*)\]\([^)]*\)", r"\1", h) for h in _HEADING.findall(text)]
    slugs = {re.sub(r"\s+", "-", re.sub(r"[^\w\s-]", "", h.lower()).strip()) for h in headings}
    return slugs | set(_CALL.findall(text))


@pytest.mark.parametrize("page", [*PAGES, *OTHERS], ids=name_of)
def test_links_lead_somewhere(page):
    for link in _LINK.findall(prose(page)):
        if re.match(r"https?://", link):
            continue
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        assert target.exists(), link
        if page.is_relative_to(DOCS):
            assert target.is_relative_to(DOCS), f"{link} leads out of the site"
        if anchor:
            assert anchor in anchors(target), link


def test_every_page_can_be_reached():
    index = (CHECKOUT / "mkdocs.yml").read_text(encoding="utf-8")
    in_navigation = set(re.findall(r": ([\w/-]+\.md)$", index, re.MULTILINE))
    assert in_navigation == {page.relative_to(DOCS).as_posix() for page in DOCS.rglob("*.md")}


def test_the_checker_knows_headings():
    assert {"danac-run", "danac-check"} <= anchors(DOCS / "commands.md")
    assert "no-such-heading" not in anchors(DOCS / "commands.md")
