"""`x.name` where Python's own attribute is not what is meant → its value, or a place to assign to."""

from __future__ import annotations

from dana_runtime.values.renaming import python_name

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def attribute(obj: Any, name: str) -> Any:
    """Return `obj.name` where it is not called: of a dict the key of that name, if there is one.

    Raises Python's AttributeError if there is neither.
    """
    if isinstance(obj, dict) and name in obj:
        return obj[name]
    return getattr(obj, python_name(obj, name))


class attributes_of:  # noqa: N801 (generated code calls it as a function)
    """The attributes of `obj` by name: `attributes_of(course)["class"] = "maths"`.

    For names that Python cannot write behind a dot, wherever something may be assigned to or called.
    """

    __slots__ = ("_obj",)

    def __init__(self, obj: Any) -> None:
        self._obj = obj

    def __getitem__(self, name: str) -> Any:
        """Return the attribute; raise AttributeError if there is none."""
        return getattr(self._obj, python_name(self._obj, name))

    def __setitem__(self, name: str, value: Any) -> None:
        """Assign to the attribute."""
        setattr(self._obj, python_name(self._obj, name), value)

    def __delitem__(self, name: str) -> None:
        """Delete the attribute; raise AttributeError if there is none."""
        delattr(self._obj, python_name(self._obj, name))
