"""Two statements that compute the same → how many times as long the first one takes, with its spread.

The machine may be busy with other work, so a time by itself says little. What counts is the ratio of
two times taken one right after the other:

    warm up · A B B A A B B A A B · A B B A A B B A A B · …     in each of several processes
              └─ shortest A ÷ shortest B: one ratio              all ratios together: median and quartiles

The statements are written out ten times in the loop that is timed, so that the loop itself takes no
noticeable part; before anything is timed, both sides must have computed equal values.
"""

from __future__ import annotations

import gc
import itertools
import os
import platform
import statistics
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from time import perf_counter
from typing import Any, NamedTuple

COPIES = 10
PAIRS = 5

Timed = Callable[[int], float]


class Side(NamedTuple):
    """One competitor: a statement, and the namespace in which it runs."""

    statement: str
    namespace: dict[str, Any]


def timed(side: Side) -> Timed:
    """Return a function that runs the statement ten times a round, and returns the seconds of all rounds."""
    body = "".join([f"        {side.statement}\n" for _ in range(COPIES)])
    source = (
        "def _timed(_rounds):\n"
        "    _rounds = _repeat(None, _rounds)\n"
        "    _start = _clock()\n"
        f"    for _ in _rounds:\n{body}"
        "    return _clock() - _start\n"
    )
    # The names of the statement are globals of this function, as they are in a program.
    namespace = {**side.namespace, "_repeat": itertools.repeat, "_clock": perf_counter}
    exec(compile(source, "<timed>", "exec", dont_inherit=True), namespace)
    run: Timed = namespace["_timed"]
    return run


def value_of(side: Side, expression: str) -> str:
    """Return what an expression gives on one side, as a text that can be compared with the other's."""
    value = eval(compile(expression, "<value>", "eval"), side.namespace)
    return f"{type(value).__name__}: {value!r}"


class Samples(NamedTuple):
    """What one process measured: a ratio a round, and the shortest time of each side, in seconds a statement."""

    ratios: list[float]
    first: float
    second: float


def interleaved(first: Side, second: Side, rounds: int, seconds: float) -> Samples:
    """Measure `first` against `second` in rounds of five samples of each, a sample being about `seconds` long."""
    runs = timed(first), timed(second)
    count = _count(runs, seconds)
    shortest: tuple[list[float], list[float]] = [], []
    # Garbage is part of the cost, but what was there before is not looked through again.
    gc.collect()
    gc.freeze()
    for run in runs:
        run(count)
    for _ in range(rounds):
        times: tuple[list[float], list[float]] = [], []
        for number in range(PAIRS):
            # What comes second finds a warmer, or a more contended, machine: they take turns.
            for side in (0, 1) if number % 2 == 0 else (1, 0):
                times[side].append(runs[side](count))
        # Other work makes a sample longer and never shorter: the shortest one tells most.
        for side in (0, 1):
            shortest[side].append(min(times[side]))
    ratios = [a / b for a, b in zip(*shortest, strict=True)]
    statements = count * COPIES
    return Samples(ratios, min(shortest[0]) / statements, min(shortest[1]) / statements)


def _count(runs: tuple[Timed, Timed], seconds: float) -> int:
    """Return the number of rounds that takes the slower side about `seconds`."""
    count = 1
    while True:
        longest = max(run(count) for run in runs)
        if longest >= seconds / 4:
            return max(1, round(count * seconds / longest))
        count *= 2


def summary(samples: list[Samples]) -> dict[str, Any]:
    """Return what all processes measured together, as it goes into the results."""
    ratios = sorted(ratio for sample in samples for ratio in sample.ratios)
    low, _, high = statistics.quantiles(ratios, n=4)
    return {
        "ratio": round(statistics.median(ratios), 4),
        "quartiles": [round(low, 4), round(high, 4)],
        "medians": [round(statistics.median(sample.ratios), 4) for sample in samples],
        "rounds": len(ratios),
        "nanoseconds": [
            round(min(sample.first for sample in samples) * 1e9, 2),
            round(min(sample.second for sample in samples) * 1e9, 2),
        ],
    }


def conditions() -> dict[str, Any]:
    """Return on what machine and with which versions this process runs, and when."""
    import danac

    return {
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": {
            "processor": _processor(),
            "cores": os.cpu_count(),
            "system": platform.platform(),
            "load": [round(load, 2) for load in os.getloadavg()],
        },
        "danac": danac.__version__,
        "python": f"{platform.python_implementation()} {platform.python_version()}",
        "compiler": platform.python_compiler(),
        "hash_seed": os.environ.get("PYTHONHASHSEED", "random"),
        "optimize": sys.flags.optimize,
    }


def _processor() -> str:
    try:
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()
