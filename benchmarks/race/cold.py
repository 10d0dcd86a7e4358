"""The first block of a program: two branches that read one array of 100 MB, in processes that are yet to start.

    python -m benchmarks.race.cold NAME      tells the seconds of one of the ways, and what it computed

Each sample comes from a new Python. Its libraries are imported before the clock starts, so that what is
timed is the start of the processes, the way of the array into them, and of the results back.
"""

from __future__ import annotations

import multiprocessing
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from time import perf_counter
from typing import Any

from benchmarks.children import CHECKOUT
from benchmarks.race import others
from benchmarks.race.contest import Competitor, Pace, hold

Work = Callable[[Any], list[float]]

MEGABYTES = 100
NAME = f"two branches on one array of {MEGABYTES} MB"
DANAC = "danac, processes"
JOBLIB = "joblib, loky"
_POOL = "new ProcessPoolExecutor"

_PROGRAM = """\
from benchmarks.race.cold import total, largest
def p(x) = { total, largest } with (executor="process")
"""


def total(array: Any) -> float:
    return float(array.sum())


def largest(array: Any) -> float:
    return float(array.max())


BRANCHES = (total, largest)


def _danac() -> Work:
    import cloudpickle  # noqa: F401
    import loky  # noqa: F401

    import danac

    pipeline: Work = danac.run_source(_PROGRAM)["p"]
    return pipeline


def _joblib() -> Work:
    from joblib import Parallel, delayed

    return lambda array: list(Parallel(n_jobs=2)([delayed(work)(array) for work in BRANCHES]))


def _pool() -> Work:
    context = multiprocessing.get_context("spawn")

    def run(array: Any) -> list[float]:
        with ProcessPoolExecutor(2, mp_context=context) as pool:
            return [future.result() for future in [pool.submit(w, array) for w in BRANCHES]]

    return run


WAYS: dict[str, Callable[[], Work]] = {JOBLIB: _joblib, DANAC: _danac, _POOL: _pool}


def _competitor(name: str) -> Competitor:
    def once() -> tuple[float, str]:
        done = subprocess.run(
            [sys.executable, "-m", "benchmarks.race.cold", name],
            cwd=CHECKOUT,
            stdout=subprocess.PIPE,
            check=True,
            encoding="utf-8",
        )
        seconds, _, value = done.stdout.partition(" ")
        return float(seconds), value

    return Competitor(name, lambda count: sum(once()[0] for _ in range(count)), lambda: once()[1])


def measure(quick: bool) -> Iterator[dict[str, Any]]:
    """Hold the one contest."""
    there = [
        name
        for name in WAYS
        if (name != JOBLIB or others.load("joblib"))
        and (name != DANAC or others.no_processes() is None)
    ]
    if others.load("numpy"):
        pace = Pace(budget=5 if quick else 45, rounds=(2, 15), longest=20)
        yield hold(NAME, [_competitor(name) for name in there], pace)


def _main(name: str) -> None:
    import numpy

    work = WAYS[name]()
    array = numpy.arange(MEGABYTES * 1_000_000 // 8, dtype=float)
    start = perf_counter()
    result = work(array)
    print(perf_counter() - start, result)


if __name__ == "__main__":
    _main(sys.argv[1])
