"""2, 4 and 8 functions on small, medium and large data → their speed-up over one after the other.

Waiting functions ask a server for 1 kB, 100 kB and 1 MB, wait 10 ms for it, and make a checksum of it.
Computing ones are handed the data, and compute for 50 ms with its checksum; no more of them can run at
once than there are cores, so what is asked of them is the same share of min(functions, cores) that is
asked of the others of the number of functions.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

from benchmarks.children import progress
from benchmarks.race import others, pools, work
from benchmarks.race.blocks import DEFAULT, ON_PROCESSES, compiled, made, program, surroundings
from benchmarks.race.contest import Pace, hold

# data, functions, bytes, speed-up
TARGETS = [("small", 2, 1_000, 1.5), ("medium", 4, 100_000, 3.0), ("large", 8, 1_000_000, 6.0)]


def name_of(data: str, count: int, kind: str) -> str:
    """Return the name of a target's contest; `kind` is that of the functions, `wait` or `data`."""
    return f"{count} functions, {data} data, {'waiting' if kind == 'wait' else 'computing'}"


def measure(quick: bool) -> Iterator[dict[str, Any]]:
    """Hold one contest a target and kind of work."""
    with ExitStack() as stack:
        stack.enter_context(surroundings())
        engines = pools.Engines(stack)
        for kind in ("wait", "data"):
            for data, count, size, goal in TARGETS[:1] if quick and kind == "data" else TARGETS:
                name = name_of(data, count, kind)
                progress(f"    {name}")
                value: Any = size if kind == "wait" else bytes(range(200)) * (size // 200)
                with ExitStack() as closing:
                    offers = list(_offers(kind, count, engines, closing))
                    competitors, left_out = made(offers, value)
                    budget = 0.8 if quick else 6 if kind == "wait" else 9
                    pace = Pace(budget=budget, rounds=(2 if quick else 4, 41))
                    contest = hold(name, competitors, pace, left_out)
                described = {"kind": kind, "count": count, "bytes": size, "goal": goal}
                yield contest | described


def _offers(
    kind: str, count: int, engines: pools.Engines, closing: ExitStack
) -> Iterator[pools.Offer]:
    functions = work.functions(kind, count)
    yield from list(pools.on_threads(kind, functions, closing))[:3]
    yield DEFAULT, lambda: compiled(program(kind, count))
    if kind == "data":
        yield pools.PROCESSES, lambda: pools.bare_processes(functions, engines)
        if others.no_processes() is None:
            policy = ' with (executor="process")'
            yield ON_PROCESSES, lambda: compiled(program(kind, count, policy))
