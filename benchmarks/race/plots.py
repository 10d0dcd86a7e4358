"""Results → pictures: bars on a logarithmic axis, and lines by length. SVG as text, without any library."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any

from benchmarks.race.contest import median_seconds
from benchmarks.race.tables import seconds

_WIDTH, _LABELS, _RIGHT, _ROW = 760, 250, 90, 22
_OURS, _THEIRS, _GRID, _TEXT = "#2563a8", "#9aa5b1", "#d8dee4", "#24292f"
_COLOURS = ["#24292f", "#2563a8", "#b4552d", "#5a8f3c", "#8250a0"]


def _svg(height: float, parts: list[str]) -> str:
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{_WIDTH}" height="{height:.0f}"'
        f' viewBox="0 0 {_WIDTH} {height:.0f}" font-family="sans-serif" font-size="12">\n'
        f'<rect width="100%" height="100%" fill="white"/>\n' + "\n".join(parts) + "\n</svg>\n"
    )


def _text(x: float, y: float, text: str, anchor: str = "start", more: str = "") -> str:
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" fill="{_TEXT}"{more}>'
        f"{escape(text)}</text>"
    )


@dataclass(frozen=True)
class _Axis:
    """From values to places between 0 and 1, and the values to mark."""

    marks: list[float]
    is_logarithmic: bool

    def place(self, value: float) -> float:
        low, high = self.marks[0], self.marks[-1]
        if self.is_logarithmic:
            return math.log(value / low) / math.log(high / low)
        return value / high


# From here on, one bar would be all that one sees of a chart that begins at zero.
_WIDE = 25


def _axis(values: Collection[float]) -> _Axis:
    least, most = min(values), max(values)
    if most / least < _WIDE:
        step = 10.0 ** math.floor(math.log10(most))
        step *= next(part for part in (0.2, 0.5, 1, 2, 5) if most / (step * part) <= 6)
        return _Axis([step * number for number in range(math.ceil(most / step) + 1)], False)
    low, high = math.floor(math.log10(least)), math.ceil(math.log10(most))
    return _Axis([10.0**power for power in range(low, high + 1)], True)


def bars(charts: list[tuple[str, dict[str, float]]]) -> str:
    """Return one chart below the other, the shortest bar first, each with an axis of its own.

    The axis is logarithmic where the bars differ much, and the title says so.
    """
    parts: list[str] = []
    y = 10.0
    width = _WIDTH - _LABELS - _RIGHT
    for title, values in charts:
        axis = _axis(values.values())
        y += 16
        note = " (logarithmic)" if axis.is_logarithmic else ""
        parts.append(_text(8, y, title + note, more=' font-weight="bold"'))
        y += 10
        bottom = y + _ROW * len(values)
        for mark in axis.marks:
            x = _LABELS + axis.place(mark) * width
            parts.append(f'<path d="M{x:.1f} {y:.1f}V{bottom:.1f}" stroke="{_GRID}"/>')
            parts.append(_text(x, bottom + 14, _mark(mark), "middle"))
        for name, value in sorted(values.items(), key=lambda item: item[1]):
            length = max(axis.place(value) * width, 1)
            colour = _OURS if name.startswith("danac") else _THEIRS
            parts.append(_text(_LABELS - 8, y + 15, name, "end"))
            parts.append(
                f'<rect x="{_LABELS}" y="{y + 3:.1f}" width="{length:.1f}" height="{_ROW - 6}"'
                f' fill="{colour}"/>'
            )
            parts.append(_text(_LABELS + length + 6, y + 15, seconds(value)))
            y += _ROW
        y += 30
    return _svg(y, parts)


def _mark(value: float) -> str:
    """Return a time on an axis: `200 ms`."""
    for unit, size in (("s", 1.0), ("ms", 1e-3), ("µs", 1e-6)):
        if value >= size * 0.999:
            return f"{value / size:g} {unit}"
    return f"{value / 1e-9:g} ns" if value else "0"


def curves(title: str, lines: dict[str, list[tuple[float, float]]]) -> str:
    """Return times by length, both logarithmic: what grows linearly is parallel to the dotted line."""
    points = [point for line in lines.values() for point in line]
    left, top, right, bottom = 70.0, 40.0, _WIDTH - 230.0, 380.0
    spans = []
    for axis in (0, 1):
        found = [math.log10(point[axis]) for point in points]
        spans.append((math.floor(min(found)), math.ceil(max(found))))

    def place(point: tuple[float, float]) -> tuple[float, float]:
        (a, b), (c, d) = spans
        x = left + (math.log10(point[0]) - a) / max(b - a, 1) * (right - left)
        return x, bottom - (math.log10(point[1]) - c) / max(d - c, 1) * (bottom - top)

    parts = [_text(8, 22, title, more=' font-weight="bold"')]
    for power in range(spans[0][0], spans[0][1] + 1):
        x, _ = place((10.0**power, 10.0 ** spans[1][0]))
        parts.append(f'<path d="M{x:.1f} {top}V{bottom}" stroke="{_GRID}"/>')
        parts.append(_text(x, bottom + 20, f"{10**power:,} lines", "middle"))
    for power in range(spans[1][0], spans[1][1] + 1):
        _, y = place((10.0 ** spans[0][0], 10.0**power))
        parts.append(f'<path d="M{left} {y:.1f}H{right}" stroke="{_GRID}"/>')
        parts.append(_text(left - 6, y + 4, _mark(10.0**power), "end"))
    for (name, line), colour in zip(lines.items(), _COLOURS * 2, strict=False):
        placed = [place(point) for point in line]
        path = "L".join(f"{x:.1f} {y:.1f}" for x, y in placed)
        parts.append(f'<path d="M{path}" fill="none" stroke="{colour}" stroke-width="2"/>')
        parts += [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{colour}"/>' for x, y in placed]
        start, end = line[0], line[-1]
        if name.startswith("danac") and len(line) > 1:
            straight = [place(start), place((end[0], start[1] * end[0] / start[0]))]
            path = "L".join(f"{x:.1f} {y:.1f}" for x, y in straight)
            parts.append(
                f'<path d="M{path}" fill="none" stroke="{colour}" stroke-dasharray="2 4"/>'
            )
        x, y = placed[-1]
        parts.append(_text(x + 8, y + 4, name))
    return _svg(bottom + 30, parts)


def _medians(contest: dict[str, Any]) -> dict[str, float]:
    return {name: median_seconds(contest, name) for name in contest["samples"]}


def _dispatch(contests: dict[str, Any]) -> str:
    return bars([(f"A pipe of {n}", _medians(contests[n])) for n in ("3 stages", "10 stages")])


def _blocks(contests: dict[str, Any]) -> str:
    titles = {
        "trivial": "8 tiny branches",
        "wait": "8 branches that wait 10 ms",
        "cpu": "8 branches that compute for 50 ms",
        "array": "8 branches that sum 100 MB",
    }
    return bars(
        [
            (title, _medians(contests[f"{kind} 8"]))
            for kind, title in titles.items()
            if f"{kind} 8" in contests
        ]
    )


def _compilers(contests: dict[str, Any]) -> str:
    lines: dict[str, list[tuple[float, float]]] = {}
    for contest in contests.values():
        if contest["kind"] == "cold":
            for name, median in _medians(contest).items():
                lines.setdefault(name, []).append((contest["lines"], median))
    return curves("Compile time by length of the program; dotted: linear growth", lines)


PLOTS: dict[str, Callable[[dict[str, Any]], str]] = {
    "dispatch": _dispatch,
    "blocks": _blocks,
    "compilers": _compilers,
}


def write(group: str, results: dict[str, Any], folder: Path) -> None:
    """Write the picture of a group, if it has one."""
    if group in PLOTS:
        contests = {contest["name"]: contest for contest in results["runs"][0]["contests"]}
        (folder / f"{group}.svg").write_text(PLOTS[group](contests), "utf-8")
