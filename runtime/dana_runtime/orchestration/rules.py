"""Signature and shape → the plan: the rules by which a value meets a signature.

    1  at most one required parameter by position: the value is that argument; where it does not
       fit, its fields by name if it has one of that name, or its one item that fits
    2  a tuple, or what the block just before gives: its items are the arguments
    3  something with fields, one of them required: by name
    4  what is still missing comes from the context by name
    5  anything else: the value is the first required parameter
    6  what two assignments fit, or nothing can be given at all, is refused

docs/orchestration.md tells them with examples. Which names the context has is seen at each call.
"""

from __future__ import annotations

from dana_runtime.orchestration.matching import assignments
from dana_runtime.orchestration.plans import (
    CONTEXT,
    FIELD,
    ITEM,
    PLACED,
    REFUSED,
    SPREAD,
    THE_VALUE,
    WHOLE,
    Plan,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from dana_runtime.orchestration.matching import Assignment
    from dana_runtime.orchestration.parameters import Parameter, Signature
    from dana_runtime.orchestration.plans import Source
    from dana_runtime.orchestration.shapes import Shape


def decide(signature: Signature | None, shape: Shape) -> Plan:
    """Return how a value of a shape meets a signature; None is a signature that nobody knows."""
    if signature is None:
        return Plan(1, WHOLE)
    if not signature.takes_a_value():
        return _by_name_only(signature, shape)
    if len(signature.required) <= 1:
        return _one_required(signature, shape)
    if _has_required_field(signature, shape):
        return _by_name(signature, shape)
    if shape.items is not None:
        plan = _by_position(signature, shape)
        if plan is not None:
            return plan
    return _completed(signature, 5, PLACED, {signature.required[0].name: THE_VALUE})


def _completed(signature: Signature, rule: int, way: str, found: dict[str, Source]) -> Plan:
    """Return a plan in which all required parameters without a source are left to the context."""
    sources = {
        p.name: found.get(p.name, (CONTEXT, p.name))
        for p in signature.parameters
        if p.name in found or p.required
    }
    return Plan(rule, way, sources)


# Rule 1 -----------------------------------------------------------------------------------------


def _one_required(signature: Signature, shape: Shape) -> Plan:
    if not signature.required:
        names = [p.name for p in signature.positional[:1]]
        return _completed(signature, 1, WHOLE, dict.fromkeys(names, THE_VALUE))
    parameter = signature.required[0]
    source = _source_for(parameter, shape)
    if source[0] == FIELD:
        # What is opened for one name is opened for all: nobody expects that
        # `{"x": 5, "y": 6} | Point` drops the y that has a default.
        return _by_name(signature, shape, 1)
    # In a struct it may stand behind others that have defaults.
    is_first = parameter is signature.positional[0]
    way = WHOLE if source is THE_VALUE and is_first else PLACED
    return _completed(signature, 1, way, {parameter.name: source})


def _source_for(parameter: Parameter, shape: Shape) -> Source:
    """Return what the only required parameter gets."""
    expected = parameter.expected
    if expected is None or shape.fits(expected):
        return THE_VALUE
    if parameter.name in shape.fields:
        return FIELD, parameter.name
    if shape.items is not None:
        fitting = [i for i in range(len(shape.items)) if shape.item_fits(i, expected)]
        if len(fitting) == 1:
            return ITEM, fitting[0]
    return THE_VALUE


# Rule 2 -----------------------------------------------------------------------------------------


def _by_position(signature: Signature, shape: Shape) -> Plan | None:
    """Return how the items become the arguments; None if they cannot."""
    assert shape.items is not None
    count = len(shape.items)
    taken = signature.positional[:count]
    if len(signature.required) <= count <= len(signature.positional):
        return _in_some_order(signature, taken, shape)
    if count < len(signature.required):
        return None
    if signature.rest:
        named = {p.name: (ITEM, index) for index, p in enumerate(taken)}
        return _completed(signature, 2, SPREAD, {**named})
    for parameters in (signature.positional, signature.required):
        found = _fitting(parameters, shape)
        if found:
            return _placed(signature, parameters, shape, found)
    return None


def _in_some_order(signature: Signature, taken: Sequence[Parameter], shape: Shape) -> Plan:
    """Return the plan for as many items as parameters: in order, or in the only order that fits."""
    in_order: dict[str, Source] = {p.name: (ITEM, index) for index, p in enumerate(taken)}
    if not all(
        p.expected is None or shape.item_fits(index, p.expected) for index, p in enumerate(taken)
    ):
        found = _fitting(taken, shape)
        if found:
            return _placed(signature, taken, shape, found)
    return _completed(signature, 2, SPREAD, in_order)


def _fitting(parameters: Sequence[Parameter], shape: Shape) -> list[Assignment]:
    """Return the assignments, at most two, of items to parameters that are all annotated."""
    items = range(len(shape.items or ()))
    fitting = []
    for parameter in parameters:
        expected = parameter.expected
        if expected is None:
            return []
        fitting.append([index for index in items if shape.item_fits(index, expected)])
    return assignments(fitting)


def _placed(
    signature: Signature,
    parameters: Sequence[Parameter],
    shape: Shape,
    found: list[Assignment],
) -> Plan:
    """Return the plan for the only assignment, or for the fact that it is not the only one."""
    if len(found) == 1:
        items: dict[str, Source] = {
            p.name: (ITEM, index) for p, index in zip(parameters, found[0], strict=True)
        }
        return _completed(signature, 2, PLACED, items)
    ways = [
        ", ".join(
            f"{p.name} = item {index + 1}" for p, index in zip(parameters, assignment, strict=True)
        )
        for assignment in found
    ]
    classes = ", ".join(kind.__name__ for kind in shape.items or ())
    return Plan(
        6, REFUSED, problem=f"items ({classes}) fit in more than one way: {'; or '.join(ways)}"
    )


# Rule 3 -----------------------------------------------------------------------------------------


def _has_required_field(signature: Signature, shape: Shape) -> bool:
    return bool(shape.fields) and any(
        p.name in shape.fields for p in (*signature.required, *signature.required_by_keyword)
    )


def _by_name(signature: Signature, shape: Shape, rule: int = 3) -> Plan:
    fields: dict[str, Source] = {
        p.name: (FIELD, p.name) for p in signature.parameters if p.name in shape.fields
    }
    return _completed(signature, rule, PLACED, fields)


def _by_name_only(signature: Signature, shape: Shape) -> Plan:
    """Return the plan for what takes nothing by position."""
    if any(p.name in shape.fields for p in signature.parameters):
        return _by_name(signature, shape)
    return Plan(
        6, REFUSED, problem="it takes nothing by position, and no field has a name that it takes"
    )
