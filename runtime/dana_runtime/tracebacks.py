"""Exception → the same exception with the frames that are not the program's off its traceback."""

from __future__ import annotations

import os
import sys
from itertools import islice
from types import CodeType, FrameType, TracebackType

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

_PACKAGE = os.path.dirname(__file__) + os.sep


def is_runtime_file(filename: str) -> bool:
    """Tell whether code of `filename` belongs to this package."""
    return filename.startswith(_PACKAGE)


def program_frame() -> tuple[FrameType | None, int]:
    """Return the frame of the program that has called into the runtime, and its level from here.

    The level is what `warnings.warn` takes as `stacklevel` in the function that called this one.
    """
    level = 1
    frame: FrameType | None = sys._getframe(1)
    while frame is not None and is_runtime_file(frame.f_code.co_filename):
        frame, level = frame.f_back, level + 1
    return frame, level


def column_at(code: CodeType, lasti: int, read_line: Callable[[], str]) -> int | None:
    """Return the column, in characters from 1, of the instruction `lasti` of `code`; None if it does not tell.

    `read_line` gives the line of text that the instruction stands on.
    """
    if lasti < 0:
        return None
    *_, column, _ = next(islice(code.co_positions(), lasti // 2, None), (None,) * 4)
    if column is None:
        return None
    # Python counts bytes of UTF-8, from 0.
    before = read_line().encode("utf-8", "surrogatepass")[:column]
    return len(before.decode("utf-8", "replace")) + 1 if before else column + 1


def without_runtime_frames(traceback: TracebackType | None) -> TracebackType | None:
    """Return `traceback` without the entries that belong to files of this package."""
    return without_frames(traceback, (_PACKAGE,))


def without_frames(
    traceback: TracebackType | None, hidden: tuple[str, ...]
) -> TracebackType | None:
    """Return `traceback` without the entries of files whose names begin with one of `hidden`.

    What is shared with the given traceback is its tail; nothing of it is changed.
    """
    kept = []
    while traceback is not None:
        if not traceback.tb_frame.f_code.co_filename.startswith(hidden):
            kept.append(traceback)
        traceback = traceback.tb_next
    trimmed: TracebackType | None = None
    for entry in reversed(kept):
        if entry.tb_next is trimmed:
            trimmed = entry
        else:
            trimmed = TracebackType(trimmed, entry.tb_frame, entry.tb_lasti, entry.tb_lineno)
    return trimmed


class OwnContext:
    """Lets an error that is raised anew keep the `__context__` that it has.

        with OwnContext(error):
            raise error

    Where the caller is handling another exception, `raise` would put that in its place.
    """

    __slots__ = ("_context",)

    def __init__(self, error: BaseException) -> None:
        self._context = error.__context__

    def __enter__(self) -> None:
        return

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._context is not None:
            # Not an assignment: an exception may refuse those, as frozen dataclasses do.
            BaseException.__setattr__(error, "__context__", self._context)


class RaisedByCaller:
    """Lets errors of some classes out of a function as if the line that called it had raised them.

        with RaisedByCaller(NameError):
            raise NameError(message)

    It stands around all that the function does: raising goes on behind `__exit__` without a new entry
    for it, so its own frame and those below leave no trace.
    """

    __slots__ = ("_kinds",)

    def __init__(self, *kinds: type[BaseException]) -> None:
        self._kinds = kinds

    def __enter__(self) -> None:
        return

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: object
    ) -> None:
        if isinstance(error, self._kinds):
            # Not error.with_traceback, which an exception may have replaced.
            BaseException.with_traceback(error, None)


def add_note_once(error: BaseException, note: str) -> None:
    """Add `note` to `error` unless it has it already.

    An exception meets the same branch again when it is a shared object that is raised anew, and
    in recursion through one block.
    """
    notes = getattr(error, "__notes__", None)
    if notes is None:
        # Not error.add_note, which fails on exceptions that refuse assignments, such as frozen
        # dataclasses.
        BaseException.__setattr__(error, "__notes__", [note])
    elif isinstance(notes, list) and note not in notes:
        # A program can set __notes__ to anything; what is no list stays as it is.
        notes.append(note)
