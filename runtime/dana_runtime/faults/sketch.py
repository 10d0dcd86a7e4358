"""A stream of durations → their count and quantiles, in bounded memory.

Durations are counted in buckets whose bounds grow by the factor GAMMA = 1.1, as in a logarithmic
histogram: bucket i holds what lies in (SHORTEST * GAMMA ** (i - 1), SHORTEST * GAMMA ** i]. A quantile
is given as the point of its bucket with the same relative distance to both bounds, so it is wrong by
at most (GAMMA - 1) / (GAMMA + 1), which is 4.8 %, between a tenth of a microsecond and 30 hours.
What is shorter or longer than that counts as that. The buckets are at most 291 numbers. Two sketches
are added by adding their buckets.
"""

from __future__ import annotations

import math

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

GAMMA = 1.1
SHORTEST = 1e-7
_PER_LOG = 1 / math.log(GAMMA)
_OFFSET = -math.log(SHORTEST) * _PER_LOG
BUCKETS = 291
RELATIVE_ERROR = (GAMMA - 1) / (GAMMA + 1)


class Sketch:
    """The durations seen so far, in seconds. Not for several threads at once: its owner has a lock."""

    __slots__ = ("buckets", "count")

    def __init__(self) -> None:
        self.count = 0
        self.buckets: dict[int, int] = {}

    def add(self, seconds: float) -> None:
        """Count one duration."""
        index = 0
        if seconds > SHORTEST:
            index = min(int(math.log(seconds) * _PER_LOG + _OFFSET) + 1, BUCKETS - 1)
        buckets = self.buckets
        buckets[index] = buckets.get(index, 0) + 1
        self.count += 1

    def merge(self, buckets: Mapping[int, int] | Iterable[tuple[int, int]]) -> None:
        """Add the numbers of another sketch's buckets; numbers that none can have are left out."""
        for index, count in dict(buckets).items():
            if 0 <= index < BUCKETS and count > 0:
                self.buckets[index] = self.buckets.get(index, 0) + count
                self.count += count

    def quantile(self, share: float) -> float | None:
        """Return the duration below which the given share (0 to 1) of them lies; None without any."""
        if not self.count:
            return None
        rank = share * (self.count - 1)
        seen = 0
        index = 0
        for index in sorted(self.buckets):
            seen += self.buckets[index]
            if seen > rank:
                break
        return value_of(index)


def value_of(index: int) -> float:
    """Return the duration that stands for all in a bucket."""
    upper: float = SHORTEST * GAMMA**index
    return 2 * upper / (GAMMA + 1) if index else SHORTEST
