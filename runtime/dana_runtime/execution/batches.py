"""The inputs of a stream → attempts for backends: coroutines, processes, clusters, executors.

put ─► waiting ─► start ─► Attempt ─► backend ─► … ─► told ─► events
"""

from __future__ import annotations

import pickle
from collections import deque
from collections.abc import Callable
from time import monotonic
from typing import Any

from dana_runtime.execution import traced
from dana_runtime.execution.attempt import Abandon, Attempt
from dana_runtime.execution.block import thread_name
from dana_runtime.execution.branches import enter
from dana_runtime.execution.cancellation import Group
from dana_runtime.execution.outcomes import timeout_error
from dana_runtime.execution.processes.batch import Batch, Log
from dana_runtime.execution.streams import Event, Job
from dana_runtime.execution.waits import shortest_limit
from dana_runtime.scopes import Layer

Item = tuple[int, Any]

# The seconds that a batch should take: long against the time to hand it over, some milliseconds.
BATCH_SECONDS = 0.08

# How much larger the next batch may be, and how large at most.
GROWTH = 4.0
LARGEST = 1 << 12


class Attempts:
    """The engine that makes an attempt of each input; at most `most` are in flight.

    `goes_on` says that an attempt can only be given up, and not ended.
    """

    __slots__ = ("_active", "_backend", "_goes_on", "_job", "_most", "_thread_name", "_waiting")

    def __init__(
        self, job: Job, backend: Callable[[Attempt], Abandon], most: int, goes_on: bool = False
    ) -> None:
        self._job = job
        self._backend = backend
        self._most = most
        # Whether an attempt whose time was up may still be at work.
        self._goes_on = goes_on
        self._thread_name = thread_name("map", job.text)
        self._waiting: deque[Item] = deque()
        # The attempts in flight: their inputs, their groups, and how to abandon them.
        self._active: dict[Attempt, tuple[list[Item], Group, Abandon]] = {}

    def room(self) -> int:
        """Twice as many as run at once, so that none of them waits for the driver."""
        return 2 * self._most

    def put(self, index: int, value: Any) -> None:
        """Begin with it if there is a place."""
        self._waiting.append((index, value))
        self.start()

    def put_again(self, index: int, value: Any) -> None:
        """Take an input that has failed."""
        self._waiting.appendleft((index, value))
        self.start()

    def start(self) -> None:
        """Start attempts as long as there are inputs and places."""
        while self._waiting and len(self._active) < self._most:
            self._start(self._next_items())

    def _next_items(self) -> list[Item]:
        return [self._waiting.popleft()]

    def _start(self, items: list[Item]) -> None:
        job, index = self._job, items[0][0]
        group = job.group.of_branch()
        group.enter()
        context = job.context.copy()
        context.run(enter, group, Layer(job.layer, None, index))
        attempt = Attempt(
            job.function,
            items[0][1],
            settings=job.settings,
            name=job.name(index),
            thread_name=self._thread_name,
            context=context,
            depth=group.depth + 1,
            index=index,
            on_end=job.tell,
        )
        if (tracer := traced.tracer) is not None:
            attempt.trace = tracer.attempt(attempt, None)
        self._prepare(attempt, items)
        # First: it may be over before the backend returns.
        self._active[attempt] = (items, group, _nothing)
        try:
            self._active[attempt] = (items, group, self._backend(attempt))
        except Exception as error:
            # The packages that it needs are missing: that is how this branch fails.
            attempt.fail(error)

    def _prepare(self, attempt: Attempt, items: list[Item]) -> None:
        """Make one attempt of several inputs; one input is one as it is."""

    def events(self, told: Attempt) -> list[Event]:
        """Return what has become of the inputs of an attempt."""
        items, group, _ = self._active.pop(told)
        group.leave()
        return self._outcomes(told, items)

    def _outcomes(self, attempt: Attempt, items: list[Item]) -> list[Event]:
        if attempt.trace is not None:
            attempt.trace.told(attempt, attempt.error)
        return [(items[0][0], attempt.result, attempt.error, _elapsed(attempt))]

    def end_overdue(self, now: float) -> float:
        """End the attempts whose time is up; return when to look again."""
        job = self._job
        limit = job.settings.limit
        look_at = now + shortest_limit(limit)
        for attempt, (items, group, abandon) in list(self._active.items()):
            index, begun = items[0][0], self._begun(attempt)
            # One that is tried again, and has less time than others, travels alone.
            limit = job.limit(index)
            if limit is None or begun is None:
                continue
            if begun + limit > now:
                look_at = min(look_at, begun + limit)
            elif attempt.close():
                group.cancel()
                abandon()
                attempt.error = timeout_error(attempt.name, limit)
                if len(items) == 1:
                    attempt.error = job.timeout_error(index)
                if self._goes_on:
                    job.left.update(index for index, _ in items)
                job.tell(attempt)
        return look_at

    def _begun(self, attempt: Attempt) -> float | None:
        """Return when the input that an attempt is at has begun."""
        return attempt.started

    def stop(self, index: int) -> None:
        """Begin with none of those that wait and come after `index`."""
        self._waiting = deque(item for item in self._waiting if item[0] < index)

    def close(self) -> None:
        """Abandon what runs."""
        self._waiting.clear()
        active, self._active = self._active, {}
        for attempt, (_, group, abandon) in active.items():
            if attempt.close():
                abandon()
            group.leave()
        self._let_go()

    def _let_go(self) -> None:
        """Hold nothing else."""


class Batches(Attempts):
    """The engine for processes and clusters; `has_log` says that they share this machine's memory."""

    __slots__ = ("_alone", "_has_log", "_logs", "_put_at", "_size")

    def __init__(
        self, job: Job, backend: Callable[[Attempt], Abandon], most: int, has_log: bool
    ) -> None:
        super().__init__(job, backend, most, goes_on=not has_log)
        self._has_log = has_log
        self._size = 1.0
        # When the last input came.
        self._put_at = 0.0
        self._logs: dict[Attempt, Log] = {}
        # The places of inputs that could not travel in a batch.
        self._alone: set[int] = set()

    def put(self, index: int, value: Any) -> None:
        """Keep it until there are enough for a batch for each process, or inputs are long in coming."""
        self._waiting.append((index, value))
        now = monotonic()
        enough = 1.0 if self._size < 2 else self._most * self._size
        if len(self._waiting) >= enough or now - self._put_at > BATCH_SECONDS:
            self.start()
        self._put_at = now

    def put_again(self, index: int, value: Any) -> None:
        """Take an input that has failed; it travels alone."""
        self._alone.add(index)
        super().put_again(index, value)

    def room(self) -> int:
        """Two batches for each process: one that runs and one to go on with."""
        return 2 * self._most * int(self._size)

    def _next_items(self) -> list[Item]:
        waiting = self._waiting
        # What is there is for all processes: at the end, and under a small limit.
        count = min(int(self._size), -(-len(waiting) // self._most))
        items = [waiting.popleft()]
        while len(items) < count and items[0][0] not in self._alone:
            if waiting[0][0] in self._alone:
                break
            items.append(waiting.popleft())
        return items

    def _prepare(self, attempt: Attempt, items: list[Item]) -> None:
        if len(items) == 1:
            self._alone.discard(items[0][0])
            return
        job = self._job
        try:
            log = Log(self._has_log)
        except OSError:
            # There is no room for one: the batch returns what would be in it.
            log = Log(False)
        self._logs[attempt] = log
        attempt.name = f"inputs {items[0][0] + 1} to {items[-1][0] + 1} of {job.text}"
        stops = job.settings.on_error != "partial"
        attempt.function = Batch(job.function, attempt.name, log.address, stops)
        attempt.value = [value for _, value in items]

    def _outcomes(self, attempt: Attempt, items: list[Item]) -> list[Event]:
        log = self._logs.pop(attempt, None)
        if log is None:
            self._learn(attempt, len(items), None)
            return super()._outcomes(attempt, items)
        try:
            log.read(attempt.result or b"")
        finally:
            log.close()
        self._learn(attempt, len(items), log.seconds())
        if attempt.error is None and log.is_plain():
            # No failure can be in it that ends the stream: its process need not wait until all is rebuilt.
            self.start()
        events: list[Event] = []
        begun = log.begun or 0.0
        for (index, _), frame in zip(items, log.frames, strict=False):
            # Only what is rebuilt under its own name needs it.
            attempt.name = self._job.name(index)
            result, error = frame.outcome(attempt)
            events.append((index, result, error, frame.ended - begun))
            if attempt.trace is not None:
                attempt.trace.told_of_input(attempt, index + 1, (begun, frame.ended), error)
            begun = frame.ended
        left = items[len(events) :]
        if attempt.error is not None and attempt.trace is not None:
            attempt.trace.told(attempt, attempt.error)
        if attempt.error is not None and left:
            left = self._ended(attempt, attempt.error, log, left, events)
        self._waiting.extendleft(reversed(left))
        return events

    def _ended(
        self,
        attempt: Attempt,
        error: BaseException,
        log: Log,
        left: list[Item],
        events: list[Event],
    ) -> list[Item]:
        """Add the events of a batch that something has ended; return the inputs to begin anew."""
        if not self._has_log and not isinstance(error, pickle.PicklingError):
            # Which of them had begun is not known, and none may run twice.
            events += [(index, None, self._renamed(error, index), 0.0) for index, _ in left]
            return []
        since = log.running_since()
        if since is None:
            # None has begun: it is on the way that one of them fails, which shows when each is alone.
            self._alone.update(index for index, _ in left)
            return left
        index = left[0][0]
        events.append((index, None, self._renamed(error, index), monotonic() - since))
        return left[1:]

    def _renamed(self, error: BaseException, index: int) -> BaseException:
        """Return the error of a batch as that of one input."""
        name = self._job.name(index)
        _, colon, text = str(error).partition(f" of {self._job.text}")
        try:
            renamed = type(error)(name + text if colon else f"{name}: {error}")
        except Exception:
            # It is made of more than a text.
            return error
        renamed.__cause__ = error.__cause__
        return renamed

    def _learn(self, attempt: Attempt, count: int, seconds: float | None) -> None:
        """Take from how long a batch has taken, or its whole journey, how large the next ones should be."""
        limit = self._job.settings.limit
        if attempt.error is not None or attempt.started is None or count < int(self._size):
            return
        if not self._has_log and limit is not None and limit < 10 * BATCH_SECONDS:
            # The limit of each input is that of the batch there.
            return
        if seconds is None:
            seconds = monotonic() - attempt.started
        wanted = count * min(GROWTH, BATCH_SECONDS / max(seconds, 1e-6))
        self._size = min(max(1.0, wanted), LARGEST)

    def _begun(self, attempt: Attempt) -> float | None:
        log = self._logs.get(attempt)
        if log is None or not log.address:
            return attempt.started
        log.read()
        return log.running_since()

    def _let_go(self) -> None:
        logs, self._logs = self._logs, {}
        for log in logs.values():
            log.close()


def _elapsed(attempt: Attempt) -> float:
    return 0.0 if attempt.started is None else monotonic() - attempt.started


def _nothing() -> None:
    pass
