"""The backend for coroutine branches: attempts whose function gives a coroutine → their outcomes.

They run on the event loop of whoever awaits the pipeline (`callers`); for a plain program on loops
in the background (`background`). Coroutines need no thread each: thousands of them share one loop,
and are handed over to it at once.
"""

from __future__ import annotations

import asyncio
import warnings
from collections.abc import Callable, Sequence
from contextvars import Context

from dana_runtime.execution.background import depth_above, end_loops, loop_at
from dana_runtime.execution.callers import callers_loop
from dana_runtime.execution.hosts import Runnable, Running, nesting
from dana_runtime.tracebacks import program_frame


def start(attempt: Runnable) -> Callable[[], None]:
    """Start one attempt and return at once; the returned function abandons it, from any thread.

    Never raises: where no loop can be had, the attempt fails.
    """
    return start_many((attempt,))[0]


def start_many(attempts: Sequence[Runnable]) -> Sequence[Callable[[], None]]:
    """Start attempts of one block in one call into a loop; the same as `start` for each of them."""
    runnings = [Running(attempt) for attempt in attempts]
    if attempts:
        try:
            if is_in_callers_loop():
                warn_of_waiting(attempts[0].name)
            hand_over(runnings, attempts[0].context)
            host = runnings[0].host
            if host is not None and len(host.running) > len(runnings):
                # It is busy with something else, which may be blocking it: one look serves all.
                runnings[0].look_after()
        except Exception as error:
            for attempt in attempts:
                attempt.fail(error)
    return runnings


def hand_over(runnings: Sequence[Running], context: Context) -> None:
    """Have `runnings` run on the loop that code in `context` and in this thread may wait for.

    Raises what `loop_at` raises.
    """
    here = running_loop()
    caller = context.get(callers_loop)
    if caller is not None and caller.loop is not here and caller.take(runnings):
        return
    depth = context.get(nesting, 0)
    if here is not None:
        # In a context of the program's own making, in which `nesting` says nothing.
        depth = max(depth, depth_above(here))
    while not loop_at(depth).take(runnings):
        # It has just ended for want of work.
        pass


def running_loop() -> asyncio.AbstractEventLoop | None:
    """Return the event loop that runs in this thread, if one does."""
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return None


def is_in_callers_loop() -> bool:
    """Tell whether this thread runs an event loop that is none of ours, which waiting would stop."""
    loop = running_loop()
    return loop is not None and not depth_above(loop)


def warn_of_waiting(where: str) -> None:
    """Warn that the event loop of this thread stops until the coroutine of `where` has ended."""
    warnings.warn(
        f"{where} runs a coroutine while the event loop of this thread waits: in async code "
        "write `await pipeline.aio(…)` or `await (… | …)`",
        RuntimeWarning,
        stacklevel=program_frame()[1],
    )


def shutdown(wait: bool = True, cancel: bool = False) -> None:
    """With `cancel`, end the loops of plain programs and the coroutines on them.

    Without it they go on, and end by themselves when they have been idle for a while; `wait` changes
    nothing here.
    """
    if cancel:
        end_loops()
