"""The site builds without a warning, shows what the pages say, and fetches nothing from elsewhere."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from html.parser import HTMLParser

import pytest
from tests.docs.pages import CHECKOUT

pytest.importorskip("material", reason="the extra `docs` is not installed")
pytest.importorskip("mkdocstrings", reason="the extra `docs` is not installed")


class Loaded(HTMLParser):
    """What a page loads by itself when it is opened."""

    def __init__(self):
        super().__init__()
        self.addresses = []

    def handle_starttag(self, tag, attributes):
        given = dict(attributes)
        if tag == "link" and given.get("rel") not in ("canonical", "next", "prev"):
            self.addresses.append(given.get("href"))
        elif tag in ("script", "img", "iframe", "source") and "src" in given:
            self.addresses.append(given["src"])


@pytest.fixture(scope="session")
def site(tmp_path_factory):
    """Build the site once."""
    folder = tmp_path_factory.mktemp("site")
    done = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", folder],
        cwd=CHECKOUT,
        env=os.environ | {"NO_MKDOCS_2_WARNING": "1"},
        capture_output=True,
        encoding="utf-8",
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return folder


def test_pages_load_nothing_from_elsewhere(site):
    pages = [*site.rglob("*.html")]
    assert len(pages) > 20
    for page in pages:
        loaded = Loaded()
        loaded.feed(page.read_text(encoding="utf-8"))
        assert loaded.addresses
        assert [address for address in loaded.addresses if re.match(r"(https?:)?//", address)] == []
    for sheet in site.rglob("*.css"):
        assert not re.search(r"url\(['\"]?(https?:)?//", sheet.read_text(encoding="utf-8"))


def test_programs_are_coloured(site):
    text = (site / "language.html").read_text(encoding="utf-8")
    programs = re.findall(r'<div class="language-dana highlight">(.*?)</div>', text, re.DOTALL)
    assert len(programs) > 50
    # A lambda with Dana's two colons, which no other lexer knows.
    assert any('<span class="k">lambda</span>' in text and "::" in text for text in programs)


def test_the_api_page_has_signatures_and_docstrings(site):
    text = (site / "python-api.html").read_text(encoding="utf-8")
    assert 'id="danac.run_source"' in text
    assert 'id="dana_runtime.Retry"' in text
    assert "Run the program <code>text</code> and return" in text


def test_the_changelog_is_the_one_of_the_source(site):
    assert "Keep a Changelog" in (site / "changelog.html").read_text(encoding="utf-8")
