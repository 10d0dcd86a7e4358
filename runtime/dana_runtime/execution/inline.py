"""A block whose branches run one after the other in their caller's thread → their outcomes.

Each branch has its own context and its own scopes here, too. Such a block has no limits of its own: the
nearest branch around it that is on a worker is ended when one of these takes too long.
"""

from __future__ import annotations

from collections.abc import Callable
from contextvars import copy_context
from functools import partial
from time import monotonic
from typing import Any

from dana_runtime.errors import BranchCancelled
from dana_runtime.execution.abandonment import Flight, Inner, shield, unshield
from dana_runtime.execution.block import Block
from dana_runtime.execution.branches import Branch, name_of, note_of, run_branch
from dana_runtime.execution.cancellation import Group
from dana_runtime.execution.outcomes import (
    Failure,
    Outcome,
    Substitute,
    ends_block,
    fallback_for,
    short_of_results,
)
from dana_runtime.execution.repeating import repeated, wait_in_branch
from dana_runtime.execution.settings import NO_FALLBACK, Settings
from dana_runtime.faults.retry import Tries
from dana_runtime.faults.watch import watch_of
from dana_runtime.scopes import Layer, current_layer
from dana_runtime.tracebacks import add_note_once, without_runtime_frames


def run_inline(
    branches: tuple[Branch, ...],
    value: Any,
    block: Block | None,
    settings: Callable[[int], Settings],
    group: Group,
    outer: Flight | None,
    is_timed: bool = False,
    at_least: int | None = None,
) -> Outcome:
    """Run the branches in order; return their results and the failure that ends the block, if any.

    `settings` gives those of each branch; with `is_timed` their limits bind the branch `outer`.
    `at_least` is the block's.
    """
    failing: _Failing | None = None
    layer = current_layer.get()
    results: list[Any] = []
    for index, branch in enumerate(branches):
        own = settings(index)
        begun = monotonic()
        name = partial(name_of, branches, index, block)
        limit = own.limit if is_timed else None
        tries = None
        try:
            if own.retry is not None or own.is_guarded:
                tries = Tries(own.retry, own.total_timeout)
                run = partial(_run_anew, branch, value, group, layer, index, block)
                timed = partial(_timed, outer, name, limit)
                watch = watch_of(own, name(), index) if own.is_guarded else None
                wait = partial(_wait, timed, group)
                result = repeated(partial(timed, run), tries, watch, wait=wait)
            else:
                # As few calls as can be: recursion through blocks is as deep as Python lets it.
                if group.is_cancelled():
                    raise BranchCancelled
                context: Any = copy_context()
                own_layer = Layer(layer, block, index)
                run = partial(
                    context.run, run_branch, branch, value, group, own_layer, index, block
                )
                result = run() if outer is None else in_time_of(outer, run, name, limit)
        except BaseException as error:
            failing = failing or _Failing(branches, block, group, at_least)
            attempts = tries.number if tries else 1
            result, final = failing.taken(index, error, own, attempts, monotonic() - begun)
            if final is not None:
                return results, [(index, final)]
        results.append(result)
    return results, []


class _Failing:
    """What becomes of the failures of such a block."""

    __slots__ = ("at_least", "block", "branches", "dispensable", "group")

    def __init__(
        self,
        branches: tuple[Branch, ...],
        block: Block | None,
        group: Group,
        at_least: int | None,
    ) -> None:
        self.branches = branches
        self.block = block
        self.group = group
        self.at_least = at_least
        # More failures than this are too many.
        self.dispensable = len(branches) - min(at_least or 0, len(branches))

    def taken(
        self, index: int, error: BaseException, own: Settings, attempts: int, elapsed: float
    ) -> tuple[Any, BaseException | None]:
        """Return what stands in the place of a result, and the error if that ends the block."""
        BaseException.with_traceback(error, without_runtime_frames(error.__traceback__))
        has_fallback = own.fallback is not NO_FALLBACK
        is_final = not (own.on_error == "partial" or has_fallback)
        if is_final or ends_block(error) or self.group.is_cancelled():
            return None, error
        add_note_once(error, note_of(self.branches, index, self.block))
        name = name_of(self.branches, index, self.block)
        failure = Failure(error, name, attempts, elapsed)
        if has_fallback:
            try:
                return Substitute(fallback_for(failure, own.fallback)), None
            except BaseException as another:
                return None, another
        self.dispensable -= 1
        if self.dispensable < 0:
            add_note_once(error, short_of_results(self.at_least, len(self.branches)))
            return None, error
        return failure, None


def _run_anew(
    branch: Branch, value: Any, group: Group, layer: Layer | None, index: int, block: Block | None
) -> Any:
    """Run one attempt in a context and scopes of its own."""
    if group.is_cancelled():
        raise BranchCancelled
    context: Any = copy_context()
    own_layer = Layer(layer, block, index)
    return context.run(run_branch, branch, value, group, own_layer, index, block)


def _timed(
    outer: Flight | None, name: Callable[[], str], limit: float | None, run: Callable[[], Any]
) -> Any:
    return run() if outer is None else in_time_of(outer, run, name, limit)


def _wait(timed: Callable[[Callable[[], Any]], Any], group: Group, seconds: float) -> None:
    if group.is_cancelled():
        raise BranchCancelled
    timed(partial(wait_in_branch, seconds))


def is_covered(outer: Flight, settings: Settings) -> bool:
    """Tell whether the branch `outer` is due before one that would begin now under `settings`."""
    return settings.limit is None or outer.deadline() <= monotonic() + settings.limit


def in_time_of(
    outer: Flight, run: Callable[[], Any], name: Callable[[], str], limit: float | None
) -> Any:
    """Return `run()`; should it take longer than `limit` seconds, `outer` is ended in its name."""
    inner = None
    if limit is not None:
        inner = Inner(monotonic() + limit, limit, name)
        outer.inner.append(inner)
    try:
        unshield(outer)
        try:
            return run()
        finally:
            shield()
    finally:
        if inner is not None:
            outer.inner.pop()


def plain_call(branch: Branch, value: Any, outer: Flight | None) -> Any:
    """Return `branch(value)`; should the branch `outer` be abandoned, so is this call."""
    return branch(value) if outer is None else in_time_of(outer, partial(branch, value), str, None)
