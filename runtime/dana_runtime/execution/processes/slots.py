"""Attempts → slots, each a process of its own, kept for the next attempt.

    start(attempt) ─► an idle slot, or a new one ─► Envelope ─► begin ─► worker.serve
                                                                              │
         attempt.finish or .fail ◄── opened ◄── the slot is idle ◄─────┘
                                └─── WorkerDied   ◄── the slot is gone  ◄── its process has died

A slot is a one-worker executor of loky. More workers to an executor would share its fate: what
kills one of them breaks all. A slot has one task at a time and none waits in front of it, so it is
known which branch a dead worker was running, and when that branch began.

New slots are started by one thread, the *keeper*, which lasts as long as this process: the kernel
ends a worker together with the thread that started it (see limits.die_with). It also ends the
slots that have been idle for IDLE_SECONDS.

Importing this module needs loky and cloudpickle.
"""

from __future__ import annotations

import multiprocessing.process
import os
import queue
import signal
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from multiprocessing import active_children
from multiprocessing.process import BaseProcess
from typing import Any

import loky
from loky import process_executor

from dana_runtime.errors import WorkerDied
from dana_runtime.execution import leaving
from dana_runtime.execution.attempt import Attempt
from dana_runtime.execution.processes import worker
from dana_runtime.execution.processes.envelope import (
    OUT_OF_MEMORY,
    Envelope,
    Response,
    deliver,
    opened,
)
from dana_runtime.execution.processes.files import SharedFile
from dana_runtime.execution.processes.limits import warn_if_not_enforced

# How long an idle slot waits for its next attempt.
IDLE_SECONDS = 60.0


class _Job:
    """One attempt in its slot."""

    __slots__ = ("abandoned", "attempt", "begun", "envelope", "slot", "waiting")

    def __init__(self, attempt: Attempt, slot: Slot) -> None:
        self.attempt = attempt
        self.slot = slot
        self.envelope: Envelope | None = None
        self.abandoned = False
        self.begun = False
        # What is still to come before it can begin: its envelope, and a slot that has started.
        self.waiting = 2

    def abandon(self) -> None:
        """Free what the attempt occupies; called from any thread."""
        self.slot.abandon(self)

    def close(self) -> None:
        """Let go of what was shared for the attempt."""
        if self.envelope is not None:
            self.envelope.close()


class Slot:
    """One process, and the attempt that it runs."""

    __slots__ = (
        "_doomed",
        "_executor",
        "_lock",
        "_pid",
        "_process",
        "_results",
        "idle_since",
        "job",
        "pool",
    )

    def __init__(self, pool: Pool) -> None:
        self.pool = pool
        self.idle_since = 0.0
        self.job: _Job | None = None
        self._lock = threading.RLock()
        self._executor: Any = None
        self._doomed = False
        self._pid: int | None = None
        self._process: BaseProcess | None = None
        # Anonymous, and ours: nothing of a large result is left if the worker dies.
        self._results: SharedFile | None = None

    # Starting --------------------------------------------------------------------------------

    def launch(self) -> None:
        """Start the process; call it in the keeper. Tell the slot's job how that has ended."""
        try:
            self._executor = loky.ProcessPoolExecutor(
                max_workers=1,
                initializer=worker.begin_worker,
                initargs=(os.getpid(),),
            )
            with suppress(OSError):
                self._results = SharedFile()
            future = self._executor.submit(worker.ready)
        except BaseException as error:
            self._failed_to_start(error)
        else:
            future.add_done_callback(self._launched)

    def _launched(self, future: Future[int]) -> None:
        try:
            pid = self._pid = future.result()
        except BaseException as error:
            self._failed_to_start(error)
            return
        self._process = next((child for child in active_children() if child.pid == pid), None)
        job = self.job
        if job is not None:
            self.advance(job)

    def _failed_to_start(self, error: BaseException) -> None:
        job, self.job = self.job, None
        self.discard()
        if job is not None:
            died = WorkerDied(f"{job.attempt.name}: the process for it could not be started")
            died.__cause__ = error
            job.close()
            job.attempt.fail(died)

    # Running ---------------------------------------------------------------------------------

    def advance(self, job: _Job) -> None:
        """Begin with `job` if all has come that it waits for."""
        with self._lock:
            job.waiting -= 1
            if job.waiting:
                return
            # Not if it was given up, or could not be pickled, while the process was starting.
            job.begun = not (job.abandoned or job.envelope is None or self._doomed)
            if not job.begun:
                self.job = None
        if not job.begun or job.envelope is None:
            self._end(job, idle=not self._doomed)
            job.attempt.fail(WorkerDied(f"{job.attempt.name}: it was ended before it began"))
            return
        task = job.envelope.task
        if self._results is not None:
            task = task._replace(results=self._results.address)
        job.attempt.begin()
        if job.attempt.trace is not None and self._pid is not None:
            job.attempt.ran = (self._pid, 0, 0, 0)
        try:
            future = self._executor.submit(worker.serve, task)
        except BaseException as error:
            self._died(job, error)
        else:
            future.add_done_callback(self._served)

    def _served(self, future: Future[Response]) -> None:
        job = self.job
        assert job is not None
        try:
            response = future.result()
        except BaseException as error:
            self._died(job, error)
            return
        attempt = job.attempt
        with self._lock:
            self.job = None
            abandoned = job.abandoned
        if abandoned:
            # Its process has been killed, just too late.
            self._end(job, idle=False)
            return
        # In this order: the file must be read before the slot serves anybody else, and who waits
        # for the attempt finds the slot idle, and nothing left in shared memory.
        outcome = opened(attempt, response, self._results)
        self._end(job, idle=response.kind != OUT_OF_MEMORY)
        deliver(attempt, outcome)

    def _end(self, job: _Job, idle: bool) -> None:
        job.close()
        if idle:
            self.pool.keep(self)
        else:
            self.discard()

    def _died(self, job: _Job, error: BaseException) -> None:
        self.job = None
        how = f"the process that ran it has ended{self._how_it_ended()}"
        if leaving.is_leaving:
            how = "it was ended with the program"
        self._end(job, idle=False)
        died = WorkerDied(f"{job.attempt.name}: {how}")
        died.__cause__ = error
        job.attempt.fail(died)

    def _how_it_ended(self) -> str:
        code = None if self._process is None else self._process.exitcode
        if code is None:
            return ""
        if code >= 0:
            return f" with exit code {code}"
        try:
            return f" by {signal.Signals(-code).name}"
        except ValueError:
            return f" by signal {-code}"

    # Ending ----------------------------------------------------------------------------------

    def abandon(self, job: _Job) -> None:
        """Kill the process if it runs `job`; else see to it that `job` never begins."""
        with self._lock:
            if self.job is not job or job.abandoned:
                return
            job.abandoned = True
        if job.begun:
            self.kill()

    def kill(self) -> None:
        """Kill the process; what it was doing ends as for any other process that dies.

        If it is only starting, it ends when it has started.
        """
        with self._lock:
            self._doomed = True
        if self._pid is not None and self.is_alive():
            with suppress(OSError):
                os.kill(self._pid, getattr(signal, "SIGKILL", signal.SIGTERM))

    def is_alive(self) -> bool:
        """Tell whether the process of this idle slot can take a task."""
        return self._process is None or self._process.exitcode is None

    def discard(self) -> None:
        """Give the slot up; its process ends by itself if it lives."""
        self.pool.forget(self)
        executor, self._executor = self._executor, None
        if executor is not None:
            executor.shutdown(wait=False)
        results, self._results = self._results, None
        if results is not None:
            results.close()


class Pool:
    """The slots of this process."""

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._slots: set[Slot] = set()
        # A stack: the processes at its bottom have been idle for longest, and can end.
        self._idle: list[Slot] = []
        self._to_launch: queue.SimpleQueue[Slot] = queue.SimpleQueue()
        self._keeper: threading.Thread | None = None

    def start(self, attempt: Attempt) -> Callable[[], None]:
        """Start one attempt in a slot; return what abandons it."""
        warn_if_not_enforced(attempt.settings.memory_limit)
        # First a slot, so that its process starts while the attempt is pickled.
        job, started = self._job(attempt)
        try:
            job.envelope = Envelope(attempt, local=True)
        except BaseException as error:
            attempt.fail(error)
        job.slot.advance(job)
        if started:
            job.slot.advance(job)
        return job.abandon

    def _job(self, attempt: Attempt) -> tuple[_Job, bool]:
        """Return the job of an attempt in its slot, and whether that slot has started."""
        while True:
            with self._lock:
                slot = self._idle.pop() if self._idle else None
            if slot is None:
                break
            if slot.is_alive():
                slot.job = _Job(attempt, slot)
                return slot.job, True
            slot.discard()
        slot = Slot(self)
        slot.job = job = _Job(attempt, slot)
        with self._lock:
            self._slots.add(slot)
            if self._keeper is None:
                self._keeper = threading.Thread(
                    target=self._keep, name="dana:processes", daemon=True
                )
                self._keeper.start()
        self._to_launch.put(slot)
        return job, False

    def keep(self, slot: Slot) -> None:
        """Take back a slot whose attempt is over."""
        slot.idle_since = time.monotonic()
        with self._lock:
            if slot in self._slots:
                self._idle.append(slot)
                return
        slot.discard()

    def forget(self, slot: Slot) -> None:
        """Count a slot no longer."""
        with self._lock:
            self._slots.discard(slot)
            with suppress(ValueError):
                self._idle.remove(slot)

    def size(self) -> int:
        """Return the number of slots, idle ones included."""
        return len(self._slots)

    def shutdown(self, wait: bool = True, cancel: bool = False) -> None:
        """End idle slots; `cancel` kills the others, and `wait` waits until their attempts end.

        Later attempts start new slots.
        """
        with self._lock:
            slots, idle = self._slots, self._idle
            self._slots, self._idle = set(), []
            busy = slots.difference(idle)
        for slot in idle:
            slot.discard()
        for slot in busy if cancel else ():
            slot.kill()
        while wait and any(slot.job is not None for slot in busy):
            time.sleep(0.01)

    def _keep(self) -> None:
        while True:
            try:
                slot = self._to_launch.get(timeout=IDLE_SECONDS)
            except queue.Empty:
                self._end_idle()
                continue
            slot.launch()
            del slot
            _come_first_at_exit()

    def _end_idle(self) -> None:
        oldest = time.monotonic() - IDLE_SECONDS
        with self._lock:
            ended = [slot for slot in self._idle if slot.idle_since < oldest]
            self._idle = [slot for slot in self._idle if slot not in ended]
        for slot in ended:
            slot.discard()

    def kill_busy(self) -> None:
        """Kill the processes that run a branch."""
        with self._lock:
            busy = self._slots.difference(self._idle)
        for slot in busy:
            slot.kill()


pool = Pool()

_comes_first = False


def _come_first_at_exit() -> None:
    """Have the branches that still run killed when the program ends: loky would wait for them.

    It does so before what `atexit` knows is called. There, who registered last is called first.
    """
    global _comes_first
    if not _comes_first:
        _comes_first = True
        # loky has registered by now, and would do so anew with every executor: it keeps what
        # registering returns, which is None, to know that it has.
        if getattr(process_executor, "process_pool_executor_at_exit", True) is None:
            process_executor.process_pool_executor_at_exit = True
        leaving.when_leaving(lambda: pool.kill_busy())


def _forget_slots() -> None:
    global pool
    pool = Pool()
    # As multiprocessing does in the children that it forks itself; else their exit waits for these.
    getattr(multiprocessing.process, "_children", set()).clear()


if hasattr(os, "register_at_fork"):
    # The processes are the parent's; so are the threads that serve their executors.
    os.register_at_fork(after_in_child=_forget_slots)
