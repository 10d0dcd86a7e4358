"""`danac run --explain`: what the runtime knows of the blocks that have run → a table on standard error."""

from __future__ import annotations

import atexit
import sys
import textwrap
from collections.abc import Iterator, Mapping
from typing import Any

_HEAD = ("branch", "at", "median", "computing", "ran as", "because")
_WIDTH = 118
_MOST_TEXT = 28


def print_at_end() -> None:
    """Have the table printed when the program has ended."""
    atexit.register(_print)


def _print() -> None:
    blocks: list[dict[str, Any]] = []
    # A program without blocks has not loaded it.
    if "dana_runtime.execution.history" in sys.modules:
        from dana_runtime.execution.records import records

        blocks = records()
    try:
        print(*_lines(blocks), sep="\n", file=sys.stderr)
    except (AttributeError, OSError, ValueError):
        # Closed, replaced, or nobody reads it any more.
        return


def _lines(blocks: list[dict[str, Any]]) -> Iterator[str]:
    if not blocks:
        yield 'danac: no parallel block has run with executor="auto"'
        return
    for block in blocks:
        times = "once" if block["runs"] == 1 else f"{block['runs']} times"
        shapes = sorted(block["shapes"].items(), key=lambda item: -item[1])
        given = f", given {', '.join([shape for shape, _ in shapes[:3]])}" if shapes else ""
        yield f"block {block['block']}, run {times}{given}"
        yield from _table([_HEAD, *[_row(branch) for branch in block["branches"]]])
        yield ""


def _row(branch: Mapping[str, Any]) -> tuple[str, ...]:
    from dana_runtime.execution.choosing import duration

    seconds, computing = branch["seconds"], branch["cpu_seconds"]
    share = "" if not seconds or computing is None else f"{min(1, computing / seconds):.0%}"
    why = branch["why"]
    is_said = branch["choice"] == "inline" or branch["purity"] in why
    because = why if is_said else f"{why}; {branch['purity']}"
    if branch["trained"]:
        because += "; begun with what earlier runs have learned"
    text = branch["branch"]
    return (
        text if len(text) <= _MOST_TEXT else text[: _MOST_TEXT - 1] + "…",
        branch["place"],
        "" if seconds is None else duration(seconds),
        share,
        branch["choice"] or "",
        because,
    )


def _table(rows: list[tuple[str, ...]]) -> Iterator[str]:
    """Yield the rows in columns; the last column is wrapped."""
    widths = [max(map(len, column)) for column in list(zip(*rows, strict=True))[:-1]]
    before = sum(widths) + 2 * len(widths) + 2
    for *cells, last in rows:
        line = "  ".join([cell.ljust(width) for cell, width in zip(cells, widths, strict=True)])
        first, *rest = textwrap.wrap(last, max(30, _WIDTH - before)) or [""]
        yield f"  {line}  {first}".rstrip()
        yield from [" " * before + part for part in rest]
