"""A class body and a list of fields → a struct: `@struct(("x", int), ("y", float, lambda: 0.0))`.

The class is completed in place. Its fields are slots, and are read at the speed of slots;
`__init__` is made for its fields, and all other methods are the same functions in all structs.
What the class body defines itself is left as it is.
"""

from __future__ import annotations

from _thread import get_ident
from operator import attrgetter
from types import FunctionType

from dana_runtime.values.conversion import mismatch
from dana_runtime.values.delegation import get_delegated, set_delegated
from dana_runtime.values.struct_construction import make_init
from dana_runtime.values.struct_types import (
    MISSING,
    Field,
    StructType,
    did_you_mean,
    is_struct,
    slot_name,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any, TypeAlias, TypeVar

    from dana_runtime.values.type_expressions import TypeExpression

    C = TypeVar("C", bound=type)
    FieldParts: TypeAlias = (
        tuple[str, TypeExpression] | tuple[str, TypeExpression, Callable[[], Any]]
    )


def struct(
    *fields: FieldParts, name: str | None = None, methods: Mapping[str, str] | None = None
) -> Callable[[C], C]:
    """Decorate a class, whose `__slots__` are its fields, to be a struct.

    A field is its name, its type expression and, if it has a default, a function that makes it,
    called for each instance. Instances are made by keyword or in field order. A value is checked
    when the instance is made and when a field is assigned, as `struct_types` says; the TypeError
    lists all that is wrong. Instances are equal by type and values, not hashable and not ordered;
    they can be copied and, with protocol 2 or later, pickled. `name` is that of the class, and
    `methods` those of methods by what the class body calls them, where Dana's are others.
    """
    declared = [Field(*parts) for parts in fields]

    def complete(cls: C) -> C:
        if name is not None:
            # The `__qualname__` stays: pickle looks by it for the variable that holds the class.
            cls.__name__ = name
        for here, there in (methods or {}).items():
            method: Any = vars(cls)[here]
            if isinstance(method, FunctionType):
                method.__qualname__ = f"{cls.__qualname__}.{there}"
            setattr(cls, there, method)
            delattr(cls, here)
        _complete(cls, declared)
        return cls

    return complete


def _complete(cls: Any, declared: list[Field]) -> None:
    body = dict(vars(cls))
    slots = {field.name: slot_name(cls, field.name) for field in declared}
    setters = {slot: body[slot].__set__ for slot in slots.values()}
    known = StructType(cls, {field.name: field for field in declared})
    cls._dana_struct = known
    cls._dana_slots = {}
    for field in declared:
        slot = slots[field.name]
        kind = field.kinds[0] if field.kinds else None
        # By the name that methods in the body use, and by the one that all others use.
        cls._dana_slots[slot] = cls._dana_slots[field.name] = (kind, field, setters[slot])
    cls._dana_values = attrgetter(*slots.values()) if slots else _no_values
    delegates = [body[slot].__get__ for name, slot in slots.items() if name.startswith("_")]
    cls._dana_delegates = tuple(delegates)
    given: dict[str, Any] = {**_METHODS, "_type": known, "__match_args__": tuple(slots)}
    if delegates:
        given["__getattr__"] = get_delegated
    given |= {name: body[slot] for name, slot in slots.items()}
    for name, value in given.items():
        # A body with __eq__ and no __hash__ has None for the latter by now, put there by Python.
        if name not in body:
            setattr(cls, name, value)
    if "__init__" not in body:
        cls.__init__ = cls._dana_init = make_init(cls, known, slots, setters)


def _no_values(struct: object) -> tuple[()]:
    return ()


# The methods of all structs ---------------------------------------------------------------------


def _set_field(self: Any, name: str, value: Any) -> None:
    slot = self._dana_slots.get(name)
    if slot is None:
        _set_other(self, name, value)
        return
    kind, field, store = slot
    if type(value) is not kind:
        fitting = field.fit(value)
        if fitting is MISSING:
            raise mismatch(f"{type(self).__name__}.{field.name}", field.resolve(), value)
        value = fitting
    store(self, value)


def _set_other(self: Any, name: str, value: Any) -> None:
    """Assign to what is no field: an attribute of a Python subclass, or of a delegate."""
    own = hasattr(type(self), name) or name in getattr(self, "__dict__", ())
    if not own and set_delegated(self, name, value):
        return
    try:
        object.__setattr__(self, name, value)
    except AttributeError:
        if own:
            raise
        hint = did_you_mean(name, list(self._dana_struct.declared), ". Did you mean {!r}?")
        message = f"{type(self).__name__!r} object has no field {name!r}{hint}"
        raise AttributeError(message) from None


def _set_state(self: Any, state: Any) -> None:
    """Take the state of a copy or pickle, unchecked.

    Fields that the struct did not have when it was pickled get their defaults.
    """
    # As object.__getstate__ has it: the instance's dict, or that and the slots. Where the struct
    # was pickled by value, its fields are in the former.
    parts = state if isinstance(state, tuple) else (state,)
    slots = {name: value for part in parts if part for name, value in part.items()}
    for name, value in slots.items():
        if name in self._dana_slots:
            self._dana_slots[name][2](self, value)
        else:
            object.__setattr__(self, name, value)
    for name, (_, field, store) in self._dana_slots.items():
        if field.default is not None and name not in slots and field.name not in slots:
            store(self, field.default())


# The structs whose repr is being made, each with the thread that makes it.
_in_repr: set[tuple[int, int]] = set()


def _repr(self: Any) -> str:
    name = type(self).__name__
    key = id(self), get_ident()
    if key in _in_repr:
        return f"{name}(...)"
    _in_repr.add(key)
    try:
        values = [f"{field}={_shown(self, field)}" for field in self._dana_struct.declared]
    finally:
        _in_repr.discard(key)
    return f"{name}({', '.join(values)})"


def _shown(self: object, name: str) -> str:
    try:
        value = object.__getattribute__(self, name)
    except AttributeError:
        # Deleted, or not made to the end: a repr must not fail for that.
        return "<not set>"
    return repr(value)


def _equal(self: Any, other: object) -> Any:
    values = type(self)._dana_values
    if type(other) is not type(self):
        return NotImplemented
    return values(self) == values(other)


def _to_dict(self: Any) -> dict[str, Any]:
    """Return the fields as a dict, and so those of structs in them, in lists, tuples and dicts.

    Raises ValueError if the struct contains itself.
    """
    return _plain(self, set())  # type: ignore[no-any-return]


def _plain(value: Any, around: set[int]) -> Any:
    kind = type(value)
    if not (is_struct(kind) or isinstance(value, (list, tuple, dict))):
        return value
    if id(value) in around:
        raise ValueError(f"to_dict: {kind.__name__} contains itself")
    around.add(id(value))
    try:
        if is_struct(kind):
            return {
                name: _plain(getattr(value, name), around) for name in value._dana_struct.declared
            }
        if isinstance(value, dict):
            return {key: _plain(item, around) for key, item in value.items()}
        items = [_plain(item, around) for item in value]
        if isinstance(value, list):
            return items
        # A named tuple is made of arguments, not of a list.
        make = getattr(kind, "_make", tuple)
        return make(items)
    finally:
        around.discard(id(value))


def _replace(self: Any, /, **changes: Any) -> Any:
    """Return a copy with other values in some fields, checked as at construction."""
    from copy import copy

    known = self._dana_struct
    values = [changes.get(name, getattr(self, name, MISSING)) for name in known.declared]
    unknown = {name: value for name, value in changes.items() if name not in known.declared}
    if unknown:
        known.refuse(tuple(values), (), unknown)
    settled = known.settle(tuple(values))
    other = copy(self)
    for name, value in zip(known.declared, settled, strict=True):
        self._dana_slots[name][2](other, value)
    return other


class _Signature:
    """`__signature__` of structs: what `inspect.signature(Point)` shows, made when asked for."""

    def __get__(self, instance: object, owner: Any) -> Any:
        if owner.__init__ is not owner._dana_init:
            raise AttributeError("__signature__")
        from inspect import Parameter, Signature

        try:
            parameters = [
                Parameter(
                    field.name,
                    Parameter.POSITIONAL_OR_KEYWORD,
                    default=Parameter.empty if field.default is None else ...,
                    annotation=field.text(),
                )
                for field in owner._dana_struct.declared.values()
            ]
        except ValueError:
            # A field is called as a Python keyword is, and no parameter can be.
            raise AttributeError("__signature__") from None
        # A field without a default may follow one that has some: it is given by keyword.
        return Signature(parameters, __validate_parameters__=False)


_METHODS: dict[str, Any] = {
    "__setattr__": _set_field,
    "__setstate__": _set_state,
    "__repr__": _repr,
    "__eq__": _equal,
    "__hash__": None,
    "__replace__": _replace,
    "__signature__": _Signature(),
    "replace": _replace,
    "to_dict": _to_dict,
}
