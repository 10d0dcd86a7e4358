"""A program that runs for debugging → pdb, which steps from Dana line to Dana line.

Python's own debuggers work on .dana files as they do on .py files. What this adds: blocks run in the
thread that is looked at, `step` does not lead into the runtime, and `break flow.dana:12` finds its file
on every Python (from 3.13 on pdb itself looks for names in .py only).
"""

from __future__ import annotations

import os
import sys

TYPE_CHECKING = False  # as `typing` has it, whose import costs more than a cached start
if TYPE_CHECKING:
    from pdb import Pdb
    from types import FrameType

# The runtime reads it when it is imported, in this process and in those that it starts.
_VARIABLE = "DANA_DEBUG"

_SUFFIXES = (".dana", ".na")
_OWN_PACKAGES = ("danac", "dana_runtime")


def prepare(*, stop_at_start: bool = False) -> None:
    """Make the programs of this process run for debugging, from the next one on.

    With `stop_at_start` pdb begins before the first line; else `breakpoint()` begins it. A hook that
    `PYTHONBREAKPOINT` names, or that somebody has set, stays.
    """
    os.environ[_VARIABLE] = "1"
    is_untouched = sys.breakpointhook is sys.__breakpointhook__
    if is_untouched and not os.environ.get("PYTHONBREAKPOINT"):
        sys.breakpointhook = _stop
    if stop_at_start:
        debugger = _make_debugger()
        debugger.reset()
        debugger.set_step()
        sys.settrace(debugger.trace_dispatch)


def _stop(*, header: str | None = None) -> None:
    """Stop in the caller of `breakpoint()`; the option is that of `pdb.set_trace`."""
    debugger = _make_debugger()
    if header is not None:
        debugger.message(header)
    debugger.set_trace(sys._getframe(1))


def _make_debugger() -> Pdb:
    # Imported late: most runs for debugging meet no breakpoint.
    from pdb import Pdb

    class Debugger(Pdb):
        """Stops where a program's own code runs, and knows the files of Dana."""

        def stop_here(self, frame: FrameType) -> bool:
            return not _is_behind_the_scenes(frame) and super().stop_here(frame)

        def user_call(self, frame: FrameType, argument_list: None) -> None:
            # The code of a module has no call that one would want to look at.
            if frame.f_code.co_name != "<module>":
                super().user_call(frame, argument_list)

        def lookupmodule(self, filename: str) -> str | None:
            if not filename.endswith(_SUFFIXES):
                return super().lookupmodule(filename)
            found = [os.path.join(entry, filename) for entry in (*sys.path, os.getcwd())]
            return next((os.path.abspath(path) for path in found if os.path.isfile(path)), None)

    return Debugger()


def _is_behind_the_scenes(frame: FrameType | None) -> bool:
    """Whether no Dana code has called what runs in `frame`, or only by way of the runtime."""
    while frame is not None and "__dana__" not in frame.f_globals:
        if str(frame.f_globals.get("__name__")).partition(".")[0] in _OWN_PACKAGES:
            return True
        frame = frame.f_back
    return frame is None


def is_quit(error: BaseException) -> bool:
    """Whether `error` is how a debugger ends a program, after its command `quit`."""
    debugger = sys.modules.get("bdb")
    return debugger is not None and isinstance(error, debugger.BdbQuit)


def is_outer_debugger_running() -> bool:
    """Whether a debugger has called this process's program: `python -m pdb -m danac run …`."""
    frame: FrameType | None = sys._getframe()
    while frame is not None:
        if frame.f_globals.get("__name__") == "bdb":
            return True
        frame = frame.f_back
    return False
