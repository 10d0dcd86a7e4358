"""Inputs one by one → their outcomes, in order or as they come, with a bounded number in flight.

    read ─► put ─► engine ─► events ─► take ─► ready ─► pop ─► handed out
            └──────────── at most `limit` in here ────┘

What is here waits for nothing: who drives a stream, a plain iterator (`many`) or an asynchronous
one (`amany`), reads the inputs and waits for the events. Engines run the function: `crew` in
threads, `batches` on backends, and `Inline` where it stands. While the driver is elsewhere, the
`timekeeper` sees to it that branches end in time; the lock of a stream says who of the two is at the
engine.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from contextvars import Context
from math import inf
from threading import RLock
from time import monotonic
from typing import TYPE_CHECKING, Any, Protocol

from dana_runtime.errors import BranchCancelled, BranchTimeout
from dana_runtime.execution import timekeeper, traced
from dana_runtime.execution.branches import Branch, run_branch
from dana_runtime.execution.cancellation import Group
from dana_runtime.execution.outcomes import Failure, ends_block, fallback_for, timeout_error
from dana_runtime.execution.second_tries import SecondTries
from dana_runtime.execution.settings import BUILT_IN_TIMEOUT, NO_FALLBACK, Settings
from dana_runtime.faults.retry import note_of_attempts
from dana_runtime.scopes import Layer, current_layer
from dana_runtime.tracebacks import add_note_once, without_runtime_frames
from dana_runtime.wording import callable_text

if TYPE_CHECKING:
    from dana_runtime.trace.spans import Span

# The place of an input, counted from 0, its result or its error, and the seconds that it took.
Event = tuple[int, Any, BaseException | None, float]

# When the timekeeper comes again to a stream whose driver is at the engine.
_AGAIN_SECONDS = 0.02


class Job:
    """What all inputs of one stream have in common."""

    __slots__ = (
        "context",
        "function",
        "group",
        "layer",
        "left",
        "limits",
        "settings",
        "tell",
        "text",
        "trace",
    )

    def __init__(
        self,
        function: Branch,
        settings: Settings,
        context: Context,
        group: Group,
        tell: Callable[[Any], object],
    ) -> None:
        self.function = function
        self.settings = settings
        self.context = context
        self.group = group
        self.layer = context.get(current_layer)
        # Takes an event, from any thread.
        self.tell = tell
        self.text = callable_text(function)
        # Its span, where the program is traced.
        self.trace: Span | None = None
        # The seconds of inputs that have less than the others: what is left for another attempt.
        self.limits: dict[int, float] = {}
        # Inputs whose time was up and that may still be at work.
        self.left: set[int] = set()

    def limit(self, index: int) -> float | None:
        """Return the seconds that an attempt at an input has, None for no limit."""
        return self.limits.get(index, self.settings.limit)

    def timeout_error(self, index: int) -> BranchTimeout:
        """Return the error for an input whose time is up."""
        seconds = self.settings.total_timeout if index in self.limits else self.settings.limit
        return timeout_error(self.name(index), seconds or 0.0)

    def name(self, index: int) -> str:
        """Return the name of an input's branch in notes and errors."""
        return f"input {index + 1} of {self.text}"


class Engine(Protocol):
    """What runs the function of a stream. All but its telling is called under the stream's lock."""

    def room(self) -> int:
        """Return how many inputs should be in flight."""

    def put(self, index: int, value: Any) -> None:
        """Take an input, and begin with it unless it should wait for others; the next may be long in coming."""

    def put_again(self, index: int, value: Any) -> None:
        """Take an input that has failed."""

    def start(self) -> None:
        """Begin with what can begin: no more inputs come before the driver waits."""

    def events(self, told: Any) -> list[Event]:
        """Return the events in something told that is no event itself."""

    def end_overdue(self, now: float) -> float:
        """End what has run for too long, telling so; return when to look again."""

    def stop(self, index: int) -> None:
        """Begin with no input after that at `index`."""

    def close(self) -> None:
        """Begin with nothing more, and hold nothing from now on."""


class Stream:
    """The state of one run over many inputs."""

    __slots__ = (
        *("engine", "failed", "given", "is_ordered", "is_over", "is_stopped", "job", "limit"),
        *("lock", "look_at", "read", "ready", "second_tries", "stopped_at"),
    )

    def __init__(self, job: Job, engine: Engine, is_ordered: bool, limit: int | None) -> None:
        self.job = job
        self.engine = engine
        self.is_ordered = is_ordered
        self.limit = limit
        # How many inputs have been read, and how many outcomes handed out.
        self.read = 0
        self.given = 0
        # How many Failures there have been.
        self.failed = 0
        # No more inputs are wanted; nothing at all is.
        self.is_stopped = False
        self.is_over = False
        # The first input that has failed for good.
        self.stopped_at = inf
        retry = job.settings.retry
        self.second_tries = None if retry is None else SecondTries(job.settings)
        # A finalizer may close the stream in the thread that is at its engine.
        self.lock = RLock()
        self.look_at = inf
        # By place, or in a queue, in which places are no matter.
        self.ready: dict[int, tuple[Any, BaseException | None]] = {}

    def begin(self, wake: Callable[[], object]) -> None:
        """Become a block that is running; `wake` wakes the driver.

        Raises BranchCancelled in a cancelled branch.
        """
        group = self.job.group
        group.wake = wake
        group.enter()
        limit = self.job.settings.limit
        if limit is not None and type(self.engine) is not Inline:
            self.look_at = monotonic() + limit
            timekeeper.watch(self)

    def has_room(self) -> bool:
        """Tell whether one more input may be read."""
        limit = self.engine.room() if self.limit is None else self.limit
        return self.read - self.given < limit and not self.is_stopped

    def spare(self) -> int:
        """Return how many results may be handed out before more inputs are wanted."""
        return (self.engine.room() if self.limit is None else self.limit) // 4

    def put(self, value: Any) -> None:
        """Take the next input."""
        with self.lock:
            index = self.read
            self.read += 1
            if index == 0 and (tracer := traced.tracer) is not None:
                self.job.trace = tracer.map(self.job)
            if self.second_tries is not None:
                self.second_tries.put(index, value)
            self.engine.put(index, value)

    def start(self) -> None:
        """Begin with what can begin: no more inputs come before the driver waits."""
        with self.lock:
            self.engine.start()

    def look(self, now: float) -> float:
        """End what has run for too long; return when to look again. Any thread; waits for nobody."""
        if not self.lock.acquire(blocking=False):
            return now + _AGAIN_SECONDS
        try:
            if self.is_over:
                return inf
            self._try_again(now)
            return min(self.engine.end_overdue(now), self.next_try_at())
        finally:
            self.lock.release()

    def renew_lock(self) -> None:
        """Let nobody be at the engine: in a forked child, those who were are no more."""
        self.lock = RLock()

    def next_try_at(self) -> float:
        """Return when the next input is to be tried again."""
        return inf if self.second_tries is None else self.second_tries.next_at()

    def _try_again(self, now: float) -> None:
        tries = self.second_tries
        while tries is not None and (due := tries.due(now)) is not None:
            index, value, limit = due
            if limit is not None and self.job.settings.total_timeout is not None:
                self.job.limits[index] = limit
            self.job.left.discard(index)
            self.engine.put_again(index, value)

    def take(self, told: Any) -> None:
        """Take in what an engine has told; raise BranchCancelled if somebody further out ends it all."""
        if type(told) is tuple:
            self._take(told)
        elif told is not None:
            with self.lock:
                for event in self.engine.events(told):
                    self._take(event)
                # After that: a failure stops what comes after it.
                self.engine.start()
        elif self.job.group.is_cancelled():
            raise BranchCancelled

    def _take(self, event: Event) -> None:
        index, result, error, elapsed = event
        tries, number = self.second_tries, 1
        if error is not None:
            BaseException.with_traceback(error, without_runtime_frames(error.__traceback__))
            if tries is not None and index < self.stopped_at:
                # The timekeeper may ask at the same time what is due.
                with self.lock:
                    if tries.comes(index, error, elapsed, index in self.job.left):
                        return
        if tries is not None:
            with self.lock:
                number, elapsed = tries.done(index)
                self.job.limits.pop(index, None)
        if error is not None:
            self.job.left.discard(index)
            result, error = self._failed(index, error, number, elapsed)
        # The outcomes of dicts come out in the order in which they went in.
        self.ready[index] = (result, error)

    def _failed(
        self, index: int, error: BaseException, number: int, elapsed: float
    ) -> tuple[Any, BaseException | None]:
        """Return what stands in the place of a result, or the error that ends the stream there."""
        job = self.job
        name, fallback = job.name(index), job.settings.fallback
        if number > 1:
            add_note_once(error, note_of_attempts(number))
        add_note_once(error, f"in {name}")
        failure = Failure(error, name, number, elapsed)
        if not ends_block(error):
            if fallback is not NO_FALLBACK:
                try:
                    return fallback_for(failure, fallback), None
                except BaseException as another:
                    error = another
            elif job.settings.on_error == "partial":
                self.failed += 1
                return failure, None
        self.is_stopped = True
        self.stopped_at = min(self.stopped_at, index)
        with self.lock:
            self.engine.stop(index)
        if isinstance(error, (StopIteration, StopAsyncIteration)):
            # As in generators: it would look like the end of the results.
            ended = RuntimeError(f"{name} raised {type(error).__name__}")
            ended.__cause__ = error
            error = ended
        return None, error

    def has_next(self) -> bool:
        """Tell whether there is an outcome to hand out."""
        return bool(self.ready) if not self.is_ordered else self.given in self.ready

    def pop(self) -> tuple[Any, BaseException | None]:
        """Return the outcome that comes next."""
        index = self.given if self.is_ordered else next(iter(self.ready))
        self.given += 1
        return self.ready.pop(index)

    def is_empty(self) -> bool:
        """Tell whether nothing is in flight."""
        return self.read == self.given

    def close(self) -> None:
        """Cancel what runs."""
        timekeeper.unwatch(self)
        self.is_stopped = self.is_over = True
        group = self.job.group
        group.wake = None
        group.cancel()
        with self.lock:
            self.engine.close()
            self.second_tries = None
        group.leave()
        self.ready = {}
        if self.job.trace is not None:
            self.job.trace.end()


class Inline:
    """An engine that runs each input in the caller's thread when it comes."""

    __slots__ = ("_job",)

    def __init__(self, job: Job) -> None:
        self._job = job

    def room(self) -> int:
        """One after the other."""
        return 1

    def put(self, index: int, value: Any) -> None:
        """Run one."""
        job = self._job
        begun = monotonic()
        result = error = None
        own = job.group.of_branch()
        try:
            own.enter()
            layer = Layer(job.layer, None, index)
            context = job.context.copy()
            result = context.run(run_branch, job.function, value, own, layer, index, None)
        except BaseException as caught:
            error = caught
        finally:
            own.leave()
        job.tell((index, result, error, monotonic() - begun))
        # The traceback has this frame, which must not refer back to the error.
        del error

    put_again = put

    def start(self) -> None:
        """All have run."""

    def events(self, told: Any) -> list[Event]:
        """Nothing else is told."""
        return []

    def end_overdue(self, now: float) -> float:
        """Nothing can be ended."""
        return now + BUILT_IN_TIMEOUT

    def stop(self, index: int) -> None:
        """Nothing waits."""

    def close(self) -> None:
        """Nothing is held."""


class Told(deque[Any]):
    """The events of an asynchronous stream: `put` adds one and wakes who waits."""

    __slots__ = ("wake",)

    def __init__(self, wake: Callable[[], object]) -> None:
        super().__init__()
        self.wake = wake

    def put(self, event: Any) -> None:
        """Add one. Any thread."""
        self.append(event)
        self.wake()
