"""Which items fit which parameters → the one assignment of items to parameters, or two if there are more.

The parameters and items are the two sides of a graph. An assignment gives each parameter an item
of its own: a matching. One is found by augmenting paths (Kuhn); it is the only one if no parameter
fits a free item and no parameters can pass their items round in a circle. So the time is at most
parameters x edges, where trying all orders would take factorial time.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import TypeAlias

    Assignment: TypeAlias = tuple[int, ...]


def assignments(fitting: Sequence[Sequence[int]]) -> list[Assignment]:
    """Return the assignments that there are, but no more than two of them.

    `fitting[p]` are the items that fit parameter p. An assignment is the item of each parameter;
    no item is in it twice.
    """
    first = _matching(fitting)
    if first is None:
        return []
    second = _another(first, fitting)
    return [tuple(first)] if second is None else [tuple(first), tuple(second)]


def _matching(fitting: Sequence[Sequence[int]]) -> list[int] | None:
    """Return the item of each parameter; None if they cannot all have one."""
    owner: dict[int, int] = {}

    def settle(parameter: int, tried: set[int]) -> bool:
        """Find an item for a parameter, moving others to other items where that is needed."""
        for item in fitting[parameter]:
            if item not in tried:
                tried.add(item)
                if item not in owner or settle(owner[item], tried):
                    owner[item] = parameter
                    return True
        return False

    if not all(settle(parameter, set()) for parameter in range(len(fitting))):
        return None
    items = {parameter: item for item, parameter in owner.items()}
    return [items[parameter] for parameter in range(len(fitting))]


def _another(matching: list[int], fitting: Sequence[Sequence[int]]) -> list[int] | None:
    """Return a second matching, None if there is none."""
    owner = {item: parameter for parameter, item in enumerate(matching)}
    for parameter, items in enumerate(fitting):
        for item in items:
            if item not in owner:
                return [*matching[:parameter], item, *matching[parameter + 1 :]]
    # From now on every item has an owner: who could take whose?
    wanted = [
        [owner[item] for item in items if owner[item] != parameter]
        for parameter, items in enumerate(fitting)
    ]
    circle = _circle(wanted)
    if circle is None:
        return None
    other = matching.copy()
    for parameter, after in zip(circle, circle[1:] + circle[:1], strict=True):
        other[parameter] = matching[after]
    return other


def _circle(following: Sequence[Sequence[int]]) -> list[int] | None:
    """Return the nodes of a circle in a directed graph, in order; None if it has none."""
    done: set[int] = set()
    for start in range(len(following)):
        path: list[int] = []
        ahead = [iter([start])]
        while ahead:
            node = next(ahead[-1], None)
            if node is None:
                ahead.pop()
                if path:
                    done.add(path.pop())
            elif node in path:
                return path[path.index(node) :]
            elif node not in done:
                path.append(node)
                ahead.append(iter(following[node]))
    return None
