"""Values of two types → one text, or one comparison: the operators that Dana adds to Python's.

`text` is for a `+` beside a string literal. The `coerce_…` operators are for programs compiled
with the option `coerce`.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any


def text(value: Any) -> Any:
    """Return an int, float or bool as the text that joins with `+`: `5`, `1.5`, `true`.

    Anything else is returned as it is, so that its `+` with a text is Python's.
    """
    # Exact types first: `type(x) is T` costs half of what isinstance does.
    kind = type(value)
    if kind is str:
        return value
    if kind is int or kind is float:
        return str(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, (int, float)) else value


def coerce_add(left: Any, right: Any) -> Any:
    """Return `left + right`; a text and an int, float or bool are joined."""
    if isinstance(left, str):
        return left + text(right)
    if isinstance(right, str):
        return text(left) + right
    return left + right


def coerce_iadd(left: Any, right: Any) -> Any:
    """Return what `left += right` assigns: as `coerce_add`, but a list is changed in place."""
    if isinstance(left, str):
        return left + text(right)
    if isinstance(right, str):
        left = text(left)
    left += right
    return left


def coerce_eq(left: Any, right: Any) -> Any:
    """Return `left == right`; a text is read as the type of the other, see `_alike`."""
    left, right = _alike(left, right)
    return left == right


def coerce_ne(left: Any, right: Any) -> Any:
    """Return `left != right`; a text is read as the type of the other, see `_alike`."""
    left, right = _alike(left, right)
    return left != right


def coerce_lt(left: Any, right: Any) -> Any:
    """Return `left < right`; a text is read as the type of the other, see `_alike`."""
    left, right = _alike(left, right)
    return left < right


def coerce_le(left: Any, right: Any) -> Any:
    """Return `left <= right`; a text is read as the type of the other, see `_alike`."""
    left, right = _alike(left, right)
    return left <= right


def coerce_gt(left: Any, right: Any) -> Any:
    """Return `left > right`; a text is read as the type of the other, see `_alike`."""
    left, right = _alike(left, right)
    return left > right


def coerce_ge(left: Any, right: Any) -> Any:
    """Return `left >= right`; a text is read as the type of the other, see `_alike`."""
    left, right = _alike(left, right)
    return left >= right


def _alike(left: Any, right: Any) -> tuple[Any, Any]:
    """Return both; beside an int, float or bool a text is read as the other's type.

    A text that cannot be read so stays as it is: unequal, and without order (TypeError).
    """
    if isinstance(left, str):
        return _read_like(right, left), right
    if isinstance(right, str):
        return left, _read_like(left, right)
    return left, right


def _read_like(example: Any, source: str) -> Any:
    """Return `source` read as the type of `example`; as it is where it cannot be read so."""
    read: Callable[[str], Any]
    if isinstance(example, bool):
        # Imported late: only this comparison needs it.
        from dana_runtime.functions import semantic_bool as read
    elif isinstance(example, int):
        read = int
    elif isinstance(example, float):
        read = float
    else:
        return source
    try:
        return read(source)
    except ValueError:
        return source
