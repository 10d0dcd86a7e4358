"""An exception and a thread → the exception is raised there, as soon as the thread runs Python code."""

from __future__ import annotations

import sys
from threading import Thread, get_ident

# Up to Python 3.12 an exception that is on its way to one thread makes every thread look for one, at
# each call and each turn of a loop, until it arrives; in a thread that waits in C that may be never.
# With that, a function that is traced (by coverage, a debugger or a profiler) in Python 3.11 looks
# for ever and does not begin. Whoever gets an exception ends the looking; and a thread that
# comes back from C has everybody look again if there is one for it. So we send ourselves one.
_ALL_LOOK = sys.version_info < (3, 13)


class _Enough(BaseException):
    """What a thread sends to itself, so that the others stop looking."""


def strike(thread: Thread, error: type[BaseException]) -> None:
    """Raise `error` in another thread, wherever its Python code stands; nothing if it has ended.

    Returns at once. Call it where no such exception can be on its way to the running thread.
    """
    try:
        # Imported late: most programs never strike a thread.
        import ctypes
    except ImportError:
        # Then it goes on, for nobody.
        return
    if thread.ident is None or not thread.is_alive():
        return
    send = ctypes.pythonapi.PyThreadState_SetAsyncExc
    there, what = ctypes.c_ulong(thread.ident), ctypes.py_object(error)
    if not _ALL_LOOK:
        send(there, what)
        return
    here, enough = ctypes.c_ulong(get_ident()), ctypes.py_object(_Enough)
    try:
        # Nothing that is traced may stand between the two, nor anything that lets others run.
        send(there, what)
        send(here, enough)
        _nothing()
    except _Enough:
        pass


def _nothing() -> None:
    """Be called, which is when Python looks."""
