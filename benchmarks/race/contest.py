"""Competitors that compute the same → the seconds that each of them took, round by round.

    equal values? · warm up · A B C D  D C B A  B C D A  A D C B  …     until the time is used up
                              └ round ┘

Every round holds one sample of each competitor, so whatever else the machine does in that second meets
all of them; who comes first changes from round to round. A ratio is that of two samples of one round,
a figure is the median of the ratios of all rounds. The samples themselves are kept in the results.

Who fails, hangs or is too slow is left out, with the reason, and the others go on. Only values that
differ end a contest: then there is nothing to compare.
"""

from __future__ import annotations

import gc
import math
import signal
import statistics
from collections.abc import Callable, Iterator
from contextlib import contextmanager
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
    # What is not done by then never will be.
    hung: float = 60.0
    # However few rounds there have been, no other one begins after that, and nobody is admitted after half of it.
    most: float = 45.0


class DifferentValuesError(AssertionError):
    """Competitors that should compute the same do not: nothing they could be timed for."""


class HungError(Exception):
    """A competitor has not come to an end."""


@contextmanager
def limited(seconds: float) -> Iterator[None]:
    """Raise HungError in the main thread if what is inside takes longer."""

    def stop(number: int, frame: object) -> None:
        raise HungError(f"not done after {seconds:.0f} s")

    before = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def why(error: BaseException) -> str:
    """Return the line that the results show for an error."""
    return f"fails: {type(error).__name__}: {' '.join(str(error).split())}"[:160]


def calling(name: str, function: Callable[[], Any]) -> Competitor:
    """Return a competitor whose calls take so long that a loop around them is not noticed."""

    def run(count: int) -> float:
        start = perf_counter()
        for _ in range(count):
            function()
        return perf_counter() - start

    return Competitor(name, run, function)


def hold(
    name: str,
    competitors: list[Competitor],
    pace: Pace,
    left_out: dict[str, str] | None = None,
) -> dict[str, Any]:
    """Let the competitors run against each other and return the contest as it goes into the results.

    `left_out` says why who could not even be made takes no part. Raises DifferentValuesError if one
    of them computes something else than the first one does.
    """
    left_out = dict(left_out or {})
    start = perf_counter()
    counts = _admitted(name, competitors, pace, left_out)
    admitted = [competitor for competitor in competitors if competitor.name in counts]
    samples: dict[str, list[float]] = {competitor.name: [] for competitor in admitted}
    least, most = pace.rounds
    gc.collect()
    gc.freeze()
    begun = perf_counter()
    for number in range(most):
        taken = perf_counter() - begun
        if number >= least and taken + taken / max(number, 1) > pace.budget:
            break
        if number and perf_counter() - start > pace.most:
            break
        found = _round(admitted, counts, number, pace, left_out)
        admitted = [competitor for competitor in admitted if competitor.name in found]
        for who, seconds in found.items():
            samples[who].append(_rounded(seconds))
    gc.unfreeze()
    return {
        "name": name,
        "samples": {who: taken for who, taken in samples.items() if who not in left_out},
        "left_out": left_out,
    }


def _admitted(
    name: str, competitors: list[Competitor], pace: Pace, left_out: dict[str, str]
) -> dict[str, int]:
    """Return the number of calls a sample, by name, for those that work and are fast enough.

    The value of the first call of each is compared with the others', and its time does not count.
    """
    counts: dict[str, int] = {}
    expected = None
    begun = perf_counter()
    for competitor in competitors:
        if perf_counter() - begun > pace.most / 2:
            left_out[competitor.name] = "left out: the others have taken the time"
            continue
        try:
            with limited(pace.hung):
                value, seconds = _first_calls(competitor, pace)
                if seconds <= pace.longest:
                    count = 1 if seconds >= _LONG else _count(competitor, pace.sample)
        except Exception as error:
            left_out[competitor.name] = why(error)
            continue
        if expected is None:
            expected = value
        elif value != expected:
            raise DifferentValuesError(f"{name}: {competitor.name} gives {value}, not {expected}")
        if seconds > pace.longest:
            left_out[competitor.name] = f"one call takes {seconds:.1f} s"
        else:
            counts[competitor.name] = count
    return counts


def _first_calls(competitor: Competitor, pace: Pace) -> tuple[str, float]:
    """Return the value that a competitor computes, and how long it takes."""
    start = perf_counter()
    value = _comparable(competitor.value())
    seconds = perf_counter() - start
    # The first call may have started things that stay: the second one counts, unless that makes no odds.
    if seconds < _LONG or pace.longest < seconds <= 2 * pace.longest:
        start = perf_counter()
        competitor.value()
        seconds = perf_counter() - start
    return value, seconds


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
    competitors: list[Competitor],
    counts: dict[str, int],
    number: int,
    pace: Pace,
    left_out: dict[str, str],
) -> dict[str, float]:
    """Return the seconds of one call of each, by name; who fails is left out."""
    shift = number // 2 % max(len(competitors), 1)
    order = competitors[shift:] + competitors[:shift]
    found: dict[str, float] = {}
    for turn in range(pace.shortest_of):
        for competitor in order if (number + turn) % 2 == 0 else reversed(order):
            name, count = competitor.name, counts[competitor.name]
            # What takes long anyway is hardly disturbed by a moment of other work.
            if name in left_out or found.get(name, 0.0) * count > 5 * pace.sample:
                continue
            try:
                with limited(pace.hung):
                    seconds = competitor.run(count) / count
            except Exception as error:
                left_out[name] = why(error)
                found.pop(name, None)
                continue
            found[name] = min(seconds, found.get(name, math.inf))
    return found


def _rounded(seconds: float) -> float:
    return float(f"{seconds:.4g}")


def merged(contests: list[dict[str, Any]]) -> dict[str, Any]:
    """Return one contest from the same contest in several processes."""
    names = list(dict.fromkeys(name for contest in contests for name in contest["samples"]))
    # A ratio takes two samples of one round: where one process lacks a competitor, a gap keeps them in step.
    gap = [[None] * max(map(len, contest["samples"].values()), default=0) for contest in contests]
    samples = {
        name: [
            seconds
            for contest, empty in zip(contests, gap, strict=True)
            for seconds in contest["samples"].get(name, empty)
        ]
        for name in names
    }
    left_out = {who: line for contest in contests for who, line in contest["left_out"].items()}
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
