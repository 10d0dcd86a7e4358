"""What the branches of a block gave, pairs of result and captures → results and captures of the block."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from dana_runtime.execution.outcomes import Failure, Substitute


class Captured:
    """The results of a block and what its branches captured: `captured["name"]`.

    What a branch with partial results should have captured, but failed, is its Failure; where it has a
    fallback, that one's value.
    """

    __slots__ = ("_captures", "_instead", "results")

    def __init__(
        self,
        results: list[Any] | dict[str, Any],
        captures: dict[str, Any],
        instead: Sequence[Any] = (),
    ) -> None:
        self.results = results
        # What stands for the results of those that failed.
        self._instead = instead
        self._captures = captures

    def __getitem__(self, name: str) -> Any:
        try:
            return self._captures[name]
        except KeyError:
            # The branch that should have captured it is one of those that failed.
            for instead in self._instead:
                return instead
            raise

    def __repr__(self) -> str:
        return f"Captured({self.results!r}, {self._captures!r})"


def captured(outcomes: list[Any] | dict[str, Any]) -> Captured:
    """Take the pairs (result, captures) apart; a Failure is no pair, and neither is a Substitute."""
    captures: dict[str, Any] = {}
    results: list[Any] = []
    instead: list[Any] = []
    for outcome in outcomes.values() if isinstance(outcomes, dict) else outcomes:
        if isinstance(outcome, (Failure, Substitute)):
            result = outcome if isinstance(outcome, Failure) else outcome.value
            instead.append(result)
        else:
            result = outcome[0]
            captures.update(outcome[1])
        results.append(result)
    if isinstance(outcomes, dict):
        return Captured(dict(zip(outcomes, results, strict=True)), captures, instead)
    return Captured(results, captures, instead)
