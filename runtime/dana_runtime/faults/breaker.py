"""How the latest calls of a function ended → whether it may be called now.

    closed ── `failures` in a row ──► open ── after `reset` seconds ──► half-open ── success ──► closed
                                       ▲                                   │
                                       └──────────── failure ──────────────┘

Half-open lets one call through, the probe; the others fail at once, as they do while it is open.
"""

from __future__ import annotations

import os
import weakref
from threading import RLock
from time import monotonic

from dana_runtime.errors import BranchCancelled, CircuitOpen

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

FAILURES = 5
RESET_SECONDS = 30.0

# How a call ended that says nothing about the function: it was ended from outside.
_NO_FAILURES = (BranchCancelled, KeyboardInterrupt, SystemExit, GeneratorExit)


class _Probe:
    """The one call that a half-open breaker lets through."""

    __slots__ = ("__weakref__",)


class Breaker:
    """A circuit breaker: after `failures` failures in a row, no calls for `reset` seconds, then one probe.

    It may be given to several functions, which then fail together. Threads may use it at the same time;
    every process has one of its own.
    """

    def __init__(
        self,
        failures: int = FAILURES,
        reset: float = RESET_SECONDS,
        *,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        """`clock` gives seconds. Raises TypeError or ValueError for values that make no sense."""
        if type(failures) is not int:
            raise TypeError(f"failures must be a whole number, not {failures!r}")
        if failures < 1:
            raise ValueError(f"failures must be at least 1, not {failures}")
        if isinstance(reset, bool) or not isinstance(reset, (int, float)):
            raise TypeError(f"reset must be seconds, not {reset!r}")
        if not reset > 0:
            raise ValueError(f"reset must be above 0 seconds, not {reset}")
        self.failures = failures
        self.reset = float(reset)
        self._clock = clock
        # A finalizer may call in a thread that holds it.
        self._lock = RLock()
        # Failures since the last success.
        self._count = 0
        self._opened: float | None = None
        # The call that is the probe; None if none is. Who makes it holds it: one that is struck before it can
        # tell how it has ended, and so never leaves, is not waited for.
        self._probe: weakref.ref[_Probe] | None = None
        # Raised whenever it opens or closes: calls that began before that count no more.
        self._era = 0
        _known.add(self)

    @property
    def state(self) -> str:
        """`"closed"`, `"open"` or `"half-open"`."""
        opened = self._opened
        if opened is None:
            return "closed"
        return "half-open" if self._clock() - opened >= self.reset else "open"

    def enter(self, name: str = "the function") -> object:
        """Take note that a call begins; return what `leave` needs. Raises CircuitOpen."""
        with self._lock:
            opened = self._opened
            if opened is None:
                return self._era
            left = opened + self.reset - self._clock()
            if left <= 0 and self._probing() is None:
                probe = _Probe()
                self._probe = weakref.ref(probe)
                return probe
            count = self._count
        when = f"in {left:.3g} s there is" if left > 0 else "under way is"
        raise CircuitOpen(f"{name} has failed {count} times in a row: {when} another try")

    def leave(self, call: object, error: BaseException | None) -> None:
        """Take note of how the call ended for which `enter` gave `call`."""
        with self._lock:
            if type(call) is _Probe and call is self._probing():
                self._probe = None
                if isinstance(error, _NO_FAILURES):
                    # The next call is the probe.
                    return
            elif call != self._era or isinstance(error, _NO_FAILURES):
                return
            if error is None:
                self._count = 0
                if self._opened is not None:
                    self._opened = None
                    self._era += 1
                return
            self._count += 1
            if self._opened is not None or self._count >= self.failures:
                self._opened = self._clock()
                self._era += 1

    def _probing(self) -> _Probe | None:
        return None if self._probe is None else self._probe()

    def of(self, place: object) -> Breaker:
        """Return itself: who is given a breaker shares it with others who are."""
        return self

    def __repr__(self) -> str:
        return f"<Breaker(failures={self.failures}, reset={self.reset:g}), {self.state}>"

    def __reduce__(self) -> tuple[Any, ...]:
        # In another process it begins anew, with that one's clock.
        return Breaker, (self.failures, self.reset)


class OwnBreakers:
    """What `breaker=5` stands for: a breaker of its own for each function, stage or branch that it is said of."""

    __slots__ = ("_of", "failures", "reset")

    def __init__(self, failures: int = FAILURES, reset: float = RESET_SECONDS) -> None:
        """Raises what Breaker does."""
        first = Breaker(failures, reset)
        self.failures, self.reset = first.failures, first.reset
        self._of: dict[object, Breaker] = {}

    def of(self, place: object) -> Breaker:
        """Return the breaker of a place, the same one each time."""
        known = self._of.get(place)
        # setdefault: of two threads that come first, both get the same one.
        return known or self._of.setdefault(place, Breaker(self.failures, self.reset))

    def __repr__(self) -> str:
        return f"OwnBreakers(failures={self.failures}, reset={self.reset:g})"

    def __reduce__(self) -> tuple[Any, ...]:
        return OwnBreakers, (self.failures, self.reset)


_making = RLock()


class BreakerPlace:
    """Where `breaker=…` stands in a program: what it evaluates to at each run → the breakers of that place.

    Generated code makes one for each such place, where the policy itself is made anew at each run.
    """

    __slots__ = ("_made",)

    def __init__(self) -> None:
        self._made: tuple[object, OwnBreakers] | None = None

    def __call__(self, given: Any) -> Any:
        """Return breakers for a number or True, the same ones as long as it is the same; all else as it is."""
        if type(given) is not int and given is not True:
            return given
        made = self._made
        if made is None or (made[0] is not given and made[0] != given):
            with _making:
                # Another thread may have been first: all of them count with the same breakers.
                made = self._made
                if made is None or (made[0] is not given and made[0] != given):
                    made = self._made = (
                        given,
                        OwnBreakers() if given is True else OwnBreakers(given),
                    )
        return made[1]


_known: weakref.WeakSet[Breaker] = weakref.WeakSet()


def _renew_locks() -> None:
    global _making
    _making = RLock()
    for breaker in _known:
        # Another thread may have held it, which is not in this process; so may a probe be.
        breaker._lock = RLock()
        breaker._probe = None


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_renew_locks)
