"""Exceptions → their records: what `error.line` and the like give beside Python's own attributes."""

from __future__ import annotations

import os

from dana_runtime.tracebacks import column_at

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType
    from typing import Any

# Files that are not the program's: those of this package, and of the import system.
_NOT_THE_PROGRAM_S = (os.path.join(os.path.dirname(__file__), ""), "<frozen importlib")


def error_attribute(error: Any, name: str) -> Any:
    """Return `error.name`, or what the record of a caught error has under that name.

    An attribute that the exception itself has comes first. The record has `type` (the name of the
    class), `message`, `traceback` (a list of str, an entry for each frame outside of the runtime,
    as Python formats it), `original` (the `__cause__`), and the place of the failure: `filename`,
    `line`, `column` (both from 1, in characters) and `source_line`. The place is in the innermost
    frame of a Dana module, or where there is none in the innermost frame outside of the runtime;
    a SyntaxError tells of its own place. What is not known is None.

    Raises AttributeError, as Python does, for other names.
    """
    try:
        return getattr(error, name)
    except AttributeError:
        read = _RECORD.get(name)
        if isinstance(error, BaseException):
            if read is not None:
                return read(error)
        elif isinstance(error, dict) and name in error:
            # A variable that was bound by `as` once can hold anything later on.
            return error[name]
        raise


def exception_from(value: Any) -> BaseException | type[BaseException]:
    """Return what `raise value` raises: an exception itself, else RuntimeError(str(value))."""
    if isinstance(value, BaseException):
        return value
    if isinstance(value, type) and issubclass(value, BaseException):
        return value
    return RuntimeError(str(value))


def _type(error: BaseException) -> str:
    return type(error).__name__


def _original(error: BaseException) -> BaseException | None:
    return error.__cause__


def _traceback(error: BaseException) -> list[str]:
    from traceback import extract_tb, format_list

    entries = extract_tb(error.__traceback__)
    return format_list(
        [entry for entry in entries if not entry.filename.startswith(_NOT_THE_PROGRAM_S)]
    )


def _filename(error: BaseException) -> str | None:
    entry = _place(error)
    return None if entry is None else entry.tb_frame.f_code.co_filename


def _line(error: BaseException) -> int | None:
    if isinstance(error, SyntaxError) and error.lineno is not None:
        return error.lineno
    entry = _place(error)
    return None if entry is None else entry.tb_lineno


def _column(error: BaseException) -> int | None:
    if isinstance(error, SyntaxError) and error.lineno is not None:
        return error.offset
    entry = _place(error)
    if entry is None:
        return None
    return column_at(entry.tb_frame.f_code, entry.tb_lasti, lambda: _source_line_of(entry))


def _source_line(error: BaseException) -> str | None:
    if isinstance(error, SyntaxError) and error.lineno is not None:
        return None if error.text is None else error.text.rstrip("\r\n")
    entry = _place(error)
    return None if entry is None else _source_line_of(entry) or None


_RECORD: dict[str, Callable[[BaseException], Any]] = {
    "type": _type,
    "message": str,
    "traceback": _traceback,
    "filename": _filename,
    "line": _line,
    "column": _column,
    "source_line": _source_line,
    "original": _original,
}


def _place(error: BaseException) -> TracebackType | None:
    """Return the entry of the traceback at which the program failed."""
    dana = other = None
    entry = error.__traceback__
    while entry is not None:
        frame = entry.tb_frame
        if frame.f_globals.get("__dana__") is True:
            dana = entry
        if not frame.f_code.co_filename.startswith(_NOT_THE_PROGRAM_S):
            other = entry
        entry = entry.tb_next
    return dana or other


def _source_line_of(entry: TracebackType) -> str:
    """Return the source line of `entry` without its end, `""` where it cannot be read."""
    from linecache import getline

    frame = entry.tb_frame
    return getline(frame.f_code.co_filename, entry.tb_lineno, frame.f_globals).rstrip("\r\n")
