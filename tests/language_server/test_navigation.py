"""Where names lead: hover, definition, references, outline."""

from __future__ import annotations

import pytest

SHAPES = '''\
struct Point:
    """A place."""
    x: int
    y: int = 2
    def norm(self) -> float:
        """How far it is."""
        self.x + self.y
interface Shape:
    area() -> float
def (p: Point) scale(k: float) -> Point:
    Point(p.x * k, p.y)
def (p: Point) shifted(by: int) = noop
origin = Point(0, y=0)
'''


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("print(ori‸gin)", (13, "origin")),
        ("q = Poi‸nt(1)", (1, "Point")),
        ("print(origin.‸x)", (3, "x")),
        ("origin.no‸rm()", (5, "norm")),
        ("origin.sca‸le(2)", (10, "scale")),
        ("origin.scale(2).‸y", (4, "y")),
        ("Point(1, ‸y=3)", (4, "y")),
        ("def f(a: Poi‸nt): a", (1, "Point")),
        ("def f(a: Point): a.nor‸m()", (5, "norm")),
        ("def f(s: Shape): s.are‸a()", (9, "area")),
        ("p: Point = origin; p.‸x", (3, "x")),
        ("def f(a, b=1): a + ‸b", (14, "b")),
        ("f = lambda a :: ‸a * 2", (14, "a")),
        ("[a for a in [1] if ‸a]", (14, "a")),
        ("5 | abs as kept | max(kep‸t)", (14, "kept")),
        ('5 | [abs as kept, str] | f"{$$} {kep‸t}"', (14, "kept")),
        ("with open('f') as file: fil‸e.read()", (14, "file")),
        ("def f(value):\n    value + 1\nf(val‸ue=2)", (14, "value")),
        ("x = 1\ndef f():\n    global x\n    ‸x = 2", (14, "x")),
    ],
)
def test_definitions_in_the_same_file(editor, line, expected):
    assert editor.defined(SHAPES + line + "\n") == expected


def test_the_error_of_an_except_clause_is_defined_by_it(editor):
    marked = "try:\n    1 / 0\nexcept (OSError, ZeroDivisionError) as error:\n    print(er‸ror)\n"
    assert editor.defined(marked) == (3, "error")


def test_inner_names_hide_outer_ones(editor):
    marked = "x = 1\ndef f():\n    x = 2\n    def g(): ‸x\n    g\n"
    assert editor.defined(marked) == (3, "x")


@pytest.mark.parametrize("line", ["‸print(1)", "$‸$", "# no‸thing", "un‸known", "'te‸xt'"])
def test_what_is_defined_nowhere_leads_nowhere(editor, line):
    assert editor.at(line + "\n", "definition") is None


PRICES = 'def price(n: int) -> int:\n    """What n cost."""\n    n * 3\nrate = 2\n'
TOOLS = 'import os\nLIMIT = 3\ndef helper(a, *, b=1):\n    """Help."""\n\n\nclass Kind: pass\n'


@pytest.mark.parametrize(
    ("marked", "file", "line", "word"),
    [
        ("from prices import price\npri‸ce(2)", "prices.dana", 1, "price"),
        ("from prices import pri‸ce", "prices.dana", 1, "price"),
        ("from prices import price as cost\nco‸st(2)", "prices.dana", 1, "price"),
        ("from prices import *\nra‸te", "prices.dana", 4, "rate"),
        ("import prices\nprices.pri‸ce(2)", "prices.dana", 1, "price"),
        ("import prices as p\np.ra‸te", "prices.dana", 4, "rate"),
        ("import tools.py\ntools.hel‸per(1)", "tools.py", 3, "helper"),
        ("from tools import Ki‸nd", "tools.py", 7, "Kind"),
        ("from tools.py import LIM‸IT", "tools.py", 2, "LIMIT"),
        ("from shop.stock import cou‸nt", "shop/stock.dana", 1, "count"),
        ("import shop.stock\nshop.stock.cou‸nt", "shop/stock.dana", 1, "count"),
        ("from shop import stock\nstock.cou‸nt", "shop/stock.dana", 1, "count"),
    ],
)
def test_definitions_in_imported_files(editor, marked, file, line, word):
    texts = {"prices.dana": PRICES, "tools.py": TOOLS}
    texts |= {"shop/__init__.dana": "", "shop/stock.dana": "count = 7\n"}
    for name, text in texts.items():
        editor.write(name, text)
    found = editor.at(marked + "\n", "definition")
    assert found["uri"] == editor.uri(file)
    start, end = found["range"]["start"], found["range"]["end"]
    row = texts[file].split("\n")[line - 1]
    assert (start["line"], row[start["character"] : end["character"]]) == (line - 1, word)


@pytest.mark.parametrize(
    "marked", ["import pri‸ces", "from pri‸ces import rate", "import prices\nprint(pri‸ces)"]
)
def test_the_name_of_a_module_leads_to_its_file(editor, marked):
    editor.write("prices.dana", PRICES)
    found = editor.at(marked + "\n", "definition")
    assert found["uri"] == editor.uri("prices.dana")
    assert found["range"]["start"] == {"line": 0, "character": 0}


def test_changes_of_imported_files_are_seen(editor):
    path = editor.write("prices.dana", PRICES)
    marked = "from prices import ra‸te\n"
    assert editor.at(marked, "definition")["range"]["start"]["line"] == 3
    path.write_text("\n" + PRICES, encoding="utf-8")
    assert editor.at(marked, "definition")["range"]["start"]["line"] == 4


def test_relative_imports_start_at_the_file(editor):
    editor.write("shop/stock.dana", "count = 7\n")
    editor.open("from .stock import count\n", "shop/sales.dana")
    found = editor.request(
        "textDocument/definition",
        {
            "textDocument": {"uri": editor.uri("shop/sales.dana")},
            "position": {"line": 0, "character": 22},
        },
    )
    assert found["uri"] == editor.uri("shop/stock.dana")


# --- References -----------------------------------------------------------------------------------


def test_references_know_scopes(editor):
    text = (
        "x = 1\n"
        "def f(x):\n"
        "    x + 1\n"
        "def g():\n"
        "    [x for x in [x]]\n"
        "print(x, f(x=2))\n"
        "print('x')  # x\n"
    )
    found = editor.at("‸" + text, "references", context={"includeDeclaration": True})
    assert editor.words(text, found) == [(1, "x"), (5, "x"), (6, "x")]
    found = editor.at("‸" + text, "references", context={"includeDeclaration": False})
    assert editor.words(text, found) == [(5, "x"), (6, "x")]
    editor.open(text)
    found = editor.ask("references", 1, 6, context={"includeDeclaration": True})
    assert editor.words(text, found) == [(2, "x"), (3, "x"), (6, "x")]


def test_references_of_fields_are_those_whose_struct_is_known(editor):
    marked = SHAPES.replace("    x: int", "    ‸x: int") + "print(origin.x, unknown().x)\n"
    found = editor.at(marked, "references", context={"includeDeclaration": True})
    lines = [line for line, _ in editor.words(marked.replace("‸", ""), found)]
    assert lines == [3, 7, 11, 14]


# --- Hover ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("ori‸gin", ["```dana\norigin = Point(0, y=0)\n```"]),
        ("Po‸int", ["struct Point:\n    x: int\n    y: int = 2", "A place."]),
        ("origin.no‸rm()", ["def norm(self) -> float", "How far it is."]),
        ("origin.sca‸le(2)", ["def (p: Point) scale(k: float) -> Point"]),
        ("origin.‸y", ["```dana\ny: int = 2\n```"]),
        ("ab‸s(1)", ["abs(x, /)", "absolute value"]),
        ("sum_ran‸ge(1, 2)", ["sum_range("]),
        ("def double(x) = abs | str\nprint(dou‸ble)", ["def double(x) = abs | str"]),
        ("private:x = 1\nprint(private:‸x)", ["private:x"]),
        ("1 | abs as a | max(‸a)", ["`as`"]),
    ],
)
def test_hover_shows_what_a_name_is(editor, line, expected):
    shown = editor.hovered(SHAPES + line + "\n")
    for part in expected:
        assert part in shown


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("5 | ab‸s | str", "Stage 2 of 3: a function that is known when the program is compiled"),
        ("‸5 | abs", "Stage 1 of 2: the value that flows"),
        ("ab‸s | str", "Stage 1 of 2: a function, so the pipe is a new function"),
        ("def f(g): 5 | ‸g", "Stage 2 of 2: looked at when the pipe runs"),
        ("5 | ma‸x(3)", "a call that gets the flowing value as its first argument"),
        ("5 | ma‸x(3, $$)", "a call that gets the flowing value where `$$` stands"),
        ("5 | ‸{ abs, str }", "a parallel block: its branches run at the same time"),
        ("5 | ‸[ abs, str ]", "a block whose branches run one after the other"),
        ("5 | { abs, st‸r }", "Branch 2 of 2: a function that is known"),
        ("async def g(x): x\n5 | ‸g", "Stage 2 of 2: a coroutine function"),
    ],
)
def test_hover_tells_how_a_stage_is_run(editor, line, expected):
    assert expected in editor.hovered(line + "\n")


def test_hover_shows_imported_functions(editor):
    editor.write("prices.dana", PRICES)
    editor.write("tools.py", TOOLS)
    shown = editor.hovered("from prices import price\npri‸ce(1)\n")
    assert "def price(n: int) -> int" in shown
    assert "What n cost." in shown
    shown = editor.hovered("import tools\ntools.hel‸per(1)\n")
    assert "def helper(a, *, b=1)" in shown
    assert "Help." in shown


# --- Outline --------------------------------------------------------------------------------------


def test_the_outline_lists_what_a_program_defines(editor):
    text = (
        SHAPES + "origin = 1\ndef report(a) = abs | str\ndef f():\n    def inner(): 1\n    inner\n"
    )
    editor.open(text)
    document = {"textDocument": {"uri": editor.uri("program.dana")}}
    found = editor.request("textDocument/documentSymbol", document)
    names = {
        entry["name"]: [below["name"] for below in entry.get("children") or []] for entry in found
    }
    assert names == {
        "Point": ["x", "y", "norm"],
        "Shape": ["area"],
        "scale": [],
        "shifted": [],
        "origin": [],
        "report": [],
        "f": ["inner"],
    }
    kinds = {entry["name"]: entry["kind"] for entry in found}
    assert (kinds["Point"], kinds["Shape"], kinds["report"], kinds["origin"]) == (23, 11, 12, 13)
    for entry in found:
        whole, name = entry["range"], entry["selectionRange"]
        assert _place(whole["start"]) <= _place(name["start"])
        assert _place(name["end"]) <= _place(whole["end"])


def _place(position):
    return position["line"], position["character"]
