"""What is compared: a block of danac, and how one would run the same branches in Python.

Trivial branches show what a block itself costs. Waiting ones show that branches do wait at the same
time: each asks a server on this machine, over a socket, and gets its answer a moment later.
"""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, TypeAlias

from benchmarks.measure import Side

from dana_runtime import fan_out, policy
from dana_runtime.execution.block import Block
from dana_runtime.execution.settings import Policy

Branch: TypeAlias = Callable[[int], int]
Run: TypeAlias = Callable[[int], list[int]]
# Makes what runs so many branches.
Make: TypeAlias = Callable[[Branch, int], Run]

# Seconds that the server takes for an answer.
ANSWER_SECONDS = 0.002


@dataclass(frozen=True)
class Comparison:
    """One line of the table."""

    group: str
    name: str
    against: str
    branches: int
    waits: bool
    make: Make
    goal: float | None = None

    @property
    def id(self) -> str:
        """The name by which one comparison is run."""
        return f"{self.group}: {self.name}, {self.branches} branches"

    def sides(self) -> tuple[Side, Side]:
        """Return both sides; raises AssertionError if they do not compute the same."""
        branch = asked() if self.waits else trivial
        ours = self.make(branch, self.branches)
        theirs = (_bare_threads if self.waits else _pool)(branch, self.branches)
        assert ours(1) == theirs(1) == [2] * self.branches, self.id
        return Side("run(1)", {"run": ours}), Side("run(1)", {"run": theirs})

    def described(self, first: Side, second: Side) -> dict[str, Any]:
        """Return what the table says besides the figures."""
        return {
            "group": self.group,
            "name": f"{self.branches} branches, {self.name}",
            "against": self.against,
            "goal": self.goal,
            "same_bytecode": False,
        }


def trivial(value: int) -> int:
    return value + 1


def asked() -> Branch:
    """Start a server, and return a branch that asks it."""
    server = socket.create_server(("127.0.0.1", 0))
    address = server.getsockname()

    def answer(connection: socket.socket) -> None:
        with connection:
            number = connection.recv(1)
            threading.Event().wait(ANSWER_SECONDS)
            connection.sendall(bytes([number[0] + 1]))

    def serve() -> None:
        while True:
            connection, _ = server.accept()
            threading.Thread(target=answer, args=(connection,), daemon=True).start()

    threading.Thread(target=serve, daemon=True).start()

    def ask(value: int) -> int:
        with socket.create_connection(address) as connection:
            connection.sendall(bytes([value]))
            return connection.recv(1)[0]

    return ask


def _block(policy: Policy | None) -> Make:
    def make(branch: Branch, count: int) -> Run:
        branches = (branch,) * count
        block = Block("benchmark", "benchmark.dana", *[("branch", 1, 1)] * count)

        def run(value: int) -> list[int]:
            return fan_out(branches, value, block, policy)

        return run

    return make


def _one_kept_thread(branch: Branch, count: int) -> Run:
    """The least that any way costs in which the caller waits for others: one thread, two locks, no errors."""
    results: list[int] = []
    given, done = threading.Lock(), threading.Lock()
    given.acquire()
    done.acquire()
    values: list[int] = []

    def serve() -> None:
        while True:
            given.acquire()
            value = values.pop()
            results[:] = [branch(value) for _ in range(count)]
            done.release()

    threading.Thread(target=serve, daemon=True).start()

    def run(value: int) -> list[int]:
        values.append(value)
        given.release()
        done.acquire(timeout=30)
        return results

    return run


def _pool(branch: Branch, count: int) -> Run:
    branches = (branch,) * count
    pool = ThreadPoolExecutor(8)

    def run(value: int) -> list[int]:
        futures = [pool.submit(function, value) for function in branches]
        return [future.result() for future in futures]

    return run


def _bare_threads(branch: Branch, count: int) -> Run:
    branches = (branch,) * count

    def run(value: int) -> list[int]:
        results: list[Any] = [None] * count

        def call(index: int) -> None:
            results[index] = branches[index](value)

        threads = [threading.Thread(target=call, args=(index,)) for index in range(count)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return results

    return run


_POOL = "a kept ThreadPoolExecutor"
_THREADS = "a thread for each branch"
_DEFAULT = _block(None)
_ON_THREADS = _block(policy(executor="thread", timeout=30))
_FLOOR = "one kept thread and two locks, by hand"

COMPARISONS = [
    *[
        Comparison("trivial branches", "default settings", _POOL, count, False, _DEFAULT, 0.1)
        for count in (2, 3, 4, 8)
    ],
    *[
        Comparison("trivial branches", "thread, timeout=30", _POOL, count, False, _ON_THREADS, goal)
        for count, goal in ((2, 0.8), (3, 0.8), (4, 0.7), (8, 0.7))
    ],
    *[
        Comparison("trivial branches", _FLOOR, _POOL, count, False, _one_kept_thread)
        for count in (2, 3, 4, 8)
    ],
    *[
        Comparison("waiting branches", "default settings", _THREADS, count, True, _DEFAULT)
        for count in (2, 3, 8)
    ],
]
