"""The programs in README.md and in docs/ do what these pages say; `pages.py` says how pages are read.

UPDATE_GOLDEN=1 in the environment writes what they print into the pages; then read the difference.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest
from tests.docs.examples import Example, Outcome, examples_of, is_understood, run_page
from tests.docs.pages import FENCE, PAGES, blocks_of, name_of

MOST_NOT_RUN = 30
"""Blocks of other languages, of other people's libraries, and of what installs something."""

EXAMPLES = {
    example.name: (page, example)
    for page in PAGES
    for example in examples_of(page)
    if any(job["command"] for job in example.jobs)
}


@pytest.fixture(scope="session")
def outcomes_by_page():
    return {}


@pytest.fixture
def outcome_of(outcomes_by_page, clean_environment, tmp_path):
    """Run the page of an example, once for all tests, and give what became of the example."""

    def find(page: Path, example: Example) -> Outcome:
        if page not in outcomes_by_page:
            outcomes_by_page[page] = run_page(page, tmp_path, clean_environment)
        return outcomes_by_page[page][example.name]

    return find


def update(page: Path, expected: str, printed: str) -> None:
    """Replace an output in a page; one that stands there twice has to be replaced by hand."""
    text = page.read_text(encoding="utf-8")
    if printed != expected:
        assert text.count(f"\n{expected}```") == 1
        page.write_text(text.replace(f"\n{expected}```", f"\n{printed}```"), encoding="utf-8")


@pytest.mark.parametrize("name", EXAMPLES)
def test_example_does_what_the_page_says(outcome_of, name):
    page, example = EXAMPLES[name]
    outcome = outcome_of(page, example)
    if example.expected is not None and os.environ.get("UPDATE_GOLDEN"):
        update(page, example.expected, outcome.text)
    elif example.expected is None:
        assert set(outcome.statuses) == {0}, outcome.text
    else:
        assert outcome.text == example.expected


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_block_is_run_or_says_why_not(page):
    blocks = blocks_of(page)
    pairs = zip(blocks, [None, *blocks], strict=False)
    strange = [block.name for block, before in pairs if not is_understood(block, before)]
    assert strange == []
    text = page.read_text(encoding="utf-8")
    assert text.count("```") == 2 * len(blocks)
    # Four spaces behind an empty line would be a block of code, too, which nobody runs.
    assert not re.search(r"\n\n    (?!options:)\S", FENCE.sub("", text))


def test_few_blocks_are_not_run():
    reasons = [block.reason for page in PAGES for block in blocks_of(page) if block.reason]
    assert len(reasons) <= MOST_NOT_RUN
    assert len(EXAMPLES) > 4 * len(reasons)


def test_the_language_is_told_in_examples():
    told = [example for page, example in EXAMPLES.values() if page.stem == "language"]
    assert len([example for example in told if example.expected is not None]) > 50
