"""One block of plain functions on threads, from its branches to their outcomes.

    caller ─► Run ─► ticket ─► worker ─► claims branch after branch
                        ▲         │
                        └─────────┤ while some are left unclaimed
    outcomes ◄── latch ◄──────────┘ the last result, or the first failure

Every block has one latch, a plain lock. Each worker claims branches until none is left. Before it
runs one it sees to it that a ticket for the next is out, so branches overlap whatever they do.

Where a block is known to be tiny this is cut short, in one of two ways. Its caller claims the branches
itself, watched by the lookout. Or, where they have to be on a worker because somebody has set a
timeout, one ticket is put out, and the others by the waiting caller, should the block not be over in
no time. Either way tickets for all branches are out a few milliseconds later.

The caller is also the one who sees to the time: it wakes when the nearest branch is due.
"""

from __future__ import annotations

from contextlib import suppress
from contextvars import Context, copy_context
from functools import partial
from operator import itemgetter
from threading import Lock, Thread, get_ident
from time import monotonic, thread_time
from types import CoroutineType
from typing import Any

from dana_runtime.errors import BranchCancelled
from dana_runtime.execution import progress, traced
from dana_runtime.execution.abandonment import Flight, abandon, flights, land
from dana_runtime.execution.block import Block, block_title
from dana_runtime.execution.branches import (
    Branch,
    completed,
    has_decimal_context,
    name_of,
    note_of,
    own_decimal_context,
    run_branch,
    thread_name_of,
)
from dana_runtime.execution.cancellation import Group, current_group
from dana_runtime.execution.history import History
from dana_runtime.execution.inline import in_time_of, plain_call
from dana_runtime.execution.outcomes import Failure, Outcome, ends_block, timeout_error
from dana_runtime.execution.settings import Settings
from dana_runtime.execution.waits import SIGNAL_SECONDS, longest_wait, shortest_limit
from dana_runtime.execution.workers import Job, put_out, take_back
from dana_runtime.scopes import Layer, current_layer
from dana_runtime.tracebacks import add_note_once, without_runtime_frames

# Seconds after which the caller of a tiny block on a worker puts out the other tickets.
STAGGER_SECONDS = 0.003

_NO_CONTEXT = Context()
_NOTHING: dict[int, Flight] = {}

_set_group = current_group.set
_set_layer = current_layer.set


class Run(Job):
    """One execution of a block: what its threads share."""

    __slots__ = (
        "block",
        "branches",
        "context",
        "cpus",
        "failures",
        "group",
        "history",
        "inline",
        "is_partial",
        "latch",
        "layer",
        "outer",
        "results",
        "running",
        "settings",
        "tickets",
        "times",
        "unclaimed",
        "unfinished",
        "value",
    )

    def __init__(
        self,
        branches: tuple[Branch, ...],
        value: Any,
        block: Block | None,
        settings: Settings,
        group: Group,
        history: History,
        tickets: int,
        outer: Flight | None = None,
        inline: tuple[int, ...] = (),
    ) -> None:
        super().__init__()
        count = len(branches)
        self.branches = branches
        self.value = value
        self.block = block
        self.settings = settings
        self.group = group
        self.history = history
        # The branch that the caller itself is in.
        self.outer = outer
        # What all branches have in common; each runs in a copy.
        self.context: Context = copy_context()
        self.context.run(_set_group, group)
        self.layer = current_layer.get()
        self.results: list[Any] = [None] * count
        # None once the block is over: a branch that fails later fails for nobody.
        self.failures: list[tuple[int, BaseException]] | None = []
        self.is_partial = settings.on_error == "partial"
        # Branches that the caller calls plainly while others run.
        self.inline = inline
        # The seconds that each branch took, and how many of them were computing, if that is wanted.
        self.times: list[float | None] = [None] * count
        self.cpus: list[float | None] | None = [None] * count if history.wants_cpu() else None
        # Lists serve as counters: pop is atomic, on free-threaded builds too.
        self.tickets = [0] * tickets
        self.unclaimed = list(range(count - 1, -1, -1))
        for index in inline:
            self.unclaimed.remove(index)
        self.unfinished = list(range(count))
        # The branches on workers, for as long as they may still be in time.
        self.running: dict[int, Flight] = {}
        self.latch = Lock()
        self.latch.acquire()
        group.wake = self.latch.release

    # --- The caller's side ------------------------------------------------------------------------

    def on_workers(self) -> None:
        """Let workers run the branches, and wait for them."""
        begun = monotonic()
        if not (self.tickets and self.put_out_ticket()):
            self.work(None)
        if self.inline:
            self._call_inline()
        self._wait()
        self.history.add(self.times, self.cpus, monotonic() - begun)

    def _call_inline(self) -> None:
        for index in self.inline:
            begun = monotonic()
            try:
                self.results[index] = plain_call(self.branches[index], self.value, self.outer)
            except RecursionError:
                # On a thread there is more room; and to call a pure branch twice does no harm.
                self.unclaimed.append(index)
                self.tickets.append(0)
                if not self.put_out_ticket():
                    self.work(None)
                continue
            except BaseException as error:
                if not self._failed(index, error, monotonic() - begun):
                    return
            self.times[index] = monotonic() - begun
            self._finished()

    def on_one_worker_first(self) -> None:
        """The same for a tiny block: all but one ticket are put out only if it is not over at once."""
        tickets, self.tickets = self.tickets, [0]
        if not self.put_out_ticket():
            self.work(None)
        # To sleep at once leaves the GIL to the worker. Who yields to it instead, by `sched_yield`, is put behind
        # all other programs, too: on a busy machine, a block then takes milliseconds every now and then.
        if self.latch.acquire(timeout=STAGGER_SECONDS):
            self._check_cancelled()
        else:
            tickets.pop()
            self.tickets = tickets
            self.help()
            self._wait()
        self.history.add(self.times, self.cpus)

    def join(self, finished: int, failures: list[tuple[int, BaseException]]) -> Outcome:
        """Count what the caller of a tiny block has done itself, and wait for the rest."""
        for index, error in failures:
            self._failed(index, error, 0.0)
        for _ in range(finished):
            self._finished()
        self._wait()
        return self.results, self.failures or []

    def help(self) -> None:
        """Put out the tickets that are left, as far as there are branches for them."""
        while self.unclaimed and self.put_out_ticket():
            pass

    def put_out_ticket(self) -> bool:
        """Use up one ticket; False says that there is none left, or no thread for it."""
        try:
            self.tickets.pop()
        except IndexError:
            return False
        return put_out(self)

    def _wait(self) -> None:
        """Wait for the last result or the first failure, and see to the time."""
        step = longest_wait()
        latch = self.latch
        limit = self.settings.limit
        # Branches that have not begun are due later than that, and so is all that runs in them.
        begun = monotonic()
        look_at = begun + shortest_limit(limit)
        try:
            while not latch.acquire(timeout=min(step, max(0.0, look_at - monotonic()))):
                now = monotonic()
                if now >= look_at:
                    look_at = self._end_overdue(now, limit)
                if now - begun > progress.AFTER_SECONDS and step == SIGNAL_SECONDS:
                    self._show(now - begun)
        finally:
            progress.clear(self)
        self._check_cancelled()

    def _show(self, seconds: float) -> None:
        """Show how far the block is, ten times a second at most."""
        if not self.settings.progress:
            return
        total = len(self.branches)
        done = total - len(self.unfinished)
        running = sum(not flight.is_over() for flight in self.running.copy().values())
        failed = sum(type(result) is Failure for result in self.results)
        title = block_title(self.block)
        progress.show(self, title, total, done, running, failed, seconds)

    def _check_cancelled(self) -> None:
        if self.unfinished and not self.failures and self.group.is_cancelled():
            # Somebody further out has ended the block.
            raise BranchCancelled

    def _end_overdue(self, now: float, limit: float | None) -> float:
        """End the branches whose time is up; return when to look again."""
        look_at = now + shortest_limit(limit)
        for index, flight in self.running.copy().items():
            if flight.is_over():
                continue
            due = flight.deadline()
            if due > now:
                look_at = min(look_at, due)
                continue
            error = self._timeout_error(index, flight)
            if not abandon(flight):
                continue
            self.running.pop(index, None)
            if self._failed(index, error, now - flight.started):
                # Its thread is gone: another one comes in its place.
                self.tickets.append(0)
                self.help()
                self._finished()
        return look_at

    def _timeout_error(self, index: int, flight: Flight) -> BaseException:
        inner = min(flight.inner.copy(), key=itemgetter(0), default=None)
        if inner is not None and inner.deadline <= flight.deadline():
            return timeout_error(inner.name(), inner.limit)
        return timeout_error(name_of(self.branches, index, self.block), flight.limit or 0.0)

    def close(self) -> Outcome:
        """Let no more branches begin, and hold nothing from now on; return what there is."""
        self.unclaimed.clear()
        group = self.group
        group.wake = None
        group.leave()
        results, failures = self.results, self.failures or []
        # First, see `_failed`.
        self.failures = None
        self.branches = ()
        self.value = self.block = self.layer = self.outer = None
        self.results = []
        self.context = _NO_CONTEXT
        self.running = _NOTHING
        take_back(self)
        return results, failures

    # --- The workers' side ------------------------------------------------------------------------

    def work(self, thread: Thread | None) -> bool:
        """Claim and run branches until none is left or the block has failed."""
        if thread is None:
            self._work_here()
            return False
        # Read before a branch is claimed: `close` empties `unclaimed` first, so whoever gets a
        # branch has got these too.
        branches, value, results, context = self.branches, self.value, self.results, self.context
        unclaimed, layer, block, group = self.unclaimed, self.layer, self.block, self.group
        running, is_partial, limit = self.running, self.is_partial, self.settings.limit
        unfinished, own_group = self.unfinished, group
        has_decimal = has_decimal_context(context)
        times, cpus = self.times, self.cpus
        ident = get_ident()
        while unclaimed:
            try:
                index = unclaimed.pop()
            except IndexError:
                break
            flight = None
            begun = computing = 0.0
            try:
                # What `run_branch` does, in fewer steps: it would be a good part of a tiny branch.
                own: Any = context.copy()
                if is_partial:
                    own_group = group.of_branch()
                    own_group.enter()
                    own.run(_set_group, own_group)
                elif group.cancelled:
                    raise BranchCancelled
                if unclaimed and self.tickets and not self.untaken:
                    self.put_out_ticket()
                branch = branches[index]
                thread.name = thread_name_of(branch, index, block)
                own_layer = Layer(layer, block, index)
                own.run(_set_layer, own_layer)
                if has_decimal:
                    own.run(own_decimal_context)
                if cpus is not None:
                    computing = thread_time()
                begun = monotonic()
                flight = flights[ident] = running[index] = Flight(thread, own_group, limit, begun)
                if traced.tracer is None:
                    result = own.run(branch, value)
                else:
                    result = own.run(run_branch, branch, value, own_group, own_layer, index, block)
                if type(result) is CoroutineType:
                    result = own.run(completed, result, name_of(branches, index, block))
                if not land(flight):
                    return True
                # Freed here, where the next one is made: its memory is in the caches of this core.
                del running[index]
                results[index] = result
                times[index] = monotonic() - begun
                if cpus is not None:
                    cpus[index] = thread_time() - computing
            except BaseException as error:
                if flight is not None and not land(flight):
                    return True
                if not self._failed(index, error, monotonic() - begun if begun else 0.0):
                    break
            finally:
                if is_partial:
                    own_group.leave()
            if not unfinished.pop():
                # It was 0, the last one.
                self.latch.release()
        # What the thread does from now on belongs to no branch.
        flights.pop(ident, None)
        return False

    def _work_here(self) -> None:
        """The same in the caller's thread, where no other one can be had: without limits."""
        # All of it is over before the block is, so nothing can be taken away.
        outer, block, group = self.outer, self.block, self.group
        while self.unclaimed:
            try:
                index = self.unclaimed.pop()
            except IndexError:
                return
            begun = monotonic()
            own_group = group.of_branch()
            try:
                own_group.enter()
                context: Any = self.context.copy()
                own_layer = Layer(self.layer, block, index)
                arguments = self.branches[index], self.value, own_group, own_layer, index, block
                run = partial(context.run, run_branch, *arguments)
                self.results[index] = run() if outer is None else in_time_of(outer, run, str, None)
            except BaseException as error:
                if not self._failed(index, error, monotonic() - begun):
                    return
            finally:
                own_group.leave()
            self._finished()

    def _finished(self) -> None:
        if not self.unfinished.pop():
            # It was 0, the last one. A cancel may have opened the latch already.
            with suppress(RuntimeError):
                self.latch.release()

    def _failed(self, index: int, error: BaseException, elapsed: float) -> bool:
        """Take in that a branch has failed; False says that the block is over with that."""
        # In this order, the reverse of the one in `close`.
        results, block, branches = self.results, self.block, self.branches
        failures = self.failures
        try:
            BaseException.with_traceback(error, without_runtime_frames(error.__traceback__))
        finally:
            if failures is None:
                # The block is over, and this one fails for nobody.
                is_over = True
            elif self.is_partial and not ends_block(error) and not self.group.is_cancelled():
                add_note_once(error, note_of(branches, index, block))
                results[index] = Failure(error, name_of(branches, index, block), 1, elapsed)
                is_over = False
            else:
                failures.append((index, error))
                self.group.cancel()
                is_over = True
        return not is_over
