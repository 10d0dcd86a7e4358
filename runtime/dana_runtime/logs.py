"""Dana's `log` and its relatives → records of the standard `logging` logger `dana`."""

from __future__ import annotations

import functools
import logging
import sys
from collections.abc import Callable
from typing import ParamSpec, TypeVar

from dana_runtime.wording import callable_text

P = ParamSpec("P")
R = TypeVar("R")

# Its level is left unset: then the root logger's counts, which is WARNING until somebody, by
# log_level or by logging's own means, says otherwise.
_logger = logging.getLogger("dana")


class _StandardError(logging.Handler):
    """Writes records as `HH:MM:SS - [dana] LEVEL - text`, unless the application shows them."""

    def __init__(self) -> None:
        super().__init__()
        self.setFormatter(
            logging.Formatter("%(asctime)s - [%(name)s] %(levelname)s - %(message)s", "%H:%M:%S")
        )

    def emit(self, record: logging.LogRecord) -> None:
        if _shown_by_application():
            return
        try:
            # Looked up for each record, because programs redirect it.
            sys.stderr.write(self.format(record) + "\n")
        except Exception:
            self.handleError(record)


_handler = _StandardError()


def _shown_by_application() -> bool:
    """Tell whether a handler of the root logger writes to the terminal's streams already."""
    streams = [getattr(handler, "stream", None) for handler in logging.getLogger().handlers]
    return sys.stderr in streams or sys.stdout in streams


def log(msg: object, level: str | int = "INFO") -> None:
    """Log `msg`, as text, at `level`: a name such as `"warning"` in any case, or a number.

    Levels below WARNING are shown after `log_level("INFO")` and its like. Raises ValueError for
    an unknown name of a level.
    """
    _write(str(msg), level)


def log_level(level: str | int) -> None:
    """Show what is logged at `level` or above from now on; raise ValueError if it is unknown."""
    _logger.setLevel(_number(level))


def log_calls(function: Callable[P, R]) -> Callable[P, R]:
    """Decorate a function to log each call, its arguments and its result, at level INFO."""
    return _logging(function, "", include_result=True)


def log_with_prefix(
    prefix: str = "[LOG]", include_result: bool = True
) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Decorate a function as `log_calls` does, with `prefix` before each text.

    The result is left out unless `include_result`.
    """

    def decorate(function: Callable[P, R]) -> Callable[P, R]:
        return _logging(function, f"{prefix} ", include_result)

    return decorate


def _logging(function: Callable[P, R], prefix: str, include_result: bool) -> Callable[P, R]:
    name = callable_text(function)

    @functools.wraps(function)
    def logged(*args: P.args, **kwargs: P.kwargs) -> R:
        _write(f"{prefix}Calling {name} with args: {args}, kwargs: {kwargs}", logging.INFO)
        result = function(*args, **kwargs)
        if include_result:
            _write(f"{prefix}{name} returned: {result}", logging.INFO)
        return result

    return logged


def _write(text: str, level: str | int) -> None:
    # Added when it is first needed, so that importing the runtime configures nothing, and not
    # where the application has given this logger handlers of its own.
    if not _logger.handlers:
        _logger.addHandler(_handler)
    # 3: the record names the caller of `log`, or of the decorated function.
    _logger.log(_number(level), "%s", text, stacklevel=3)


def _number(level: str | int) -> int:
    if isinstance(level, int):
        return level
    number = logging.getLevelNamesMapping().get(level.upper())
    if number is None:
        raise ValueError(f"unknown log level: {level!r}")
    return number
