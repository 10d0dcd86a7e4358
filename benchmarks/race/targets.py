"""2, 4 and 8 functions on small, medium and large data → their speed-up over one after the other.

The functions ask a server for 1 kB, 100 kB and 1 MB, wait 10 ms for it, and make a checksum of it. How much
computing gains is told by the blocks of 50 ms of computing, as the share of what the cores could give.
"""

from __future__ import annotations

from contextlib import ExitStack
from typing import Any

from benchmarks.race import pools, work
from benchmarks.race.blocks import DEFAULT, program, surroundings
from benchmarks.race.contest import Pace, calling, hold

import danac

# data, functions, bytes, speed-up
TARGETS = [("small", 2, 1_000, 1.5), ("medium", 4, 100_000, 3.0), ("large", 8, 1_000_000, 6.0)]


def measure(quick: bool) -> list[dict[str, Any]]:
    """Hold one contest a target."""
    found = []
    pace = Pace(budget=1 if quick else 8, rounds=(3, 41))
    with surroundings():
        for data, count, size, goal in TARGETS:
            functions = work.functions("wait", count)
            block = danac.run_source(program("wait", count))["p"]
            with ExitStack() as closing:
                hands = list(pools.on_threads("wait", functions, closing))[:3]
                competitors = [
                    calling(name, lambda way=way, size=size: way(size))  # type: ignore[misc]
                    for name, way in [*hands, (DEFAULT, block)]
                ]
                name = f"{count} functions, {data} data"
                described = {"count": count, "bytes": size, "goal": goal}
                found.append(hold(name, competitors, pace) | described)
    return found
