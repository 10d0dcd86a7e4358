"""The expression or stage that makes a value → what can be seen of the value: its type, items or keys.

Only what is built in sight counts: literals, blocks, and the structs of the program. An annotation of a
result says nothing, since nothing enforces it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

from danac import nodes
from danac.analysis.names import Scope
from danac.analysis.stages import is_struct

Kind: TypeAlias = Literal["unknown", "value", "items", "fields"]


@dataclass(frozen=True, slots=True)
class Shape:
    """What is known of a value. `type_name` is that of its exact built-in type, where it is known.

    "items" are those of a tuple, or the results of a list block, which are unpacked as a tuple's are;
    "fields" the keys of a dict display or keyed block, or the fields of a struct, whose definition `struct` is.
    """

    kind: Kind
    type_name: str | None = None
    items: tuple[Shape, ...] = ()
    keys: tuple[str, ...] = ()
    is_block: bool = False
    struct: nodes.Struct | None = None


UNKNOWN = Shape("unknown")


def shape_of(expression: nodes.Expression, scope: Scope) -> Shape:
    """Return the shape of an expression's value."""
    match expression:
        case nodes.Group(value=value):
            return shape_of(value, scope)
        case nodes.Constant(value=value):
            return Shape("value", type(value).__name__)
        case nodes.FormattedText():
            return Shape("value", "str")
        case nodes.TupleDisplay(items=items):
            if any(isinstance(item, nodes.Starred) for item in items):
                return Shape("value", "tuple")
            return Shape("items", "tuple", tuple(shape_of(item, scope) for item in items))
        case nodes.ListDisplay():
            return Shape("value", "list")
        case nodes.SetDisplay():
            return Shape("value", "set")
        case nodes.DictDisplay(items=pairs):
            return _keyed([pair.key for pair in pairs], is_block=False)
        case nodes.Call(function=nodes.Name(id=name)) if is_struct(name, scope):
            return _of_struct(name, scope)
        case _:
            return UNKNOWN


# Methods that make something else of a struct's construction, or of reading its fields.
_OWN_WAYS = ("__init__", "__new__", "__getattribute__")


def _of_struct(name: str, scope: Scope) -> Shape:
    found = scope.lookup(name)
    struct = None if found is None else found[1].node
    assert isinstance(struct, nodes.Struct)
    is_own = any(method.name in _OWN_WAYS for method in struct.methods)
    if is_own or any(scope.lookup(way) is not None for way in _OWN_WAYS):
        return UNKNOWN
    keys = tuple(field.name for field in struct.fields)
    return Shape("fields", name, keys=keys, struct=struct)


def result_of(stage: nodes.Stage, scope: Scope) -> Shape:
    """Return the shape of what `stage`, or the head of a pipe, gives."""
    if isinstance(stage.value, nodes.ParallelBlock):
        return _of_block(stage.value)
    if stage.policy is not None:
        # It may give a failure in the place of its result.
        return UNKNOWN
    value = stage.value
    while isinstance(value, nodes.Group):
        value = value.value
        if isinstance(value, nodes.Call):
            # As a stage it is what makes the callable.
            return UNKNOWN
    if isinstance(value, nodes.Pipe):
        return result_of(value.stages[-1], scope) if len(value.stages) > 1 else UNKNOWN
    return shape_of(value, scope)


def _of_block(block: nodes.ParallelBlock) -> Shape:
    if block.form == "keyed":
        return _keyed([branch.key for branch in block.branches], is_block=True)
    return Shape("items", "list", (UNKNOWN,) * len(block.branches), is_block=True)


def _keyed(keys: list[nodes.Expression | None], *, is_block: bool) -> Shape:
    texts = [key.value for key in keys if isinstance(key, nodes.Constant)]
    known = tuple(text for text in texts if isinstance(text, str))
    if len(known) < len(keys):
        return Shape("value", "dict", is_block=is_block)
    return Shape("fields", "dict", keys=tuple(dict.fromkeys(known)), is_block=is_block)
