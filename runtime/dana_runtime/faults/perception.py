"""The calls of a function → how many there were, how many failed, and how long they took."""

from __future__ import annotations

import os
from threading import RLock

from dana_runtime.execution.plain import Shapes
from dana_runtime.faults.sketch import Sketch

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from dana_runtime.faults.breaker import Breaker

QUANTILES = {"p50": 0.5, "p90": 0.9, "p99": 0.99}


class Perceived:
    """What has been seen of the calls of one function in this process; threads may add at the same time."""

    __slots__ = (
        "attempts",
        "breaker",
        "calls",
        "failures",
        "lock",
        "name",
        "saved",
        "shapes",
        "sketch",
    )

    def __init__(self, name: str) -> None:
        self.name = name
        # A finalizer may call the function in a thread that holds it.
        self.lock = RLock()
        self.calls = 0
        self.failures = 0
        self.attempts = 0
        self.sketch = Sketch()
        self.shapes = Shapes()
        self.breaker: Breaker | None = None
        # What of it stands in a profile already: calls, failures, attempts, buckets.
        self.saved: tuple[int, int, int, dict[int, int]] = (0, 0, 0, {})

    def add(self, seconds: float, has_failed: bool, attempts: int = 1) -> int:
        """Count one call, with all its attempts; return how many calls there are by now."""
        with self.lock:
            self.sketch.add(seconds)
            self.attempts += attempts
            if has_failed:
                self.failures += 1
            self.calls += 1
            return self.calls

    def figures(self) -> dict[str, Any]:
        """Return what has been seen, by name.

        `calls`, `failures` among them and their share, the `failure_rate` (0 to 1); `attempts` of all
        calls; `p50`, `p90` and `p99`, the seconds that so many percent of the calls took at most,
        right to 5 %; `shapes`, how often which shapes of arguments were seen, of one call in 64; `breaker`,
        the state of its circuit breaker, None without one.
        """
        with self.lock:
            calls, failures, attempts = self.calls, self.failures, self.attempts
            quantiles = {name: self.sketch.quantile(share) for name, share in QUANTILES.items()}
        return {
            "calls": calls,
            "failures": failures,
            "failure_rate": failures / calls if calls else 0.0,
            "attempts": attempts,
            **quantiles,
            "shapes": dict(self.shapes.counts),
            "breaker": None if self.breaker is None else self.breaker.state,
        }

    def take_unsaved(self) -> tuple[int, int, int, dict[int, int]]:
        """Return what has been seen since the last call of this."""
        with self.lock:
            calls, failures, attempts, buckets = self.saved
            now = dict(self.sketch.buckets)
            self.saved = (self.calls, self.failures, self.attempts, now)
            return (
                self.calls - calls,
                self.failures - failures,
                self.attempts - attempts,
                {i: n - buckets.get(i, 0) for i, n in now.items() if n > buckets.get(i, 0)},
            )


_known: dict[str, Perceived] = {}


def perceived(name: str) -> Perceived:
    """Return what has been seen of the function of that name; the same object each time."""
    return _known.setdefault(name, Perceived(name))


def figures() -> dict[str, dict[str, Any]]:
    """Return the figures of all functions that have been called, by name."""
    return {name: seen.figures() for name, seen in sorted(_known.copy().items()) if seen.calls}


def forget() -> None:
    """Begin anew: functions that are decorated already go on as if for the first time."""
    for seen in _known.copy().values():
        with seen.lock:
            seen.calls = seen.failures = seen.attempts = 0
            seen.sketch = Sketch()
            seen.shapes = Shapes()
            seen.saved = (0, 0, 0, {})


def _after_fork() -> None:
    for seen in _known.values():
        # Another thread may have held it. And what was seen before belongs to the other process.
        seen.lock = RLock()
        seen.take_unsaved()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
