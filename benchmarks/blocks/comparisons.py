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
from typing import Any

from benchmarks.measure import Side

from dana_runtime import fan_out, policy
from dana_runtime.execution.block import Block
from dana_runtime.execution.settings import Policy

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
    policy: Policy | None
    goal: float | None = None

    @property
    def id(self) -> str:
        """The name by which one comparison is run."""
        return f"{self.group}: {self.name}, {self.branches} branches"

    def sides(self) -> tuple[Side, Side]:
        """Return both sides; raises AssertionError if they do not compute the same."""
        branch = asked() if self.waits else trivial
        ours = _block(branch, self.branches, self.policy)
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


def asked() -> Callable[[int], int]:
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


def _block(
    branch: Callable[[int], int], count: int, policy: Policy | None
) -> Callable[[int], list[int]]:
    branches = (branch,) * count
    block = Block("benchmark", "benchmark.dana", *[("branch", 1, 1)] * count)

    def run(value: int) -> list[int]:
        return fan_out(branches, value, block, policy)

    return run


def _pool(branch: Callable[[int], int], count: int) -> Callable[[int], list[int]]:
    branches = (branch,) * count
    pool = ThreadPoolExecutor(8)

    def run(value: int) -> list[int]:
        futures = [pool.submit(function, value) for function in branches]
        return [future.result() for future in futures]

    return run


def _bare_threads(branch: Callable[[int], int], count: int) -> Callable[[int], list[int]]:
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
_ON_THREADS = policy(executor="thread", timeout=30)

COMPARISONS = [
    *[
        Comparison("trivial branches", "default settings", _POOL, count, False, None, 0.1)
        for count in (2, 3, 4, 8)
    ],
    *[
        Comparison("trivial branches", "thread, timeout=30", _POOL, count, False, _ON_THREADS, goal)
        for count, goal in ((2, 0.8), (3, 0.8), (4, 0.7), (8, 0.7))
    ],
    *[
        Comparison("waiting branches", "default settings", _THREADS, count, True, None)
        for count in (2, 3, 8)
    ],
]
