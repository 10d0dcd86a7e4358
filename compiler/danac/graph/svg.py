"""A laid-out picture → SVG: one file that shows everywhere, on light and on dark pages."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple
from xml.sax.saxutils import escape

from danac.graph.layout import (
    LINE,
    NOTE_LINE,
    NOTE_SIZE,
    TEXT_SIZE,
    TITLE_SIZE,
    Edge,
    PlacedBox,
    PlacedFrame,
    Rectangle,
    Shape,
    Title,
    lay_out,
)
from danac.graph.model import Flow, in_words


class _Look(NamedTuple):
    fill: str
    stroke: str
    text: str
    corner: float
    dashes: str


_BOXES = {
    "stage": _Look("#eaf1fb", "#4a78b5", "#14253d", 5, ""),
    "value": _Look("#fdf2de", "#bd8526", "#3d2c0b", 17, ""),
    "open": _Look("#fdf2de", "#bd8526", "#3d2c0b", 17, "5 3"),
    "choice": _Look("#f1e6f6", "#8c5aa8", "#33153f", 0, ""),
    "key": _Look("#e6f0e1", "#6d9460", "#22401a", 17, ""),
}
# Between light and dark, so that it can be read on both.
_LINES = "#7d8798"
_FONT = "ui-monospace, 'DejaVu Sans Mono', Menlo, Consolas, 'Liberation Mono', monospace"
# What XML cannot hold, even escaped.
_FORBIDDEN = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def to_svg(flows: Sequence[Flow], name: str) -> str:
    """Return the picture of the pipelines of the program `name`."""
    drawing = lay_out(flows)
    width, height = _number(drawing.width), _number(drawing.height)
    title = _text(f"The pipelines of {name}")
    words = _text("\n".join(map(in_words, flows)))
    head = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
        f'viewBox="0 0 {width} {height}" role="img" aria-labelledby="danac-title danac-words" '
        f'font-family="{_FONT}" font-size="{TEXT_SIZE}">',
        f'<title id="danac-title">{title}</title>',
        f'<desc id="danac-words">{words}</desc>',
        '<defs><marker id="danac-arrow" viewBox="0 0 8 8" refX="7.5" refY="4" markerWidth="8" '
        'markerHeight="8" markerUnits="userSpaceOnUse" orient="auto">'
        f'<path d="M0 0.5 L8 4 L0 7.5 z" fill="{_LINES}"/></marker></defs>',
    ]
    # Frames lie below edges, and edges below boxes.
    layers = (PlacedFrame, Edge, PlacedBox, Title)
    body = [
        row
        for layer in layers
        for shape in drawing.shapes
        if isinstance(shape, layer)
        for row in _drawn(shape)
    ]
    return "\n".join([*head, *body, "</svg>"]) + "\n"


def _drawn(shape: Shape) -> list[str]:
    match shape:
        case PlacedFrame():
            return _frame(shape)
        case Edge():
            return [_edge(shape)]
        case PlacedBox():
            return _box(shape)
        case Title(x=x, y=y, text=text):
            return [_line(x, y, text, TITLE_SIZE, _LINES, anchor="start", weight="bold")]


def _frame(frame: PlacedFrame) -> list[str]:
    x, y = frame.area.x, frame.area.y
    dashes = ' stroke-dasharray="7 4"' if frame.form == "in order" else ""
    rows = [
        f'<rect {_area(frame)} rx="9" fill="{_LINES}" fill-opacity="0.1" stroke="{_LINES}"{dashes}/>'
    ]
    for number, text in enumerate(frame.caption, 1):
        base = y + 3 + number * NOTE_LINE
        rows.append(_line(x + 10, base, text, NOTE_SIZE, _LINES, anchor="start"))
    return rows


def _edge(edge: Edge) -> str:
    (x, y), *rest = edge.points
    way = [f"M{_number(x)} {_number(y)}"]
    for to_x, to_y in rest:
        is_straight = x == to_x if edge.is_vertical else y == to_y
        if is_straight:
            way.append(f"L{_number(to_x)} {_number(to_y)}")
        elif edge.is_vertical:
            middle = (y + to_y) / 2
            bends = (x, middle, to_x, middle, to_x, to_y)
            way.append("C" + " ".join(map(_number, bends)))
        else:
            middle = (x + to_x) / 2
            bends = (middle, y, middle, to_y, to_x, to_y)
            way.append("C" + " ".join(map(_number, bends)))
        x, y = to_x, to_y
    arrow = ' marker-end="url(#danac-arrow)"' if edge.has_arrow else ""
    return f'<path d="{" ".join(way)}" fill="none" stroke="{_LINES}" stroke-width="1.5"{arrow}/>'


def _box(box: PlacedBox) -> list[str]:
    look = _BOXES[box.kind]
    area = box.area
    dashes = f' stroke-dasharray="{look.dashes}"' if look.dashes else ""
    colours = f'fill="{look.fill}" stroke="{look.stroke}"{dashes}'
    outline = (
        f'<path d="{_diamond(area)}" {colours}/>'
        if box.kind == "choice"
        else f'<rect {_area(box)} rx="{look.corner}" {colours}/>'
    )
    rows = [f"<g><title>{_text(box.tip)}</title>", outline]
    middle = area.x + area.width / 2
    content = len(box.lines) * LINE + len(box.notes) * NOTE_LINE
    top = area.y + (area.height - content) / 2
    for number, text in enumerate(box.lines, 1):
        base = top + number * LINE - 5
        rows.append(_line(middle, base, text, TEXT_SIZE, look.text))
    for number, text in enumerate(box.notes, 1):
        base = top + len(box.lines) * LINE + number * NOTE_LINE - 4
        rows.append(_line(middle, base, text, NOTE_SIZE, look.stroke, style="italic"))
    return [*rows, "</g>"]


def _line(
    x: float,
    y: float,
    text: str,
    size: int,
    colour: str,
    *,
    anchor: str = "middle",
    weight: str = "",
    style: str = "",
) -> str:
    more = f' font-weight="{weight}"' if weight else ""
    more += f' font-style="{style}"' if style else ""
    more += f' font-size="{size}"' if size != TEXT_SIZE else ""
    place = f'x="{_number(x)}" y="{_number(y)}" text-anchor="{anchor}"'
    return f'<text {place} fill="{colour}"{more}>{_text(text)}</text>'


def _area(shape: PlacedBox | PlacedFrame) -> str:
    area = shape.area
    return (
        f'x="{_number(area.x)}" y="{_number(area.y)}" '
        f'width="{_number(area.width)}" height="{_number(area.height)}"'
    )


def _diamond(area: Rectangle) -> str:
    x, y = _number(area.x + area.width / 2), _number(area.y + area.height / 2)
    right, bottom = _number(area.x + area.width), _number(area.y + area.height)
    return f"M{_number(area.x)} {y} L{x} {_number(area.y)} L{right} {y} L{x} {bottom} z"


def _text(text: str) -> str:
    return escape(_FORBIDDEN.sub("\ufffd", text))


def _number(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")
