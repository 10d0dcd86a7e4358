"""Exception that leaves the import of a Dana module → the same, as the importer should see it.

An `ImportError` or `AttributeError` of an import cycle gets a note that names the cycle; danac's
own frames go off the traceback of a wrong module. Nothing is kept between calls: which modules are
being executed stands in the traceback and, further out, on the stack of the importing thread.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from types import FrameType, ModuleType

from dana_runtime.tracebacks import add_note_once
from danac.loading.tracebacks import hidden_prefixes

_OWN = os.path.join(os.path.dirname(__file__), "")


def complete(error: BaseException) -> None:
    """Complete `error`, which is leaving a module's import; called by what runs that import."""
    if isinstance(error, SyntaxError | ImportError):
        _drop_own_end(error)
    for module in _unfinished(error):
        cycle = _cycle(error, module)
        if cycle:
            add_note_once(error, f"import cycle: {' → '.join(cycle)}")
            return


def _drop_own_end(error: BaseException) -> None:
    """Cut the traceback off where danac's frames begin, if it ends in them."""
    last = None
    entry = error.__traceback__
    while entry is not None:
        if not entry.tb_frame.f_code.co_filename.startswith(_OWN):
            last = entry
        entry = entry.tb_next
    if last is not None:
        last.tb_next = None


def _unfinished(error: BaseException) -> Iterator[str]:
    """Yield the names of the modules that lacked something, if `error` says that one did.

    Not read from the message, in which each Python puts it in other words.
    """
    if isinstance(error, AttributeError) and isinstance(error.obj, ModuleType):
        yield f"{error.obj.__name__}.{error.name}"
        yield error.obj.__name__
    elif type(error) is ImportError and error.name is not None:
        yield error.name


def _cycle(error: BaseException, module: str) -> list[str]:
    """Return the modules that are being imported from `module` to where `error` was raised, and back.

    An empty list if the code of `module` is not running, or is in another thread.
    """
    hidden = hidden_prefixes()

    def is_shown(frame: FrameType) -> bool:
        return not frame.f_code.co_filename.startswith(hidden)

    inner = [frame for frame in _traceback_frames(error) if is_shown(frame)]
    running = [_name(frame) for frame in inner if _is_import(frame)]
    frame: FrameType | None = sys._getframe()
    while module not in running:
        if frame is None:
            return []
        if is_shown(frame) and _is_import(frame):
            running.insert(0, _name(frame))
        frame = frame.f_back
    # The function that failed belongs to the cycle too, whichever module it was called from.
    found = [*running[running.index(module) :], *(_name(frame) for frame in inner[-1:])]
    cycle = found[:1]
    for name in found[1:]:
        if name != cycle[-1]:
            cycle.append(name)
    return cycle if len(cycle) > 1 and cycle[-1] == module else [*cycle, module]


def _traceback_frames(error: BaseException) -> Iterator[FrameType]:
    entry = error.__traceback__
    while entry is not None:
        yield entry.tb_frame
        entry = entry.tb_next


def _is_import(frame: FrameType) -> bool:
    """Return whether the frame is that of a module's code; a program's code is not imported."""
    return frame.f_code.co_name == "<module>" and _name(frame) != "__main__"


def _name(frame: FrameType) -> str:
    return str(frame.f_globals.get("__name__"))
