"""`python -m benchmarks` → all of results/, and README.md: what `make bench` runs, in less than 20 minutes.

    --python PATH   measure what is compared with Python on this one, too (may be given again)
    --resume        go on with a run that was broken off: leave out what it has written

Each part has a time after which it is ended, and all of them together have one, so that this can run
unattended. What fails or is cut off is told, also at the end, and the others go on.
"""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from time import perf_counter

from benchmarks.children import CHECKOUT, progress, run
from benchmarks.race.__main__ import GROUPS
from benchmarks.report import RESULTS

SECONDS = 19 * 60.0

# When the run that was begun last began; removed when it has come to its end.
_BEGUN = CHECKOUT / ".benchmarks" / "begun"


@dataclass(frozen=True)
class Part:
    """One command, the results that it writes, and the seconds it may take, for each Python."""

    name: str
    command: list[str]
    seconds: float
    on_each_python: bool = False


PARTS = [
    *[
        # What a group does not finish it cuts off itself, and it needs a moment to write the rest.
        Part(name, ["benchmarks.race", "--only", name], group.seconds + 20)
        for name, group in GROUPS.items()
    ],
    Part("language", ["benchmarks.language"], 100, on_each_python=True),
    Part("orchestration", ["benchmarks.orchestration"], 100, on_each_python=True),
    Part("block_costs", ["benchmarks.blocks"], 100),
    Part("auto", ["benchmarks.auto"], 110),
    Part("compilation", ["benchmarks.compilation"], 60),
]


def main() -> None:
    """Run all parts; the exit status is 1 if one of them lacks something."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks")
    parser.add_argument("--python", action="append", default=[], metavar="PATH")
    parser.add_argument("--resume", action="store_true")
    options = parser.parse_args()
    begun = _begun(options.resume)
    start = perf_counter()
    lacking = []
    for part in PARTS:
        if begun is not None and _date(part.name) >= begun:
            progress(f"{part.name}: written already")
            continue
        # The Python of this environment has the competitors; the others need danac only.
        pythons = [sys.executable, *options.python] if part.on_each_python else []
        limit = min(part.seconds * max(len(pythons), 1), SECONDS - (perf_counter() - start))
        if limit < 1:
            lacking.append(f"{part.name}: no time left")
            continue
        command = [sys.executable, "-m", *part.command]
        command += [word for python in pythons for word in ("--python", python)]
        if reason := run(command, limit):
            lacking.append(f"{part.name}: {reason}")
            progress(lacking[-1])
    _BEGUN.unlink(missing_ok=True)
    progress(f"{perf_counter() - start:.0f} s; the results are in benchmarks/README.md")
    for line in lacking:
        progress(f"lacking: {line}")
    sys.exit(bool(lacking))


def _begun(resume: bool) -> str | None:
    """Return when the run to go on with began, or None after noting that this one begins."""
    if resume and _BEGUN.is_file():
        return _BEGUN.read_text("utf-8")
    _BEGUN.parent.mkdir(exist_ok=True)
    _BEGUN.write_text(datetime.now(UTC).isoformat(timespec="seconds"), "utf-8")
    return None


def _date(name: str) -> str:
    """Return when the measuring of these results began, or what comes before any date."""
    path = Path(RESULTS) / f"{name}.json"
    if not path.is_file():
        return ""
    date: str = json.loads(path.read_text("utf-8"))["runs"][0]["conditions"]["date"]
    return date


if __name__ == "__main__":
    main()
