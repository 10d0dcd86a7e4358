"""The inputs of a stream → attempts for backends: coroutines, processes, clusters, executors.

put ─► waiting ─► start ─► Attempt ─► backend ─► … ─► told ─► events
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from time import monotonic
from typing import Any

from dana_runtime.execution.attempt import Abandon, Attempt
from dana_runtime.execution.block import thread_name
from dana_runtime.execution.branches import enter
from dana_runtime.execution.cancellation import Group
from dana_runtime.execution.outcomes import timeout_error
from dana_runtime.execution.settings import BUILT_IN_TIMEOUT
from dana_runtime.execution.streams import Event, Job
from dana_runtime.scopes import Layer

Item = tuple[int, Any]


class Attempts:
    """The engine that makes an attempt of each input; at most `most` are in flight."""

    __slots__ = ("_active", "_backend", "_job", "_most", "_thread_name", "_waiting")

    def __init__(self, job: Job, backend: Callable[[Attempt], Abandon], most: int) -> None:
        self._job = job
        self._backend = backend
        self._most = most
        self._thread_name = thread_name("map", job.text)
        self._waiting: deque[Item] = deque()
        # The attempts in flight: their inputs, their groups, and how to abandon them.
        self._active: dict[Attempt, tuple[list[Item], Group, Abandon]] = {}

    def room(self) -> int:
        """Twice as many as run at once, so that none of them waits for the driver."""
        return 2 * self._most

    def put(self, index: int, value: Any) -> None:
        """Keep it until `start`."""
        self._waiting.append((index, value))

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
        function, value = self._call(items)
        attempt = Attempt(
            function,
            value,
            settings=job.settings,
            name=job.name(index),
            thread_name=self._thread_name,
            context=context,
            depth=group.depth + 1,
            index=index,
            on_end=job.tell,
        )
        # First: it may be over before the backend returns.
        self._active[attempt] = (items, group, _nothing)
        try:
            self._active[attempt] = (items, group, self._backend(attempt))
        except Exception as error:
            # The packages that it needs are missing: that is how this branch fails.
            attempt.fail(error)

    def _call(self, items: list[Item]) -> tuple[Callable[[Any], Any], Any]:
        return self._job.function, items[0][1]

    def events(self, told: Attempt) -> list[Event]:
        """Return what has become of the inputs of an attempt."""
        items, group, _ = self._active.pop(told)
        group.leave()
        events = self._outcomes(told, items)
        self.start()
        return events

    def _outcomes(self, attempt: Attempt, items: list[Item]) -> list[Event]:
        return [(items[0][0], attempt.result, attempt.error, _elapsed(attempt))]

    def end_overdue(self, now: float) -> float:
        """End the attempts whose time is up; return when to look again."""
        limit = self._job.settings.limit
        look_at = now + (BUILT_IN_TIMEOUT if limit is None else min(limit, BUILT_IN_TIMEOUT))
        for attempt, (items, group, abandon) in list(self._active.items()):
            begun = self._begun(attempt)
            if limit is None or begun is None:
                continue
            if begun + limit > now:
                look_at = min(look_at, begun + limit)
            elif attempt.close():
                group.cancel()
                abandon()
                attempt.error = timeout_error(self._name_of_running(attempt, items), limit)
                self._job.tell(attempt)
        return look_at

    def _begun(self, attempt: Attempt) -> float | None:
        """Return when the input that an attempt is at has begun."""
        return attempt.started

    def _name_of_running(self, attempt: Attempt, items: list[Item]) -> str:
        return attempt.name

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


def _elapsed(attempt: Attempt) -> float:
    return 0.0 if attempt.started is None else monotonic() - attempt.started


def _nothing() -> None:
    pass
