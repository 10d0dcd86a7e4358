"""Attributes that a struct lacks → the fields that it delegates to: those that begin with `_`.

The fields are asked in order, and each of them with all that it delegates to itself before the
next one. An object is asked once, so structs may refer to each other.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any

_ABSENT = object()


def get_delegated(self: Any, name: str) -> Any:
    """Return the attribute `name` of a delegate: `__getattr__` of the structs that have any.

    Raises AttributeError if no delegate has it. Names like `__len__` are not delegated: what
    looks for them, such as `copy` and `pickle`, means the struct itself.
    """
    if not _is_special(name):
        for delegate in _delegates(self):
            value = _own(delegate, name)
            if value is not _ABSENT:
                return value
    raise AttributeError(
        f"{type(self).__name__!r} object has no attribute {name!r}", name=name, obj=self
    )


def set_delegated(self: object, name: str, value: object) -> bool:
    """Assign to the attribute `name` of the first delegate that has it; tell if there is one."""
    if not _is_special(name):
        for delegate in _delegates(self):
            if _own(delegate, name) is not _ABSENT:
                setattr(delegate, name, value)
                return True
    return False


def _is_special(name: str) -> bool:
    return name.startswith("__") and name.endswith("__")


def _delegates(struct: object) -> Iterator[object]:
    """Yield what `struct` delegates to, near and far, in the order in which it is asked."""
    seen = {id(struct)}
    waiting = _direct_delegates(struct)
    while waiting:
        delegate = waiting.pop()
        if id(delegate) not in seen:
            seen.add(id(delegate))
            yield delegate
            waiting += _direct_delegates(delegate)


def _direct_delegates(struct: object) -> list[object]:
    """Return the values of the delegating fields, the last one first."""
    getters: tuple[Callable[[object], object], ...]
    getters = getattr(type(struct), "_dana_delegates", ())
    found = []
    for get in reversed(getters):
        try:
            found.append(get(struct))
        except AttributeError:
            # Not set yet: the struct is being made or unpickled.
            continue
    return found


def _own(delegate: object, name: str) -> object:
    """Return an attribute of `delegate` without those that it delegates; _ABSENT if it has none."""
    if getattr(type(delegate), "__getattr__", None) is get_delegated:
        try:
            return object.__getattribute__(delegate, name)
        except AttributeError:
            return _ABSENT
    return getattr(delegate, name, _ABSENT)
