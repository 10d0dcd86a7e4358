"""Competitors that compute the same → the seconds that each of them took, round by round.

    equal values? · warm up · A B C D  D C B A  B C D A  A D C B  …     until the time is used up
                              └ round ┘

Every round holds one sample of each competitor, so whatever else the machine does in that second meets
all of them; who comes first changes from round to round. A ratio is that of two samples of one round,
a figure is the median of the ratios of all rounds. The samples themselves are kept in the results.
"""

from __future__ import annotations

import gc
import math
import statistics
import sys
from collections.abc import Callable
from dataclasses import dataclass
from time import perf_counter
from typing import Any

from benchmarks.measure import Timed

# A call of so many seconds is a sample by itself.
_LONG = 0.5


@dataclass(frozen=True)
class Competitor:
    """Who takes part: `run(count)` computes so many times and returns the seconds, `value()` computes once."""

    name: str
    run: Timed
    value: Callable[[], Any]


@dataclass(frozen=True)
class Pace:
    """How long a contest may take, all in seconds: as a whole, one sample, and one single call."""

    budget: float
    sample: float = 0.002
    longest: float = 8.0
    rounds: tuple[int, int] = (3, 60)
    shortest_of: int = 1


class DifferentValuesError(AssertionError):
    """Competitors that should compute the same do not: nothing they could be timed for."""


def calling(name: str, function: Callable[[], Any]) -> Competitor:
    """Return a competitor whose calls take so long that a loop around them is not noticed."""

    def run(count: int) -> float:
        start = perf_counter()
        for _ in range(count):
            function()
        return perf_counter() - start

    return Competitor(name, run, function)


def hold(name: str, competitors: list[Competitor], pace: Pace) -> dict[str, Any]:
    """Let the competitors run against each other and return the contest as it goes into the results.

    Raises DifferentValuesError if one of them computes something else than the first one does.
    """
    left_out: dict[str, str] = {}
    found = _admitted(name, competitors, pace, left_out)
    admitted = [competitor for competitor, _ in found]
    counts = [count or _count(competitor, pace.sample) for competitor, count in found]
    samples: list[list[float]] = [[] for _ in admitted]
    least, most = pace.rounds
    gc.collect()
    gc.freeze()
    start = perf_counter()
    for number in range(most):
        one = (perf_counter() - start) / max(number, 1)
        if number >= least and perf_counter() - start + one > pace.budget:
            break
        for index, seconds in _round(admitted, counts, number, pace).items():
            samples[index].append(seconds)
    gc.unfreeze()
    return {
        "name": name,
        "samples": {
            competitor.name: [_rounded(seconds) for seconds in taken]
            for competitor, taken in zip(admitted, samples, strict=True)
        },
        "left_out": left_out,
    }


def _admitted(
    name: str, competitors: list[Competitor], pace: Pace, left_out: dict[str, str]
) -> list[tuple[Competitor, int]]:
    """Return those that are fast enough, with the number of calls a sample, 0 where it is not known yet.

    The value of the first call of each is compared with the others', and its time does not count.
    """
    admitted: list[tuple[Competitor, int]] = []
    expected = None
    for competitor in competitors:
        start = perf_counter()
        value = _comparable(competitor.value())
        seconds = perf_counter() - start
        if expected is None:
            expected = value
        elif value != expected:
            raise DifferentValuesError(f"{name}: {competitor.name} gives {value}, not {expected}")
        # The first call may have started things that stay: the second one counts, unless that makes no odds.
        if seconds < _LONG or pace.longest < seconds <= 2 * pace.longest:
            start = perf_counter()
            competitor.value()
            seconds = perf_counter() - start
        if seconds > pace.longest:
            left_out[competitor.name] = f"one call takes {seconds:.1f} s"
        else:
            admitted.append((competitor, 1 if seconds >= _LONG else 0))
    return admitted


def _comparable(value: Any) -> str:
    # Some give a block's results as a list, some as a tuple or a dict; `True` must not pass for 1.
    if isinstance(value, dict):
        value = list(value.values())
    return repr(list(value) if isinstance(value, tuple) else value)


def _count(competitor: Competitor, seconds: float) -> int:
    count = 1
    while True:
        taken = competitor.run(count)
        if taken >= seconds / 3:
            return max(1, round(count * seconds / taken))
        count *= 2


def _round(
    competitors: list[Competitor], counts: list[int], number: int, pace: Pace
) -> dict[int, float]:
    """Return the seconds of one call of each, by the competitor's index."""
    order = list(range(len(competitors)))
    shift = number // 2 % len(order)
    order = order[shift:] + order[:shift]
    found: dict[int, float] = {}
    for turn in range(pace.shortest_of):
        for index in order if (number + turn) % 2 == 0 else reversed(order):
            # What takes long anyway is hardly disturbed by a moment of other work.
            if found.get(index, 0.0) * counts[index] > 5 * pace.sample:
                continue
            seconds = competitors[index].run(counts[index]) / counts[index]
            found[index] = min(seconds, found.get(index, math.inf))
    return found


def _rounded(seconds: float) -> float:
    return float(f"{seconds:.4g}")


def merged(contests: list[dict[str, Any]]) -> dict[str, Any]:
    """Return one contest from the same contest in several processes."""
    names = list(dict.fromkeys(name for contest in contests for name in contest["samples"]))
    # A ratio takes two samples of one round: where one process lacks a competitor, a gap keeps them in step.
    gap = [[None] * max(map(len, contest["samples"].values())) for contest in contests]
    samples = {
        name: [
            seconds
            for contest, empty in zip(contests, gap, strict=True)
            for seconds in contest["samples"].get(name, empty)
        ]
        for name in names
    }
    left_out = {name: why for contest in contests for name, why in contest["left_out"].items()}
    return contests[0] | {"samples": samples, "left_out": left_out}


@dataclass(frozen=True)
class Compared:
    """One competitor's time divided by another's: the median of all rounds, and the quartiles."""

    ratio: float
    low: float
    high: float

    def inverse(self) -> Compared:
        """Return the speed-up that belongs to the ratio."""
        return Compared(1 / self.ratio, 1 / self.high, 1 / self.low)

    def over(self, number: float) -> Compared:
        """Return all three divided by a number."""
        return Compared(self.ratio / number, self.low / number, self.high / number)


def compared(contest: dict[str, Any], first: str, second: str) -> Compared | None:
    """Return how many times as long `first` takes as `second`; None if one of them took no part."""
    samples = contest["samples"]
    if first not in samples or second not in samples:
        return None
    pairs = zip(samples[first], samples[second], strict=True)
    ratios = [a / b for a, b in pairs if a is not None and b is not None]
    if not ratios:
        return None
    if len(ratios) == 1:
        return Compared(ratios[0], ratios[0], ratios[0])
    low, _, high = statistics.quantiles(ratios, n=4, method="inclusive")
    return Compared(statistics.median(ratios), low, high)


def median_seconds(contest: dict[str, Any], name: str) -> float:
    """Return the median of what one call took."""
    return statistics.median(seconds for seconds in contest["samples"][name] if seconds is not None)


def progress(text: str) -> None:
    """Tell the one who waits what is being measured."""
    print(text, file=sys.stderr, flush=True)
