"""Dana's built-in functions and decorators that need nothing but their arguments."""

from __future__ import annotations

import functools
import inspect
import math
from collections.abc import Callable
from operator import index
from typing import Any, ParamSpec, TypeVar

P = ParamSpec("P")
R = TypeVar("R")

_WORDS = {
    True: "true yes y on enabled active 1 ok okay yep yeah sure correct right",
    False: "false no n off disabled inactive 0 nope none null empty never wrong",
}
_MEANING = {word: meaning for meaning, words in _WORDS.items() for word in words.split()}
_MEANING[""] = False


def noop(*args: Any) -> Any:
    """Return the argument; a tuple of several; None for none."""
    if len(args) == 1:
        return args[0]
    return args or None


def sum_range(first: int, last: int) -> int:
    """Return the sum of the integers from `first` to `last`, both included; 0 if there are none.

    Raises TypeError for anything but integers.
    """
    first, last = index(first), index(last)
    if last < first:
        return 0
    return (first + last) * (last - first + 1) // 2


def is_odd(number: float) -> bool:
    """Tell whether `number` is odd."""
    return number % 2 == 1


def is_even(number: float) -> bool:
    """Tell whether `number` is even."""
    return number % 2 == 0


def factorial(number: int) -> int:
    """Return `number`!; raise ValueError if it is negative, TypeError if it is no integer."""
    return math.factorial(number)


def capitalize_words(text: str) -> str:
    """Return `text` with a capital at the start of each word and small letters after it.

    Raises TypeError if it is not text.
    """
    return _text("capitalize_words", text).title()


def title_case(text: str) -> str:
    """Return the same as `capitalize_words`: Dana has both names."""
    return _text("title_case", text).title()


def _text(function: str, value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{function}: expected str, got {type(value).__name__}")
    return value


def add_one(number: Any) -> Any:
    """Return `number` + 1."""
    return number + 1


def add_two(number: Any) -> Any:
    """Return `number` + 2."""
    return number + 2


def add_three(number: Any) -> Any:
    """Return `number` + 3."""
    return number + 3


def add_four(number: Any) -> Any:
    """Return `number` + 4."""
    return number + 4


def semantic_bool(value: str | float | None) -> bool:
    """Read a text as yes or no, in any case and with spaces around it: `"yes"`, `"off"`, `""`.

    A bool is itself, a number is whether it is not 0, None is False. Raises ValueError for other
    texts and TypeError for other types.
    """
    if value is None:
        return False
    if isinstance(value, (int, float)):
        return value != 0
    meaning = _MEANING.get(_text("semantic_bool", value).strip().lower())
    if meaning is None:
        raise ValueError(f"semantic_bool: neither yes nor no: {value!r}")
    return meaning


def repeat(times: int = 1) -> Callable[[Callable[P, R]], Callable[P, R | None]]:
    """Decorate a function to run `times` times a call; the last result counts, None for 0 times.

    Raises TypeError if `times` is no integer.
    """
    count = index(times)

    def decorate(function: Callable[P, R]) -> Callable[P, R | None]:
        @functools.wraps(function)
        def repeated(*args: P.args, **kwargs: P.kwargs) -> R | None:
            result = None
            for _ in range(count):
                result = function(*args, **kwargs)
            return result

        return repeated

    return decorate


def validate_args(
    **validators: Callable[[Any], object],
) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Decorate a function to test its arguments: `@validate_args(age=lambda a :: a >= 0)`.

    Each validator is called with the argument of its parameter, passed by position or by name or
    left to its default. If it returns a false value, the call is a ValueError. A validator for a
    parameter that the function lacks is a TypeError when the function is decorated.
    """

    def decorate(function: Callable[P, R]) -> Callable[P, R]:
        signature = inspect.signature(function)
        unknown = [name for name in validators if name not in signature.parameters]
        if unknown:
            name = getattr(function, "__name__", repr(function))
            raise TypeError(f"validate_args: {name} has no parameter {', '.join(unknown)}")

        @functools.wraps(function)
        def validated(*args: P.args, **kwargs: P.kwargs) -> R:
            bound = signature.bind(*args, **kwargs)
            bound.apply_defaults()
            for parameter, validator in validators.items():
                value = bound.arguments[parameter]
                if not validator(value):
                    raise ValueError(f"Validation failed for {parameter}: {value!r}")
            return function(*args, **kwargs)

        return validated

    return decorate
