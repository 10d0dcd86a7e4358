"""`case((condition, stage), …, fallback)` → a function that chooses a stage by its argument."""

from __future__ import annotations

from dana_runtime.conditions import holds, no_case
from dana_runtime.pipelines import call_stage
from dana_runtime.wording import callable_text, short_repr

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def case(*parts: Any) -> Case:
    """Return a function of one value: `case((is_even, halve), (is_big, shrink), keep)`.

    The conditions are tried in order; the stage beside the first one that holds is called with
    the value, or else the fallback; where there is none either, the call is a ValueError. A
    condition is a function of the value, or a value whose truth counts.

    Raises TypeError for anything but pairs (condition, stage) and one fallback after them, and
    for stages that are not callable.
    """
    return Case(parts)


class Case:
    """What `case` returns. Can be pickled if its parts can."""

    __slots__ = ("__weakref__", "parts")

    def __init__(self, parts: tuple[Any, ...]) -> None:
        _check(parts)
        self.parts = parts

    def __call__(self, value: Any) -> Any:
        """Return what the chosen stage gives for `value`."""
        for number, part in enumerate(self.parts, 1):
            if not isinstance(part, tuple):
                return call_stage(value, part, "the fallback of case")
            condition, stage = part
            if holds(value, condition):
                return call_stage(value, stage, f"the stage in part {number} of case")
        return no_case(value)

    def __repr__(self) -> str:
        return f"case({', '.join(map(_part_text, self.parts))})"

    def __reduce__(self) -> tuple[type[Case], tuple[tuple[Any, ...]]]:
        return Case, (self.parts,)


def _check(parts: tuple[Any, ...]) -> None:
    if not parts:
        raise TypeError("case needs at least one pair (condition, stage)")
    for number, part in enumerate(parts, 1):
        where = f"part {number} of case"
        if isinstance(part, tuple):
            if len(part) != 2:
                raise TypeError(f"{where} is not a pair (condition, stage): {short_repr(part)}")
            if not callable(part[1]):
                raise TypeError(f"the stage in {where} is not callable: {_shown(part[1])}")
        elif number < len(parts):
            raise TypeError(
                f"{where} is not a pair (condition, stage): {_shown(part)}; "
                "only the last part can be a fallback"
            )
        elif not callable(part):
            raise TypeError(
                f"{where} is neither a pair (condition, stage) nor callable: {_shown(part)}"
            )


def _shown(value: object) -> str:
    return f"{short_repr(value)} ({type(value).__name__})"


def _part_text(part: Any) -> str:
    if isinstance(part, tuple):
        return f"({_text(part[0])}, {_text(part[1])})"
    return _text(part)


def _text(value: Any) -> str:
    return callable_text(value) if callable(value) else short_repr(value)
