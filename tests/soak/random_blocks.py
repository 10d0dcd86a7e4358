"""A seed → blocks of random shapes, delays, failures and timeouts → what was wrong with their results.

Each branch knows what must come of it, so every result is checked, whatever ran when.
"""

from __future__ import annotations

import gc
import os
import random
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from dana_runtime import BranchTimeout, Failure, fan_out, policy, public, shutdown, with_policy
from dana_runtime.errors import BranchCancelled
from dana_runtime.execution import abandonment, cancellation, lookout

CALLERS = 6
STUCK_SECONDS = 0.2


class PlannedError(Exception):
    """What branches fail with."""


@dataclass
class Found:
    """What a run has found: how much it did, and what was wrong."""

    blocks: int = 0
    timeouts: int = 0
    failures: int = 0
    wrong: list[str] = field(default_factory=list)


def leaf(draw: random.Random) -> Callable[[Any], Any]:
    """Return a branch that does nothing, sleeps, fails, or takes too long."""
    kind = draw.choice(["same"] * 6 + ["sleep", "sleep", "fail", "spin", "stuck"])
    pause = draw.random() * 0.01

    def run(value: Any) -> Any:
        public["soak"] = mark = object()
        if kind == "sleep":
            time.sleep(pause)
        elif kind == "fail":
            raise PlannedError(value)
        elif kind == "spin":
            end = time.monotonic() + STUCK_SECONDS
            while time.monotonic() < end:
                pass
        elif kind == "stuck":
            time.sleep(STUCK_SECONDS)
        assert public["soak"] is mark, "a name of another branch"
        return value

    run.__name__ = kind
    return run


def block(draw: random.Random, depth: int) -> Callable[[Any], Any]:
    """Return a branch that is a block of leaves and blocks."""
    width = draw.choice([1, 2, 2, 3, 3, 8, 12])
    branches = [
        block(draw, depth - 1) if depth and draw.random() < 0.3 else leaf(draw)
        for _ in range(width)
    ]
    settings: dict[str, Any] = {}
    if draw.random() < 0.6:
        settings["timeout"] = draw.choice([0.005, 0.02, 0.1])
    if draw.random() < 0.5:
        settings["on_error"] = "partial"
    if draw.random() < 0.2:
        settings["max_workers"] = draw.choice([1, 2, 4])
    if draw.random() < 0.1:
        settings["executor"] = draw.choice(["thread", "inline"])
    if draw.random() < 0.2:
        branches[0] = with_policy(branches[0], policy(timeout=0.03, on_error="partial"))

    def run(value: Any) -> Any:
        return fan_out(branches, value, None, policy(**settings))

    run.__name__ = "block"
    return run


def is_right(result: Any, value: Any) -> bool:
    """Tell whether a result is one that a branch can have for `value`."""
    if isinstance(result, Failure):
        return isinstance(result.error, (PlannedError, BranchTimeout))
    if isinstance(result, list):
        return all(is_right(inner, value) for inner in result)
    return bool(result == value)


def soak(seed: int, seconds: float) -> Found:
    """Run random blocks from several threads for about `seconds`; return what was found."""
    found = Found()
    lock = threading.Lock()
    before = left_over()
    end = time.monotonic() + seconds

    def call(number: int) -> None:
        draw = random.Random(f"{seed} {number}")
        while time.monotonic() < end:
            branch, value = block(draw, 3), draw.random()
            outcome = "blocks"
            try:
                for _ in range(draw.choice([1, 1, 12])):
                    result = branch(value)
                    if not is_right(result, value):
                        found.wrong.append(f"{value}: {result!r}")
            except BranchTimeout:
                outcome = "timeouts"
            except PlannedError:
                outcome = "failures"
            except BaseException as error:
                found.wrong.append(f"{value}: {error!r} {getattr(error, '__notes__', '')}")
                if isinstance(error, BranchCancelled):
                    raise
            with lock:
                setattr(found, outcome, getattr(found, outcome) + 1)

    callers = [threading.Thread(target=call, args=(number,)) for number in range(CALLERS)]
    for thread in callers:
        thread.start()
    for thread in callers:
        thread.join(seconds + 60)
        if thread.is_alive():
            found.wrong.append("a caller still waits")
    found.wrong += differences(before)
    return found


def left_over() -> dict[str, int]:
    """Return how much there is of what blocks could leave behind."""
    files = "/proc/self/fd"
    return {
        "threads": threading.active_count(),
        "files": len(os.listdir(files)) if os.path.isdir(files) else 0,
        "groups": len(cancellation.outermost),
        "flights": len(abandonment.flights),
        "claimed": len(lookout._state.claimed),
        "contexts": sum(type(thing).__name__ == "Layer" for thing in gc.get_objects()),
    }


def differences(before: dict[str, int]) -> list[str]:
    """Return what is left over, once those who were abandoned have had the time to end."""
    deadline = time.monotonic() + 30
    while True:
        shutdown()
        gc.collect()
        after = left_over()
        more = [
            f"{name}: {after[name] - count} more"
            for name, count in before.items()
            if after[name] > count
        ]
        if not more or time.monotonic() > deadline:
            return more
        time.sleep(0.05)
