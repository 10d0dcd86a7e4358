"""Blocks of 2 to 64 branches that add, wait, compute or sum an array → what each way to run them costs.

The branches are the same functions for everyone (`work.py`), but for tiny ones: each language writes its own.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from time import perf_counter
from typing import Any

from benchmarks.race import others, pools, reference, server, work
from benchmarks.race.contest import Competitor, Pace, calling, hold, progress

import danac

COUNTS = {
    "trivial": (2, 3, 4, 8, 64),
    "wait": (2, 4, 8, 64),
    "cpu": (2, 4, 8, 64),
    "array": (2, 4, 8, 64),
}
DESCRIBED = {
    "trivial": "tiny branches: `x + 1`",
    "wait": "branches that wait 10 ms for a reply over a loopback socket",
    "cpu": "branches that compute for 50 ms, in pure Python",
    "array": "branches that sum an array of 100 MB",
}
_FUNCTIONS = {"trivial": "add"}

DEFAULT = "danac"
ON_THREADS = "danac, threads with a timeout"
COROUTINES = "danac, async def"
ON_PROCESSES = "danac, processes"

# 1,000 bytes are asked for; the array has 100 MB of float64.
_VALUES: dict[str, Callable[[], Any]] = {
    "trivial": lambda: 1,
    "wait": lambda: 1_000,
    "cpu": lambda: 7,
    "array": lambda: _array(100_000_000),
}


def _array(size: int) -> Any:
    numpy = others.load("numpy")
    assert numpy is not None
    return numpy.arange(size // 8, dtype="float64")


def pace_of(kind: str, count: int, quick: bool) -> Pace:
    """Return how long a contest takes: as long as a narrow spread needs, and all together are in time."""
    if kind == "trivial":
        return Pace(budget=0.3 if quick else 3, sample=0.003, rounds=(3, 41))
    if quick:
        return Pace(budget=1, rounds=(3, 5), longest=0.5)
    budget = {"wait": 6.0, "cpu": 8.0, "array": 5.0}[kind]
    longest = 2.0 if kind == "array" else 4.0
    return Pace(budget=budget, rounds=(2 if count > 8 else 4, 25), longest=longest)


def calibrate() -> int:
    """Return how many steps of the computation take 50 ms."""
    times = []
    for _ in range(5):
        start = perf_counter()
        work.compute(7, 100_000)
        times.append(perf_counter() - start)
    return round(100_000 * 0.050 / min(times))


def program(kind: str, count: int, policy: str = "", name: str = "") -> str:
    """Return the Dana program whose `p` is the block."""
    names = [f"{name or _FUNCTIONS.get(kind, kind)}_{number}" for number in range(1, count + 1)]
    if kind == "trivial" and not name:
        head = "".join([f"def {n}(x): return x + {i}\n" for i, n in enumerate(names, 1)])
    else:
        head = f"from benchmarks.race.work import {', '.join(names)}\n"
    return f"{head}def p(x) = {{ {', '.join(names)} }}{policy}\n"


def _danac(kind: str, count: int) -> Iterator[tuple[str, Callable[[Any], Any]]]:
    yield DEFAULT, _compiled(program(kind, count))
    workers = f", max_workers={count}" if count > 8 else ""
    policy = f' with (executor="thread", timeout=60{workers})'
    yield ON_THREADS, _compiled(program(kind, count, policy))
    if kind == "wait":
        yield COROUTINES, _compiled(program(kind, count, name="awaiting"))
    elif others.no_processes() is None:
        policy = ' with (executor="process")'
        name = "add" if kind == "trivial" else ""
        yield ON_PROCESSES, _compiled(program(kind, count, policy, name))


def _compiled(text: str) -> Callable[[Any], Any]:
    pipeline = danac.run_source(text)["p"]
    # It measures its branches, and has decided how to run them after a few calls.
    return lambda value: pipeline(value)


def taking_part(kind: str, count: int, closing: ExitStack, quick: bool = False) -> list[Competitor]:
    """Return all competitors of a contest but the reference interpreter."""
    functions = work.functions(_FUNCTIONS.get(kind, kind), count)
    value = _VALUES[kind]()
    pools.hold_value(value)
    ways: list[tuple[str, Callable[[Any], Any]]] = [
        *pools.on_threads(kind, functions, closing),
        *_danac(kind, count),
    ]
    if kind == "wait":
        coroutines = work.functions("awaiting", count)
        ways.append(("asyncio.gather", pools.gathered(coroutines, closing)))
    # 64 copies of 100 MB that wait to be sent are no way to sum an array.
    elif not quick and not (kind == "array" and count > 8):
        ways += pools.on_processes(functions, closing)
    if kind == "trivial":
        for _ in range(200):
            for name, way in ways:
                if name.startswith("danac") and name != ON_PROCESSES:
                    way(value)
    return [calling(name, lambda way=way: way(value)) for name, way in ways]  # type: ignore[misc]


def _reference_program(counts: list[tuple[str, int]]) -> tuple[str, list[str]]:
    definitions = "".join([f"def add_{n}(x):\n    return x + {n}\n" for n in range(1, 65)])
    definitions += "import values.py as values\n"
    for kind in ("wait", "cpu", "array"):
        names = ", ".join([f"{kind}_{number}" for number in range(1, 65)])
        definitions += f"from work.py import {names}\n"
    calls = []
    for index, (kind, count) in enumerate(counts):
        names = [f"{_FUNCTIONS.get(kind, kind)}_{number}" for number in range(1, count + 1)]
        definitions += f"def p{index}(x) = noop | [{', '.join(names)}]\n"
        calls.append(f"p{index}(values.{kind})")
    return definitions, calls


_REFERENCE_VALUES = """\
import numpy

trivial, wait, cpu = 1, 1000, 7
array = numpy.arange(12500000, dtype="float64")
"""


@contextmanager
def surroundings() -> Iterator[None]:
    """Run the server, and tell the branches its port and how long to compute."""
    with server.running() as port:
        os.environ["RACE_PORT"] = str(port)
        os.environ["RACE_STEPS"] = str(calibrate())
        yield


def measure(quick: bool, only: str = "") -> list[dict[str, Any]]:
    """Hold all contests."""
    wanted = [
        (kind, count)
        for kind, counts in COUNTS.items()
        if kind != "array" or others.load("numpy")
        for count in counts
        if only in f"{kind} {count}" and not (quick and count == 64 and kind != "trivial")
    ]
    definitions, calls = _reference_program(wanted)
    if quick:
        calls = []
    found = []
    with (
        surroundings(),
        reference.running(definitions, calls, {"values.py": _REFERENCE_VALUES})
        if calls
        else ExitStack() as remote,
    ):
        for index, (kind, count) in enumerate(wanted):
            progress(f"    {count} branches, {kind}")
            with ExitStack() as closing:
                competitors = taking_part(kind, count, closing, quick)
                if isinstance(remote, reference.Remote):
                    competitors.append(remote.competitor(index))
                contest = hold(f"{kind} {count}", competitors, pace_of(kind, count, quick))
            found.append(contest | {"kind": kind, "count": count})
    return found
