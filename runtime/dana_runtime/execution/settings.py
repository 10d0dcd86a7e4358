"""Where a block stands → its `Settings`: how its branches run, and within which limits.

    policy(…)  ►  using(…)  ►  configure(…)  ►  DANA_*  ►  [tool.danac]  ►  default
    nearest ─────────────────────────────────────────────────────────────► farthest

Each of them gives some of the settings; a setting is what the nearest one says. The environment and
pyproject.toml are read once, by the first block.
"""

from __future__ import annotations

import os
from contextvars import ContextVar, Token
from threading import RLock

from dana_runtime.execution.setting_checks import checked
from dana_runtime.execution.setting_sources import from_environment, from_project
from dana_runtime.faults.retry import BACKOFF, MAX_BACKOFF, Retry
from dana_runtime.wording import short_repr

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from concurrent.futures import Executor
    from typing import Any, NoReturn, Self

    from dana_runtime.faults.breaker import Breaker, OwnBreakers
    from dana_runtime.faults.gates import Rule

# The time that a branch on a worker has where nobody has said anything.
BUILT_IN_TIMEOUT = 30.0


class _NoFallback:
    """The fallback of what has none: None is a value like any other. There is one in each process."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "NO_FALLBACK"

    def __reduce__(self) -> str:
        return "NO_FALLBACK"


NO_FALLBACK: Any = _NoFallback()

# Policies that are kept so that they are not checked again.
_MOST_POLICIES = 512


class Settings:
    """How a block or stage runs; immutable.

    `max_workers`: branches that run at once. `timeout`: seconds a branch has from its start, each
    attempt anew; `total_timeout`: seconds for all its attempts; None is no limit. `memory_limit`:
    bytes of each process worker. `max_depth`: blocks inside blocks that get workers of their own.
    `executor`: a word of `setting_checks.EXECUTORS`, or a `concurrent.futures.Executor`.
    `on_error`: `"raise"` or `"partial"`. `scheduler`: the address of a Dask cluster.
    `idempotent`: an attempt may begin while an earlier one still runs. `retries`: further attempts
    after one that failed, or a `Retry`; `backoff`, `max_backoff`, `jitter` and `retry_on` are what a
    Retry says of those, where `retries` is a number. `at_least`: results without which a block fails;
    None is no such number. `fallback`: what stands for the result of what failed, or a function that
    makes it of the Failure; NO_FALLBACK for none. `profile`: the file that keeps what was learned,
    True for the usual one, None for none. `progress`: a terminal shows how far a long block is. `pure`: branches
    have no effects and wait for nothing, so that `"auto"` may run them anywhere. `enforce`: what results must be;
    `breaker`: when to leave off calling for a while; None for neither.

    `explicit` are the names of those that somebody has set; `limit` is the smaller one of the two
    times, and `is_bound` says that somebody has set it: then the branch needs a worker. `retry` is what
    `retries` and its companions come to, None for no further attempt; `is_guarded` says that there is one of
    `enforce` and `breaker`, and `is_tolerant` that there is one of those or of `retry`, `fallback` and
    `at_least`. `is_claimable` says that a caller may run the branches itself, where they are known to be tiny.
    """

    __slots__ = (
        *("max_workers", "timeout", "total_timeout", "memory_limit", "max_depth", "executor"),
        *("on_error", "scheduler", "idempotent", "progress", "explicit", "limit", "is_bound"),
        "is_claimable",
        *("retries", "backoff", "max_backoff", "jitter", "retry_on", "at_least", "fallback"),
        *("profile", "retry", "is_tolerant", "pure", "enforce", "breaker", "is_guarded"),
    )

    max_workers: int
    timeout: float | None
    total_timeout: float | None
    memory_limit: int | None
    max_depth: int
    executor: str | Executor
    on_error: str
    scheduler: str | None
    idempotent: bool
    retries: int | Retry
    backoff: float
    max_backoff: float
    jitter: float
    retry_on: tuple[type[BaseException], ...]
    at_least: int | None
    fallback: Any
    profile: bool | str | None
    retry: Retry | None
    is_tolerant: bool
    progress: bool
    pure: bool
    enforce: Rule | None
    breaker: Breaker | OwnBreakers | None
    is_guarded: bool
    explicit: frozenset[str]
    limit: float | None
    is_bound: bool
    is_claimable: bool

    def __init__(self, **settings: Any) -> None:
        """Take those that are set; raises TypeError and ValueError as `configure` does."""
        self._fill(checked(settings, "Settings()"))

    def _fill(self, values: Mapping[str, Any]) -> None:
        put = object.__setattr__
        for name, default in _DEFAULTS.items():
            put(self, name, values.get(name, default))
        limits = [limit for limit in (self.timeout, self.total_timeout) if limit is not None]
        put(self, "explicit", frozenset(values))
        put(self, "limit", min(limits, default=None))
        asked = self.total_timeout is not None or "timeout" in values
        is_bound = asked and self.limit is not None
        put(self, "is_bound", is_bound)
        put(self, "retry", self._retry())
        has_fallback = self.fallback is not NO_FALLBACK
        is_guarded = self.enforce is not None or self.breaker is not None
        put(self, "is_guarded", is_guarded)
        is_tolerant = self.retry is not None or has_fallback or self.at_least is not None
        is_tolerant = is_tolerant or is_guarded
        put(self, "is_tolerant", is_tolerant)
        is_usual = self.executor == "auto" and self.on_error == "raise" and not is_tolerant
        put(self, "is_claimable", is_usual and not is_bound and self.max_depth > 0)

    def _retry(self) -> Retry | None:
        retries = self.retries
        if isinstance(retries, Retry):
            return retries if retries.attempts > 1 else None
        if retries == 0:
            return None
        return Retry(retries + 1, self.backoff, self.max_backoff, self.jitter, self.retry_on)

    def with_usual_timeout(self, seconds: float) -> Settings:
        """Return these settings with another time in the place of the built-in one, as if nobody had set it."""
        other = _settings(self._explicit_values())
        put = object.__setattr__
        put(other, "timeout", seconds)
        total = self.total_timeout
        put(other, "limit", seconds if total is None else min(seconds, total))
        return other

    def with_policy(self, policy: Policy | None) -> Settings:
        """Return these settings with those of `policy` in the place of their own."""
        if policy is None:
            return self
        merged = policy._merged
        # One entry: a policy meets the same settings again until somebody changes them.
        if merged is None or merged[0] is not self:
            merged = policy._merged = (self, self._with(policy.values))
        return merged[1]

    def _with(self, values: Mapping[str, Any]) -> Settings:
        """Return these settings with `values`, which are checked."""
        return _settings({**self._explicit_values(), **values})

    def _explicit_values(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in _DEFAULTS if name in self.explicit}

    def __setattr__(self, name: str, value: object) -> NoReturn:
        raise AttributeError(f"Settings cannot be changed: {name}")

    def __delattr__(self, name: str) -> NoReturn:
        raise AttributeError(f"Settings cannot be changed: {name}")

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Settings):
            return NotImplemented
        return self._explicit_values() == other._explicit_values()

    def __hash__(self) -> int:
        # Not their values: a fallback can be anything.
        return hash(self.explicit)

    def __repr__(self) -> str:
        values = self._explicit_values().items()
        return f"Settings({', '.join([f'{name}={short_repr(value)}' for name, value in values])})"

    def __reduce__(self) -> tuple[Any, ...]:
        values = self._explicit_values()
        if not isinstance(self.executor, str):
            # It serves the process and the block that it was given to.
            values["executor"] = "auto"
        return _settings, (values,)


_DEFAULTS: dict[str, Any] = {
    "max_workers": 8,
    "timeout": BUILT_IN_TIMEOUT,
    "total_timeout": None,
    "memory_limit": 1024**3,
    "max_depth": 3,
    "executor": "auto",
    "on_error": "raise",
    "scheduler": None,
    "idempotent": False,
    "retries": 0,
    "backoff": BACKOFF,
    "max_backoff": MAX_BACKOFF,
    "jitter": 1.0,
    "retry_on": (Exception,),
    "at_least": None,
    "fallback": NO_FALLBACK,
    "profile": None,
    "progress": True,
    "pure": False,
    "enforce": None,
    "breaker": None,
}


def _settings(values: Mapping[str, Any]) -> Settings:
    settings = Settings.__new__(Settings)
    settings._fill(values)
    return settings


class Policy:
    """The settings of one stage, branch or block, checked: what `with (timeout=5)` says."""

    __slots__ = ("_merged", "values")

    def __init__(self, values: dict[str, Any]) -> None:
        self.values = values
        self._merged: tuple[Settings, Settings] | None = None

    def __repr__(self) -> str:
        values = [f"{name}={short_repr(value)}" for name, value in self.values.items()]
        return f"policy({', '.join(values)})"

    def __reduce__(self) -> tuple[Any, ...]:
        return Policy, (self.values,)


_policies: dict[Any, Policy] = {}
_KEPT = frozenset(_DEFAULTS).difference({"fallback", "enforce", "breaker"})


def policy(**settings: Any) -> Policy:
    """Return the policy that holds `settings`; the same ones are checked once.

    Raises TypeError for an unknown setting and for a value of a wrong type, ValueError for a value
    out of range.
    """
    # The types, too: 1, 1.0 and True are equal, but not all of them are good values everywhere.
    key = tuple(settings.items()), tuple(map(type, settings.values()))
    try:
        known = _policies.get(key)
    except TypeError:
        # Something that cannot be hashed is a fallback, or no good value: then the check says so.
        return Policy(checked(settings, "policy()"))
    if known is None:
        known = Policy(checked(settings, "policy()"))
        if isinstance(known.values.get("executor", ""), str) and _KEPT.issuperset(known.values):
            # An executor object must not live on in here, nor what a fallback refers to; and two places
            # that say `breaker=5` have a breaker each.
            if len(_policies) >= _MOST_POLICIES:
                _policies.clear()
            _policies[key] = known
    return known


# --- What holds where no policy says otherwise ----------------------------------------------------

# Replaced as a whole, so that it shows whether it has changed.
_configured: dict[str, Any] = {}

# A finalizer may run blocks, or configure, in a thread that is in here.
_lock = RLock()

# All but `using`; None until the first block asks, and after a change.
_base: Settings | None = None


class using:  # noqa: N801 - it is read as a statement: with using(timeout=5):
    """Settings for the blocks that begin within a `with` statement, in its own context only.

    `with using(timeout=5, on_error="partial"): …`; such statements nest, the inner one wins.
    Raises TypeError for an unknown setting and for a value of a wrong type, ValueError for a value
    out of range.
    """

    __slots__ = ("_tokens", "_values")

    def __init__(self, **settings: Any) -> None:
        self._values = checked(settings, "using()")
        self._tokens: list[Token[_Frame | None]] = []

    def __enter__(self) -> Self:
        self._tokens.append(_innermost.set(_Frame(self._values, _innermost.get())))
        return self

    def __exit__(self, *exception: object) -> None:
        _innermost.reset(self._tokens.pop())

    def __repr__(self) -> str:
        values = [f"{name}={short_repr(value)}" for name, value in self._values.items()]
        return f"using({', '.join(values)})"


# The name that Dana programs know it by.
parallel_config = using


class _Frame:
    """One `using` that is in force, with those around it."""

    __slots__ = ("base", "settings", "values")

    def __init__(self, values: dict[str, Any], around: _Frame | None) -> None:
        self.values: dict[str, Any] = values if around is None else {**around.values, **values}
        self.base: Settings | None = None
        self.settings: Settings | None = None


_innermost: ContextVar[_Frame | None] = ContextVar("dana_settings", default=None)


def current() -> Settings:
    """Return the settings in force here, but for policies; raise SettingsError as `configure` says."""
    base = _base or _read()
    frame = _innermost.get()
    if frame is None:
        return base
    settings = frame.settings
    if frame.base is not base or settings is None:
        # In this order: another thread that sees the new base must see its settings, too.
        settings = frame.settings = base._with(frame.values)
        frame.base = base
    return settings


def configure(**settings: Any) -> None:
    """Change the settings of the whole process, from the next block on.

    Raises TypeError for an unknown setting and for a value of a wrong type, ValueError for a value
    out of range. A wrong setting in the environment or in pyproject.toml is a SettingsError, a
    ValueError that names the variable or file, of the first block that runs.
    """
    global _base, _configured
    values = checked(settings, "configure()")
    with _lock:
        _configured = {**_configured, **values}
        _base = None


def _read() -> Settings:
    global _base
    with _lock:
        base = _base
        while base is None:
            configured = _configured
            made = _settings({**_from_outside(), **configured})
            if configured is _configured:
                base = _base = made
    return base


_outside: dict[str, Any] | None = None


def _from_outside() -> dict[str, Any]:
    """Read pyproject.toml and the environment, once: a program may change its working directory."""
    global _outside
    if _outside is None:
        try:
            folder = os.getcwd()
        except OSError:
            # It has been deleted.
            folder = os.sep
        _outside = {**from_project(folder), **from_environment(os.environ)}
    return _outside


def forget() -> None:
    """Begin anew, as if nothing had been configured or read."""
    global _base, _configured, _outside
    with _lock:
        _configured = {}
        _base = _outside = None
