"""The inputs of a stream → threads, each of which runs input after input.

    put ─► unclaimed ─► a worker claims one ─► run ─► told ─► claims the next
              └─ start ─► ticket ─► worker ─► ticket for one more, while some are left unclaimed

A worker that finds no input gives its ticket back and is idle. For an input no future, no lock and no
attempt is made; who claims it is decided by one operation of a deque.
"""

from __future__ import annotations

from collections import deque
from contextlib import suppress
from operator import itemgetter
from threading import Thread, get_ident
from time import monotonic
from typing import Any

from dana_runtime.execution import workers
from dana_runtime.execution.abandonment import Flight, abandon, flights, land
from dana_runtime.execution.block import thread_name
from dana_runtime.execution.branches import run_branch
from dana_runtime.execution.outcomes import timeout_error
from dana_runtime.execution.streams import Event, Inline, Job
from dana_runtime.execution.waits import shortest_limit
from dana_runtime.execution.workers import put_out, take_back
from dana_runtime.scopes import Layer


class Crew(workers.Job):
    """The engine for plain functions on threads."""

    __slots__ = ("_all", "_job", "_running", "_thread_name", "_tickets", "_unclaimed")

    def __init__(self, job: Job, threads: int) -> None:
        super().__init__()
        self._job = job
        self._all = threads
        # A list serves as counter: pop is atomic, on free-threaded builds too.
        self._tickets = [0] * threads
        self._unclaimed: deque[tuple[int, Any]] = deque()
        self._running: dict[int, Flight] = {}
        self._thread_name = thread_name("map", job.text)

    def room(self) -> int:
        """Twice as many as threads, so that none of them waits for the driver."""
        return 2 * self._all

    def put(self, index: int, value: Any) -> None:
        """Let a worker claim it that is looking for one, or see to it that one comes."""
        self._unclaimed.append((index, value))
        self.start()

    def put_again(self, index: int, value: Any) -> None:
        """Take an input that has failed."""
        self._unclaimed.append((index, value))
        self._call_worker()

    def start(self) -> None:
        """See to it that a worker comes for what is unclaimed."""
        if not self._unclaimed or self.untaken or not self._tickets or self._put_out_ticket():
            return
        if len(self._tickets) == self._all:
            # Nobody works on it, and there is no thread to be had.
            self._work_here()

    def _call_worker(self) -> None:
        """Have one more worker come if one can be had; if not, the driver goes on himself when he is back."""
        if self._unclaimed and not self.untaken:
            self._put_out_ticket()

    def _put_out_ticket(self) -> bool:
        try:
            self._tickets.pop()
        except IndexError:
            return True
        if put_out(self):
            return True
        self._tickets.append(0)
        return False

    def work(self, thread: Thread | None) -> bool:
        """Claim and run inputs until none is left."""
        if thread is None:
            return False
        job, unclaimed, tickets, running = self._job, self._unclaimed, self._tickets, self._running
        function, context, group, layer = job.function, job.context, job.group, job.layer
        tell, limit, limits = job.tell, job.settings.limit, job.limits
        ident = get_ident()
        thread.name = self._thread_name
        while True:
            try:
                index, value = unclaimed.popleft()
            except IndexError:
                # In this order: who puts one in after this look finds the ticket.
                tickets.append(0)
                if not unclaimed or self.untaken:
                    break
                try:
                    tickets.pop()
                except IndexError:
                    break
                continue
            if unclaimed and tickets and not self.untaken:
                self._put_out_ticket()
            result = error = flight = None
            begun = monotonic()
            own = group.of_branch()
            try:
                own.enter()
                flight = flights[ident] = running[index] = Flight(
                    thread, own, limits.get(index, limit) if limits else limit, begun
                )
                result = context.copy().run(
                    run_branch, function, value, own, Layer(layer, None, index), index, None
                )
                if not land(flight):
                    return True
            except BaseException as caught:
                if flight is not None and not land(flight):
                    return True
                error = caught
            finally:
                own.leave()
            running.pop(index, None)
            tell((index, result, error, monotonic() - begun))
            # Not kept alive while the next one runs; and this frame is in the error's traceback.
            del value, result, error
        # What the thread does from now on belongs to no branch.
        flights.pop(ident, None)
        return False

    def _work_here(self) -> None:
        """Run what is unclaimed in the caller's thread, without limits."""
        inline = Inline(self._job)
        while self._unclaimed:
            try:
                index, value = self._unclaimed.popleft()
            except IndexError:
                return
            inline.put(index, value)

    def events(self, told: Any) -> list[Event]:
        """Nothing else is told."""
        return []

    def end_overdue(self, now: float) -> float:
        """End the branches whose time is up; return when to look again."""
        limit = self._job.settings.limit
        look_at = now + shortest_limit(limit)
        for index, flight in self._running.copy().items():
            if flight.is_over():
                continue
            due = flight.deadline()
            if due > now:
                look_at = min(look_at, due)
                continue
            error = self._timeout_error(index, flight)
            if abandon(flight):
                self._running.pop(index, None)
                # Its thread is gone: another one comes in its place.
                self._tickets.append(0)
                self._call_worker()
                self._job.left.add(index)
                self._job.tell((index, None, error, now - flight.started))
        return look_at

    def _timeout_error(self, index: int, flight: Flight) -> BaseException:
        inner = min(flight.inner.copy(), key=itemgetter(0), default=None)
        if inner is not None and inner.deadline <= flight.deadline():
            return timeout_error(inner.name(), inner.limit)
        return self._job.timeout_error(index)

    def stop(self, index: int) -> None:
        """Begin with none of those that wait and come after `index`."""
        waiting = self._unclaimed
        earlier = []
        # Workers may claim some in the meantime.
        with suppress(IndexError):
            while True:
                item = waiting.popleft()
                if item[0] < index:
                    earlier.append(item)
        waiting.extend(earlier)
        self.start()

    def close(self) -> None:
        """Begin with nothing more."""
        self._unclaimed.clear()
        take_back(self)
