"""An arrangement and a value → the call of the stage, whatever the plan: the way that is right for all of them.

What is called often gets a function of its own, see `generated`.
"""

from __future__ import annotations

from types import FunctionType

from dana_runtime.orchestration.context import as_context
from dana_runtime.orchestration.fields import fields_of
from dana_runtime.orchestration.fitting import ABSENT
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
    from dana_runtime.orchestration.parameters import Signature

    # stage, value, where, context, is_block_result → the result of the stage
    Runner: TypeAlias = Callable[[Any, Any, str, Context | LocalTable | None, bool], Any]


def each_time(signature: Signature) -> Runner:
    """Return the runner for values that have to be looked at one by one."""

    def run(stage: Any, value: Any, where: str, context: Any, of_block: bool) -> Any:
        arrangement = Arrangement(decide(signature, Shape.of(value, of_block)), signature)
        found: Sequence[Any] = ()
        names = arrangement.keys(FIELD)
        fields = fields_of(type(value)) if names else None
        if fields is not None:
            found = [fields.find(value, name) for name in names]
        return perform(arrangement, signature, stage, value, found, where, context, of_block)

    return run


def perform(
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
    arguments, lacking, around = _gathered(arrangement, value, found, context)
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


def _gathered(
    arrangement: Arrangement,
    value: Any,
    found: Sequence[Any],
    context: Context | LocalTable | None,
) -> tuple[list[Any], list[str], Context | None]:
    """Return the arguments, the names that nothing has, and the context if the local names were not enough."""
    arguments: list[Any] = []
    lacking = []
    fields = iter(found)
    local: Mapping[str, Any] | None = None
    around: Context | None = None
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
    return arguments, lacking, around
