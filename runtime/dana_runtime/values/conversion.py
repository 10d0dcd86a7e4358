"""Value and type → the value as a variable of that type holds it: the table of typed assignment.

    takes it as it is  ──► the value itself, for a union too, whichever member it is
    converts it        ──► by the first member that can
    neither            ──► TypeError: x: expected int, got str ('abc')

None fits every type here; in the fields of a struct (see `structs`) it does not.
"""

from __future__ import annotations

from dana_runtime.values.type_expressions import UNRESOLVED, heads, members, type_named, type_text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from dana_runtime.values.type_expressions import TypeExpression


def convert(value: Any, expected: TypeExpression, label: str) -> Any:
    """Return what `label: expected = value` assigns, by the table of typed assignment.

    None fits every type, and a type that is not defined (yet) takes every value. Raises TypeError,
    which begins with `label`, for a value that neither fits nor converts.
    """
    if value is None:
        return value
    try:
        kinds = members(expected)
    except UNRESOLVED:
        return value
    return _converted(value, kinds, label)


def cast(expected: TypeExpression, value: Any) -> Any:
    """Return `value` as the type `expected`, by the table of typed assignment: Dana's `cast`.

    The type may be given as text, in any case: `"int"`, `"Int | None"`. Raises TypeError for a
    value that neither fits nor converts, and for what is no type.
    """
    return _converted(value, _members_for_cast(expected), "cast")


def mismatch(label: str, kinds: tuple[type, ...], value: object) -> TypeError:
    """Return the error for a value, called `label`, that is of none of these types."""
    return TypeError(f"{label}: {mismatch_text(kinds, value)}")


def mismatch_text(kinds: tuple[type, ...], value: object) -> str:
    """Return what is wrong with a value that is of none of these types."""
    # Only errors need it, and it brings functools.
    from dana_runtime.wording import short_repr

    got = f"{type(value).__name__} ({short_repr(value)})"
    return f"expected {type_text(kinds)}, got {got}"


def _members_for_cast(expected: TypeExpression) -> tuple[type, ...]:
    if isinstance(expected, str):
        return tuple([type_named(head) for head in heads(expected)])
    if isinstance(expected, tuple):
        return tuple([kind for member in expected for kind in _members_for_cast(member)])
    kinds = members(expected)
    if kinds == (object,) and expected is not object and expected is not any:
        raise TypeError(f"cast: not a type: {expected!r:.60}")
    return kinds


def _converted(value: Any, kinds: tuple[type, ...], label: str) -> Any:
    if value is None or isinstance(value, kinds):
        return value
    for kind in kinds:
        converter = _CONVERTERS.get(kind)
        if converter is None:
            continue
        try:
            return converter(value)
        except (TypeError, ValueError, OverflowError, RecursionError):
            continue
    # The converters' own errors say less than the table does.
    raise mismatch(label, kinds, value) from None


def _to_int(value: Any) -> int:
    if isinstance(value, (float, str)):
        return int(value)
    raise TypeError


def _to_float(value: Any) -> float:
    if isinstance(value, (int, str)):
        return float(value)
    raise TypeError


def _to_str(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float, list, dict)):
        return str(value)
    raise TypeError


def _to_bool(value: Any) -> bool:
    if isinstance(value, (int, float)):
        return value != 0
    if isinstance(value, str):
        # Loaded when text is first read as a bool, since it brings inspect and typing.
        from dana_runtime.functions import semantic_bool

        return semantic_bool(value)
    raise TypeError


def _from_json(value: Any, kind: type) -> Any:
    if isinstance(value, str):
        import json

        result = json.loads(value)
        if isinstance(result, kind):
            return result
    raise TypeError


_CONVERTERS: dict[type, Callable[[Any], Any]] = {
    int: _to_int,
    float: _to_float,
    str: _to_str,
    bool: _to_bool,
    list: lambda value: _from_json(value, list),
    dict: lambda value: _from_json(value, dict),
}
