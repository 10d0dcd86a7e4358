"""`with (timeout=5, …)` → what is wrong with it, as far as it can be seen without running.

The names and the kinds of values are those of `dana_runtime`'s settings; a test compares the two.
"""

from __future__ import annotations

from collections.abc import Iterator
from difflib import get_close_matches
from typing import Any

from danac import nodes
from danac.source import Span

_SECONDS = ("a number of seconds, or none", lambda value: value is None or _is_number(value))
_COUNT = ("a whole number, at least 1", lambda value: type(value) is int and value >= 1)
_DEPTH = ("a whole number, at least 0", lambda value: type(value) is int and value >= 0)
_SIZE = (
    'a size such as "1GB", a number of bytes, or none',
    lambda value: value is None or isinstance(value, str) or _is_number(value),
)
_DELAY = ("a number of seconds", lambda value: type(value) in (int, float) and value >= 0)
_FLAG = ("true or false", lambda value: isinstance(value, bool))
_ANYTHING = ("anything", lambda value: True)

EXECUTORS = ("auto", "inline", "thread", "process", "async", "dask")
ON_ERROR = ("raise", "partial")


def _one_of(words: tuple[str, ...]) -> tuple[str, Any]:
    return "one of " + ", ".join(f'"{word}"' for word in words), lambda value: value in words


def _is_number(value: object) -> bool:
    return type(value) in (int, float) and value > 0  # type: ignore[operator]


SETTINGS: dict[str, tuple[str, Any]] = {
    "max_workers": _COUNT,
    "timeout": _SECONDS,
    "execution_timeout": _SECONDS,
    "total_timeout": _SECONDS,
    "memory_limit": _SIZE,
    "max_depth": _DEPTH,
    "max_parallel_depth": _DEPTH,
    "executor": _one_of(EXECUTORS),
    "on_error": _one_of(ON_ERROR),
    "idempotent": _FLAG,
    "progress": _FLAG,
    "pure": _FLAG,
    "enforce": ("a type, a predicate or a schema", lambda value: value is None),
    "breaker": (
        "a Breaker, a number of failures, or true",
        lambda value: value is None or isinstance(value, bool) or _COUNT[1](value),
    ),
    "scheduler": ("an address", lambda value: value is None or isinstance(value, str)),
    "retries": ("a whole number, at least 0, or a Retry", _DEPTH[1]),
    "backoff": _DELAY,
    "max_backoff": _DELAY,
    "jitter": (
        "a number from 0 to 1",
        lambda value: isinstance(value, (int, float)) and 0 <= value <= 1,
    ),
    "retry_on": ("exception classes", lambda value: isinstance(value, str)),
    "at_least": (
        "a whole number, at least 1, or none",
        lambda value: value is None or _COUNT[1](value),
    ),
    "fallback": _ANYTHING,
    "profile": (
        "a path, true or false",
        lambda value: value is None or isinstance(value, (bool, str)),
    ),
}


# Words that lie nearer to another setting than to the one that is meant.
_ALSO_CALLED = {"retry": "retries", "tries": "retries", "attempts": "retries"}


def faults_of(policy: nodes.Policy) -> Iterator[tuple[Span, str, str | None]]:
    """Yield (place, message, hint) for each setting that is unknown, doubled or surely ill-typed."""
    seen: set[str] = set()
    for setting in policy.settings:
        name = setting.name
        if name is None:
            continue
        if name in seen:
            yield setting.span, f"the setting {name!r} appears twice", None
        seen.add(name)
        if name not in SETTINGS:
            word = _ALSO_CALLED.get(name, name)
            nearest = [word] if word in SETTINGS else get_close_matches(name, SETTINGS, n=1)
            hint = (
                f"did you mean `{nearest[0]}`?" if nearest else f"there are {', '.join(SETTINGS)}"
            )
            yield setting.span, f"unknown setting {name!r}", hint
            continue
        expected, fits = SETTINGS[name]
        constant = _constant(setting.value)
        if constant is not None and not fits(constant.value):
            message = f"{name}: expected {expected}, got {constant.value!r}"
            yield setting.value.span, message, None


def _constant(value: nodes.Expression) -> nodes.Constant | None:
    """Return the constant that `value` is, a number with a sign in front of it included."""
    match value:
        case nodes.Constant():
            return value
        case nodes.UnaryOperation(operator="-", operand=nodes.Constant(value=int() | float() as n)):
            return nodes.Constant(value.span, -n)
    return None
