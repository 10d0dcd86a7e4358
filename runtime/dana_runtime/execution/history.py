"""How long the runs of a block took → whether its branches are known to be tiny.

A block is known to be tiny when eight runs in a row were. One run that is not, after many that were,
costs it one run on threads; a second one, or one that was far from it, costs it eight more.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any

# Seconds that a tiny branch takes at most.
TINY_SECONDS = 50e-6

# Runs after which a block counts as tiny, and the most that are remembered.
ENOUGH = 8
_MOST = 2 * ENOUGH

# Seconds after which a run by the caller was no hiccup of the machine.
FAR_SECONDS = 0.005

# Blocks without a description whose history is kept.
_MOST_KNOWN = 1024


class History:
    """Whether the latest runs of one block were tiny."""

    __slots__ = ("streak",)

    def __init__(self) -> None:
        # Threads may change it at the same time, and one of the changes be lost: no harm is done.
        self.streak = 0

    def is_tiny(self) -> bool:
        """Tell whether the next run can be expected to be tiny."""
        return self.streak >= ENOUGH

    def add(self, is_tiny: bool, is_far: bool = False) -> None:
        """Take in a run: whether its branches were tiny, and if not, whether they were far from it."""
        streak = self.streak
        if not is_tiny:
            self.streak = 0 if is_far else max(0, streak - ENOUGH - 1)
        elif streak < _MOST:
            self.streak = streak + 1


_of_functions: dict[tuple[int, ...], History] = {}


def history_of(functions: Sequence[Callable[..., Any]]) -> History:
    """Return the history of a block that has no description.

    It is found by what the functions are made of, since lambdas are made anew at each run. Of those
    only the identities are kept, which keep nothing alive: where one is given a second time, the
    block is taken for another one, and nothing but its speed depends on that.
    """
    key = tuple([id(getattr(function, "__code__", function)) for function in functions])
    known = _of_functions.get(key)
    if known is None:
        if len(_of_functions) >= _MOST_KNOWN:
            _of_functions.clear()
        known = _of_functions[key] = History()
    return known


def forget() -> None:
    """Forget the blocks that have no description."""
    _of_functions.clear()
