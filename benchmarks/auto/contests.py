"""Blocks of one kind of branches, and of all kinds → the same block under `auto` and each fixed executor.

The programs are Dana, so that the compiler can prove of their branches what it can prove of any program's.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Any

from benchmarks.auto.table import AUTO, FIXED, POOL
from benchmarks.race import server
from benchmarks.race.contest import Competitor, Pace, calling, hold

import danac

# Runs before anything is timed: `auto` has seen enough by then, and processes have started.
WARM = 100

CPU_SECONDS = 0.1

_BRANCHES = """\
from socket import create_connection
def fetch(size):
    with create_connection(("127.0.0.1", {port})) as connection:
        connection.sendall(str(size).encode() + chr(10).encode())
        total = 0
        part = connection.recv(65536)
        while part:
            total = total + len(part)
            part = connection.recv(65536)
    return total
def spin(seed):
    for _ in range({steps}):
        seed = (seed * 1103515245 + 12345) % 2147483648
    return seed
def add_1(x): x + 1
def add_2(x): x + 2
def add_3(x): x + 3
def fetch_1(x): fetch(x + 1)
def fetch_2(x): fetch(x + 2)
def fetch_3(x): fetch(x + 3)
def spin_1(x): spin(x + 1)
def spin_2(x): spin(x + 2)
seen = {{}}
def note_1(x): seen.get(x, x) + 1
def note_2(x): seen.get(x, x) + 2
def note_3(x): seen.get(x, x) + 3
"""


@dataclass(frozen=True)
class Contest:
    """One block: its name, the texts of its branches, and the goals for `auto`."""

    name: str
    branches: str
    warm: int
    pace: Pace
    # At least so many times the speed of the best fixed choice; at most so much of a kept pool's time.
    of_best: float | None = 0.9
    of_pool: float | None = None


_TRIVIAL = Pace(budget=4, sample=0.003, rounds=(5, 41))
_LONG = Pace(budget=16, rounds=(5, 25))

CONTESTS = [
    *[
        Contest(
            f"{count} tiny branches, proved pure",
            ", ".join([f"add_{1 + number % 3}" for number in range(count)]),
            WARM,
            _TRIVIAL,
            of_pool=0.1,
        )
        for count in (2, 3, 4, 8)
    ],
    *[
        Contest(
            f"{count} tiny branches, not proved",
            ", ".join([f"note_{1 + number % 3}" for number in range(count)]),
            WARM,
            _TRIVIAL,
            of_best=None,
            of_pool=0.1,
        )
        for count in (2, 3, 4, 8)
    ],
    Contest("3 branches that wait 10 ms", "fetch_1, fetch_2, fetch_3", 20, _LONG),
    Contest("2 branches that compute 100 ms", "spin_1, spin_2", 12, _LONG),
    Contest("a mix of all", "add_1, fetch_1, spin_1, add_2, fetch_2, spin_2", 12, _LONG),
]


def measure(only: str = "", quick: bool = False) -> Iterator[tuple[Contest, dict[str, Any]]]:
    """Hold the contests, and yield each with its samples."""
    with ExitStack() as closing:
        port = closing.enter_context(server.running())
        folder = closing.enter_context(TemporaryDirectory())
        # A module, as programs are: its functions go to processes by name.
        text = _BRANCHES.format(port=port, steps=_steps())
        (Path(folder) / "branches_of_auto.dana").write_text(text, encoding="utf-8")
        sys.path.insert(0, folder)
        danac.install()
        for contest in CONTESTS:
            if only in contest.name:
                pace = Pace(contest.pace.budget / 5, contest.pace.sample) if quick else contest.pace
                yield contest, hold(contest.name, _competitors(contest, closing), pace)
        sys.path.remove(folder)


def _steps() -> int:
    """Return how many steps of `spin` take CPU_SECONDS."""

    def spin(steps: int) -> float:
        seed, begun = 1, perf_counter()
        for _ in range(steps):
            seed = (seed * 1103515245 + 12345) % 2147483648
        return perf_counter() - begun

    return int(200_000 * CPU_SECONDS / min(spin(200_000) for _ in range(5)))


def _competitors(contest: Contest, closing: ExitStack) -> list[Competitor]:
    ways = {AUTO: _program(contest.branches, "")}
    for executor in FIXED:
        ways[executor] = _program(contest.branches, f' with (executor="{executor}")')
    for run in ways.values():
        for _ in range(contest.warm):
            run(1)
    if contest.of_pool is not None:
        ways[POOL] = _pool(contest.branches, closing)
    return [calling(name, lambda run=run: run(1)) for name, run in ways.items()]  # type: ignore[misc]


def _program(branches: str, policy: str) -> Callable[[int], Any]:
    text = f"from branches_of_auto import *\ndef run(x) = noop | {{ {branches} }}{policy}\n"
    # Imported by name, so that the compiler would know nothing of them: so they stand in the same text.
    source = (Path(sys.path[0]) / "branches_of_auto.dana").read_text(encoding="utf-8")
    text = source + text.partition("\n")[2]
    run: Callable[[int], Any] = danac.run_source(text, "auto.dana")["run"]
    return run


def _pool(branches: str, closing: ExitStack) -> Callable[[int], Any]:
    module = danac.run_source(
        (Path(sys.path[0]) / "branches_of_auto.dana").read_text(encoding="utf-8")
    )
    functions = [module[name] for name in branches.split(", ")]
    pool = closing.enter_context(ThreadPoolExecutor(8))

    def run(value: int) -> list[Any]:
        futures = [pool.submit(function, value) for function in functions]
        return [future.result() for future in futures]

    return run
