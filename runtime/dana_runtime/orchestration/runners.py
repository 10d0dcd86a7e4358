"""A signature and the class of a value → the function that runs the stage on such values.

one plan for all values of the class         ──► its call, and nothing is looked at
a tuple, or the list that a block gives      ──► `by_items`: a look-up by the classes of its items
fields, by name                              ──► `by_name`: a look-up by which fields are there
an annotation that asks the value itself     ──► a new plan each time
"""

from __future__ import annotations

from dana_runtime.orchestration.by_items import by_items
from dana_runtime.orchestration.by_name import by_name
from dana_runtime.orchestration.fields import fields_of
from dana_runtime.orchestration.generated import EACH, for_all
from dana_runtime.orchestration.performing import each_time, perform
from dana_runtime.orchestration.plans import FIELD, WHOLE, Arrangement
from dana_runtime.orchestration.rules import decide
from dana_runtime.orchestration.shapes import Shape

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from dana_runtime.orchestration.generated import Install
    from dana_runtime.orchestration.parameters import Signature
    from dana_runtime.orchestration.performing import Runner


def runner_for(signature: Signature | None, value: Any, install: Install) -> Runner:
    """Return what runs a stage with this signature on all values of the class of `value`.

    `install` puts a quicker function for one plan in front of it, as soon as that is worth while.
    """
    if signature is None or signature.is_plain():
        return _whole()
    kind = type(value)
    if signature.takes_a_value() and len(signature.required) <= 1:
        expected = signature.required[0].expected if signature.required else None
        if expected is not None and not expected.asks_class(kind):
            return each_time(signature)
        if expected is None or expected.takes(kind):
            return _always(signature, value, install)
    fields = fields_of(kind)
    if kind is list:
        return _of_list(signature, value, install)
    if fields is not None and not isinstance(value, tuple):
        return by_name(signature, fields, install)
    if not isinstance(value, tuple):
        return _always(signature, value, install)
    if fields is not None and decide(signature, Shape.of(value)).uses(FIELD):
        # The fields of a named tuple are always the same.
        return by_name(signature, fields, install)
    return by_items(signature, install)


# The runners: a new function each time, since each is kept and forgotten for itself -------------


def _whole() -> Runner:
    """Return the runner that calls the stage with the value."""

    def run(stage: Any, value: Any, where: str, context: Any, of_block: bool) -> Any:
        return stage(value)

    return run


def _always(signature: Signature, value: Any, install: Install) -> Runner:
    """Return the runner for values that all have the same plan, without fields and items in it."""
    arrangement = Arrangement(decide(signature, Shape.of(value)), signature)
    if arrangement.plan.way == WHOLE and not arrangement.names:
        return _whole()
    make = for_all(arrangement, type(value))
    calls = 0

    def run(stage: Any, value: Any, where: str, context: Any, of_block: bool) -> Any:
        nonlocal calls
        calls += 1
        if not calls % EACH:
            install(make)
        return perform(arrangement, signature, stage, value, (), where, context, of_block)

    return run


def _of_list(signature: Signature, value: list[Any], install: Install) -> Runner:
    """Return the runner for lists: those that blocks give have items, others are data."""
    of_blocks, of_others = by_items(signature, install), _always(signature, value, install)

    def run(stage: Any, value: Any, where: str, context: Any, of_block: bool) -> Any:
        chosen = of_blocks if of_block else of_others
        return chosen(stage, value, where, context, of_block)

    return run
