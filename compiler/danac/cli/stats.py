"""`danac stats`: the profile of a project → what was learned of its functions, as a table or as JSON."""

from __future__ import annotations

import argparse
import json
import sys
from typing import NoReturn

from dana_runtime.execution.settings import current
from dana_runtime.faults.profile import Learned, ProfileError, path_of, read, reset
from danac.loading.errors import UsageError

_HEAD = ("function", "calls", "failed", "attempts", "p50", "p90", "p99")


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise UsageError(f"{message}; see {self.prog} --help")


def execute(arguments: list[str]) -> int:
    """Show the profile, or forget it; 1 if there is none."""
    parser = _Parser(
        prog="danac stats",
        description="Show what was learned of the functions with @poet, or forget it.",
        allow_abbrev=False,
    )
    parser.add_argument(
        "--profile",
        metavar="FILE",
        help="the profile; default: the one that is configured, or the project's",
    )
    parser.add_argument("--reset", action="store_true", help="forget what was learned")
    parser.add_argument("--format", choices=("text", "json"), default="text")
    wanted = parser.parse_args(arguments)
    try:
        path = path_of(wanted.profile or current().profile or True)
        if wanted.reset:
            found = reset(path)
            print(f"{path} is deleted" if found else f"{path} does not exist: nothing to forget")
            return 0
        learned = read(path)
    except ProfileError as error:
        print(f"danac: {error}", file=sys.stderr)
        return 1
    except ValueError as error:
        # A wrong setting in the environment or in pyproject.toml.
        raise UsageError(str(error)) from None
    if wanted.format == "json":
        print(json.dumps([_data(one) for one in learned], indent=2, ensure_ascii=False))
    else:
        print(_table([_HEAD, *[_row(one) for one in learned]]))
    return 0


def _data(one: Learned) -> dict[str, object]:
    return {
        "name": one.name,
        "calls": one.calls,
        "failures": one.failures,
        "attempts": one.attempts,
        **one.quantiles,
    }


def _row(one: Learned) -> tuple[str, ...]:
    share = one.failures / one.calls if one.calls else 0.0
    times = [_duration(seconds) for seconds in one.quantiles.values()]
    return (one.name, str(one.calls), f"{share:.1%}", str(one.attempts), *times)


def _duration(seconds: float | None) -> str:
    if seconds is None:
        return "-"
    for unit, size in (("s", 1.0), ("ms", 1e-3), ("µs", 1e-6)):
        if seconds >= size:
            return f"{seconds / size:.3g} {unit}"
    return f"{seconds / 1e-9:.3g} ns"


def _table(rows: list[tuple[str, ...]]) -> str:
    """Return the rows in columns, the first one to the left and the numbers to the right."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = []
    for first, *rest in rows:
        cells = [first.ljust(widths[0])]
        cells += [cell.rjust(width) for cell, width in zip(rest, widths[1:], strict=True)]
        lines.append("  ".join(cells))
    return "\n".join(lines)
