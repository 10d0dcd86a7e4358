"""An exception and a thread → the exception is raised there, as soon as the thread runs Python code.

Not while it runs code of a tracer, coverage say: such code holds locks that all traced threads want, gives
them back in another function than it takes them, and never would if the exception came in between.
"""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Callable, Iterable
from itertools import chain, compress, repeat, starmap
from operator import attrgetter, itemgetter, methodcaller, not_
from threading import Thread, get_ident
from typing import Any

# Up to Python 3.12 an exception that is on its way to one thread makes every thread look for one, at
# each call and each turn of a loop, until it arrives; in a thread that waits in C that may be never.
# With that, a function that is traced (by coverage, a debugger or a profiler) in Python 3.11 looks
# for ever and does not begin. Whoever gets an exception ends the looking; and a thread that
# comes back from C has everybody look again if there is one for it. So we send ourselves one.
_ALL_LOOK = sys.version_info < (3, 13)

# How often to look whether a thread has left its tracer, and the seconds in between. It spends a good
# part of its time there, but not for long at once; on a busy machine it may not run for a while.
_LOOKS = 2000
_LOOK_SECONDS = 0.001


class _Enough(BaseException):
    """What a thread sends to itself, so that the others stop looking."""


def strike(thread: Thread, error: type[BaseException]) -> None:
    """Raise `error` in another thread, wherever its Python code stands; nothing if it has ended.

    Returns at once, or when the thread has left its tracer, after 2 seconds in any case. Call it where no
    such exception can be on its way to the running thread.
    """
    try:
        # Imported late: most programs never strike a thread.
        import ctypes
    except ImportError:
        # Then it goes on, for nobody.
        return
    ident = thread.ident
    if ident is None or not thread.is_alive():
        return
    send = ctypes.pythonapi.PyThreadState_SetAsyncExc
    messages = [(ctypes.c_ulong(ident), ctypes.py_object(error))]
    if _ALL_LOOK:
        messages.append((ctypes.c_ulong(get_ident()), ctypes.py_object(_Enough)))
    tracers = _places_of_tracers()
    if tracers:
        for _ in range(_LOOKS):
            if _is_sent(send, messages, _is_elsewhere(ident, tracers)):
                return
            time.sleep(_LOOK_SECONDS)
    _is_sent(send, messages, (True,))


def _is_sent(send: Callable[..., Any], messages: list[Any], may_send: Iterable[bool]) -> bool:
    """Send all messages if the first of `may_send` is true; tell whether there is nothing more to do."""
    try:
        # One call, which runs no Python code: so no other thread runs between the look and the last message,
        # where there is a GIL, and nothing that is traced stands between them.
        sent = list(starmap(send, chain.from_iterable(compress((messages,), may_send))))
        _nothing()
    except (_Enough, KeyError):
        # KeyError: the thread has ended.
        return True
    return bool(sent)


def _is_elsewhere(ident: int, places: tuple[str, ...]) -> Iterable[bool]:
    """Return what looks, each time, whether a thread is at none of `places`; KeyError if it has ended."""
    frames = map(itemgetter(ident), starmap(sys._current_frames, repeat(())))
    files = map(attrgetter("f_code.co_filename"), frames)
    return map(not_, map(methodcaller("startswith", places), files))


def _places_of_tracers() -> tuple[str, ...]:
    """Return where the code is that traces and profiles threads, as beginnings of file names."""
    places: list[str] = []
    for hook in (threading.gettrace(), threading.getprofile()):
        if hook is None:
            continue
        name = (getattr(hook, "__module__", None) or type(hook).__module__).partition(".")[0]
        # A program that traces itself is struck wherever it is.
        module = None if name == "__main__" else sys.modules.get(name)
        folders = getattr(module, "__path__", None)
        file = getattr(module, "__file__", None)
        if folders is not None:
            places += [os.path.join(folder, "") for folder in folders]
        elif file is not None:
            places.append(file)
    return tuple(places)


def _nothing() -> None:
    """Be called, which is when Python looks."""
