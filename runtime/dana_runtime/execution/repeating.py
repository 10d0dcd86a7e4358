"""A call that may fail → its result, from the attempts that its settings allow, in the caller's thread."""

from __future__ import annotations

from functools import partial
from time import monotonic, sleep

from dana_runtime.execution import traced
from dana_runtime.execution.cancellation import entered_group
from dana_runtime.faults.retry import note_of_attempts
from dana_runtime.tracebacks import add_note_once

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from dana_runtime.faults.retry import Tries
    from dana_runtime.faults.watch import Watch

# Seconds after which one who waits for the next attempt looks whether it is still wanted.
LOOK_SECONDS = 0.1


def repeated(
    run: Callable[[], Any],
    tries: Tries,
    watch: Watch | None = None,
    now: Callable[[], float] = monotonic,
    wait: Callable[[float], object] | None = None,
) -> Any:
    """Return `run()`, called as often as `tries` say; the last failure is raised as itself.

    `wait` sleeps for some seconds. Raises BranchCancelled while it waits in a cancelled branch.
    """
    if (tracer := traced.tracer) is not None and tries.retry is not None:
        call = run if watch is None else partial(watched, run, watch)
        run, watch = tracer.attempts(call, tries), None
    while True:
        tries.begin(now())
        try:
            return run() if watch is None else watched(run, watch)
        except BaseException as error:
            delay = tries.delay_after(error, now())
            if delay is None:
                if tries.number > 1:
                    add_note_once(error, note_of_attempts(tries.number))
                raise
        (wait or wait_in_branch)(delay)


def watched(run: Callable[[], Any], watch: Watch) -> Any:
    """Return `run()`; what there is to say against it or its result is raised."""
    token = watch.before()
    try:
        result = run()
    except BaseException as error:
        watch.after(token, None, error)
        raise
    watch.after(token, result, None)
    return result


def wait_in_branch(seconds: float) -> None:
    """Sleep; raise BranchCancelled soon after the running branch is cancelled."""
    entered_group()
    until = monotonic() + seconds
    while (left := until - monotonic()) > 0:
        sleep(min(left, LOOK_SECONDS))
        entered_group()
