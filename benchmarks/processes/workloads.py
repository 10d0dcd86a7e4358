"""What is measured: branches in processes, and the same work done in another way.

Each function sets up its work and returns two callables that do it and return the same value.
"""

from __future__ import annotations

import hashlib
import multiprocessing
import threading
from collections.abc import Callable
from contextvars import copy_context
from typing import Any

from dana_runtime.execution import processes
from dana_runtime.execution.attempt import Attempt
from dana_runtime.execution.cancellation import Group, current_group

Work = Callable[[], Any]


def block(branches: list[Callable[[Any], Any]], value: Any) -> list[Any]:
    """Run branches in processes as a parallel block does; return their results in order."""
    context = copy_context()
    context.run(current_group.set, Group(None))
    over = threading.Semaphore(0)
    attempts = [
        Attempt(branch, value, context=context.copy(), on_end=lambda attempt: over.release())
        for branch in branches
    ]
    for attempt in attempts:
        processes.start(attempt)
    for _ in attempts:
        over.acquire()
    for attempt in attempts:
        if attempt.error is not None:
            raise attempt.error
    return [attempt.result for attempt in attempts]


def hashed(rounds: int) -> str:
    """Keep one core busy, for some 0.2 µs a round."""
    digest = b""
    for _ in range(rounds):
        digest = hashlib.sha256(digest).digest()
    return digest.hex()


def _serve(connection: Any) -> None:
    while (rounds := connection.recv()) is not None:
        connection.send(hashed(rounds))


def busy(rounds: int) -> tuple[Work, Work, Callable[[], None]]:
    """Two branches that compute, and two processes that wait at pipes for the same work."""
    context = multiprocessing.get_context("spawn")
    ends, workers = [], []
    for _ in range(2):
        ours, theirs = context.Pipe()
        worker = context.Process(target=_serve, args=(theirs,), daemon=True)
        worker.start()
        ends.append(ours)
        workers.append(worker)

    def by_hand() -> list[str]:
        for end in ends:
            end.send(rounds)
        return [end.recv() for end in ends]

    def close() -> None:
        for end in ends:
            end.send(None)
        for worker in workers:
            worker.join()

    return lambda: block([hashed, hashed], rounds), by_hand, close


def _total(array: Any) -> float:
    return float(array.sum())


def _largest(array: Any) -> float:
    return float(array.max())


def array_in_blocks(megabytes: int) -> Work:
    """Two branches that read one array."""
    array = _array(megabytes)
    return lambda: block([_total, _largest], array)


def array_in_joblib(megabytes: int) -> Work:
    """The same with joblib, which maps arrays into its workers, too."""
    from joblib import Parallel, delayed

    array = _array(megabytes)
    return lambda: Parallel(n_jobs=2)(delayed(work)(array) for work in (_total, _largest))


def _array(megabytes: int) -> Any:
    import numpy

    return numpy.arange(megabytes * (1 << 20) // 8, dtype=float)
