"""The fields of a struct → the checks of their values, and the errors that list all problems.

A field takes a value *as it is* by the table of typed assignment; only int → float converts. None
needs a union with None, or `any`.
"""

from __future__ import annotations

from dana_runtime.values.conversion import mismatch_text
from dana_runtime.values.type_expressions import (
    UNRESOLVED,
    Deferred,
    deferred,
    members,
    type_text,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Any, NoReturn

    from dana_runtime.values.type_expressions import TypeExpression


class Missing:
    """The type of MISSING, which stands where a call gives a field no value."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "MISSING"

    def __reduce__(self) -> str:
        return "MISSING"


MISSING = Missing()


class Field:
    """One field: its name, its type expression, and the function that makes its default or None.

    `kinds` are the classes of its type; empty while that names something not defined yet.
    """

    __slots__ = ("default", "expected", "kinds", "name")

    def __init__(
        self, name: str, expected: TypeExpression, default: Callable[[], Any] | None = None
    ) -> None:
        self.name = name
        self.expected = deferred(expected)
        self.default = default
        # It waits for the first value, since it may be the struct that is being defined.
        self.kinds = () if self.is_lazy() else members(expected)

    def is_lazy(self) -> bool:
        """Tell whether the type is a deferred one."""
        return isinstance(self.expected, Deferred)

    def resolve(self) -> tuple[type, ...]:
        """Return the classes of the field's type; a name that is not defined takes everything."""
        if self.kinds:
            return self.kinds
        try:
            self.kinds = members(self.expected)
        except UNRESOLVED:
            return (object,)
        return self.kinds

    def fit(self, value: Any) -> Any:
        """Return `value` as the field holds it, or MISSING if the field does not take it."""
        kinds = self.resolve()
        if isinstance(value, kinds):
            return value
        if float in kinds and isinstance(value, int) and not isinstance(value, bool):
            try:
                return float(value)
            except OverflowError:
                return MISSING
        return MISSING

    def text(self) -> str:
        """Return the type as Dana writes it; of what is not defined yet, the names."""
        try:
            return type_text(self.kinds or members(self.expected))
        except UNRESOLVED:
            return " | ".join(self.expected.evaluate.__code__.co_names)


class StructType:
    """What a struct is: `p._type`, which is the same for the struct and all its instances.

    `name` is the struct's, `declared` has its fields by name, in order.
    """

    __slots__ = ("_struct", "declared", "name")

    def __init__(self, struct: type, declared: dict[str, Field]) -> None:
        self._struct = struct
        self.name = struct.__name__
        self.declared = declared

    @property
    def fields(self) -> dict[str, str]:
        """The fields in order: name → type, as text."""
        return {name: field.text() for name, field in self.declared.items()}

    @property
    def annotations(self) -> dict[str, tuple[type, ...]]:
        """The fields in order: name → the classes that values are checked against."""
        return {name: field.resolve() for name, field in self.declared.items()}

    @property
    def required(self) -> tuple[str, ...]:
        """The names of the fields without a default, in order."""
        return tuple(name for name, field in self.declared.items() if field.default is None)

    def __repr__(self) -> str:
        return self.name

    def __reduce__(self) -> tuple[Any, ...]:
        return _restore, (self._struct, self.declared)

    def settle(self, values: tuple[Any, ...]) -> list[Any]:
        """Return the values of all fields as they are to be stored.

        Raises TypeError, with all that is wrong, if one is missing or has a wrong type.
        """
        settled = []
        for field, value in zip(self.declared.values(), values, strict=True):
            fitting = field.fit(value) if value is not MISSING else MISSING
            if fitting is MISSING:
                self.refuse(values)
            settled.append(fitting)
        return settled

    def refuse(
        self,
        values: tuple[Any, ...],
        extra: tuple[Any, ...] = (),
        unknown: dict[str, Any] | None = None,
    ) -> NoReturn:
        """Raise the TypeError that lists all wrong, missing, unknown and superfluous values.

            Point: x: expected int, got str ('a'); missing field 'y' (float);
            unknown field 'colour' (Did you mean 'color'?)

        (in one line). `values` are those of the fields, in order, MISSING where none is given;
        `extra` and `unknown` are those that no field takes.
        """
        problems = []
        free = []
        for field, value in zip(self.declared.values(), values, strict=True):
            if value is MISSING:
                free.append(field.name)
                if field.default is None:
                    problems.append(f"missing field {field.name!r} ({field.text()})")
            elif field.fit(value) is MISSING:
                problems.append(f"{field.name}: {mismatch_text(field.resolve(), value)}")
        # A field that has its value is not what an unknown name was meant to be.
        problems += self._unknown(unknown or {}, free or list(self.declared))
        if extra:
            count = len(values)
            fields = "1 field" if count == 1 else f"{count} fields"
            problems.append(f"{fields}, but {count + len(extra)} values by position")
        raise TypeError(f"{self.name}: {'; '.join(problems)}")

    def _unknown(self, names: Iterable[str], candidates: list[str]) -> list[str]:
        return [
            f"unknown field {name!r}{did_you_mean(name, candidates, ' (Did you mean {!r}?)')}"
            for name in names
        ]


class DictSlot:
    """What a slot does, in a class without slots: it keeps its value in the instance's dict.

    `cloudpickle`, which pickles the classes of a main program by value, makes such of all classes.
    """

    def __init__(self, name: str) -> None:
        self.name = name

    def __get__(self, instance: object, owner: type | None = None) -> Any:
        if instance is None:
            return self
        try:
            return vars(instance)[self.name]
        except KeyError:
            raise AttributeError(self.name) from None

    def __set__(self, instance: object, value: Any) -> None:
        vars(instance)[self.name] = value

    def __delete__(self, instance: object) -> None:
        self.__get__(instance)
        del vars(instance)[self.name]


def _restore(struct: Any, declared: dict[str, Field]) -> StructType:
    """Return the StructType of an unpickled struct.

    A struct that was pickled by value may lack its fields when this is called, and what it gets
    next refers to their descriptors. (The first name that `__init__` looks up is a method of the
    StructType, so that this is called in time.)
    """
    known: StructType | None = vars(struct).get("_dana_struct")
    if known is None:
        for name in declared:
            setattr(struct, slot_name(struct, name), DictSlot(slot_name(struct, name)))
        known = struct._dana_struct = StructType(struct, declared)
    return known


def slot_name(struct: type, name: str) -> str:
    """Return the name of a field's slot: one with two underscores is mangled in class bodies."""
    if name.startswith("__") and not name.endswith("__"):
        return f"_{struct.__name__.lstrip('_')}{name}"
    return name


def is_struct(kind: type) -> bool:
    """Tell whether a class is a struct, or derived from one."""
    return hasattr(kind, "_dana_struct")


def did_you_mean(name: str, candidates: list[str], text: str) -> str:
    """Return `text` with the candidate that is nearest to `name`; nothing if none is near."""
    # Only errors need it.
    from dana_runtime.spelling import nearest

    near = nearest(name, candidates)
    return "" if near is None else text.format(near)
