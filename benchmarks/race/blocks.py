"""Blocks of 2 to 64 branches that add, wait, compute or sum an array → what each way to run them costs.

The branches are the same functions for everyone (`work.py`), but for tiny ones: each language writes its own.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from functools import partial
from time import perf_counter
from typing import Any

from benchmarks.children import progress
from benchmarks.race import others, pools, reference, server, work
from benchmarks.race.contest import Competitor, Pace, calling, hold, why

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
# Computing on threads is one after the other for everyone; of the longest contest they are left out.
_ALIKE = ("new ThreadPoolExecutor each time", "asyncio.gather", "joblib, threads", "Dask, threads")
# A quick run holds no longer contests than these.
_QUICK_MOST = {"trivial": 64, "wait": 8, "cpu": 2, "array": 2}
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
    budget = {"wait": 6.0, "cpu": 8.0, "array": 6.0}[kind]
    longest = 2.0 if kind == "array" else 4.0
    rounds = (2 if count > 8 else 3, 25)
    most = 110.0 if (kind, count) == ("cpu", 64) else 40.0
    return Pace(budget=budget, rounds=rounds, longest=longest, hung=30, most=most)


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


def _danac(kind: str, count: int) -> Iterator[pools.Offer]:
    yield DEFAULT, lambda: compiled(program(kind, count))
    workers = f", max_workers={count}" if count > 8 else ""
    policy = f' with (executor="thread", timeout=60{workers})'
    yield ON_THREADS, lambda: compiled(program(kind, count, policy))
    if kind == "wait":
        yield COROUTINES, lambda: compiled(program(kind, count, name="awaiting"))
    elif others.no_processes() is None:
        policy_ = ' with (executor="process")'
        name = "add" if kind == "trivial" else ""
        yield ON_PROCESSES, lambda: compiled(program(kind, count, policy_, name))


def compiled(text: str) -> Callable[[Any], Any]:
    """Return the function `p` of a Dana program."""
    pipeline: Callable[[Any], Any] = danac.run_source(text)["p"]
    return pipeline


def taking_part(
    kind: str, count: int, engines: pools.Engines, closing: ExitStack, quick: bool = False
) -> tuple[list[Competitor], dict[str, str]]:
    """Return all competitors of a contest but the reference interpreter, and why others cannot take part."""
    functions = work.functions(_FUNCTIONS.get(kind, kind), count)
    value = _VALUES[kind]()
    pools.hold_value(value)
    offers = [*pools.on_threads(kind, functions, closing), *_danac(kind, count)]
    # 64 copies of 100 MB that wait to be sent are no way to sum an array.
    if kind != "wait" and not (kind == "array" and count > 8):
        by_processes = list(pools.on_processes(functions, engines))
        if not quick:
            offers += by_processes
        elif kind == "cpu":
            # The limit, without which there is no goal.
            offers += by_processes[:1]
    left_out = {}
    if (kind, count) == ("cpu", 64):
        left_out = dict.fromkeys(_ALIKE, "left out: on threads all take 64 x 50 ms")
    found, impossible = made([offer for offer in offers if offer[0] not in left_out], value)
    left_out |= impossible
    if kind == "trivial":
        # danac measures its branches, and has decided how to run them after a few calls.
        for competitor in found:
            if competitor.name in (DEFAULT, ON_THREADS):
                # Who fails now fails again where it is told.
                with suppress(Exception):
                    competitor.run(200)
    return found, left_out


def made(offers: Iterable[pools.Offer], value: Any) -> tuple[list[Competitor], dict[str, str]]:
    """Return as competitors the ways that can be made, and why the others cannot."""
    found: list[Competitor] = []
    left_out: dict[str, str] = {}
    for name, make in offers:
        try:
            way = make()
        except Exception as error:
            left_out[name] = why(error)
        else:
            found.append(calling(name, partial(way, value)))
    return found, left_out


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


def measure(quick: bool, kinds: Collection[str] = tuple(COUNTS)) -> Iterator[dict[str, Any]]:
    """Hold all contests of these kinds."""
    wanted = [
        (kind, count)
        for kind in kinds
        if kind != "array" or others.load("numpy")
        for count in COUNTS[kind]
        if not quick or count <= _QUICK_MOST[kind]
    ]
    definitions, calls = _reference_program(wanted)
    with ExitStack() as stack:
        stack.enter_context(surroundings())
        engines = pools.Engines(stack)
        remote = None
        if not quick:
            values = {"values.py": _REFERENCE_VALUES}
            remote = stack.enter_context(reference.running(definitions, calls, values))
        for index, (kind, count) in enumerate(wanted):
            progress(f"    {count} branches, {kind}")
            with ExitStack() as closing:
                competitors, left_out = taking_part(kind, count, engines, closing, quick)
                if remote is not None:
                    competitors.append(remote.competitor(index))
                pace = pace_of(kind, count, quick)
                contest = hold(f"{kind} {count}", competitors, pace, left_out)
            yield contest | {"kind": kind, "count": count}
