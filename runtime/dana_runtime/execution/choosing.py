"""What was seen of the branches of a block → how each of them runs next time, and why.

    inline    in the caller, a plain call: proved pure, and tiny
    caller    in the caller, in a context of its own and watched by the lookout: tiny, nothing proved
    thread    on a worker: it waits, it is new, or nothing better can be done
    process   in a process: it computes, is pure, and others compute at the same time
    async     on the event loop: a coroutine function

Nothing is measured and nothing is kept here: the same figures give the same choices.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

# Seconds that a tiny branch takes at most: to wake a thread for it takes as long.
TINY_SECONDS = 50e-6

# Runs that are looked back on. A branch is tiny if at most one of them was not; one run is too few.
WINDOW = 8

# Runs before which nothing is said about what a branch does with its time.
FEW_RUNS = 2

# Seconds of computing below which a process is of no use.
COMPUTING_SECONDS = 0.002

# Seconds that must be won each time, and the share of the price by which the gain must exceed it.
GAIN_SECONDS = 0.005
GAIN_FACTOR = 2.0

# What it costs to hand a branch to a process and to take its result, until it has been measured.
TRANSFER_SECONDS = 0.002

# What it costs to start processes: before that, so much must have been lost without them, or so many runs.
START_SECONDS = 0.3
START_RUNS = 5


class Figures(NamedTuple):
    """What is known of one branch. Times in seconds, medians of the latest runs."""

    runs: int
    wall: float
    cpu: float | None
    is_tiny: bool
    # Proved, or said by the program; else why not.
    is_pure: bool
    purity: str
    is_coroutine: bool = False
    # Why it cannot run in a process, "" if nothing is known against it.
    refusal: str = ""
    transfer: float = TRANSFER_SECONDS
    # How it ran so far.
    way: str = ""


class Choice(NamedTuple):
    """How a branch runs, and why."""

    way: str
    why: str


class Machine(NamedTuple):
    """What the branches run on.

    `lost` are the runs that might have been shorter on processes; `tried` says what has come of it when they
    were tried, if that was not long ago and of no use.
    """

    cores: int
    has_gil: bool
    may_start_processes: bool = True
    lost: int = START_RUNS
    tried: str = ""


def choose(branches: Sequence[Figures], machine: Machine) -> list[Choice]:
    """Return a choice for each branch of a block."""
    gain, moved = _on_processes(branches, machine)
    all_tiny = all(seen.is_tiny and not seen.is_coroutine for seen in branches)
    return [
        Choice("process", gain) if index in moved else _here(seen, all_tiny, machine, gain)
        for index, seen in enumerate(branches)
    ]


def _here(seen: Figures, all_tiny: bool, machine: Machine, gain: str) -> Choice:
    """Choose for a branch that stays in this process; `gain` says what processes would bring."""
    if seen.is_coroutine:
        return Choice("async", "a coroutine function")
    if seen.is_tiny:
        if seen.is_pure:
            return Choice("inline", "tiny and pure")
        if all_tiny:
            return Choice("caller", f"tiny, as all in its block; {seen.purity}")
        return Choice("thread", f"tiny, but others are not; {seen.purity}")
    if seen.runs < FEW_RUNS or seen.cpu is None:
        return Choice("thread", "not known yet")
    if not is_computing(seen):
        return Choice("thread", "it waits")
    if seen.cpu < COMPUTING_SECONDS:
        return Choice("thread", "it computes, but not for long")
    if not machine.has_gil:
        return Choice("thread", "it computes, and threads do so at the same time here")
    if not seen.is_pure:
        return Choice("thread", f"it computes, but in no process; {seen.purity}")
    if seen.refusal:
        return Choice("thread", f"it computes, but in no process: {seen.refusal}")
    return Choice("thread", f"it computes; {gain}")


def is_computing(seen: Figures) -> bool:
    """Tell whether a branch spends its time computing; on threads it waits for the others that do, too."""
    return seen.cpu is not None and seen.cpu >= 0.1 * seen.wall and seen.cpu >= TINY_SECONDS


def _on_processes(branches: Sequence[Figures], machine: Machine) -> tuple[str, set[int]]:
    """Return which branches should be moved to processes, and why or why none."""
    if not machine.has_gil or not machine.may_start_processes:
        return "processes are of no use here", set()
    if machine.cores < 2:
        return "there is one processor only", set()
    if machine.tried:
        return machine.tried, set()
    computing = [
        index
        for index, seen in enumerate(branches)
        if seen.runs >= FEW_RUNS and is_computing(seen) and (seen.cpu or 0) >= COMPUTING_SECONDS
    ]
    movable = [i for i in computing if branches[i].is_pure and not branches[i].refusal]
    if len(computing) < 2:
        return "no other branch computes meanwhile", set()
    if not movable:
        return "none of them can be moved", set()
    cpu = {index: branches[index].cpu or 0.0 for index in computing}
    whole = sum(cpu.values())
    staying = sum(seconds for index, seconds in cpu.items() if index not in movable)
    going = whole - staying
    processors = min(machine.cores, len(movable) + (staying > 0))
    least = max(staying, max(cpu[index] for index in movable), whole / processors)
    price = sum(branches[index].transfer for index in movable)
    gain = whole - min(whole, max(least, going / min(machine.cores, len(movable))))
    text = f"{duration(whole)} of computing in processes take {duration(whole - gain + price)}"
    if any(branches[index].way == "process" for index in movable):
        # Once there, they stay for as long as it pays at all.
        return (text, set(movable)) if gain > price else (f"{text}: too little", set())
    if gain < GAIN_SECONDS or gain < GAIN_FACTOR * price:
        return f"{text}: too little", set()
    if machine.lost < START_RUNS and gain * (machine.lost + 1) < START_SECONDS:
        return f"{text}: not yet worth starting them", set()
    return text, set(movable)


def duration(seconds: float) -> str:
    """Return a time as people read it: `1.25 ms`."""
    for unit, size in (("s", 1.0), ("ms", 1e-3), ("µs", 1e-6)):
        if seconds >= size:
            return f"{seconds / size:.3g} {unit}"
    return f"{seconds / 1e-9:.3g} ns"
