"""A setting's name and value → the value as the runtime keeps it, or an error that says what is wrong with it."""

from __future__ import annotations

import os
import sys

from dana_runtime.faults.retry import Retry, check_delay, check_errors, check_share
from dana_runtime.spelling import nearest
from dana_runtime.wording import short_repr

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Collection
    from concurrent.futures import Executor
    from typing import Any

    from dana_runtime.faults.breaker import Breaker, OwnBreakers
    from dana_runtime.faults.gates import Rule

EXECUTORS = ("auto", "inline", "thread", "process", "async", "dask")
ON_ERROR = ("raise", "partial")

# Settings that have a second name.
ALIASES = {"execution_timeout": "timeout", "max_parallel_depth": "max_depth"}

_UNITS = {"": 1, "K": 1024, "M": 1024**2, "G": 1024**3, "T": 1024**4}
_SIZE = r"(\d+(?:\.\d+)?)\s*([KMGT]?)(?:I?B)?"


def check_count(name: str, value: object) -> int:
    """Return a whole number from 1 on."""
    if type(value) is not int:
        raise _wrong_type(name, "a whole number", value)
    if value < 1:
        raise ValueError(f"{name} must be at least 1, not {value}")
    return value


def check_depth(name: str, value: object) -> int:
    """Return a whole number from 0 on."""
    if type(value) is not int:
        raise _wrong_type(name, "a whole number", value)
    if value < 0:
        raise ValueError(f"{name} must not be negative: {value}")
    return value


def check_seconds(name: str, value: object) -> float | None:
    """Return a time in seconds above 0, None for no limit."""
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise _wrong_type(name, "seconds or None", value)
    # Not `value <= 0`, which holds for no NaN.
    if not value > 0:
        raise ValueError(f"{name} must be above 0 seconds, not {value}; None is no limit")
    # No lock waits longer than some 292 years; what is beyond is no limit.
    return None if value > 1e9 else float(value)


def check_memory(name: str, value: object) -> int | None:
    """Return a number of bytes for `1_000_000`, `"512MB"`, `"1.5 GiB"`; None for no limit.

    The units are powers of 1024, whichever way they are written.
    """
    if value is None:
        return None
    if isinstance(value, str):
        import re

        found = re.fullmatch(_SIZE, value.strip(), re.ASCII | re.IGNORECASE)
        if found is None:
            raise ValueError(f'{name} must be a size such as "512MB" or "1GB", not {value!r}')
        value = int(float(found[1]) * _UNITS[found[2].upper()])
    if type(value) is not int:
        raise _wrong_type(name, 'bytes, a size such as "1GB", or None', value)
    if value < 1:
        raise ValueError(f"{name} must be at least one byte, not {value}")
    return value


def check_executor(name: str, value: object) -> str | Executor:
    """Return one of EXECUTORS, or an object with the methods of `concurrent.futures.Executor`."""
    if isinstance(value, str):
        return _one_of(name, value, EXECUTORS)
    # Where nothing has loaded that module there is no such object.
    futures: Any = sys.modules.get("concurrent.futures._base")
    if futures is not None and isinstance(value, futures.Executor):
        executor: Executor = value
        return executor
    wanted = f"one of {', '.join(EXECUTORS)}, or a concurrent.futures.Executor"
    raise _wrong_type(name, wanted, value)


def check_on_error(name: str, value: object) -> str:
    """Return one of ON_ERROR."""
    if not isinstance(value, str):
        raise _wrong_type(name, " or ".join(map(repr, ON_ERROR)), value)
    return _one_of(name, value, ON_ERROR)


def check_text(name: str, value: object) -> str | None:
    """Return a text that is not empty, or None."""
    if value is None:
        return None
    if not isinstance(value, str):
        raise _wrong_type(name, "a text or None", value)
    if not value:
        raise ValueError(f"{name} must not be empty; None is the default")
    return value


def check_flag(name: str, value: object) -> bool:
    """Return a bool."""
    if not isinstance(value, bool):
        raise _wrong_type(name, "True or False", value)
    return value


def check_retries(name: str, value: object) -> int | Retry:
    """Return a whole number from 0 on, or a Retry."""
    return value if isinstance(value, Retry) else check_depth(name, value)


def check_optional_count(name: str, value: object) -> int | None:
    """Return a whole number from 1 on, or None."""
    return None if value is None else check_count(name, value)


def check_profile(name: str, value: object) -> bool | str | None:
    """Return a path as text, True for the usual one; None for False and for none."""
    if value is None or isinstance(value, bool):
        return value or None
    if isinstance(value, str) and value.lower() in _SWITCHES:
        return _SWITCHES[value.lower()]
    if isinstance(value, os.PathLike):
        value = os.fspath(value)
    if not isinstance(value, str):
        raise _wrong_type(name, "a path, True or False", value)
    if not value:
        raise ValueError(f"{name} must not be empty; True is the usual file")
    return value


_SWITCHES: dict[str, bool | None] = {"1": True, "true": True, "yes": True, "on": True}
_SWITCHES |= dict.fromkeys(("0", "false", "no", "off"), None)


def check_rule(name: str, value: object) -> Rule | None:
    """Return the Rule that a type, several, a predicate or a schema means; None for none."""
    from dana_runtime.faults.gates import Rule

    return value if value is None or isinstance(value, Rule) else Rule(value)


def check_breaker(name: str, value: object) -> Breaker | OwnBreakers | None:
    """Return breakers for a Breaker, a number of failures, or True, which is the usual number."""
    if value is None or value is False:
        return None
    from dana_runtime.faults.breaker import Breaker, OwnBreakers

    if value is True:
        return OwnBreakers()
    if isinstance(value, int):
        return OwnBreakers(value)
    if not isinstance(value, (Breaker, OwnBreakers)):
        raise _wrong_type(name, "a Breaker, a number of failures or True", value)
    return value


def check_anything(name: str, value: object) -> object:
    """Return the value, whatever it is."""
    return value


# One entry a setting; its default stands in `Settings`. A further setting is a further entry here
# and a further field there.
CHECKS: dict[str, Callable[[str, object], Any]] = {
    "max_workers": check_count,
    "timeout": check_seconds,
    "total_timeout": check_seconds,
    "memory_limit": check_memory,
    "max_depth": check_depth,
    "executor": check_executor,
    "on_error": check_on_error,
    "scheduler": check_text,
    "idempotent": check_flag,
    "retries": check_retries,
    "backoff": check_delay,
    "max_backoff": check_delay,
    "jitter": check_share,
    "retry_on": check_errors,
    "at_least": check_optional_count,
    "fallback": check_anything,
    "profile": check_profile,
    "progress": check_flag,
    "pure": check_flag,
    "enforce": check_rule,
    "breaker": check_breaker,
}

# They are about one function and its results: they stand where that is named, and nowhere else.
OF_ONE_PLACE = frozenset({"enforce", "breaker"})


def checked(settings: dict[str, Any], caller: str) -> dict[str, Any]:
    """Return `settings` under their own names, with the values that are kept.

    Raises TypeError for an unknown name and for a value of a wrong type, ValueError for a value
    out of range; `caller` is the function that the message of an unknown name begins with.
    """
    found = {}
    for given, value in settings.items():
        name = ALIASES.get(given, given)
        check = CHECKS.get(name)
        if check is None:
            raise TypeError(f"{caller} got an unknown setting {given!r}{suggestion(given)}")
        if name in OF_ONE_PLACE and caller in ("using()", "configure()"):
            raise TypeError(
                f"{name} is for stages, branches, blocks and functions, not for {caller}"
            )
        if name in found:
            raise TypeError(f"{caller} got {name} twice, as {name} and by its other name")
        found[name] = check(given, value)
    if found.get("at_least") is not None:
        # Whoever asks for some of the results does without the others.
        found.setdefault("on_error", "partial")
    return found


def suggestion(name: str) -> str:
    """Return the end of a message about an unknown setting: the one meant, or all there are."""
    near = nearest(name, [*CHECKS, *ALIASES])
    return f". Did you mean: {near!r}?" if near else f"; there are {', '.join(CHECKS)}"


def _one_of(name: str, value: str, words: Collection[str]) -> str:
    if value in words:
        return value
    near = nearest(value, words)
    hint = f". Did you mean: {near!r}?" if near else f"; there are {', '.join(map(repr, words))}"
    raise ValueError(f"{name} has no value {value!r}{hint}")


def _wrong_type(name: str, wanted: str, value: object) -> TypeError:
    return TypeError(f"{name} must be {wanted}, not {short_repr(value)} ({type(value).__name__})")
