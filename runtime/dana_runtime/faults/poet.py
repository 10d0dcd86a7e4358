"""A function → the same function, operated under a policy: `@poet(…)`.

call ─► attempts: breaker ─► function ─► gate ─┬─► result
            ▲                                  └─► failure ─► another attempt, a fallback, or the failure
            └── delay ◄───────────────────────────┘
each call is counted (`perception`), and with a profile that is kept (`profile`)
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from time import perf_counter
from typing import TYPE_CHECKING, Any, TypeVar, overload

from dana_runtime.execution.branches import is_coroutine_function
from dana_runtime.execution.outcomes import Failure
from dana_runtime.execution.plain import shape_of_call
from dana_runtime.execution.setting_checks import checked
from dana_runtime.execution.settings import NO_FALLBACK, Policy, Settings, current
from dana_runtime.execution.stages import run_alone
from dana_runtime.faults.perception import Perceived, perceived
from dana_runtime.faults.watch import Watch
from dana_runtime.wording import callable_text, short_repr

if TYPE_CHECKING:
    from dana_runtime.faults.breaker import Breaker
    from dana_runtime.faults.gates import Rule

F = TypeVar("F", bound=Callable[..., Any])

# A function runs under its own settings: those around it are for the blocks that it stands in, and
# would be obeyed twice. Of theirs it takes what only says how, such as `backoff`.
_OWN_ALONE: dict[str, Any] = {
    "timeout": None,
    "total_timeout": None,
    "executor": "auto",
    "on_error": "raise",
    "retries": 0,
    "fallback": NO_FALLBACK,
    "at_least": None,
    "enforce": None,
    "breaker": None,
}

# One call in so many is looked at closely, and looks whether the profile should be written.
_CALLS_PER_LOOK = 64


@overload
def poet(function: F, /) -> F: ...
@overload
def poet(**settings: Any) -> Callable[[F], F]: ...
def poet(function: Any = None, /, **settings: Any) -> Any:
    """Have a function operated: `@poet(retries=3, timeout=5, …)`, or `@poet` to have it counted only.

    `settings` are those of `with (…)`: retries, backoff, max_backoff, jitter, retry_on, timeout,
    total_timeout, idempotent, fallback, on_error, executor, profile, pure and others. `breaker` is a
    Breaker, a number of failures, or True for the usual one; `enforce` a type, a predicate or a
    schema for the result (see `gates`). Each attempt passes the breaker and the gate.

    The function keeps its name and signature. Of a coroutine function the delays and time limits
    are awaited, and `executor` does not count. Raises TypeError and ValueError for what is wrong.
    """
    if function is not None and not callable(function):
        raise TypeError(f"@poet takes its settings by name, not {short_repr(function)}")
    own = checked(settings, "poet()")
    if "at_least" in own:
        raise TypeError("at_least is for blocks, not for functions")
    policy = Policy({**_OWN_ALONE, **own})

    def decorate(function: Any) -> Any:
        if not callable(function):
            raise TypeError(f"@poet decorates functions, not {short_repr(function)}")
        return _operated(Operated(function, policy, frozenset(own)))

    return decorate if function is None else decorate(function)


class Operated:
    """A function with all that it is operated by."""

    __slots__ = (
        "breaker",
        "function",
        "given",
        "is_plain",
        "learned",
        "name",
        "policy",
        "rule",
        "seen",
    )

    def __init__(
        self,
        function: Callable[..., Any],
        policy: Policy,
        given: frozenset[str],
        place: object = None,
    ) -> None:
        self.function = function
        self.name = name = callable_text(function)
        self.policy = policy
        # The names of the settings that somebody has given.
        self.given = given
        # Settings that follow from what earlier runs of the program have seen; None until somebody asks.
        self.learned: Policy | None = None
        self.rule: Rule | None = policy.values.get("enforce")
        breakers = policy.values.get("breaker")
        # Each function has its own, unless it was given one.
        own = function if place is None else place
        self.breaker: Breaker | None = None if breakers is None else breakers.of(own)
        module = getattr(function, "__module__", None)
        qualified = getattr(function, "__qualname__", name)
        self.seen: Perceived = perceived(f"{module}.{qualified}" if module else qualified)
        if place is None:
            self.seen.breaker = self.breaker
        # Called once and by nobody else: there is nothing to watch.
        self.is_plain = not self._has_policy()

    def _has_policy(self) -> bool:
        ignored = {"profile", "idempotent", "backoff", "max_backoff", "jitter", "retry_on", "pure"}
        values = self.policy.values.items()
        return any(
            name not in ignored and _OWN_ALONE.get(name, _OWN_ALONE) != value
            for name, value in values
        )

    def under(self, policy: Policy) -> Callable[..., Any]:
        """Return the function as it is operated at a stage with a policy of its own: that one is nearer."""
        values = {**self.policy.values, **policy.values}
        if "breaker" not in policy.values:
            values["breaker"] = self.breaker
        given = self.given.union(policy.values)
        return _operated(Operated(self.function, Policy(values), given, place="stage"))

    def trained(self, settings: Settings) -> Settings:
        """Return the settings with what was learned in the place of what nobody has set."""
        from dana_runtime.faults.training import advice

        policy = self.learned
        if policy is None:
            # Once: what a run learns is for the next one.
            assert settings.profile is not None
            found = advice(self.seen.name, settings.profile)
            if self.given & {"timeout", "total_timeout"}:
                found.pop("timeout", None)
            if "backoff" in self.given or "backoff" in settings.explicit:
                found.pop("backoff", None)
            policy = self.learned = Policy(found)
        return settings.with_policy(policy)

    def watch(self) -> Watch:
        """Return who watches one call."""
        return Watch(self.name, self.breaker, self.rule)

    def count(
        self,
        begun: float,
        watch: Watch | None,
        has_failed: bool,
        profile: Any,
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
    ) -> None:
        """Count a call that began at `begun`, by `perf_counter`."""
        calls = self.seen.add(perf_counter() - begun, has_failed, watch.attempts if watch else 1)
        if calls % _CALLS_PER_LOOK != 1:
            return
        self.seen.shapes.add(shape_of_call(args, kwargs))
        if profile is not None:
            from dana_runtime.faults.training import remember

            remember(self.seen, profile)


class _Spread:
    """A function of any arguments as one of a single value, which holds them."""

    __slots__ = ("function",)

    def __init__(self, function: Callable[..., Any]) -> None:
        self.function = function

    def __call__(self, arguments: tuple[tuple[Any, ...], dict[str, Any]]) -> Any:
        return self.function(*arguments[0], **arguments[1])

    @property
    def __name__(self) -> str:
        return callable_text(self.function)

    def __reduce__(self) -> tuple[Any, ...]:
        return _Spread, (self.function,)


def _operated(operated: Operated) -> Callable[..., Any]:
    if is_coroutine_function(operated.function):
        # Most programs never load asyncio.
        from dana_runtime.faults.awaited import operated_coroutine_function

        return operated_coroutine_function(operated)
    function, policy, count = operated.function, operated.policy, operated.count
    is_plain = operated.is_plain
    spread = _Spread(function)

    @functools.wraps(function)
    def run(*args: Any, **kwargs: Any) -> Any:
        settings = current().with_policy(policy)
        watch = None if is_plain else operated.watch()
        if settings.profile is not None:
            settings = operated.trained(settings)
            if settings.is_bound and watch is None:
                watch = operated.watch()
        has_failed = True
        begun = perf_counter()
        try:
            if watch is None:
                result = function(*args, **kwargs)
                has_failed = False
            else:
                where = operated.name
                result = run_alone((args, kwargs), spread, where, settings, watch)
                has_failed = watch.error is not None or type(result) is Failure
        finally:
            count(begun, watch, has_failed, settings.profile, args, kwargs)
        return result

    run.__poet__ = operated  # type: ignore[attr-defined]
    return run
