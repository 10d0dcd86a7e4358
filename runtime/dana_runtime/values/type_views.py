"""A value → its type as a Dana program sees it: `type(v)` prints `int`, and is Python's class."""

from __future__ import annotations

from _weakref import ref

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

# Py_TPFLAGS_HEAPTYPE. A class without it is part of the interpreter and never goes away.
_HEAP_TYPE = 1 << 9

# What is asked of the view itself. Everything else that is asked for by name is the class's.
_OWN = frozenset(
    ("__bases__", "__deepcopy__", "__mro_entries__", "__reduce__", "__reduce_ex__", "_dana_class")
)


class TypeView:
    """A class under its plain name.

    It equals the class and has its hash, its attributes and, called, its instances; it may stand
    in `isinstance`, in `issubclass`, among the bases of a class and in a pickle. Only `is` tells
    the two apart. While a view is in use there is no second one of the same class.
    """

    __slots__ = ("__weakref__", "_dana_class")

    def __init__(self, kind: type) -> None:
        self._dana_class = kind

    def __getattribute__(self, name: str) -> Any:
        if name in _OWN:
            return object.__getattribute__(self, name)
        return getattr(self._dana_class, name)

    def __repr__(self) -> str:
        return self._dana_class.__name__

    def __format__(self, spec: str) -> str:
        return format(self._dana_class.__name__, spec)

    def __eq__(self, other: object) -> bool:
        return bool(self._dana_class == class_of(other))

    def __hash__(self) -> int:
        return hash(self._dana_class)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Return an instance of the class."""
        return self._dana_class(*args, **kwargs)

    def __dir__(self) -> list[str]:
        return dir(self._dana_class)

    def __instancecheck__(self, value: object) -> bool:
        return isinstance(value, self._dana_class)

    def __subclasscheck__(self, kind: Any) -> bool:
        return issubclass(class_of(kind), self._dana_class)

    @property
    def __bases__(self) -> tuple[type, ...]:
        # issubclass(view, C) climbs these up to C, and the class itself is the first step.
        return (self._dana_class,)

    def __mro_entries__(self, bases: tuple[object, ...]) -> tuple[type, ...]:
        return (self._dana_class,)

    def __copy__(self) -> TypeView:
        return self

    def __deepcopy__(self, memo: dict[int, object]) -> TypeView:
        return self

    def __reduce__(self) -> tuple[Any, ...]:
        return _view_of, (self._dana_class,)


def type_of(value: object) -> TypeView:
    """Return the type of `value`: Dana's `type(v)`, which prints as `int` or `Point`."""
    return _view_of(type(class_of(value)))


def class_of(kind: Any) -> Any:
    """Return the class that a view shows; anything else as it is."""
    return kind._dana_class if type(kind) is TypeView else kind


# id(class) → its view. A view keeps its class, so only those of classes that stay are kept.
_lasting_views: dict[int, TypeView] = {}
_views: dict[int, ref[TypeView]] = {}


def _view_of(kind: type) -> TypeView:
    key = id(kind)
    lasting = _lasting_views.get(key)
    if lasting is not None:
        return lasting
    known = _views.get(key)
    view = None if known is None else known()
    if view is not None:
        return view
    view = TypeView(kind)
    if not kind.__flags__ & _HEAP_TYPE:
        return _lasting_views.setdefault(key, view)

    def forget(gone: ref[TypeView]) -> None:
        # There may be a next view already, made before this one's end was told.
        if _views.get(key) is gone:
            del _views[key]

    _views[key] = ref(view, forget)
    return view
