"""The attempts to call one function → what its circuit breaker and its gate say of each.

attempt ─► breaker ─► the function ─► gate ─┬─► result
               └─► CircuitOpen              └─► EnforcementError
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from dana_runtime.execution.settings import Settings
    from dana_runtime.faults.breaker import Breaker
    from dana_runtime.faults.gates import Rule


class Watch:
    """Those of one call; `name` is what errors call the function."""

    __slots__ = ("attempts", "breaker", "error", "name", "rule")

    def __init__(self, name: str, breaker: Breaker | None, rule: Rule | None) -> None:
        self.name = name
        self.breaker = breaker
        self.rule = rule
        self.attempts = 0
        # That of the latest attempt.
        self.error: BaseException | None = None

    def before(self) -> Any:
        """Let an attempt begin; raises CircuitOpen. What it returns is for `after`."""
        self.attempts += 1
        breaker = self.breaker
        if breaker is None:
            return None
        try:
            return breaker.enter(self.name)
        except BaseException as error:
            self.error = error
            raise

    def after(self, token: Any, result: Any, error: BaseException | None) -> None:
        """Take in how an attempt has ended; raises EnforcementError for a result that does not pass."""
        if error is None and self.rule is not None:
            try:
                self.rule.check(result, self.name)
            except BaseException as refusal:
                self._end(token, refusal)
                raise
        self._end(token, error)

    def _end(self, token: Any, error: BaseException | None) -> None:
        self.error = error
        if self.breaker is not None:
            self.breaker.leave(token, error)


def watch_of(settings: Settings, name: str, place: object) -> Watch | None:
    """Return who watches one call under `settings`, None if nobody has to.

    `place` tells the branches of a block apart: each has a breaker of its own, unless it was given one.
    """
    if not settings.is_guarded:
        return None
    breaker = settings.breaker
    return Watch(name, None if breaker is None else breaker.of(place), settings.enforce)
