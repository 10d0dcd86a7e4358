"""A block whose branches do not all take the short way → their outcomes.

    caller ─► Attempt ─► backend.start ─► … ─► finish or fail ─► events ─► caller

Branches with policies of their own, coroutine functions, and branches in processes or on a cluster. The
caller alone decides what begins and what ends; backends and their threads only put what has happened
on its queue. At most `max_workers` attempts are in flight, coroutines not counted. A branch that is to
be tried again waits for its time without holding a worker.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from contextvars import copy_context
from functools import partial
from heapq import heappop, heappush
from math import inf
from queue import Empty, SimpleQueue
from time import monotonic
from typing import Any

from dana_runtime.errors import BranchCancelled
from dana_runtime.execution import progress, traced
from dana_runtime.execution.attempt import Abandon, Attempt
from dana_runtime.execution.backends import backend_for, loop_backend
from dana_runtime.execution.block import Block, block_title
from dana_runtime.execution.branches import (
    Branch,
    enter,
    is_coroutine_function,
    name_of,
    note_of,
    thread_name_of,
)
from dana_runtime.execution.cancellation import Group
from dana_runtime.execution.outcomes import (
    Failure,
    Substitute,
    ends_block,
    fallback_for,
    short_of_results,
    timeout_error,
)
from dana_runtime.execution.settings import BUILT_IN_TIMEOUT, NO_FALLBACK, Settings
from dana_runtime.execution.waits import SIGNAL_SECONDS, longest_wait
from dana_runtime.faults.retry import Tries, note_of_attempts
from dana_runtime.faults.watch import Watch, watch_of
from dana_runtime.scopes import Layer, current_layer
from dana_runtime.tracebacks import add_note_once, without_runtime_frames

Failures = list[tuple[int, BaseException]]


class Dispatch:
    """One execution of a block by backends.

    `settings` gives those of each branch, `max_workers` and `at_least` are the block's. With
    `has_layers` every branch writes to scopes of its own; without it, to the caller's.
    """

    def __init__(
        self,
        branches: tuple[Branch, ...],
        value: Any,
        block: Block | None,
        settings: Callable[[int], Settings],
        max_workers: int,
        group: Group,
        has_layers: bool = True,
        at_least: int | None = None,
    ) -> None:
        self.branches = branches
        self.value = value
        self.block = block
        self.settings = settings
        self.max_workers = max_workers
        self.group = group
        self.has_layers = has_layers
        self.events: SimpleQueue[Attempt | None] = SimpleQueue()
        self.results: list[Any] = [None] * len(branches)
        self.failures: Failures = []
        self.unfinished = len(branches)
        # The attempts in flight, and how to abandon each; the groups of their branches.
        self.active: dict[Attempt, Abandon] = {}
        self.groups: dict[Attempt, Group] = {}
        self.waiting: deque[int] = deque()
        self.coroutines: set[int] = set()
        self.in_flight = 0
        self.at_least = at_least
        # More failures than this are too many.
        self.dispensable = len(branches) - min(at_least or 0, len(branches))
        self.tries: dict[int, Tries] = {}
        # Who watches the attempts of a branch, and those that wait to hear how one has ended, with their tokens.
        self.watches: dict[int, Watch] = {}
        self.watched: dict[Attempt, Any] = {}
        # When to try branches again, the earliest first: (time, index).
        self.later: list[tuple[float, int]] = []
        self.look_at = 0.0

    def run(self) -> tuple[list[Any], Failures]:
        """Run the block; return its results, and the failures of which one ends it, if any."""
        self.group.wake = partial(self.events.put, None)
        try:
            self._start_coroutines()
            self._start_waiting()
            self._wait()
        finally:
            self._end()
        return self.results, self.failures

    # --- What begins ------------------------------------------------------------------------------

    def _start_coroutines(self) -> None:
        """Start the branches for the event loop, all at once; the others wait for their turn."""
        for index, branch in enumerate(self.branches):
            executor = self.settings(index).executor
            if executor in ("auto", "async") and is_coroutine_function(branch):
                self.coroutines.add(index)
            else:
                self.waiting.append(index)
        loops = loop_backend() if self.coroutines else None
        if loops is None:
            self.waiting = deque(range(len(self.branches)))
            self.coroutines = set()
            return
        if len(self.coroutines) == 1 or any(self.settings(i).is_guarded for i in self.coroutines):
            # There is more to say about each.
            for index in sorted(self.coroutines):
                self._start(self._attempt(index))
            return
        attempts = [self._attempt(index) for index in sorted(self.coroutines)]
        for attempt, abandon in zip(attempts, loops.start_many(attempts), strict=True):
            self.active[attempt] = abandon

    def _start_waiting(self) -> None:
        while self.later and self.later[0][0] <= monotonic():
            index = heappop(self.later)[1]
            if index in self.coroutines:
                self._start(self._attempt(index))
            else:
                self.waiting.appendleft(index)
        while self.waiting and self.in_flight < self.max_workers:
            self._start(self._attempt(self.waiting.popleft()))
            self.in_flight += 1

    def _start(self, attempt: Attempt) -> None:
        if attempt.number > 1:
            # It may have less time than any attempt before it.
            limit = self.tries[attempt.index].limit(attempt.settings.timeout, monotonic())
            self.look_at = min(self.look_at, monotonic() + (limit or BUILT_IN_TIMEOUT))
        try:
            self.active[attempt] = self._launched(attempt)
        except Exception as error:
            # The packages that it needs are missing: that is how this branch fails.
            self.active[attempt] = _nothing
            attempt.fail(error)

    def _launched(self, attempt: Attempt) -> Abandon:
        """Hand an attempt to its backend; return what abandons it."""
        watch = self.watches.get(attempt.index)
        if watch is not None:
            self.watched[attempt] = watch.before()
        loops = loop_backend() if attempt.index in self.coroutines else None
        return (loops or backend_for(attempt.settings)).start(attempt)

    def _attempt(self, index: int) -> Attempt:
        branches, block = self.branches, self.block
        tries = self.tries.get(index)
        if tries is None:
            own = self.settings(index)
            tries = self.tries[index] = Tries(own.retry, own.total_timeout)
            if own.is_guarded:
                watch = watch_of(own, self._name(index), index)
                assert watch is not None
                self.watches[index] = watch
        tries.begin(None)
        group = self.group.of_branch()
        group.enter()
        context = copy_context()
        layer = Layer(current_layer.get(), block, index) if self.has_layers else None
        context.run(enter, group, layer)
        attempt = Attempt(
            branches[index],
            self.value,
            settings=self.settings(index),
            name=self._name(index),
            thread_name=thread_name_of(branches[index], index, block),
            context=context,
            depth=group.depth + 1,
            number=tries.number,
            index=index,
            on_end=self.events.put,
        )
        self.groups[attempt] = group
        if (tracer := traced.tracer) is not None:
            attempt.trace = tracer.attempt(attempt, block)
        return attempt

    def _name(self, index: int) -> str:
        return name_of(self.branches, index, self.block)

    # --- What happens -----------------------------------------------------------------------------

    def _wait(self) -> None:
        step = longest_wait()
        begun = monotonic()
        self.look_at = begun + self._shortest_limit()
        show_at = begun + progress.AFTER_SECONDS if step == SIGNAL_SECONDS else inf
        while self.unfinished and not self.failures:
            wake_at = min(self.look_at, self.later[0][0]) if self.later else self.look_at
            try:
                attempt = self.events.get(timeout=min(step, max(0.0, wake_at - monotonic())))
            except Empty:
                pass
            else:
                self._take(attempt)
            # Not only when nothing comes: a block of many short branches is never quiet.
            now = monotonic()
            if now >= self.look_at:
                self.look_at = self._end_overdue(now)
            if now >= show_at:
                self._show(now - begun)
                show_at = now + progress.STEP_SECONDS
            self._start_waiting()
        # What has failed at the same time may count more.
        while self.failures:
            try:
                late = self.events.get_nowait()
            except Empty:
                return
            if late is not None and late.error is not None:
                # What would have been tried again has failed because the block is over.
                delay = self.tries[late.index].delay_after(late.error, monotonic(), False)
                if delay is None:
                    self.failures.append((late.index, late.error))

    def _show(self, seconds: float) -> None:
        """Show how far the block is."""
        if self.settings(0).progress:
            total = len(self.branches)
            failed = sum(type(result) is Failure for result in self.results)
            title, running = block_title(self.block), len(self.active)
            done = total - self.unfinished
            progress.show(self, title, total, done, running, failed, seconds)

    def _take(self, attempt: Attempt | None) -> None:
        if attempt is None:
            if self.group.is_cancelled():
                # Somebody further out has ended the block.
                raise BranchCancelled
            return
        self._forget(attempt)
        error = self._ended(attempt, attempt.error)
        if attempt.trace is not None:
            attempt.trace.told(attempt, error)
        if error is None:
            self.results[attempt.index] = attempt.result
            self.unfinished -= 1
        else:
            self._failed(attempt, error)

    def _ended(self, attempt: Attempt, error: BaseException | None) -> BaseException | None:
        """Take note of how an attempt has ended; return why it has failed, None if it has not."""
        if attempt in self.watched:
            try:
                self.watches[attempt.index].after(self.watched.pop(attempt), attempt.result, error)
            except Exception as against:
                return against
        return error

    def _forget(self, attempt: Attempt) -> Abandon:
        self.tries[attempt.index].began_at(attempt.started)
        if attempt.index not in self.coroutines:
            self.in_flight -= 1
        self.groups.pop(attempt).leave()
        return self.active.pop(attempt)

    def _failed(self, attempt: Attempt, error: BaseException, is_running: bool = False) -> None:
        """See what becomes of a branch whose attempt has failed, and perhaps still runs."""
        BaseException.with_traceback(error, without_runtime_frames(error.__traceback__))
        index, settings, now = attempt.index, attempt.settings, monotonic()
        tries = self.tries[index]
        delay = tries.delay_after(error, now, is_running and not settings.idempotent)
        if delay is not None:
            heappush(self.later, (now + delay, index))
            return
        if attempt.number > 1:
            add_note_once(error, note_of_attempts(attempt.number))
        has_fallback = settings.fallback is not NO_FALLBACK
        if ends_block(error) or not (has_fallback or settings.on_error == "partial"):
            self.failures.append((index, error))
            return
        add_note_once(error, note_of(self.branches, index, self.block))
        elapsed = 0.0 if tries.began is None else now - tries.began
        failure = Failure(error, attempt.name, attempt.number, elapsed)
        if has_fallback:
            try:
                self.results[index] = Substitute(fallback_for(failure, settings.fallback))
            except BaseException as another:
                self.failures.append((index, another))
                return
        else:
            self.results[index] = failure
            self.dispensable -= 1
            if self.dispensable < 0:
                add_note_once(error, short_of_results(self.at_least, len(self.branches)))
                self.failures.append((index, error))
        self.unfinished -= 1

    # --- What takes too long ----------------------------------------------------------------------

    def _shortest_limit(self) -> float:
        limits = [self.settings(index).limit for index in range(len(self.branches))]
        return min([BUILT_IN_TIMEOUT, *[limit for limit in limits if limit is not None]])

    def _end_overdue(self, now: float) -> float:
        """End the attempts whose time is up; return when to look again."""
        look_at = now + self._shortest_limit()
        for attempt in list(self.active):
            started = attempt.started
            if started is None:
                continue
            tries = self.tries[attempt.index]
            tries.began_at(started)
            limit = tries.limit(attempt.settings.timeout, started)
            if limit is None:
                continue
            if started + limit > now:
                look_at = min(look_at, started + limit)
            elif attempt.close():
                group = self.groups[attempt]
                abandon = self._forget(attempt)
                group.cancel()
                abandon()
                # The total, where that is what has been too short.
                total = attempt.settings.total_timeout
                is_total = attempt.number > 1 and limit != attempt.settings.timeout
                seconds = total if is_total and total is not None else limit
                error = self._ended(attempt, timeout_error(attempt.name, seconds))
                assert error is not None
                if attempt.trace is not None:
                    attempt.trace.told(attempt, error)
                # A process has been ended, and a coroutine cancelled; all else may go on.
                is_running = (
                    attempt.index not in self.coroutines and attempt.settings.executor != "process"
                )
                self._failed(attempt, error, is_running)
        return look_at

    def _end(self) -> None:
        """Abandon what still runs, and hold nothing from now on."""
        progress.clear(self)
        group = self.group
        group.wake = None
        if self.active:
            group.cancel()
        for attempt, abandon in self.active.items():
            if attempt.close():
                abandon()
                if attempt.trace is not None:
                    attempt.trace.told(attempt, BranchCancelled())
        for attempt, token in self.watched.items():
            # Ended from outside, or with nobody left to look at its result.
            self.watches[attempt.index].after(token, None, BranchCancelled())
        self.watched = {}
        for own in self.groups.values():
            own.leave()
        self.active, self.groups = {}, {}
        group.leave()


def _nothing() -> None:
    pass
