"""A function and many inputs → an iterator over its results: `pipeline.map(inputs)`.

inputs ─► Results.__next__, in the caller's thread ─► Stream ─► engine ─► results, one by one
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextvars import copy_context
from functools import partial
from queue import Empty, SimpleQueue
from time import monotonic
from typing import Any, Self

from dana_runtime.execution import progress
from dana_runtime.execution.attempt import Abandon, Attempt
from dana_runtime.execution.backends import backend_for, loop_backend
from dana_runtime.execution.batches import Attempts, Batches
from dana_runtime.execution.branches import Branch, is_coroutine_function
from dana_runtime.execution.cancellation import Group, current_group
from dana_runtime.execution.crew import Crew
from dana_runtime.execution.debugging import is_debugging
from dana_runtime.execution.leaving import park
from dana_runtime.execution.setting_checks import check_count
from dana_runtime.execution.settings import current
from dana_runtime.execution.streams import Engine, Inline, Job, Stream
from dana_runtime.execution.waits import SIGNAL_SECONDS, longest_wait
from dana_runtime.tracebacks import OwnContext


def map_over(
    function: Branch, inputs: Iterable[Any], ordered: bool = True, limit: int | None = None
) -> Results:
    """Return a lazy iterator over `function(x)` for each x of `inputs`, which may be endless.

    The inputs are read in the thread that iterates, ahead of the results by at most `limit`, by
    default as many as keep all workers busy. Results come in the order of the inputs, or with
    `ordered=False` as they come. Each runs as a branch of a block does, with the settings that are in
    force at this call. A failure is raised at its place and ends the iteration; with
    `on_error="partial"` a Failure stands there instead. What fails in reading the inputs is raised
    after the results of those before.

    Closing the iterator, by `close()`, at the end of a `with` statement, or by letting go of it,
    cancels what runs. Raises TypeError for `inputs` that are not iterable and a `limit` that is no
    whole number, ValueError for a limit below 1.
    """
    if limit is not None:
        check_count("limit", limit)
    return Results(function, iter(inputs), ordered, limit)


class Results(Iterator[Any]):
    """The results of `map_over`. One thread at a time may iterate."""

    __slots__ = (
        *("__weakref__", "_begun", "_events", "_inputs", "_look_at", "_reading_error"),
        *("_show_at", "_spare", "_stream"),
    )

    def __init__(
        self, function: Branch, inputs: Iterator[Any], ordered: bool, limit: int | None
    ) -> None:
        self._stream: Stream | None = None
        self._events: SimpleQueue[Any] = SimpleQueue()
        self._reading_error: BaseException | None = None
        # None once there are no more.
        self._inputs: Iterator[Any] | None = inputs
        self._look_at = self._begun = self._show_at = 0.0
        # How many results may be handed out before inputs are read again.
        self._spare = 0
        job = Job(
            function,
            current(),
            copy_context(),
            Group(current_group.get()),
            self._events.put,
        )
        self._stream = Stream(job, engine_for(job, limit), ordered, limit)

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> Any:
        stream = self._stream
        if stream is None:
            raise StopIteration
        try:
            if stream.read == 0:
                self._begin(stream)
            if self._spare and self._events.empty() and stream.has_next():
                # There is no hurry to read more: results that are there are handed out quickly.
                self._spare -= 1
            else:
                self._read(stream)
                self._advance(stream)
                self._spare = stream.spare()
            if not stream.has_next():
                # All has been handed out.
                error = self._reading_error or StopIteration()
            else:
                result, failure = stream.pop()
                if failure is None:
                    return result
                park()
                error = failure
        except BaseException:
            self.close()
            raise
        self.close()
        try:
            with OwnContext(error):
                raise error
        finally:
            # This frame is in the traceback now; it must not refer back to the error.
            del error

    def _begin(self, stream: Stream) -> None:
        self._begun = monotonic()
        self._show_at = self._begun + progress.AFTER_SECONDS
        stream.begin(partial(self._events.put, None))

    def _read(self, stream: Stream) -> None:
        """Read inputs as far as there is room."""
        inputs = self._inputs
        while inputs is not None and stream.has_room():
            try:
                value = next(inputs)
            except StopIteration:
                inputs = self._inputs = None
            except Exception as error:
                # Its place is after all that was read before.
                inputs = self._inputs = None
                self._reading_error = error
            else:
                stream.put(value)
                del value

    def _advance(self, stream: Stream) -> None:
        """Take in what has happened, and wait until there is a result to hand out."""
        events = self._events
        stream.start()
        while not events.empty():
            stream.take(events.get_nowait())
        if stream.has_next() or stream.is_empty():
            return
        step = longest_wait()
        self._look_at = stream.look(monotonic())
        while not stream.has_next():
            try:
                told = events.get(timeout=min(step, max(0.0, self._look_at - monotonic())))
            except Empty:
                pass
            else:
                stream.take(told)
                self._look_at = min(self._look_at, stream.next_try_at())
            now = monotonic()
            if now >= self._look_at:
                self._look_at = stream.look(now)
                stream.start()
            if now >= self._show_at and step == SIGNAL_SECONDS:
                self._show(stream, now)

    def _show(self, stream: Stream, now: float) -> None:
        """Show how far the map is; how many inputs there are is not known before their end."""
        self._show_at = now + progress.STEP_SECONDS
        job = stream.job
        if job.settings.progress:
            done = stream.given + len(stream.ready)
            total = stream.read if self._inputs is None else None
            progress.show(
                job, job.text, total, done, stream.read - done, stream.failed, now - self._begun
            )

    def close(self) -> None:
        """Cancel what runs, and hand out nothing more."""
        stream, self._stream = self._stream, None
        self._inputs = None
        if stream is not None:
            progress.clear(stream.job)
            stream.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def __del__(self) -> None:
        self.close()


def engine_for(
    job: Job,
    limit: int | None,
    may_inline: bool = True,
    coroutines: Callable[[Attempt], Abandon] | None = None,
) -> Engine:
    """Return what runs the inputs of `job`: what would run a block of one branch for each of them.

    `may_inline` says that the driver's thread may run them itself; `coroutines` is the backend for
    coroutine functions, by default that for plain programs.
    """
    settings, depth = job.settings, job.group.depth
    executor = settings.executor
    if not isinstance(executor, str) and depth > 0:
        # It serves the outermost block only.
        executor = "auto"
    workers = settings.max_workers
    if depth >= settings.max_depth or executor == "inline":
        workers = 1
        if not settings.is_bound and may_inline:
            return Inline(job)
    if is_debugging():
        return Inline(job)
    if executor in ("auto", "async") and is_coroutine_function(job.function):
        if coroutines is None:
            loops = loop_backend()
            coroutines = None if loops is None else loops.start
        if coroutines is not None:
            # They need no thread each.
            return Attempts(job, coroutines, limit or 2 * settings.max_workers)
    if executor in ("process", "dask"):
        return Batches(job, _start, workers, has_log=executor == "process")
    if not isinstance(executor, str):
        return Attempts(job, _start, workers, goes_on=True)
    return Crew(job, workers if limit is None else min(workers, limit))


def _start(attempt: Attempt) -> Abandon:
    return backend_for(attempt.settings).start(attempt)
