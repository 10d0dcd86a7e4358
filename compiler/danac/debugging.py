"""`breakpoint()` in a program that runs for debugging → pdb, which steps from Dana line to Dana line.

Python's own debuggers work on .dana files as they do on .py files. What this adds: blocks run in the
thread that is looked at, and `step` does not lead into the runtime.
"""

from __future__ import annotations

import os
import sys

TYPE_CHECKING = False  # as `typing` has it, whose import costs more than a cached start
if TYPE_CHECKING:
    from types import FrameType

# The runtime reads it when it is imported, in this process and in those that it starts.
_VARIABLE = "DANA_DEBUG"

_OWN_PACKAGES = ("danac", "dana_runtime")


def prepare() -> None:
    """Make the programs of this process run for debugging, from the next one on.

    A hook that `PYTHONBREAKPOINT` names, or that somebody has set, stays.
    """
    os.environ[_VARIABLE] = "1"
    is_untouched = sys.breakpointhook is sys.__breakpointhook__
    if is_untouched and not os.environ.get("PYTHONBREAKPOINT"):
        sys.breakpointhook = _stop


def _stop(*, header: str | None = None) -> None:
    """Stop in the caller of `breakpoint()`; the option is that of `pdb.set_trace`."""
    # Imported late: most runs for debugging meet no breakpoint.
    from pdb import Pdb

    class Debugger(Pdb):
        def stop_here(self, frame: FrameType) -> bool:
            return not _is_behind_the_scenes(frame) and super().stop_here(frame)

    debugger = Debugger()
    if header is not None:
        debugger.message(header)
    debugger.set_trace(sys._getframe(1))


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
