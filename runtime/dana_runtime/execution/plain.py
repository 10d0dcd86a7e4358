"""A value → whether it is one that a proof of purity holds for, and what it looks like in a word or two.

What the compiler proves of a branch holds for values of exact built-in types: a subclass, as any other
object, may have operators that do anything.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

# The types whose values never need a second look; they cannot be changed, either.
PLAIN: frozenset[type] = frozenset({int, float, str, bool, type(None), bytes, complex})

# Items of a container that are looked at before each run of a tiny block.
FEW_ITEMS = 16

# And before a run that takes so long that a millisecond is nothing.
MANY_ITEMS = 20_000


def is_plain(value: Any, most_items: int = FEW_ITEMS) -> bool:
    """Tell whether `value` is of a built-in type, and all that it holds, too, in at most so many items."""
    return _left_over(value, most_items) >= 0


def _left_over(value: Any, most: int) -> int:
    """Return how many items may still be looked at after those of `value`; below 0 it is not plain."""
    kind = type(value)
    if kind in PLAIN:
        return most
    items: Any
    if kind is dict:
        # Copied in one step: other threads may change it meanwhile.
        items = list(value.values())
        if not PLAIN.issuperset(map(type, list(value))):
            return -1
    elif kind is list or kind is tuple:
        items = value
    else:
        return -1
    most -= len(items)
    if most < 0:
        return -1
    for item in items:
        if type(item) not in PLAIN:
            # Containers in containers count all their items, so that even endless ones end.
            most = _left_over(item, most - 1)
            if most < 0:
                return -1
    return most


# Of long containers only so many items count for their shape, and of a class's name so many characters.
_LOOKED_AT = 8
_MOST_TEXT = 60


def shape_of(value: Any) -> str:
    """Return what `value` looks like: `int`, `list of int`, `dict of str to float`, `Order`."""
    kind = type(value)
    name = _name(kind)
    if kind is dict:
        if not value:
            return "empty dict"
        return f"dict of {_names(list(value))} to {_names(list(value.values()))}"
    if kind in (list, tuple, set, frozenset):
        return f"{name} of {_names(list(value))}" if value else f"empty {name}"
    return name


def shape_of_call(args: tuple[Any, ...], kwargs: dict[str, Any]) -> str:
    """Return what the arguments of a call look like: `int, rate=float`."""
    shapes = [shape_of(value) for value in args]
    shapes += [f"{name}={shape_of(value)}" for name, value in kwargs.items()]
    return ", ".join(shapes)


def _names(items: list[Any]) -> str:
    names = list(dict.fromkeys(_name(type(item)) for item in items[:_LOOKED_AT]))
    return " or ".join(names[:2]) + (" …" if len(names) > 2 else "")


def _name(kind: type) -> str:
    return "None" if kind is type(None) else kind.__name__[:_MOST_TEXT]


class Shapes:
    """How often which shapes were seen; of more than `MOST` different ones, the further ones together."""

    __slots__ = ("counts",)

    MOST = 16
    OTHERS = "others"

    def __init__(self) -> None:
        self.counts: dict[str, int] = {}

    def add(self, shape: str) -> None:
        """Count one; threads may lose one of two that come at the same time."""
        counts = self.counts
        if shape not in counts and len(counts) >= self.MOST:
            shape = self.OTHERS
        counts[shape] = counts.get(shape, 0) + 1
