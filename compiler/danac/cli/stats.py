"""`danac stats`: the profile of a project → what was learned of functions and branches, as tables or as JSON."""

from __future__ import annotations

import argparse
import json
import sys
from typing import NoReturn

from dana_runtime.execution.choosing import duration
from dana_runtime.execution.settings import current
from dana_runtime.faults.profile import (
    Learned,
    LearnedBranch,
    Profile,
    ProfileError,
    path_of,
    read,
    reset,
)
from danac.loading.errors import UsageError

_BRANCH_HEAD = ("branch", "runs", "median", "computing", "longest", "ran as")
_HEAD = ("function", "calls", "failed", "attempts", "p50", "p90", "p99")


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise UsageError(f"{message}; see {self.prog} --help")


def execute(arguments: list[str]) -> int:
    """Show the profile, or forget it; 1 if there is none."""
    parser = _Parser(
        prog="danac stats",
        description="Show what was learned of functions with @poet and of branches, or forget it.",
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
    print(_json(learned) if wanted.format == "json" else _text(learned))
    return 0


def _json(learned: Profile) -> str:
    data = {
        "functions": [_data(one) for one in learned.functions],
        "branches": [one._asdict() for one in learned.branches],
    }
    return json.dumps(data, indent=2, ensure_ascii=False)


def _text(learned: Profile) -> str:
    tables = []
    if learned.functions or not learned.branches:
        tables.append(_table([_HEAD, *[_row(one) for one in learned.functions]]))
    if learned.branches:
        tables.append(_table([_BRANCH_HEAD, *[_branch_row(one) for one in learned.branches]]))
    return "\n\n".join(tables)


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


def _branch_row(one: LearnedBranch) -> tuple[str, ...]:
    cpu, seconds = one.cpu_seconds, one.seconds
    share = "-" if cpu is None or not seconds else f"{min(1.0, cpu / seconds):.0%}"
    return (
        *(one.name, str(one.runs), duration(seconds), share, duration(one.longest)),
        one.choice if not one.refusal else f"{one.choice}, no process: {one.refusal}",
    )


def _duration(seconds: float | None) -> str:
    return "-" if seconds is None else duration(seconds)


def _table(rows: list[tuple[str, ...]]) -> str:
    """Return the rows in columns, the first one to the left and the numbers to the right."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = []
    for first, *rest in rows:
        cells = [first.ljust(widths[0])]
        cells += [cell.rjust(width) for cell, width in zip(rest, widths[1:], strict=True)]
        lines.append("  ".join(cells))
    return "\n".join(lines)
