"""Values and callables → the short texts that errors and notes of the runtime use."""

from __future__ import annotations

import functools

# `from typing import TYPE_CHECKING` would load typing into programs that never use it.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

# Characters of a value's repr that an error message shows.
REPR_LENGTH = 60


def short_repr(value: object) -> str:
    """Return the repr of `value`, cut to REPR_LENGTH characters; never raises an Exception."""
    try:
        text = repr(value)
    except Exception:
        # The message is about something else than a broken __repr__.
        return object.__repr__(value)
    if len(text) > REPR_LENGTH:
        return text[: REPR_LENGTH - 1] + "…"
    return text


def callable_text(function: Callable[..., Any]) -> str:
    """Return the name by which a stage's callable is called in texts: `fetch`, `<lambda>`."""
    name = getattr(function, "__name__", None)
    if isinstance(name, str):
        return name
    if type(function) is functools.partial:
        return f"{callable_text(function.func)}(…)"
    return short_repr(function)


def not_callable(where: str, value: object) -> TypeError:
    """Return the error for a stage or branch, called `where`, whose callee cannot be called."""
    return TypeError(f"{where} is not callable: {short_repr(value)} ({type(value).__name__})")
