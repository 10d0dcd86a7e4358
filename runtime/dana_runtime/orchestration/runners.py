"""A signature and the class of a value → the function that runs the stage on such values.

    one plan for all values of the class         ──► its call, and nothing is looked at
    a tuple, or the list that a block gives      ──► a look-up by the classes of its items
    fields, by name                              ──► the last plan, if the same fields are there;
                                                     else a look-up by which of them are
    an annotation that asks the value itself     ──► a new plan each time

The plans of a runner are bounded. They keep no class alive that could end.
"""

from __future__ import annotations

import sys
from _weakref import ref
from operator import itemgetter
from types import FunctionType

from dana_runtime.orchestration.context import as_context
from dana_runtime.orchestration.fields import fields_of
from dana_runtime.orchestration.fitting import ABSENT, is_lasting
from dana_runtime.orchestration.plans import (
    FIELD,
    ITEM,
    PLACED,
    REFUSED,
    SPREAD,
    VALUE,
    WHOLE,
    Arrangement,
)
from dana_runtime.orchestration.rules import decide
from dana_runtime.orchestration.shapes import Shape

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from typing import Any, TypeAlias

    from dana_runtime.orchestration.context import Context, LocalTable
    from dana_runtime.orchestration.fields import Fields, Getter
    from dana_runtime.orchestration.signatures import Signature

    # stage, value, where, context, is_block_result → the result of the stage
    Runner: TypeAlias = Callable[[Any, Any, str, Context | LocalTable | None, bool], Any]

# Plans that one runner keeps. A stage that meets more shapes than these has no use for plans.
MOST_PLANS = 64


def runner_for(signature: Signature | None, value: Any) -> Runner:
    """Return what runs a stage with this signature on all values of the class of `value`."""
    if signature is None or signature.is_plain():
        return _whole()
    kind = type(value)
    if signature.takes_a_value() and len(signature.required) <= 1:
        expected = signature.required[0].expected if signature.required else None
        if expected is not None and not expected.asks_class(kind):
            return _each_time(signature)
        if expected is None or expected.takes(kind):
            return _always(signature, value)
    fields = fields_of(kind)
    if kind is list:
        return _of_list(signature, value)
    if fields is not None and not isinstance(value, tuple):
        return _by_name(signature, fields)
    if not isinstance(value, tuple):
        return _always(signature, value)
    if fields is not None and decide(signature, Shape.of(value)).uses(FIELD):
        # The fields of a named tuple are always the same.
        return _by_name(signature, fields)
    return _by_items(signature)


# The runners: a new function each time, since each is kept and forgotten for itself -------------


def _whole() -> Runner:
    """Return the runner that calls the stage with the value."""

    def run(stage: Any, value: Any, where: str, context: Any, of_block: bool) -> Any:
        return stage(value)

    return run


def _always(signature: Signature, value: Any) -> Runner:
    """Return the runner for values that all have the same plan, without fields and items in it."""
    arrangement = Arrangement(decide(signature, Shape.of(value)), signature)
    if arrangement.plan.way == WHOLE and not arrangement.names:
        return _whole()

    def run(stage: Any, value: Any, where: str, context: Any, of_block: bool) -> Any:
        return _perform(arrangement, signature, stage, value, (), where, context, of_block)

    return run


def _each_time(signature: Signature) -> Runner:
    """Return the runner for values that have to be looked at one by one."""

    def run(stage: Any, value: Any, where: str, context: Any, of_block: bool) -> Any:
        arrangement = Arrangement(decide(signature, Shape.of(value, of_block)), signature)
        found: Sequence[Any] = ()
        names = arrangement.keys(FIELD)
        fields = fields_of(type(value)) if names else None
        if fields is not None:
            found = [fields.find(value, name) for name in names]
        return _perform(arrangement, signature, stage, value, found, where, context, of_block)

    return run


def _of_list(signature: Signature, value: list[Any]) -> Runner:
    """Return the runner for lists: those that blocks give have items, others are data."""
    of_blocks, of_others = _by_items(signature), _always(signature, value)

    def run(stage: Any, value: Any, where: str, context: Any, of_block: bool) -> Any:
        chosen = of_blocks if of_block else of_others
        return chosen(stage, value, where, context, of_block)

    return run


def _by_items(signature: Signature) -> Runner:
    """Return the runner for values whose items may become arguments."""
    if not signature.required_by_keyword and len(signature.required) > 1:
        annotated = [p for p in signature.positional if p.expected is not None]
        if not annotated:
            return _by_number(signature)
    # What gives the arguments by position, or SPREAD, for items of classes that last.
    quick: dict[tuple[type, ...], Any] = {}
    others = ShapeTable()

    def run(stage: Any, value: Any, where: str, context: Any, of_block: bool) -> Any:
        # Written out for the usual numbers: map takes three times as long.
        count = len(value)
        if count == 2:
            kinds: tuple[type, ...] = (type(value[0]), type(value[1]))
        elif count == 3:
            kinds = (type(value[0]), type(value[1]), type(value[2]))
        elif count == 4:
            kinds = (type(value[0]), type(value[1]), type(value[2]), type(value[3]))
        else:
            kinds = tuple(map(type, value))
        pick = quick.get(kinds)
        if pick is not None:
            return stage(*value) if pick is SPREAD else stage(*pick(value))
        arrangement = others.get(kinds)
        if arrangement is None:
            shape = Shape.of(value, of_block)
            arrangement = Arrangement(decide(signature, shape), signature)
            if all(
                p.expected is None or shape.asks_only_classes(p.expected)
                for p in signature.positional
            ):
                pick = _pick(arrangement)
                if pick is None or not all(map(is_lasting, kinds)):
                    others.add(kinds, arrangement)
                else:
                    if len(quick) >= MOST_PLANS:
                        quick.clear()
                    quick[kinds] = pick
        return _perform(arrangement, signature, stage, value, (), where, context, of_block)

    return run


def _by_number(signature: Signature) -> Runner:
    """Return the runner for items of whatever classes: only their number counts."""
    least = len(signature.required)
    most = sys.maxsize if signature.rest else len(signature.positional)
    otherwise = _each_time(signature)

    def run(stage: Any, value: Any, where: str, context: Any, of_block: bool) -> Any:
        if least <= len(value) <= most:
            return stage(*value)
        return otherwise(stage, value, where, context, of_block)

    return run


def _pick(arrangement: Arrangement) -> Any:
    """Return what gives the arguments of the call, all by position; None if that is not enough."""
    items = arrangement.keys(ITEM)
    if arrangement.plan.way == SPREAD and not arrangement.names:
        return SPREAD
    if arrangement.plan.way == PLACED and len(items) == arrangement.count == len(
        arrangement.sources
    ):
        return itemgetter(*items) if len(items) > 1 else lambda value: (value[items[0]],)
    return None


class _Named:
    """A plan for values with certain fields, and how to tell that a value is such a one.

    `get` gives the fields that the plan uses, and fails where one is missing; `absent` are the
    names of which none may be a field. `is_bare` says that the fields are all the arguments.
    """

    __slots__ = ("absent", "arrangement", "get", "is_bare")

    def __init__(self, arrangement: Arrangement, fields: Fields, absent: tuple[str, ...]) -> None:
        names = arrangement.keys(FIELD)
        self.arrangement = arrangement
        self.absent = absent
        self.get = fields.getter(names) if names else _nothing
        self.is_bare = bool(names) and len(names) == arrangement.count == len(arrangement.sources)


def _nothing(value: Any) -> tuple[()]:
    return ()


def _by_name(signature: Signature, fields: Fields) -> Runner:
    """Return the runner for values with fields, of which those matter that are parameters."""
    names = [p.name for p in signature.parameters]
    known: dict[tuple[bool, ...], _Named] = {}
    find = fields.find
    # Before the first value: what no value can be.
    last: tuple[Getter, tuple[str, ...], bool, Arrangement | None] = (_never, (), False, None)

    def run(stage: Any, value: Any, where: str, context: Any, of_block: bool) -> Any:
        # The plan that was used last, all of it in one variable: other threads may change that.
        get, absent, is_bare, arrangement = last
        try:
            found = get(value)
        except (KeyError, AttributeError):
            arrangement = None
        else:
            for name in absent:
                if find(value, name) is not ABSENT:
                    arrangement = None
                    break
            else:
                if is_bare:
                    return stage(*found)
        if arrangement is None:
            arrangement = choose(value, of_block)
            found = [find(value, name) for name in arrangement.keys(FIELD)]
        return _perform(arrangement, signature, stage, value, found, where, context, of_block)

    def choose(value: Any, of_block: bool) -> Arrangement:
        nonlocal last
        present = tuple([find(value, name) is not ABSENT for name in names])
        named = known.get(present)
        if named is None:
            plan = decide(signature, Shape.of(value, of_block))
            absent = [name for name, there in zip(names, present, strict=True) if not there]
            named = _Named(Arrangement(plan, signature), fields, tuple(absent))
            if len(known) >= MOST_PLANS:
                known.clear()
            known[present] = named
        last = named.get, named.absent, named.is_bare, named.arrangement
        return named.arrangement

    return run


def _never(value: Any) -> Sequence[Any]:
    raise KeyError


def _perform(
    arrangement: Arrangement,
    signature: Signature,
    stage: Any,
    value: Any,
    found: Sequence[Any],
    where: str,
    context: Context | LocalTable | None,
    of_block: bool,
) -> Any:
    """Call the stage as arranged; `found` are the fields that are asked for, in order."""
    way = arrangement.plan.way
    if way == REFUSED:
        # Only errors need it.
        from dana_runtime.orchestration.refusals import refused

        raise refused(where, signature, arrangement.plan.problem, value)
    arguments: list[Any] = []
    fields = iter(found)
    local: Mapping[str, Any] | None = None
    around: Context | None = None
    lacking = []
    for how, key in arrangement.sources:
        if how == FIELD:
            arguments.append(next(fields))
        elif how == VALUE:
            arguments.append(value)
        elif how == ITEM:
            arguments.append(value[key])
        else:
            if local is None:
                # The local names are asked here, since most names are theirs.
                local = context() if type(context) is FunctionType else {}
            argument = local.get(key, ABSENT)
            if argument is ABSENT:
                if around is None:
                    around = as_context(context, local)
                argument = around.find(key)
                if argument is ABSENT:
                    lacking.append(key)
            arguments.append(argument)
    if around is not None and lacking:
        from dana_runtime.orchestration.refusals import missing

        raise missing(where, signature, lacking, value, around, of_block)
    if not arrangement.names and way == PLACED:
        return stage(*arguments)
    count = arrangement.count
    keywords = dict(zip(arrangement.names, arguments[count:], strict=True))
    if way == WHOLE:
        return stage(value, **keywords)
    if way == SPREAD:
        return stage(*value, **keywords)
    return stage(*arguments[:count], **keywords)


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
