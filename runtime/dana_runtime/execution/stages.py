"""A stage or branch with a policy of its own → its result, in the caller's scopes.

A stage is a block of one branch that does not count as a block. It runs where it stands, unless its
policy asks for a worker.
"""

from __future__ import annotations

from contextvars import Context
from time import monotonic
from types import CoroutineType, FunctionType
from typing import TYPE_CHECKING, Any

from dana_runtime.errors import BranchCancelled
from dana_runtime.execution import traced
from dana_runtime.execution.abandonment import shield, unshield
from dana_runtime.execution.attempt import Attempt
from dana_runtime.execution.branches import Branch, completed
from dana_runtime.execution.cancellation import Group, current_group, entered_group
from dana_runtime.execution.debugging import is_debugging
from dana_runtime.execution.dispatch import Dispatch
from dana_runtime.execution.inline import in_time_of, is_covered
from dana_runtime.execution.leaving import park
from dana_runtime.execution.outcomes import Failure, Substitute, ends_block, fallback_for
from dana_runtime.execution.repeating import repeated, wait_in_branch
from dana_runtime.execution.settings import NO_FALLBACK, Policy, Settings, current, policy
from dana_runtime.faults.retry import Tries
from dana_runtime.faults.watch import watch_of
from dana_runtime.orchestration.branches import Orchestrated
from dana_runtime.tracebacks import add_note_once
from dana_runtime.wording import callable_text, not_callable

if TYPE_CHECKING:
    from dana_runtime.faults.watch import Watch


class BranchWithPolicy:
    """A branch, or any function of one value, with a policy of its own."""

    __slots__ = ("function", "policy")

    def __init__(self, function: Branch, policy: Policy) -> None:
        self.function = function
        self.policy = policy

    def __call__(self, value: Any) -> Any:
        """Run the function as a stage under the policy."""
        return run_stage(value, self.function, callable_text(self.function), self.policy)

    @property
    def __name__(self) -> str:
        return callable_text(self.function)

    def __repr__(self) -> str:
        return f"<{callable_text(self.function)} with {self.policy!r}>"


def with_policy(function: Branch, policy: Policy) -> Branch:
    """Return `function` with a policy of its own, for a branch of a block.

    `fan_out` runs it under that policy; called elsewhere it runs as a stage does. A function with
    `@poet` runs itself, and takes the policy for the nearest word.
    """
    return _operated_under(function, policy) or BranchWithPolicy(function, policy)


def run_stage(value: Any, stage: Branch, where: str, policy: Policy | None = None) -> Any:
    """Return `stage(value)`, run under `policy`; `where` names the stage in notes and errors.

    It runs in a worker if its policy, or anything else, has set a timeout, or if an executor is asked
    for; then, too, in the caller's scopes, and what it sets in context variables is set for the
    caller. A failed attempt is made anew as the settings say. The last failure is raised as itself
    with a note; a fallback takes its place; with `on_error="partial"` it is returned as a Failure.
    Raises TypeError if `stage` is not callable, BranchTimeout when its time is up.
    """
    if not callable(stage):
        raise not_callable(where, stage)
    operated = None if policy is None else _operated_under(stage, policy)
    if operated is not None:
        try:
            return plainly(operated, value, where)
        except BaseException as error:
            add_note_once(error, f"in {where}")
            raise
    return run_alone(value, stage, where, current().with_policy(policy))


def _operated_under(stage: Branch, policy: Policy) -> Branch | None:
    """Return a function with `@poet` as it runs under a stage's policy, None for other functions."""
    function: Any = stage.function if type(stage) is Orchestrated else stage
    if type(function) is not FunctionType or not hasattr(function, "__poet__"):
        return None
    own: Branch = function.__poet__.under(policy)
    if type(stage) is Orchestrated:
        return Orchestrated(own, stage.where, stage.local, stage.is_block_result)
    return own


def run_alone(
    value: Any, stage: Branch, where: str, settings: Settings, watch: Watch | None = None
) -> Any:
    """The same under given settings, for what is known to be callable; `watch` learns of each attempt."""
    if (tracer := traced.tracer) is None:
        result = run_or_substitute(value, stage, where, settings, watch)
    else:
        with tracer.stage(where, stage):
            result = run_or_substitute(value, stage, where, settings, watch)
    return result.value if type(result) is Substitute else result


def run_or_substitute(
    value: Any,
    stage: Branch,
    where: str,
    settings: Settings,
    watch: Watch | None = None,
    place: object = "stage",
) -> Any:
    """The same, but a fallback's value comes as a Substitute; `place` tells branches of a block apart."""
    begun = monotonic()
    watch = watch or watch_of(settings, where, place)
    tries = Tries(settings.retry, settings.total_timeout)
    try:
        if not is_debugging() and needs_worker(settings):
            return _on_worker(value, stage, where, settings, tries, watch)
        entered_group()
        return repeated(lambda: plainly(stage, value, where), tries, watch)
    except BaseException as error:
        add_note_once(error, f"in {where}")
        has_fallback = settings.fallback is not NO_FALLBACK
        if ends_block(error) or isinstance(error, BranchCancelled):
            raise
        if not has_fallback and settings.on_error != "partial":
            raise
        failure = Failure(error, where, tries.number, monotonic() - begun)
        if not has_fallback:
            return failure
        return Substitute(fallback_for(failure, settings.fallback))


def plainly(stage: Branch, value: Any, where: str) -> Any:
    """Return `stage(value)`, run to its end if it is a coroutine."""
    result = stage(value)
    return completed(result, where) if type(result) is CoroutineType else result


def needs_worker(settings: Settings) -> bool:
    """Tell whether a stage under `settings` cannot run where it stands."""
    executor = settings.executor
    if executor == "inline":
        return settings.is_bound
    group = current_group.get()
    if not isinstance(executor, str):
        # Such an executor serves the outermost block only.
        return settings.is_bound or group is None
    return settings.is_bound or executor not in ("auto", "thread", "async")


def _on_worker(
    value: Any,
    stage: Branch,
    where: str,
    settings: Settings,
    tries: Tries,
    watch: Watch | None,
) -> Any:
    group = Group.within(current_group.get())
    outer = shield()
    try:
        group.enter()
        if outer is not None and is_covered(outer, settings):
            try:
                return repeated(
                    lambda: in_time_of(
                        outer, lambda: plainly(stage, value, where), lambda: where, None
                    ),
                    tries,
                    watch,
                    wait=lambda seconds: in_time_of(
                        outer, lambda: wait_in_branch(seconds), lambda: where, None
                    ),
                )
            finally:
                group.leave()
        # What a failure becomes is for `run_alone` to say, where there is one way for all of them.
        alone = _Alone(stage, value, where, settings.with_policy(_RAISING), group, tries, watch)
        results, failures = alone.run()
    finally:
        if outer is not None:
            unshield(outer)
    if failures:
        park()
        raise failures[0][1]
    _take_over(alone.context)
    return results[0]


_RAISING = policy(on_error="raise", fallback=NO_FALLBACK, enforce=None, breaker=None)


class _Alone(Dispatch):
    """The run of a single stage."""

    def __init__(
        self,
        stage: Branch,
        value: Any,
        where: str,
        settings: Settings,
        group: Group,
        tries: Tries,
        watch: Watch | None,
    ) -> None:
        super().__init__((stage,), value, None, lambda index: settings, 1, group, has_layers=False)
        self.where = where
        self.context = Context()
        self.tries[0] = tries
        if watch is not None:
            self.watches[0] = watch

    def _name(self, index: int) -> str:
        return self.where

    def _attempt(self, index: int) -> Attempt:
        attempt = super()._attempt(index)
        self.context = attempt.context
        return attempt


def _take_over(context: Context) -> None:
    """Set in the running context what a stage has set in its own."""
    for variable, value in context.items():
        if variable.name not in _OURS and variable.get(_ABSENT) is not value:
            variable.set(value)


# What says where code runs. By name, as some are of modules that plain programs do not import.
_OURS = {"dana_group", "dana_layer", "dana_nesting", "dana_callers_loop", "dana_span"}
_ABSENT = object()
