"""Pipelines → where everything stands in a picture: boxes, frames, edges and titles, in pixels.

A pipeline goes from left to right, and from the top down if that would be too wide. Both are one
calculation along a *main* axis, on which the stages follow each other, and a *cross* axis, on which the
lanes of a block lie side by side; only the end of it knows which of the two is horizontal.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Literal, TypeAlias

from danac.graph.model import CAPTIONS, FORK, Block, Box, Flow, Form, Lane, Role, Step, suffixes
from danac.graph.text_size import width, wrap

WIDEST = 1100
"""The width that a pipeline from left to right may have."""

TEXT_SIZE, NOTE_SIZE, TITLE_SIZE = 13, 11, 15
LINE, NOTE_LINE = 18, 15
"""Sizes of fonts, and the distances between lines of text and of notes."""

MARGIN = 24
_PAD_X, _PAD_Y = 12, 8
_GAP = 34  # between stages: room for an arrow
_FRAME_PAD = 10
_FAN = 34  # where edges spread to the lanes, and where they come together
_LANE_GAP = 14
_TITLE_SPACE = 32
_FLOW_GAP = 36
_WIDEST_TEXT, _WIDEST_NOTE = 30 * TEXT_SIZE * 0.62, 32 * NOTE_SIZE * 0.62
_MOST_LINES = 5
_FORK_ACROSS, _FORK_DOWN = 72, 44  # a diamond has half the room for text that its box has

Kind: TypeAlias = Role | Literal["key", "choice"]


@dataclass(frozen=True, slots=True)
class Rectangle:
    """An area: its upper left corner and its size."""

    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class PlacedBox:
    """A stage, a value, the key of a lane, or the point of a choice; `tip` says all that there is to say."""

    area: Rectangle
    kind: Kind
    lines: tuple[str, ...]
    notes: tuple[str, ...]
    tip: str


@dataclass(frozen=True, slots=True)
class PlacedFrame:
    """The frame around the lanes of a block, with its caption at the upper left."""

    area: Rectangle
    form: Form
    caption: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Edge:
    """A way through points, curved where it changes lanes; `is_vertical` says along which axis it runs."""

    points: tuple[tuple[float, float], ...]
    is_vertical: bool
    has_arrow: bool


@dataclass(frozen=True, slots=True)
class Title:
    """The name of a pipeline; the point is the left end of its base line."""

    x: float
    y: float
    text: str


Shape: TypeAlias = PlacedBox | PlacedFrame | Edge | Title


@dataclass(frozen=True, slots=True)
class Drawing:
    """A whole picture."""

    width: float
    height: float
    shapes: tuple[Shape, ...]


@dataclass(frozen=True, slots=True)
class _Part:
    """Shapes around an axis that enters at (0, 0) and leaves at (length, 0), both (main, cross).

    It reaches `before` and `after` the axis. Of its shapes too, x is main and y is cross.
    """

    length: float
    before: float
    after: float
    shapes: tuple[Shape, ...]


def lay_out(flows: Sequence[Flow]) -> Drawing:
    """Return the picture of pipelines, one below the other."""
    shapes: list[Shape] = []
    y, widest = float(MARGIN), 0.0
    for flow in flows:
        title = wrap(flow.title, WIDEST / TITLE_SIZE, 1)[0]
        part, is_vertical = _oriented(flow.steps)
        across, down = _size(part, is_vertical)
        shapes.append(Title(MARGIN, y + TITLE_SIZE, title))
        y += _TITLE_SPACE
        if is_vertical:
            shapes += _moved(_transposed(part.shapes), MARGIN + part.before, y)
        else:
            shapes += _moved(part.shapes, MARGIN, y + part.before)
        y += down + _FLOW_GAP
        widest = max(widest, across, width(title) * TITLE_SIZE)
    return Drawing(widest + 2 * MARGIN, y - _FLOW_GAP + MARGIN, tuple(shapes))


def _oriented(steps: tuple[Step, ...]) -> tuple[_Part, bool]:
    across = _line(steps, is_vertical=False)
    if across.length <= WIDEST:
        return across, False
    down = _line(steps, is_vertical=True)
    is_vertical = down.before + down.after < across.length
    return (down, True) if is_vertical else (across, False)


def _size(part: _Part, is_vertical: bool) -> tuple[float, float]:
    cross = part.before + part.after
    return (cross, part.length) if is_vertical else (part.length, cross)


def _line(steps: tuple[Step, ...], *, is_vertical: bool, key: str | None = None) -> _Part:
    """Return steps one behind the other, with arrows between them; `key` stands before them."""
    parts = [] if key is None else [_key(key, is_vertical)]
    parts += [
        _block(step, is_vertical) if isinstance(step, Block) else _box(step, is_vertical)
        for step in steps
    ]
    shapes: list[Shape] = []
    main = 0.0
    for index, part in enumerate(parts):
        if index:
            shapes.append(Edge(((main, 0), (main + _GAP, 0)), is_vertical, has_arrow=True))
            main += _GAP
        shapes += _moved(part.shapes, main, 0)
        main += part.length
    before, after = max(part.before for part in parts), max(part.after for part in parts)
    return _Part(main, before, after, tuple(shapes))


def _box(box: Box, is_vertical: bool) -> _Part:
    lines = wrap(box.text, _WIDEST_TEXT / TEXT_SIZE, _MOST_LINES)
    notes = [
        line for note in suffixes(box) for line in wrap(note, _WIDEST_NOTE / NOTE_SIZE, _MOST_LINES)
    ]
    tip = " ".join([box.text, *suffixes(box), f"(line {box.line})"])
    if box.role == "open":
        tip += "\na value flows, a function is composed: known when it runs"
    return _text_part(box.role, lines, notes, tip, is_vertical)


def _key(key: str, is_vertical: bool) -> _Part:
    lines = wrap(key, _WIDEST_TEXT / TEXT_SIZE, _MOST_LINES)
    return _text_part("key", lines, [], key, is_vertical)


def _text_part(
    kind: Kind, lines: list[str], notes: list[str], tip: str, is_vertical: bool
) -> _Part:
    across = 2 * _PAD_X + max(
        *(width(line) * TEXT_SIZE for line in lines),
        *(width(note) * NOTE_SIZE for note in notes),
        0,
    )
    down = 2 * _PAD_Y + len(lines) * LINE + len(notes) * NOTE_LINE
    length, cross = (down, across) if is_vertical else (across, down)
    area = Rectangle(0, -cross / 2, length, cross)
    shape = PlacedBox(area, kind, tuple(lines), tuple(notes), tip)
    return _Part(length, cross / 2, cross / 2, (shape,))


def _block(block: Block, is_vertical: bool) -> _Part:
    """Return the lanes of a block side by side in a frame, with the edges to and from them."""
    lanes = [_lane(block, number, is_vertical) for number in range(len(block.lanes))]
    fork = _fork(is_vertical) if block.form == "choice" else None
    caption = _caption(block)
    across = max([width(line) * NOTE_SIZE for line in caption], default=0) + 2 * _FRAME_PAD
    down = len(caption) * NOTE_LINE + (4 if caption else 0)
    # The caption takes room at the top: before the axis, or before the lanes begin.
    gate = _FRAME_PAD + (down if is_vertical else 0) + (fork.length if fork else 0)
    start = gate + _FAN
    longest = max(lane.length for lane in lanes)
    half = (sum(part.before + part.after for part in lanes) + _LANE_GAP * (len(lanes) - 1)) / 2
    before = after = max(half, fork.before if fork else 0) + _FRAME_PAD
    if is_vertical:
        # It stands beside the edge that enters.
        before = max(before, across)
    else:
        before += down
        longest = max(longest, across - gate - 2 * _FAN - _FRAME_PAD)
    length = start + longest + _FAN + _FRAME_PAD
    frame = Rectangle(0, -before, length, before + after)
    shapes: list[Shape] = [PlacedFrame(frame, block.form, tuple(caption))]
    entry, entrance = _entrance(fork, gate, is_vertical)
    shapes += entrance
    end = start + longest
    cross = -half
    for lane in lanes:
        axis = cross + lane.before
        shapes.append(Edge((entry, (start, axis)), is_vertical, has_arrow=True))
        shapes += _moved(lane.shapes, start, axis)
        out = ((start + lane.length, axis), (end, axis), (length, 0.0))
        shapes.append(Edge(out, is_vertical, has_arrow=False))
        cross = axis + lane.after + _LANE_GAP
    return _Part(length, before, after, tuple(shapes))


def _caption(block: Block) -> list[str]:
    caption = [] if CAPTIONS[block.form] is None else [CAPTIONS[block.form] or ""]
    for note in suffixes(block):
        caption += wrap(note, _WIDEST_NOTE / NOTE_SIZE, _MOST_LINES)
    return caption


def _entrance(
    fork: _Part | None, gate: float, is_vertical: bool
) -> tuple[tuple[float, float], list[Shape]]:
    """Return the point from which edges spread to the lanes, and what stands before it."""
    if fork is not None:
        stub = Edge(((0, 0), (gate - fork.length, 0)), is_vertical, has_arrow=False)
        return (gate, 0), [stub, *_moved(fork.shapes, gate - fork.length, 0)]
    if gate > _FRAME_PAD:
        # Beside the caption the edge goes on to where it fans out.
        return (gate, 0), [Edge(((0, 0), (gate, 0)), is_vertical, has_arrow=False)]
    return (0, 0), []


def _fork(is_vertical: bool) -> _Part:
    length, cross = (_FORK_DOWN, _FORK_ACROSS) if is_vertical else (_FORK_ACROSS, _FORK_DOWN)
    area = Rectangle(0, -cross / 2, length, cross)
    tip = "one of these is called: the first whose condition holds"
    return _Part(length, cross / 2, cross / 2, (PlacedBox(area, "choice", (FORK,), (), tip),))


def _lane(block: Block, number: int, is_vertical: bool) -> _Part:
    lane: Lane = block.lanes[number]
    key = lane.key
    if key is None and block.form == "in order":
        key = str(number + 1)
    return _line(lane.steps, is_vertical=is_vertical, key=key)


def _moved(shapes: Iterable[Shape], x: float, y: float) -> list[Shape]:
    return [_mapped(shape, lambda a, b: (a + x, b + y)) for shape in shapes]


def _transposed(shapes: Iterable[Shape]) -> list[Shape]:
    """Return shapes with their axes exchanged: what ran along the main axis now runs down."""
    return [_mapped(shape, lambda a, b: (b, a)) for shape in shapes]


def _mapped(shape: Shape, place: Callable[[float, float], tuple[float, float]]) -> Shape:
    """Return a shape with each of its points where `place` says; corners stay corners."""
    match shape:
        case Edge(points=points):
            return replace(shape, points=tuple(place(a, b) for a, b in points))
        case Title():
            x, y = place(shape.x, shape.y)
            return replace(shape, x=x, y=y)
        case PlacedBox(area=area) | PlacedFrame(area=area):
            x, y = place(area.x, area.y)
            end_x, end_y = place(area.x + area.width, area.y + area.height)
            return replace(shape, area=Rectangle(x, y, end_x - x, end_y - y))
