"""The class of a value → how its fields are read: keys of mappings, fields of structs, attributes.

    mappings                        their keys that are text
    structs, named tuples           the fields that they declare
    dataclasses and other objects   what is in their `__dict__` and their slots, no properties

Classes, functions and modules are no records, although they have a `__dict__`.
"""

from __future__ import annotations

from collections.abc import Mapping
from keyword import iskeyword
from types import (
    BuiltinFunctionType,
    FunctionType,
    GetSetDescriptorType,
    MemberDescriptorType,
    MethodType,
    ModuleType,
)

from dana_runtime.orchestration.fitting import ABSENT
from dana_runtime.values.struct_types import is_struct

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

# Python's own ways to give an object's dict: that of Python classes, and that of classes in C.
_OWN_DICT = (GetSetDescriptorType, MemberDescriptorType)

_NO_RECORDS = (type, FunctionType, MethodType, BuiltinFunctionType, ModuleType)


class Fields:
    """Reads the fields of the values of one class."""

    __slots__ = ()

    def find(self, value: Any, name: str) -> Any:
        """Return the field `name` of `value`, ABSENT if there is none."""
        raise NotImplementedError

    def names(self, value: Any) -> list[str]:
        """Return the names of all fields of `value`."""
        raise NotImplementedError

    def text(self, name: str) -> str | None:
        """Return Python's text that reads the field of a `value`, if there is a plain one.

        It raises KeyError or AttributeError where there is no such field.
        """
        return None

    def text_of_absence(self, name: str) -> str | None:
        """Return the text of the test that a `value` lacks a field; `""` where no value has it."""
        return None


class _Keys(Fields):
    """The keys of a mapping."""

    __slots__ = ()

    def find(self, value: Any, name: str) -> Any:
        # Asked first: a defaultdict has a value for every key that it is asked for.
        return value[name] if name in value else ABSENT  # noqa: SIM401

    def names(self, value: Any) -> list[str]:
        return [key for key in value if isinstance(key, str)]


class _DictKeys(_Keys):
    """The keys of a mapping that is looked up as a dict is."""

    __slots__ = ()

    def text(self, name: str) -> str | None:
        return f"value[{name!r}]"

    def text_of_absence(self, name: str) -> str | None:
        return f"{name!r} not in value"


class _Declared(Fields):
    """The fields that the class declares, as attributes.

    They are `quick` where nothing but they answers for their names: `__getattr__` might, where one is not set.
    """

    __slots__ = ("_declared", "_quick")

    def __init__(self, declared: tuple[str, ...], quick: bool) -> None:
        self._declared = declared
        self._quick = quick

    def find(self, value: Any, name: str) -> Any:
        if name not in self._declared:
            return ABSENT
        # A field may have been deleted.
        return getattr(value, name, ABSENT) if self._quick else self._read(value, name)

    def _read(self, value: Any, name: str) -> Any:
        """Return what the class itself has for a name, whatever `__getattr__` would answer."""
        kind = type(value)
        # The names of private slots are others there.
        held = from_class(kind, name, ABSENT)
        if not hasattr(type(held), "__get__"):
            return held
        try:
            return held.__get__(value, kind)
        except AttributeError:
            return ABSENT

    def names(self, value: Any) -> list[str]:
        return [name for name in self._declared if self.find(value, name) is not ABSENT]

    def text(self, name: str) -> str | None:
        is_plain = self._quick and name in self._declared and is_plain_name(name)
        return f"value.{name}" if is_plain else None

    def text_of_absence(self, name: str) -> str | None:
        return None if name in self._declared else ""


class _Attributes(_Declared):
    """What is in the `__dict__` of an object, and in its slots."""

    __slots__ = ()

    def find(self, value: Any, name: str) -> Any:
        own = getattr(value, "__dict__", None)
        if isinstance(own, dict) and name in own:
            return own[name]
        return self._read(value, name) if name in self._declared else ABSENT

    def names(self, value: Any) -> list[str]:
        own = getattr(value, "__dict__", None)
        names = list(own) if isinstance(own, dict) else []
        return names + super().names(value)

    def text(self, name: str) -> str | None:
        if self._quick and name not in self._declared:
            return f"value.__dict__[{name!r}]"
        return None

    def text_of_absence(self, name: str) -> str | None:
        if self._quick and name not in self._declared:
            return f"{name!r} not in value.__dict__"
        return None


_keys, _dict_keys = _Keys(), _DictKeys()


def fields_of(kind: type) -> Fields | None:
    """Return what reads the fields of the values of a class; None if they have none."""
    if issubclass(kind, Mapping):
        is_dict = issubclass(kind, dict) and not hasattr(kind, "__missing__")
        return _dict_keys if is_dict and kind.__getitem__ is dict.__getitem__ else _keys
    if issubclass(kind, _NO_RECORDS):
        return None
    quick = not hasattr(kind, "__getattr__")
    if is_struct(kind) and "_dana_struct" in vars(kind):
        known: Any = kind
        return _Declared(tuple(known._dana_struct.declared), quick)
    if issubclass(kind, tuple):
        names = _names_of_tuple(kind)
        return _Declared(names, quick) if names else None
    declared = _declared_by(kind)
    # Of a class in C it is the offset of the dict in the object, and 0 if there is none.
    if kind.__dictoffset__:
        return _Attributes(declared, isinstance(from_class(kind, "__dict__"), _OWN_DICT))
    return _Declared(declared, quick) if declared else None


def _names_of_tuple(kind: Any) -> tuple[str, ...]:
    """Return the names of the items of a named tuple, also of one in C, as `time.gmtime()` gives."""
    names = getattr(kind, "__match_args__" if hasattr(kind, "n_sequence_fields") else "_fields", ())
    return names if isinstance(names, tuple) else ()


def is_plain_name(name: str) -> bool:
    """Tell whether Python's grammar takes a name as an attribute or keyword argument."""
    return name.isidentifier() and not iskeyword(name)


def from_class(kind: type, name: str, default: Any = None) -> Any:
    """Return what a class or its bases have under `name`, as it stands there; `default` if nothing."""
    for base in kind.__mro__:
        if name in vars(base):
            return vars(base)[name]
    return default


def _declared_by(kind: type) -> tuple[str, ...]:
    """Return the names of the slots of a class, those of its bases first, and a dataclass's fixed fields."""
    found: dict[str, None] = {}
    for base in reversed(kind.__mro__):
        slots = vars(base).get("__slots__", ())
        found |= dict.fromkeys((slots,) if isinstance(slots, str) else slots)
    # A field with a default that is no argument is nowhere but in the class.
    for name, field in getattr(kind, "__dataclass_fields__", {}).items():
        if not field.init and field._field_type.name == "_FIELD" and name in vars(kind):
            found[name] = None
    return tuple([name for name in found if name not in ("__dict__", "__weakref__")])
