"""The end of a program whose branches cannot all be ended → the end of its process."""

from __future__ import annotations

import atexit
import os
import sys

_MODULE = "dana_runtime.execution.abandonment"


class Leaving:
    """The last thing that the process does; to be made before the program registers anything.

    Threads that are stuck in a branch whose time was up may crash the interpreter while it takes
    itself down. If some are left when all else is done, the process leaves without that.
    """

    def __init__(self) -> None:
        self.status = 0
        atexit.register(self._leave)

    def _leave(self) -> None:
        # A program that abandoned no branch has not loaded it, or has none left.
        abandonment = sys.modules.get(_MODULE)
        if abandonment is None or not abandonment.remaining():
            return
        for stream in (sys.stdout, sys.stderr):
            try:
                stream.flush()
            except (AttributeError, OSError, ValueError):
                # Closed, replaced, or nobody reads it any more.
                continue
        os._exit(self.status)
