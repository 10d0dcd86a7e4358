"""What the pictures hold, and that nothing in them lies on top of anything else."""

from __future__ import annotations

import unicodedata
from itertools import combinations
from pathlib import Path
from xml.etree import ElementTree

import pytest

from danac.graph.layout import (
    NOTE_LINE,
    NOTE_SIZE,
    TEXT_SIZE,
    TITLE_SIZE,
    WIDEST,
    Edge,
    PlacedBox,
    PlacedFrame,
    Rectangle,
    Title,
    lay_out,
)
from danac.graph.svg import to_svg
from danac.graph.text_size import width, wrap

CHECKOUT = Path(__file__).parent.parent.parent

LONG = "f" * 300
TEXTS = {
    "three": "def p(x) = a | { b, c with (timeout=5), d } | e\n",
    "sixty": "def p(x) = x" + "".join(f" | stage_{n}({n})" for n in range(60)),
    "sixty branches": f"def p(x) = x | {{ {', '.join(f'branch_{n}' for n in range(60))} }} | y",
    "in blocks": "x | " + "{ a | " * 12 + "b" + ", c | d }" * 12 + " | e",
    "long texts": f"x | {LONG}({LONG}) with (timeout={LONG}) as {LONG} | {{'{LONG}': {LONG}}}",
    "small blocks": "x | a | b | c | d | e | f | g | h | i | j | k | l | m | n | o | { p } as one"
    " | { q, r } with (timeout=1, retries=2, on_error='partial') as two | (s | t) as three | [u]",
    "scripts": "x | { '漢字かな交じり文': 値段, 'größe': längé, 'ключ': значение, '🎉👩‍👩‍👧': a, 'e\u0301': b }",
    "choices": "def p(n) = n | case((is_even, halve | str), (n > 3, {f, g}), triple) with (timeout=1) as x"
    " | (a if n else b if m else (c | d)) | case((small, f))",
    "long choices": f"x | {'a | ' * 30} case(({LONG}, f), (g({LONG}), {LONG}), h) | y",
    "many": "\n".join(f"x{n} = y | z{n} | {{a, b}}" for n in range(20)),
}
for path in [*CHECKOUT.glob("examples/*/*.dana"), *CHECKOUT.glob("tests/programs/*.dana")]:
    TEXTS[path.stem] = path.read_bytes().decode("utf-8-sig")


@pytest.fixture(params=TEXTS)
def text(request):
    return TEXTS[request.param]


@pytest.fixture
def drawing(text, flows_of):
    return lay_out(flows_of(text))


def of(drawing, kind):
    return [shape for shape in drawing.shapes if isinstance(shape, kind)]


def right(area: Rectangle) -> float:
    return area.x + area.width


def bottom(area: Rectangle) -> float:
    return area.y + area.height


def overlap(one: Rectangle, other: Rectangle) -> bool:
    across = min(right(one), right(other)) - max(one.x, other.x)
    down = min(bottom(one), bottom(other)) - max(one.y, other.y)
    return across > 0.01 and down > 0.01


def holds(outer: Rectangle, inner: Rectangle) -> bool:
    return (
        outer.x <= inner.x + 0.01
        and outer.y <= inner.y + 0.01
        and right(inner) <= right(outer) + 0.01
        and bottom(inner) <= bottom(outer) + 0.01
    )


def caption_area(frame: PlacedFrame) -> Rectangle:
    across = max((width(line) * NOTE_SIZE for line in frame.caption), default=0)
    return Rectangle(frame.area.x + 10, frame.area.y + 3, across, len(frame.caption) * NOTE_LINE)


def test_boxes_and_captions_do_not_overlap(drawing):
    areas = [box.area for box in of(drawing, PlacedBox)]
    areas += [caption_area(frame) for frame in of(drawing, PlacedFrame)]
    areas += [
        Rectangle(title.x, title.y - TITLE_SIZE, width(title.text) * TITLE_SIZE, TITLE_SIZE + 4)
        for title in of(drawing, Title)
    ]
    touching = [pair for pair in combinations(areas, 2) if overlap(*pair)]
    assert touching == []


def test_frames_hold_what_is_in_them_and_nothing_else(drawing):
    frames = [frame.area for frame in of(drawing, PlacedFrame)]
    for frame in frames:
        for other in (*frames, *(box.area for box in of(drawing, PlacedBox))):
            apart = not overlap(frame, other)
            assert apart or holds(frame, other) or holds(other, frame)
    for frame in of(drawing, PlacedFrame):
        assert holds(frame.area, caption_area(frame))


def test_everything_is_inside_of_the_picture(drawing):
    picture = Rectangle(0, 0, drawing.width, drawing.height)
    for shape in (*of(drawing, PlacedBox), *of(drawing, PlacedFrame)):
        assert holds(picture, shape.area)
    for title in of(drawing, Title):
        assert title.x + width(title.text) * TITLE_SIZE <= drawing.width


def test_text_fits_into_its_box(drawing):
    for box in of(drawing, PlacedBox):
        widest = max(width(line) * TEXT_SIZE for line in box.lines)
        assert widest < box.area.width
        assert all(width(note) * NOTE_SIZE < box.area.width for note in box.notes)


def test_straight_edges_cross_no_box_and_no_caption(drawing):
    """Curves stay in the room that is kept for them, between the points that are checked here."""
    obstacles = [box.area for box in of(drawing, PlacedBox)]
    obstacles += [caption_area(frame) for frame in of(drawing, PlacedFrame) if frame.caption]
    for edge in of(drawing, Edge):
        for (x, y), (to_x, to_y) in zip(edge.points, edge.points[1:], strict=False):
            area = Rectangle(min(x, to_x), min(y, to_y), abs(to_x - x), abs(to_y - y))
            line = Rectangle(area.x + 0.1, area.y + 0.1, area.width - 0.2, area.height - 0.2)
            if area.width == 0:
                line = Rectangle(x - 0.1, area.y + 0.1, 0.2, area.height - 0.2)
            elif area.height == 0:
                line = Rectangle(area.x + 0.1, y - 0.1, area.width - 0.2, 0.2)
            assert not any(overlap(line, obstacle) for obstacle in obstacles), edge


def test_the_file_is_well_formed_and_tells_what_it_shows(text, flows_of):
    found = flows_of(text)
    root = ElementTree.fromstring(to_svg(found, "a & b.dana"))
    name = "{http://www.w3.org/2000/svg}"
    assert root.tag == f"{name}svg"
    assert root.attrib["role"] == "img"
    by_id = {node.attrib["id"]: node for node in root.iter() if "id" in node.attrib}
    labels = [by_id[label] for label in root.attrib["aria-labelledby"].split()]
    assert [label.tag for label in labels] == [f"{name}title", f"{name}desc"]
    assert labels[0].text == "The pipelines of a & b.dana"
    assert (labels[1].text or "").count("\n") == max(0, len(found) - 1)


def test_short_ones_go_across_and_long_ones_down(flows_of):
    short = lay_out(flows_of(TEXTS["three"]))
    assert short.width > 1.5 * short.height
    assert short.width < WIDEST
    long = lay_out(flows_of(TEXTS["sixty"]))
    assert long.height > 4 * long.width
    assert len(of(long, PlacedBox)) == 61


def test_characters_that_xml_cannot_hold_are_replaced(flows_of):
    drawn = to_svg(flows_of('"a\\\\x00\x01" | f'), "x\x00y")
    assert ElementTree.fromstring(drawn) is not None


class TestWrapping:
    def test_short_text_is_one_line(self):
        assert wrap("a b", 10, 3) == ["a b"]
        assert wrap("", 10, 3) == [""]

    def test_lines_end_at_blanks_and_marks(self):
        assert wrap("sorted(key, reverse=true)", 10, 3) == ["sorted(key,", "reverse=true)"]

    def test_what_does_not_fit_ends_in_an_ellipsis(self):
        lines = wrap("x" * 100, 10, 3)
        assert len(lines) == 3
        assert lines[-1].endswith("…")
        assert all(width(line) <= 10 for line in lines)

    def test_marks_stay_with_their_letters(self):
        lines = wrap("e\u0301" * 60, 10, 9)
        assert not any(unicodedata.combining(line[0]) for line in lines)

    def test_wide_characters_take_more_room(self):
        assert width("漢字") > width("abc")
        assert width("e\u0301") == width("e")
