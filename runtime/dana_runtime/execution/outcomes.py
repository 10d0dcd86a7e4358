"""What came of the branches of a block → its results, and the error that ends it, if any."""

from __future__ import annotations

from typing import Any, TypeVar, overload

from dana_runtime.errors import BranchCancelled, BranchTimeout
from dana_runtime.wording import short_repr

T = TypeVar("T")
K = TypeVar("K")

# The results of a block in branch order, and its failures: (index of the branch, exception).
Outcome = tuple[list[Any], list[tuple[int, BaseException]]]


class Failure:
    """Stands in the place of the result of a branch that failed, in a block with `on_error="partial"`.

    `error` is the exception, `branch` the branch's name and place as text, `attempts` how often it
    was tried, `elapsed` the seconds that it took. False in conditions.
    """

    __slots__ = ("attempts", "branch", "elapsed", "error")

    def __init__(
        self, error: BaseException, branch: str, attempts: int = 1, elapsed: float = 0.0
    ) -> None:
        self.error = error
        self.branch = branch
        self.attempts = attempts
        self.elapsed = elapsed

    def __bool__(self) -> bool:
        return False

    def __repr__(self) -> str:
        times = "" if self.attempts == 1 else f" and {self.attempts} attempts"
        error = short_repr(self.error)
        return f"<Failure of {self.branch}: {error}, after {self.elapsed:.3g} s{times}>"

    def __reduce__(self) -> tuple[Any, ...]:
        return Failure, (self.error, self.branch, self.attempts, self.elapsed)


class Substitute:
    """Stands for the result of a branch that failed until the block is over: `value`, its fallback."""

    __slots__ = ("value",)

    def __init__(self, value: Any) -> None:
        self.value = value


def fallback_for(failure: Failure, fallback: Any) -> Any:
    """Return a fallback's value: that of a function is what it makes of the failure, or raises."""
    return fallback(failure) if callable(fallback) else fallback


@overload
def successes(results: dict[K, T]) -> dict[K, T]: ...
@overload
def successes(results: list[T] | tuple[T, ...]) -> list[T]: ...
def successes(
    results: dict[K, T] | list[T] | tuple[T, ...],
) -> dict[K, T] | list[T]:
    """Return the results of a block without its Failures, in order: a dict for a dict, else a list.

    Raises TypeError for anything that is no list, tuple or dict.
    """
    if isinstance(results, dict):
        return {key: result for key, result in results.items() if not isinstance(result, Failure)}
    if isinstance(results, (list, tuple)):
        return [result for result in results if not isinstance(result, Failure)]
    raise TypeError(
        f"successes() takes the results of a block, a list or dict, not {short_repr(results)}"
    )


def ends_block(error: BaseException) -> bool:
    """Tell whether a failure is raised even where the others are results."""
    return isinstance(error, (KeyboardInterrupt, SystemExit))


def precedence(failure: tuple[int, BaseException]) -> tuple[int, int]:
    """Order failures: Ctrl-C is never lost, what followed from a cancel is not its cause; else branch order."""
    index, error = failure
    if isinstance(error, KeyboardInterrupt):
        return 0, index
    return (2 if isinstance(error, BranchCancelled) else 1), index


def short_of_results(at_least: int | None, branches: int) -> str:
    """Return the note on the failure that left a block with fewer results than it needs."""
    return f"at_least={at_least} of {branches} branches can no longer succeed"


def timeout_error(name: str, seconds: float) -> BranchTimeout:
    """Return the error for a branch or stage that has not ended in its time."""
    return BranchTimeout(f"{name} has not ended in {seconds:g} s")
