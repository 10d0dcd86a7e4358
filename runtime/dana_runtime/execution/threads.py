"""The backend of threads, for branches that cannot take the short way of `run.py`."""

from __future__ import annotations

from threading import Thread
from time import perf_counter, thread_time

from dana_runtime.execution import abandonment
from dana_runtime.execution.abandonment import Flight
from dana_runtime.execution.attempt import Abandon, Attempt
from dana_runtime.execution.branches import completed_value
from dana_runtime.execution.cancellation import Group, current_group
from dana_runtime.execution.workers import Job, put_out, take_back


def start(attempt: Attempt) -> Abandon:
    """Run the attempt in a thread of ours; where none can be had, in this one, before this returns."""
    job = _AttemptJob(attempt)
    if not put_out(job):
        job.work(None)
    return job.abandon


class _AttemptJob(Job):
    """An attempt on its way through a thread."""

    __slots__ = ("attempt", "flight")

    def __init__(self, attempt: Attempt) -> None:
        super().__init__()
        self.attempt: Attempt | None = attempt
        self.flight: Flight | None = None

    def work(self, thread: Thread | None) -> bool:
        attempt = self.attempt
        if attempt is None:
            return False
        flight = None
        try:
            if thread is not None:
                thread.name = attempt.thread_name
                group = attempt.context.get(current_group)
                flight = self.flight = abandonment.begin(
                    thread, group or Group(None), attempt.settings.limit
                )
            # After `flight` is set: whoever closes the attempt later finds it.
            if attempt.is_over():
                return flight is not None and not abandonment.land(flight)
            attempt.begin()
            begun, computing = perf_counter(), thread_time()
            try:
                result = attempt.context.run(completed_value, attempt)
            finally:
                attempt.cost = perf_counter() - begun, thread_time() - computing
            if flight is not None and not abandonment.land(flight):
                return True
        except BaseException as error:
            if flight is not None and not abandonment.land(flight):
                return True
            attempt.fail(error)
        else:
            attempt.finish(result)
        self.attempt = None
        if flight is not None:
            abandonment.leave()
        return False

    def abandon(self) -> None:
        flight, self.attempt = self.flight, None
        if flight is not None:
            abandonment.abandon(flight)
        else:
            take_back(self)
