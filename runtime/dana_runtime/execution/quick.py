"""A block that is known to be tiny → its outcome, by the shortest way; None where it has to take a longer one.

    proved pure    plain calls: such branches cannot wait for each other, and cannot see whether they have contexts
                   of their own. They need no threads, no contexts, no scopes and nobody who watches
    not proved     claimed by the caller (`claim`), here for the blocks that are in no other one

The way is short because nothing is prepared for what could come. What could come is looked for before: other
branches than those that were seen, other settings, a value that proofs do not hold for, a cancelled branch, a
debugger. And behind it: the branches may have changed.
"""

from __future__ import annotations

from time import perf_counter
from typing import Any

from dana_runtime.errors import BranchCancelled
from dana_runtime.execution.block import Block
from dana_runtime.execution.branches import Branch, note_of
from dana_runtime.execution.cancellation import Group, current_group, outermost
from dana_runtime.execution.choosing import TINY_SECONDS, WINDOW
from dana_runtime.execution.claim import claimed
from dana_runtime.execution.debugging import is_debugging
from dana_runtime.execution.history import SAMPLE, History, code_of
from dana_runtime.execution.leaving import park
from dana_runtime.execution.outcomes import precedence
from dana_runtime.execution.plain import PLAIN, is_plain
from dana_runtime.execution.settings import Policy, Settings, current
from dana_runtime.tracebacks import add_note_once, without_runtime_frames

Ended = tuple[list[Any], BaseException | None]

_clock = perf_counter


def run_quickly(
    branches: tuple[Branch, ...], value: Any, block: Block, policy: Policy | None
) -> Ended | None:
    """Return the results and the failure that ends the block, if it is known to be tiny, or None.

    Raises BranchCancelled in a branch that is cancelled.
    """
    history = block.history
    try:
        # All of them are functions, mostly; to see that by the attribute is cheapest.
        found: list[Any] = [branch.__code__ for branch in branches]
    except AttributeError:
        found = [code_of(branch) for branch in branches]
    settings = current().with_policy(policy)
    if found != history.codes or not settings.is_claimable or is_debugging():
        return None
    if settings.profile is not None and not (history.is_kept and history.runs % SAMPLE):
        # The longer way begins with what is learned, and sees to it now and then that it is written.
        return None
    parent = current_group.get()
    if parent is not None and parent.is_cancelled():
        raise BranchCancelled
    is_known = type(value) in PLAIN or (bool(history.proved) and is_plain(value))
    if is_known and history.is_bare:
        return _bare(branches, value, block, history)
    if parent is not None or (not is_known and hasattr(value, "__next__")):
        return None
    return _claimed(branches, value, block, settings, history, is_known)


def _bare(branches: tuple[Branch, ...], value: Any, block: Block, history: History) -> Ended | None:
    """Call the branches, and do nothing else."""
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
        # On a thread there is more room; and to call a pure branch twice does no harm. Now it is one of
        # which nothing is known, so that is where it goes.
        history.clear()
        return None
    except BaseException as error:
        now = _clock()
        if now - before > TINY_SECONDS and len(times) < len(branches):
            # What takes long and fails is followed, too; what fails at once stays as it is.
            history.add([*times, now - before, *[None] * (len(branches) - len(times) - 1)])
        park()
        BaseException.with_traceback(error, without_runtime_frames(error.__traceback__))
        # What comes from outside, Ctrl-C for one, may come when the last branch is over.
        add_note_once(error, note_of(branches, min(len(results), len(branches) - 1), block))
        return results, error
    if before - first <= TINY_SECONDS and history.runs % SAMPLE:
        # All of them are tiny still: this has to cost next to nothing.
        history.walls[history.runs % WINDOW] = times
        history.runs += 1
    else:
        history.sample_now_and_then(value)
        history.add(times)
    return results, None


def _claimed(
    branches: tuple[Branch, ...],
    value: Any,
    block: Block,
    settings: Settings,
    history: History,
    is_known: bool,
) -> Ended | None:
    """Claim the branches, in a block that is in no other one."""
    group = Group(None)
    pure = history.plain_calls if is_known else ()
    outermost.add(group)
    try:
        outcome = claimed(branches, value, block, settings, group, history, None, pure)
    except BaseException:
        group.cancel()
        raise
    finally:
        outermost.discard(group)
    if outcome is None:
        return None
    results, failures = outcome
    if not failures:
        return results, None
    park()
    # What the branches have started in copies of their contexts is told, too.
    group.cancel()
    index, error = min(failures, key=precedence)
    add_note_once(error, note_of(branches, index, block))
    return results, error
