"""The end of the program → quiet in daemon threads whose blocks have lost their processes to it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import suppress

from dana_runtime.execution.cancellation import current_group

# The main program is over, and what still runs in processes is being ended.
is_leaving = False


def when_leaving(end: Callable[[], object]) -> None:
    """Have `end` called when the main program is over, before other threads are waited for.

    The last that has registered is called first: do so after executors have, which take nothing more then.
    """

    def leave() -> None:
        global is_leaving
        is_leaving = True
        end()

    # RuntimeError: it is over already.
    with suppress(RuntimeError):
        # There is no public name: atexit calls its functions when the threads have been waited for.
        threading._register_atexit(leave)  # type: ignore[attr-defined]


def park() -> None:
    """Let a daemon thread of the program, whose block has failed, go on no more if the program is ending.

    Python ends such a thread where it stands, and says nothing; an error that only comes of the end
    would be printed. Other threads are waited for, so they have to learn of it.
    """
    if is_leaving and current_group.get() is None and threading.current_thread().daemon:
        threading.Event().wait()
