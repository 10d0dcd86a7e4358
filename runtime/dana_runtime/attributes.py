"""`x.name`, where it is not called → its value."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def attribute(obj: Any, name: str) -> Any:
    """Return `obj.name` where it is not called: of a dict the key of that name, if there is one.

    Raises Python's AttributeError if there is neither.
    """
    if isinstance(obj, dict) and name in obj:
        return obj[name]
    return getattr(obj, name)
