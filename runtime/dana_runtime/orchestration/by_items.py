"""A signature → the runner for values whose items may become arguments: tuples, and what blocks give.

    no annotations      ──► only the number of the items counts
    annotations         ──► a look-up by the classes of the items
    an annotation that asks the value itself ──► a new plan each time

The plans of a runner are bounded. They keep no class alive that could end.
"""

from __future__ import annotations

import sys
from _weakref import ref

from dana_runtime.orchestration.fitting import is_lasting
from dana_runtime.orchestration.generated import EACH, for_items
from dana_runtime.orchestration.performing import each_time, perform
from dana_runtime.orchestration.plans import Arrangement
from dana_runtime.orchestration.rules import decide
from dana_runtime.orchestration.shapes import Shape

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from dana_runtime.orchestration.generated import Install
    from dana_runtime.orchestration.parameters import Signature
    from dana_runtime.orchestration.performing import Runner

# Plans that one runner keeps. A stage that meets more shapes than these has no use for plans.
MOST_PLANS = 64


def by_items(signature: Signature, install: Install) -> Runner:
    """Return the runner for values whose items may become arguments."""
    if not signature.required_by_keyword and len(signature.required) > 1:
        annotated = [p for p in signature.positional if p.expected is not None]
        if not annotated:
            return _by_number(signature, install)
    known = ShapeTable()
    calls = 0

    def run(stage: Any, value: Any, where: str, context: Any, of_block: bool) -> Any:
        nonlocal calls
        calls += 1
        kinds = tuple(map(type, value))
        arrangement = known.get(kinds)
        if arrangement is None:
            shape = Shape.of(value, of_block)
            arrangement = Arrangement(decide(signature, shape), signature)
            if all(
                p.expected is None or shape.asks_only_classes(p.expected)
                for p in signature.positional
            ):
                known.add(kinds, arrangement)
        elif not calls % EACH and all(map(is_lasting, kinds)):
            install(for_items(arrangement, value, by_class=True))
        return perform(arrangement, signature, stage, value, (), where, context, of_block)

    return run


def _by_number(signature: Signature, install: Install) -> Runner:
    """Return the runner for items of whatever classes: only their number counts."""
    least = len(signature.required)
    most = sys.maxsize if signature.rest else len(signature.positional)
    otherwise = each_time(signature)
    calls = 0

    def run(stage: Any, value: Any, where: str, context: Any, of_block: bool) -> Any:
        if not least <= len(value) <= most:
            return otherwise(stage, value, where, context, of_block)
        nonlocal calls
        calls += 1
        if not calls % EACH:
            arrangement = Arrangement(decide(signature, Shape.of(value, of_block)), signature)
            install(for_items(arrangement, value, by_class=False))
        return stage(*value)

    return run


class ShapeTable:
    """A bounded table from classes of items to arrangements, which keeps no class alive."""

    __slots__ = ("_found",)

    def __init__(self) -> None:
        # Each entry has the references that remove it, so that the two go together.
        self._found: dict[tuple[int, ...], tuple[Arrangement, list[ref[type]]]] = {}

    def get(self, kinds: tuple[type, ...]) -> Arrangement | None:
        """Return what was added for these classes, None if that is nothing."""
        entry = self._found.get(tuple(map(id, kinds)))
        return None if entry is None else entry[0]

    def add(self, kinds: tuple[type, ...], arrangement: Arrangement) -> None:
        """Keep an arrangement until one of the classes ends, or the table is full."""
        found = self._found
        key = tuple(map(id, kinds))

        def forget(_: object) -> None:
            found.pop(key, None)

        if len(found) >= MOST_PLANS:
            found.clear()
        found[key] = arrangement, [ref(kind, forget) for kind in set(kinds)]

    def __len__(self) -> int:
        return len(self._found)
