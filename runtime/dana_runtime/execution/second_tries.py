"""The failed inputs of a stream → those that are to run again, and when.

It waits for nothing: the stream asks what is due whenever it looks at its times.
"""

from __future__ import annotations

from heapq import heappop, heappush
from math import inf
from time import monotonic
from typing import Any

from dana_runtime.execution.settings import Settings
from dana_runtime.faults.retry import Tries


class SecondTries:
    """What it takes to run each input of a stream that is in flight once more."""

    __slots__ = ("_later", "_settings", "_tries", "_values")

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._tries: dict[int, Tries] = {}
        self._values: dict[int, Any] = {}
        # When to run inputs again, the earliest first.
        self._later: list[tuple[float, int]] = []

    def put(self, index: int, value: Any) -> None:
        """Take note of an input that begins."""
        tries = self._tries[index] = Tries(self._settings.retry, self._settings.total_timeout)
        tries.begin(None)
        self._values[index] = value

    def done(self, index: int) -> tuple[int, float]:
        """Forget an input that is over; return how often it was tried, and for how many seconds."""
        tries = self._tries.pop(index)
        del self._values[index]
        now = monotonic()
        return tries.number, now - (now if tries.began is None else tries.began)

    def comes(self, index: int, error: BaseException, elapsed: float, is_running: bool) -> bool:
        """Tell whether an input that has failed, after `elapsed` seconds, runs again, and see to that.

        `is_running` says that it may still be at work.
        """
        tries, now = self._tries[index], monotonic()
        tries.began_at(now - elapsed)
        delay = tries.delay_after(error, now, is_running and not self._settings.idempotent)
        if delay is None:
            return False
        heappush(self._later, (now + delay, index))
        return True

    def next_at(self) -> float:
        """Return when the next input is due."""
        return self._later[0][0] if self._later else inf

    def due(self, now: float) -> tuple[int, Any, float | None] | None:
        """Return an input that is due, with its value and the seconds it has; None if none is."""
        if self.next_at() > now:
            return None
        index = heappop(self._later)[1]
        tries = self._tries[index]
        tries.begin(None)
        return index, self._values[index], tries.limit(self._settings.timeout, now)
