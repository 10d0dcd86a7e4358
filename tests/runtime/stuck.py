"""What branches do that go on until they are told to end."""

from __future__ import annotations

import time

from dana_runtime import cancelled


def turn_until_cancelled(seconds: float) -> None:
    """Return when the branch is told to end; AssertionError if nobody tells it in time.

    A function, so that `finally` can stand around a call of it: on Python 3.13 the jump at the end of a loop
    is in no `try` that is right around the loop, and an exception from outside may come just there.
    """
    end = time.monotonic() + seconds
    while not cancelled():
        assert time.monotonic() < end, "nobody has told it"
        time.sleep(0.001)
