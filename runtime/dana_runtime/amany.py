"""A function and many inputs → an asynchronous iterator over its results: `pipeline.amap(inputs)`.

The twin of `many`: plain code runs on the runtime's threads or wherever its settings say, coroutine
stages run on the event loop that iterates, which goes on meanwhile.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterable, AsyncIterator, Iterable, Iterator
from contextlib import suppress
from contextvars import copy_context
from time import monotonic
from typing import Any, Self

from dana_runtime.aio import mark_within_call
from dana_runtime.execution.attempt import Abandon, Attempt
from dana_runtime.execution.branches import Branch
from dana_runtime.execution.callers import CallersLoop, callers_loop
from dana_runtime.execution.cancellation import Group, current_group
from dana_runtime.execution.hosts import Running
from dana_runtime.execution.setting_checks import check_count
from dana_runtime.execution.settings import current
from dana_runtime.execution.streams import Job, Stream, Told
from dana_runtime.many import engine_for
from dana_runtime.tracebacks import OwnContext


def amap_over(
    function: Branch,
    inputs: Iterable[Any] | AsyncIterable[Any],
    ordered: bool = True,
    limit: int | None = None,
) -> AsyncResults:
    """Return an asynchronous iterator over `function(x)` for each x of `inputs`, as `map_over` does.

    The inputs may be asynchronous; plain ones are read on the event loop. Cancelling the task that
    iterates, and `aclose()`, cancel what runs. Raises what `map_over` does.
    """
    if limit is not None:
        check_count("limit", limit)
    if isinstance(inputs, AsyncIterable):
        return AsyncResults(function, aiter(inputs), ordered, limit)
    return AsyncResults(function, iter(inputs), ordered, limit)


class _Waker:
    """Wakes the driver of an asynchronous stream, from any thread."""

    __slots__ = ("event", "is_called", "loop")

    def __init__(self) -> None:
        self.loop = asyncio.get_running_loop()
        self.event = asyncio.Event()
        self.is_called = False

    def __call__(self) -> None:
        # One call into the loop serves all that comes until it gets there.
        if not self.is_called:
            self.is_called = True
            # The loop is closed, and nobody waits any more.
            with suppress(RuntimeError):
                self.loop.call_soon_threadsafe(self._wake)

    def done(self, _: object) -> None:
        """Wake: for tasks that have ended."""
        self()

    def _wake(self) -> None:
        # First: what comes in from now on calls again.
        self.is_called = False
        self.event.set()


class AsyncResults(AsyncIterator[Any]):
    """The results of `amap_over`. One task at a time may iterate."""

    __slots__ = (
        *("__weakref__", "_events", "_function", "_host", "_inputs", "_limit", "_ordered"),
        *("_reading_error", "_reading", "_settings", "_stream", "_waker", "_context"),
    )

    def __init__(
        self,
        function: Branch,
        inputs: Iterator[Any] | AsyncIterator[Any],
        ordered: bool,
        limit: int | None,
    ) -> None:
        self._function = function
        # None once there are no more.
        self._inputs: Iterator[Any] | AsyncIterator[Any] | None = inputs
        self._ordered = ordered
        self._limit = limit
        self._settings = current()
        self._context = copy_context()
        self._stream: Stream | None = None
        self._host: CallersLoop | None = None
        self._reading: asyncio.Task[Any] | None = None
        self._reading_error: BaseException | None = None

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Any:
        stream = self._stream
        if stream is None:
            if self._inputs is None:
                raise StopAsyncIteration
            stream = self._begin()
        try:
            await self._advance(stream)
            if not stream.has_next():
                # All has been handed out.
                error = self._reading_error or StopAsyncIteration()
            else:
                result, failure = stream.pop()
                if failure is None:
                    return result
                error = failure
        except BaseException:
            await self.aclose()
            raise
        await self.aclose()
        try:
            with OwnContext(error):
                raise error
        finally:
            # This frame is in the traceback now; it must not refer back to the error.
            del error

    def _begin(self) -> Stream:
        """Start on the running loop."""
        self._waker = waker = _Waker()
        self._events = events = Told(waker)
        self._host = host = CallersLoop()
        self._context.run(callers_loop.set, host)
        self._context.run(mark_within_call)
        group = Group(self._context.get(current_group))
        job = Job(self._function, self._settings, self._context, group, events.put)

        def on_this_loop(attempt: Attempt) -> Abandon:
            running = Running(attempt)
            host.take((running,))
            return running

        engine = engine_for(job, self._limit, may_inline=False, coroutines=on_this_loop)
        self._stream = stream = Stream(job, engine, self._ordered, self._limit)
        stream.begin(waker)
        return stream

    async def _advance(self, stream: Stream) -> None:
        """Read inputs, and wait until there is a result to hand out or nothing more to wait for."""
        events, awake = self._events, self._waker.event
        look_at = 0.0
        while True:
            awake.clear()
            self._read(stream)
            stream.start()
            while events:
                stream.take(events.popleft())
            # A cancel from further out wakes without an event.
            stream.take(None)
            if stream.has_next():
                # Others on this loop want their turn, too.
                await asyncio.sleep(0)
                return
            if stream.is_empty() and self._reading is None:
                if self._inputs is None or stream.is_stopped:
                    return
                continue
            now = monotonic()
            if now >= look_at:
                look_at = stream.look(now)
            look_at = min(look_at, stream.next_try_at())
            if not events:
                with suppress(TimeoutError):
                    await asyncio.wait_for(awake.wait(), max(0.0, look_at - monotonic()))

    def _read(self, stream: Stream) -> None:
        """Read inputs as far as there is room and they are there."""
        while self._inputs is not None and stream.has_room():
            try:
                if isinstance(self._inputs, AsyncIterator):
                    if self._reading is None:
                        self._reading = asyncio.ensure_future(_next_of(self._inputs))
                        # Not a method: the task must not keep this alive.
                        self._reading.add_done_callback(self._waker.done)
                    if not self._reading.done():
                        return
                    reading, self._reading = self._reading, None
                    value = reading.result()
                else:
                    value = next(self._inputs)
            except (StopIteration, StopAsyncIteration, _End):
                self._inputs = None
            except Exception as error:
                # Its place is after all that was read before.
                self._inputs = None
                self._reading_error = error
            else:
                stream.put(value)

    async def aclose(self) -> None:
        """Cancel what runs, and hand out nothing more."""
        is_running = self._let_go()
        if is_running:
            # One turn, in which coroutines that only wait learn of it.
            await asyncio.sleep(0)

    def _let_go(self) -> bool:
        stream, self._stream = self._stream, None
        reading, self._reading = self._reading, None
        self._inputs = None
        if reading is not None:
            reading.cancel()
        if stream is None:
            return False
        is_running = not stream.is_empty()
        stream.close()
        host = self._host
        if host is not None:
            host.end()
            host.cancel()
        return is_running

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *exception: object) -> None:
        await self.aclose()

    def __del__(self) -> None:
        with suppress(RuntimeError):
            # The loop may be closed.
            self._let_go()


class _End(Exception):  # noqa: N818 - StopAsyncIteration cannot leave a task
    """There are no more inputs."""


async def _next_of(inputs: AsyncIterator[Any]) -> Any:
    try:
        return await anext(inputs)
    except StopAsyncIteration:
        raise _End from None
