"""A failed attempt → whether there is another one, and how many seconds from now.

`Retry` is the rule, which settings hold; `Tries` counts the attempts of one branch by that rule. Neither
waits: who runs the branch does, each in its own way.
"""

from __future__ import annotations

from dana_runtime.errors import BranchCancelled, CircuitOpen, OrchestrationError
from dana_runtime.wording import short_repr

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, NoReturn

    Errors = type[BaseException] | tuple[type[BaseException], ...]

BACKOFF = 0.1
MAX_BACKOFF = 30.0

# Doublings after which any delay is far beyond what somebody would wait.
_MOST_DOUBLINGS = 64

# These end what they are raised in; that it be tried again can be nobody's wish.
_FINAL = (BranchCancelled, KeyboardInterrupt, SystemExit, GeneratorExit)

# Trying again is of no use, unless somebody says so.
_HOPELESS = (CircuitOpen, OrchestrationError)


class Retry:
    """How often and when a failed attempt is made anew; immutable.

    `attempts`: how many there are at most, the first one included. Before attempt n + 1 there is a
    delay of `min(max_backoff, backoff * 2 ** (n - 1))` seconds, of which a share between nothing and
    `jitter` (0 to 1) is left out at random, so that those who failed together do not come back
    together: with 1, the default, the delay is anything up to that time. `on`: the exception class,
    or classes, after which there is another attempt. CircuitOpen and OrchestrationError count only
    if they, or classes derived from them, are named; the end of the program and of a block never do.
    """

    __slots__ = ("attempts", "backoff", "jitter", "max_backoff", "on")

    attempts: int
    backoff: float
    max_backoff: float
    jitter: float
    on: tuple[type[BaseException], ...]

    def __init__(
        self,
        attempts: int = 4,
        backoff: float = BACKOFF,
        max_backoff: float = MAX_BACKOFF,
        jitter: float = 1.0,
        on: Errors = Exception,
    ) -> None:
        """Raises TypeError for a value of a wrong type, ValueError for one out of range."""
        if type(attempts) is not int:
            raise TypeError(f"attempts must be a whole number, not {short_repr(attempts)}")
        if attempts < 1:
            raise ValueError(f"attempts must be at least 1, not {attempts}")
        put = object.__setattr__
        put(self, "attempts", attempts)
        put(self, "backoff", check_delay("backoff", backoff))
        put(self, "max_backoff", check_delay("max_backoff", max_backoff))
        put(self, "jitter", check_share("jitter", jitter))
        put(self, "on", check_errors("on", on))

    def delay(self, number: int, random: Callable[[], float]) -> float:
        """Return the seconds between attempt `number`, from 1, and the next one.

        `random` gives numbers from 0 up to but not including 1.
        """
        longest = min(self.max_backoff, self.backoff * 2.0 ** min(number - 1, _MOST_DOUBLINGS))
        return longest * (1.0 - self.jitter * random()) if self.jitter and longest else longest

    def is_for(self, error: BaseException) -> bool:
        """Tell whether there is another attempt after `error`, if any are left."""
        if not isinstance(error, self.on) or isinstance(error, _FINAL):
            return False
        for hopeless in _HOPELESS:
            if isinstance(error, hopeless):
                return any(issubclass(named, hopeless) for named in self.on)
        return True

    def _values(self) -> tuple[Any, ...]:
        return self.attempts, self.backoff, self.max_backoff, self.jitter, self.on

    def __setattr__(self, name: str, value: object) -> NoReturn:
        raise AttributeError(f"a Retry cannot be changed: {name}")

    def __delattr__(self, name: str) -> NoReturn:
        raise AttributeError(f"a Retry cannot be changed: {name}")

    def __eq__(self, other: object) -> bool:
        return self._values() == other._values() if isinstance(other, Retry) else NotImplemented

    def __hash__(self) -> int:
        return hash(self._values())

    def __repr__(self) -> str:
        names = ", ".join([kind.__name__ for kind in self.on])
        on = names if len(self.on) == 1 else f"({names})"
        return (
            f"Retry(attempts={self.attempts}, backoff={self.backoff:g}, "
            f"max_backoff={self.max_backoff:g}, jitter={self.jitter:g}, on={on})"
        )

    def __reduce__(self) -> tuple[Any, ...]:
        return Retry, self._values()


def check_delay(name: str, value: object) -> float:
    """Return a time in seconds, which may be 0."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise TypeError(f"{name} must be seconds, not {short_repr(value)} ({type(value).__name__})")
    # Not `value < 0`, which holds for no NaN.
    if not value >= 0:
        raise ValueError(f"{name} must not be below 0 seconds: {value}")
    return min(float(value), 1e9)


def check_share(name: str, value: object) -> float:
    """Return a number from 0 to 1; True is 1 and False is 0."""
    if not isinstance(value, (int, float)):
        raise TypeError(
            f"{name} must be a number from 0 to 1, not {short_repr(value)} ({type(value).__name__})"
        )
    if not 0 <= value <= 1:
        raise ValueError(f"{name} must be from 0 to 1, not {value}")
    return float(value)


def check_errors(name: str, value: object) -> tuple[type[BaseException], ...]:
    """Return a tuple of exception classes for one or several; texts are names of Python's own."""
    if isinstance(value, str):
        value = [part.strip() for part in value.split(",")]
    kinds = [
        _builtin_error(name, kind) if isinstance(kind, str) else kind
        for kind in (value if isinstance(value, (tuple, list)) else (value,))
    ]
    if not kinds:
        raise ValueError(f"{name} names no exceptions; retries=0 is no further attempt")
    found = [kind for kind in kinds if isinstance(kind, type) and issubclass(kind, BaseException)]
    if len(found) < len(kinds):
        raise TypeError(f"{name} must be exception classes, not {short_repr(value)}")
    return tuple(found)


def _builtin_error(name: str, text: str) -> object:
    import builtins

    kind = getattr(builtins, text, None)
    if not (isinstance(kind, type) and issubclass(kind, BaseException)):
        raise ValueError(f"{name} has no value {text!r}: Python has no such exception")
    return kind


def _random() -> float:
    # To import it takes longer than most programs that never fail should pay.
    import random

    return random.random()


class Tries:
    """The attempts of one branch or stage.

    `total` are the seconds for all of them, delays included, from the beginning of the first one;
    None is no limit. The times given to the methods are those of one clock, in seconds.
    """

    __slots__ = ("_random", "began", "number", "retry", "total")

    def __init__(
        self,
        retry: Retry | None,
        total: float | None = None,
        random: Callable[[], float] = _random,
    ) -> None:
        self.retry = retry
        self.total = total
        # Attempts that have been made, the running one included.
        self.number = 0
        # When the first one began; None if none has.
        self.began: float | None = None
        self._random = random

    def begin(self, now: float | None) -> None:
        """Take note that an attempt begins; None: when it will have begun, nobody knows yet."""
        self.number += 1
        self.began_at(now)

    def began_at(self, now: float | None) -> None:
        """Take note of when the attempt has begun; that of the first one counts."""
        if self.began is None:
            self.began = now

    def limit(self, timeout: float | None, started: float) -> float | None:
        """Return the seconds that an attempt has which began at `started`, None for no limit."""
        if self.total is None:
            return timeout
        left = max(0.0, self.total - (started - (started if self.began is None else self.began)))
        return left if timeout is None else min(timeout, left)

    def delay_after(
        self, error: BaseException, now: float, is_running: bool = False
    ) -> float | None:
        """Return the seconds to wait before the next attempt, None if there is none.

        `is_running` says that the failed attempt may still be at work and that another one must not
        begin meanwhile.
        """
        retry = self.retry
        if retry is None or is_running or self.number >= retry.attempts or not retry.is_for(error):
            return None
        delay = retry.delay(self.number, self._random)
        began = now if self.began is None else self.began
        is_too_late = self.total is not None and now + delay - began >= self.total
        return None if is_too_late else delay


def note_of_attempts(number: int) -> str:
    """Return the note on a failure that came of several attempts."""
    return f"after {number} attempts"
