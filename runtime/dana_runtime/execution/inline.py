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
from dana_runtime.execution.outcomes import Failure, ends_block
from dana_runtime.execution.settings import Settings
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
) -> tuple[list[Any], list[tuple[int, BaseException]]]:
    """Run the branches in order; return their results and the failure that ends the block, if any.

    `settings` gives those of each branch; with `is_timed` their limits bind the branch `outer`.
    """
    layer = current_layer.get()
    results: list[Any] = []
    for index, branch in enumerate(branches):
        own = settings(index)
        is_partial = own.on_error == "partial"
        begun = monotonic()
        context: Any = copy_context()
        own_layer = Layer(layer, block, index)
        run = partial(context.run, run_branch, branch, value, group, own_layer, index, block)
        try:
            if group.is_cancelled():
                raise BranchCancelled
            if outer is None:
                result = run()
            else:
                name = partial(name_of, branches, index, block)
                result = in_time_of(outer, run, name, own.limit if is_timed else None)
        except BaseException as error:
            BaseException.with_traceback(error, without_runtime_frames(error.__traceback__))
            if not is_partial or ends_block(error) or group.is_cancelled():
                return results, [(index, error)]
            add_note_once(error, note_of(branches, index, block))
            result = Failure(error, name_of(branches, index, block), 1, monotonic() - begun)
        results.append(result)
    return results, []


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
