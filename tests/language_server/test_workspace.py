"""References and rename in all files of the folder that the editor has open."""

from __future__ import annotations

import pytest

PRICES = "def price(n): n * 2\nlimit = 10\nprint(price(limit))\n"


@pytest.fixture(scope="module")
def session(start_editor):
    """A session of its own, whose folder is the workspace."""
    editor = start_editor()
    editor.write("orders.dana", "from prices import price, limit\nprint(price(1))\n")
    editor.write("bills.na", "import prices\nprint(prices.price(2))\n")
    editor.write("other.dana", "def price(n): n\nprint(price(3))\n")
    editor.write("alias.dana", "from prices import price as cost\nprint(cost(4))\n")
    editor.write("prices.dana", PRICES)
    editor.open(PRICES, "prices.dana")
    return editor


@pytest.fixture
def shop(session):
    yield session
    # What a test has opened counts no longer.
    document = {"uri": session.uri("orders.dana")}
    session.notify("textDocument/didClose", {"textDocument": document})


def ask(editor, method: str, line: int, character: int, **more):
    document = {"uri": editor.uri("prices.dana")}
    place = {"line": line, "character": character}
    return editor.request(
        f"textDocument/{method}", {"textDocument": document, "position": place, **more}
    )


def places(locations) -> set[tuple[str, int, int]]:
    return {
        (
            found["uri"].rpartition("/")[2],
            found["range"]["start"]["line"],
            found["range"]["start"]["character"],
        )
        for found in locations
    }


EVERYWHERE = {
    ("prices.dana", 0, 4),
    ("prices.dana", 2, 6),
    ("orders.dana", 0, 19),
    ("orders.dana", 1, 6),
    ("bills.na", 1, 13),
    ("alias.dana", 0, 19),
}


def test_references_are_those_of_all_files(shop):
    found = ask(shop, "references", 0, 5, context={"includeDeclaration": True})
    assert places(found) == EVERYWHERE


def test_the_definition_may_be_left_out(shop):
    found = ask(shop, "references", 0, 5, context={"includeDeclaration": False})
    assert places(found) == EVERYWHERE - {("prices.dana", 0, 4)}


def test_local_names_are_looked_for_in_their_file_only(shop):
    found = ask(shop, "references", 0, 10, context={"includeDeclaration": True})
    assert places(found) == {("prices.dana", 0, 10), ("prices.dana", 0, 14)}


def test_rename_changes_all_files(shop):
    changes = ask(shop, "rename", 1, 2, newName="most")["changes"]
    assert {uri.rpartition("/")[2]: len(edits) for uri, edits in changes.items()} == {
        "prices.dana": 2,
        "orders.dana": 1,
    }


def test_an_open_text_counts_in_place_of_its_file(shop):
    shop.open("from prices import limit\nprint(limit, limit)\n", "orders.dana")
    changes = ask(shop, "rename", 1, 2, newName="most")["changes"]
    assert len(changes[shop.uri("orders.dana")]) == 3


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("from prices import limit\nmost = 1\n", "most already means something in orders.dana"),
        ("from prices import limit\nx = = 1\n", "orders.dana, which imports it, has errors"),
    ],
)
def test_what_is_not_certain_is_refused(shop, text, reason):
    shop.open(text, "orders.dana")
    with pytest.raises(Exception, match=reason):
        ask(shop, "rename", 1, 2, newName="most")
