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
from typing import Any, TypeVar, overload

from dana_runtime.execution.branches import is_coroutine_function
from dana_runtime.execution.outcomes import Failure
from dana_runtime.execution.setting_checks import checked
from dana_runtime.execution.settings import NO_FALLBACK, Policy, current
from dana_runtime.execution.stages import run_alone
from dana_runtime.faults.breaker import Breaker
from dana_runtime.faults.gates import Gate, gate_of
from dana_runtime.faults.perception import Perceived, perceived
from dana_runtime.wording import callable_text, short_repr

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
}

# One call in so many looks whether the profile should be written.
_CALLS_PER_LOOK = 64


@overload
def poet(function: F, /) -> F: ...
@overload
def poet(*, breaker: Any = None, enforce: Any = None, **settings: Any) -> Callable[[F], F]: ...
def poet(
    function: Any = None, /, *, breaker: Any = None, enforce: Any = None, **settings: Any
) -> Any:
    """Have a function operated: `@poet(retries=3, timeout=5, …)`, or `@poet` to have it counted only.

    `settings` are those of `with (…)`: retries, backoff, max_backoff, jitter, retry_on, timeout,
    total_timeout, idempotent, fallback, on_error, executor, profile and others. `breaker` is a
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
    made = _breaker(breaker)

    def decorate(function: Any) -> Any:
        if not callable(function):
            raise TypeError(f"@poet decorates functions, not {short_repr(function)}")
        name = callable_text(function)
        gate = None if enforce is None else gate_of(enforce, name)
        # Each function has its own, unless it was given one.
        its_own = made if made is breaker or made is None else Breaker(made.failures, made.reset)
        return _operated(Operated(function, name, policy, its_own, gate))

    return decorate if function is None else decorate(function)


def _breaker(given: Any) -> Breaker | None:
    if given is None or given is False:
        return None
    if given is True:
        return Breaker()
    if isinstance(given, int):
        return Breaker(given)
    if not isinstance(given, Breaker):
        raise TypeError(
            f"breaker must be a Breaker, a number of failures or True, not {short_repr(given)}"
        )
    return given


class Operated:
    """A function with all that it is operated by."""

    __slots__ = ("breaker", "function", "gate", "is_plain", "name", "policy", "seen")

    def __init__(
        self,
        function: Callable[..., Any],
        name: str,
        policy: Policy,
        breaker: Breaker | None,
        gate: Gate | None,
    ) -> None:
        self.function = function
        self.name = name
        self.policy = policy
        self.breaker = breaker
        self.gate = gate
        module = getattr(function, "__module__", None)
        qualified = getattr(function, "__qualname__", name)
        self.seen: Perceived = perceived(f"{module}.{qualified}" if module else qualified)
        self.seen.breaker = breaker
        # Called once and by nobody else: there is nothing to watch.
        self.is_plain = breaker is None and gate is None and not self._has_policy()

    def _has_policy(self) -> bool:
        ignored = {"profile", "idempotent", "backoff", "max_backoff", "jitter", "retry_on"}
        values = self.policy.values.items()
        return any(
            name not in ignored and _OWN_ALONE.get(name, _OWN_ALONE) != value
            for name, value in values
        )

    def under(self, policy: Policy) -> Callable[..., Any]:
        """Return the function as it is operated at a stage with a policy of its own: that one is nearer."""
        nearest = Policy({**self.policy.values, **policy.values})
        return _operated(Operated(self.function, self.name, nearest, self.breaker, self.gate))

    def count(self, begun: float, watch: Watch | None, has_failed: bool, profile: Any) -> None:
        """Count a call that began at `begun`, by `perf_counter`."""
        calls = self.seen.add(perf_counter() - begun, has_failed, watch.attempts if watch else 1)
        if profile is not None and calls % _CALLS_PER_LOOK == 1:
            from dana_runtime.faults.profile import remember

            remember(self.seen, profile)


class Watch:
    """The attempts of one call: what breaker and gate say of each."""

    __slots__ = ("attempts", "error", "operated")

    def __init__(self, operated: Operated) -> None:
        self.operated = operated
        self.attempts = 0
        # That of the latest attempt.
        self.error: BaseException | None = None

    def before(self) -> Any:
        """Let an attempt begin; raises CircuitOpen."""
        operated = self.operated
        self.attempts += 1
        breaker = operated.breaker
        if breaker is None:
            return None
        try:
            return breaker.enter(operated.name)
        except BaseException as error:
            self.error = error
            raise

    def after(self, token: Any, result: Any, error: BaseException | None) -> None:
        """Take in how it has ended; raises EnforcementError for a result that does not pass."""
        operated = self.operated
        if error is None and operated.gate is not None:
            try:
                operated.gate(result)
            except BaseException as refusal:
                self._end(token, refusal)
                raise
        self._end(token, error)

    def _end(self, token: Any, error: BaseException | None) -> None:
        self.error = error
        breaker = self.operated.breaker
        if breaker is not None:
            breaker.leave(token, error)


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
        watch = None if is_plain else Watch(operated)
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
            count(begun, watch, has_failed, settings.profile)
        return result

    run.__poet__ = operated  # type: ignore[attr-defined]
    return run
