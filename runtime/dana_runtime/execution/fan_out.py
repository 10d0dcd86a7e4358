"""A parallel block, from its branches and their one input to the results in branch order.

    fan_out ─┬─► quick: tiny branches                                                 ─┬─► results
             └─► settings, checks ─┬─► inline                                         ─┤
                                   ├─► claim: tiny branches in branches               ─┤
                                   ├─► run: plain functions on threads                ─┤
                                   └─► dispatch, automatic: policies, coroutines,     ─┴─► first failure
                                       processes
Branches run in copies of the caller's context, wherever they run, unless they could not tell.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, overload

from dana_runtime.execution import stages, traced
from dana_runtime.execution.abandonment import Flight, shield, unshield
from dana_runtime.execution.automatic import Automatic, prepared, trained
from dana_runtime.execution.block import Block
from dana_runtime.execution.branches import Branch, name_of, note_of
from dana_runtime.execution.cancellation import Group, current_group
from dana_runtime.execution.captures import Captured, captured
from dana_runtime.execution.checking import check_block
from dana_runtime.execution.claim import claimed
from dana_runtime.execution.debugging import is_debugging
from dana_runtime.execution.dispatch import Dispatch
from dana_runtime.execution.history import History, history_of
from dana_runtime.execution.inline import is_covered, run_inline
from dana_runtime.execution.leaving import park
from dana_runtime.execution.outcomes import (
    Failure,
    Outcome,
    Substitute,
    precedence,
    short_of_results,
)
from dana_runtime.execution.plain import is_plain as is_plain_value
from dana_runtime.execution.quick import run_quickly
from dana_runtime.execution.run import Run
from dana_runtime.execution.settings import Policy, Settings, current
from dana_runtime.execution.stages import BranchWithPolicy
from dana_runtime.tracebacks import add_note_once

# Of the blocks deeper than `max_depth`, one in so many runs in a thread of its own, in order as the
# others do: there it finds a fresh stack, so that recursion through blocks is not ended by
# Python's recursion limit. It is ended by it, with a RecursionError, beyond MAX_STACKS stacks.
LEVELS_PER_STACK = 32
MAX_STACKS = 64


@overload
def fan_out(
    branches: Sequence[Branch],
    value: Any,
    block: Block | None = None,
    policy: Policy | None = None,
    *,
    is_capturing: bool = False,
) -> list[Any]: ...
@overload
def fan_out(
    branches: dict[str, Branch],
    value: Any,
    block: Block | None = None,
    policy: Policy | None = None,
    *,
    is_capturing: bool = False,
) -> dict[str, Any]: ...
def fan_out(
    branches: Sequence[Branch] | dict[str, Branch],
    value: Any,
    block: Block | None = None,
    policy: Policy | None = None,
    *,
    is_capturing: bool = False,
) -> list[Any] | dict[str, Any]:
    """Call all `branches` with `value` at the same time and return their results in order.

    A tuple or list of callables gives a list, a dict of callables a dict with the same keys.
    The first failure is raised as itself, with a note that names the branch; branches that have
    not begun then never begin, and the others are told to cancel (`cancelled()`). The same holds
    for KeyboardInterrupt in the waiting caller. With `on_error="partial"` a Failure stands in the
    place of the result instead, but for KeyboardInterrupt and SystemExit. `block` says what the
    branches are called, `policy` holds settings of this block. With `is_capturing` fallbacks come as
    Substitutes.

    Raises BranchTimeout when a branch's time is up. Raises TypeError, before anything runs, for a
    branch that is not callable and for an iterator given to several branches; ValueError for a dict
    that lacks one of the block's keys; and BranchCancelled if it is called in a branch that is itself
    cancelled.
    """
    functions = tuple(branches.values() if isinstance(branches, dict) else branches)
    ended = None
    run = _in_parallel
    if (tracer := traced.tracer) is not None:
        run = tracer.parallel(run)
    elif block is not None and block.history.is_quick:
        ended = run_quickly(functions, value, block, policy)
    if ended is None:
        keys = tuple(branches) if isinstance(branches, dict) else None
        results, error = run(functions, value, block, policy, keys, is_capturing)
        if error is None and not is_capturing:
            results = _results_of(results)
    else:
        results, error = ended
    if error is None:
        return dict(zip(branches, results, strict=True)) if isinstance(branches, dict) else results
    context = error.__context__
    try:
        # Here, so that the traceback has one line of the runtime between caller and branch.
        raise error
    finally:
        if context is not None:
            # Where the caller is handling another exception, `raise` has put that in its place.
            BaseException.__setattr__(error, "__context__", context)
        # This frame is in the traceback now; it must not refer back to the error.
        del error, context


def run_in_order(
    branches: Sequence[Branch],
    value: Any,
    block: Block | None = None,
    policy: Policy | None = None,
) -> list[Any]:
    """Call `branches` with `value` one after the other, in this thread and context.

    Returns their results in order; the first failure ends the block, as in `fan_out`, and the
    same errors are raised. Where a timeout is set, or an executor asked for, each branch runs as
    `run_stage` says, in its turn.
    """
    run = _run_in_order
    if (tracer := traced.tracer) is not None:
        run = tracer.one_by_one(run)
    return _results_of(run(branches, value, block, policy))


def _run_in_order(
    branches: Sequence[Branch],
    value: Any,
    block: Block | None,
    policy: Policy | None,
    is_capturing: bool = False,
) -> list[Any]:
    """The same, but fallbacks come as Substitutes."""
    check_block(branches, value, block)
    settings = _settings_for(policy, is_capturing)
    results: list[Any] = []
    dispensable = len(branches) - min(settings.at_least or 0, len(branches))
    for index, branch in enumerate(branches):
        function, own = branch, settings
        if type(branch) is BranchWithPolicy:
            function, own = branch.function, settings.with_policy(branch.policy)
        name = name_of(branches, index, block)
        run = stages.run_or_substitute
        if (tracer := traced.tracer) is not None:
            run = tracer.in_order(run, function, index, block)
        result = run(value, function, name, own, place=index)
        results.append(result)
        if type(result) is Failure:
            dispensable -= 1
            if dispensable < 0:
                add_note_once(result.error, short_of_results(settings.at_least, len(branches)))
                raise result.error
    return results


def _settings_for(policy: Policy | None, is_capturing: bool) -> Settings:
    """Return the settings of a block."""
    settings = current().with_policy(policy)
    if is_capturing and settings.enforce is not None:
        # What is enforced is about results, and these branches give pairs of a result and captures.
        return settings.with_policy(Policy({"enforce": settings.enforce.of_first()}))
    return settings


def _results_of(outcomes: list[Any]) -> list[Any]:
    return [result.value if type(result) is Substitute else result for result in outcomes]


def fan_out_capturing(
    branches: Sequence[Branch] | dict[str, Branch],
    value: Any,
    block: Block | None = None,
    policy: Policy | None = None,
) -> Captured:
    """Like `fan_out`, for branches that return pairs (result, dict of captures).

    Where several branches capture the same name, the last branch's value counts.
    """
    return captured(fan_out(branches, value, block, policy, is_capturing=True))


def run_in_order_capturing(
    branches: Sequence[Branch],
    value: Any,
    block: Block | None = None,
    policy: Policy | None = None,
) -> Captured:
    """Like `run_in_order`, for branches that return pairs (result, dict of captures)."""
    run = _run_in_order
    if (tracer := traced.tracer) is not None:
        run = tracer.one_by_one(run)
    return captured(run(branches, value, block, policy, is_capturing=True))


def _in_parallel(
    functions: tuple[Branch, ...],
    value: Any,
    block: Block | None,
    policy: Policy | None,
    keys: tuple[str, ...] | None,
    is_capturing: bool,
) -> tuple[list[Any], BaseException | None]:
    """Run a block that is not known to be tiny; return its results in branch order, and the failure that ends it.

    `keys` are those of a dict of branches.
    """
    is_plain = check_block(functions, value, block, keys)
    settings = _settings_for(policy, is_capturing)
    group = Group(current_group.get())
    outer = None if group.parent is None else shield()
    try:
        try:
            group.enter()
            results, failures = _run(functions, value, block, settings, group, outer, is_plain)
        except BaseException:
            # Ctrl-C while waiting. What is running goes on in its threads, told to cancel.
            group.cancel()
            raise
        finally:
            group.leave()
    finally:
        if outer is not None:
            unshield(outer)
    if not failures:
        return results, None
    park()
    # What the branches have started in copies of their contexts is told, too.
    group.cancel()
    # The first one ended the block; more of them may have come before this thread woke up.
    index, error = min(failures, key=precedence)
    add_note_once(error, note_of(functions, index, block))
    return results, error


def _run(
    branches: tuple[Branch, ...],
    value: Any,
    block: Block | None,
    settings: Settings,
    group: Group,
    outer: Flight | None,
    is_plain: bool,
) -> Outcome:
    """Choose how the block runs, and run it."""
    depth, executor = group.depth, settings.executor
    history = block.history if block is not None else history_of(branches)
    if settings.profile is not None and block is not None:
        settings = trained(history, block, settings)
    if (
        history.is_claimed
        and is_plain
        and settings.is_claimable
        and depth < settings.max_depth
        and len(branches) > 1
        and not is_debugging()
    ):
        pure = history.plain_calls
        if pure and not is_plain_value(value):
            pure = ()
        outcome = claimed(branches, value, block, settings, group, history, outer, pure)
        if outcome is not None:
            return outcome
    if not isinstance(executor, str) and depth > 0:
        # It serves the outermost block only.
        executor = "auto"
    if not branches or is_debugging():
        of_branch, at_least = _settings_of(branches, settings), settings.at_least
        return run_inline(branches, value, block, of_branch, group, outer, at_least=at_least)
    inline: tuple[int, ...] = ()
    moved: frozenset[int] = frozenset()
    if executor == "auto":
        inline, moved = prepared(history, branches, value, block, settings, depth, is_plain)
        if traced.tracer is not None:
            # What is called plainly would not be seen.
            inline = ()
    is_simple = is_plain and not settings.is_tolerant and not moved
    if not is_simple or executor not in ("auto", "thread", "inline"):
        return _dispatched(branches, value, block, settings, group, outer, history, inline, moved)
    tickets, is_timed = _tickets(len(branches), settings, executor, depth, outer)
    if not tickets:
        return run_inline(branches, value, block, lambda index: settings, group, outer, is_timed)
    run = Run(branches, value, block, settings, group, history, tickets, outer, inline)
    try:
        if tickets > 1 and history.is_tiny() and not inline:
            run.on_one_worker_first()
        else:
            run.on_workers()
    except BaseException:
        run.close()
        raise
    return run.close()


def _tickets(
    branches: int, settings: Settings, executor: object, depth: int, outer: Flight | None
) -> tuple[int, bool]:
    """Return the number of threads for a block, 0 where it runs in this one; whether its limits bind there.

    A block for which somebody has set a timeout gets a thread in any case, unless the branch around it
    is due before that.
    """
    if depth >= settings.max_depth:
        if settings.is_bound and not (outer is not None and is_covered(outer, settings)):
            return 1, False
        stack, level = divmod(depth - settings.max_depth + 1, LEVELS_PER_STACK)
        return int(level == 0 and stack < MAX_STACKS), True
    if executor == "inline" or branches == 1:
        return int(settings.is_bound), False
    return min(branches, settings.max_workers), False


def _dispatched(
    branches: tuple[Branch, ...],
    value: Any,
    block: Block | None,
    settings: Settings,
    group: Group,
    outer: Flight | None,
    history: History,
    inline: tuple[int, ...],
    moved: frozenset[int],
) -> Outcome:
    of_branch = _settings_of(branches, settings)
    all_settings = [of_branch(index) for index in range(len(branches))]
    functions = tuple(
        branch.function if type(branch) is BranchWithPolicy else branch for branch in branches
    )
    is_deep = group.depth >= settings.max_depth
    if not any(own.is_bound for own in all_settings) and (
        is_deep or all(own.executor == "inline" for own in all_settings)
    ):
        at_least = settings.at_least
        return run_inline(functions, value, block, of_branch, group, outer, is_deep, at_least)
    workers = 1 if is_deep else settings.max_workers
    own, at_least = all_settings.__getitem__, settings.at_least
    if settings.executor == "auto" and not is_deep:
        auto = Automatic(functions, value, block, own, workers, group, at_least, history, outer)
        return auto.choosing(moved, inline)
    return Dispatch(functions, value, block, own, workers, group, at_least=at_least).run()


def _settings_of(branches: tuple[Branch, ...], settings: Settings) -> Callable[[int], Settings]:
    """Return what gives the settings of each branch."""

    def of_branch(index: int) -> Settings:
        branch = branches[index]
        if type(branch) is BranchWithPolicy:
            return settings.with_policy(branch.policy)
        return settings

    return of_branch
