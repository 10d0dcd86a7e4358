"""A block whose branches are proved pure and known to be tiny → its outcome, by plain calls.

Such branches cannot wait for each other, and cannot see whether they have contexts of their own: so they need
no threads, no contexts, no scopes and nobody who watches. What is left is to call them, and to see whether
they still are what they were.
"""

from __future__ import annotations

from time import perf_counter
from types import CodeType
from typing import Any

from dana_runtime.errors import BranchCancelled
from dana_runtime.execution.block import Block
from dana_runtime.execution.branches import Branch, note_of
from dana_runtime.execution.cancellation import current_group
from dana_runtime.execution.history import SAMPLE, History, code_of
from dana_runtime.execution.choosing import TINY_SECONDS
from dana_runtime.execution.plain import PLAIN, is_plain
from dana_runtime.execution.settings import Policy, current
from dana_runtime.tracebacks import add_note_once, without_runtime_frames

_clock = perf_counter


def run_bare(
    branches: tuple[Branch, ...], value: Any, block: Block, policy: Policy | None
) -> tuple[list[Any], BaseException | None] | None:
    """Return the results and the failure that ends the block; None: it has to run in another way.

    Raises BranchCancelled in a branch that is cancelled.
    """
    history = block.history
    codes = history.bare
    if codes is None or not (type(value) in PLAIN or is_plain(value)):
        return None
    try:
        # All of them are functions, mostly; to see that by the attribute is cheapest.
        found: list[Any] = [branch.__code__ for branch in branches]  # type: ignore[attr-defined]
    except AttributeError:
        found = [code_of(branch) for branch in branches]
    if found != codes or not current().with_policy(policy).is_claimable:
        return None
    group = current_group.get()
    if group is not None and group.is_cancelled():
        raise BranchCancelled
    results: list[Any] = []
    times: list[float | None] = []
    first = before = _clock()
    try:
        for branch in branches:
            results.append(branch(value))
            now = _clock()
            times.append(now - before)
            before = now
    except RecursionError:
        # On a thread there is more room; and to call a pure branch twice does no harm.
        return None
    except BaseException as error:
        BaseException.with_traceback(error, without_runtime_frames(error.__traceback__))
        add_note_once(error, note_of(branches, len(results), block))
        return results, error
    _remember(history, value, times, before - first)
    return results, None


def _remember(history: History, value: Any, times: list[float | None], seconds: float) -> None:
    runs = history.runs
    if seconds > TINY_SECONDS or not runs % SAMPLE:
        # One of them may not have been tiny.
        if not runs % SAMPLE:
            history.sample(value)
        history.add(times)
        return
    history.walls[runs & 7] = times
    history.runs = runs + 1


def codes_of(branches: tuple[Branch, ...]) -> list[CodeType | Any]:
    """Return what branches are made of, by which they are known again."""
    return [code_of(branch) for branch in branches]
