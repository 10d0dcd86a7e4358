"""Jobs → threads that work on them: elastic, kept for the next job, never waited for.

    put_out(job)   ──► an idle worker's inbox, or a new thread ──► take the ticket ──► job.work()
    take_back(job) ──► who has not taken its ticket yet is idle again

A *ticket* asks one thread to come and work on a job. No bound on the threads can make a job wait
for another one: a ticket that finds no idle thread starts one, and where none can be started
`put_out` says so and its caller does the work itself. Threads idle for IDLE_SECONDS end.

The threads are daemons. They hold nothing between jobs, so neither idle ones nor those that still
run a cancelled branch delay the end of the program.

There are no locks here: each hand-over is one operation of a deque, which is atomic on builds
with a GIL and on free-threaded ones (itertools.count, often used so, is not on the latter).
"""

from __future__ import annotations

import os
import sys
import threading
from collections import deque
from contextlib import suppress
from contextvars import Context
from queue import Empty, SimpleQueue

from dana_runtime.execution.abandonment import current_flight, thread_ends

# Threads of the whole process; far more than blocks want, far fewer than operating systems allow.
MAX_THREADS = 2048

# How long an idle thread waits for a next job.
IDLE_SECONDS = 30.0

IDLE_NAME = "dana:idle"


class Job:
    """Work that several threads can share; tickets are put out for it."""

    __slots__ = ("untaken",)

    def __init__(self) -> None:
        # The workers that were given a ticket for this job and have not begun. Whoever takes a
        # worker out of here decides: the worker itself begins, `take_back` makes it idle again.
        self.untaken: deque[_Worker] = deque()

    def work(self, thread: threading.Thread | None) -> bool:
        """Do what is left of the job, in `thread` of a worker or, for None, in the caller's.

        Does not raise in a worker, but for what ends an abandoned one. Called when nothing is left,
        it returns at once. True says that the thread was abandoned: it has to end.
        """
        raise NotImplementedError


class _Pool:
    """The threads of this process."""

    __slots__ = ("alive", "idle")

    def __init__(self) -> None:
        self.alive: set[_Worker] = set()
        # A stack: the thread that was busy last has warm caches, and those below can end.
        self.idle: deque[_Worker] = deque()


class _Worker:
    """One thread and the inbox that it waits at."""

    __slots__ = ("inbox", "pool", "thread")

    def __init__(self, pool: _Pool) -> None:
        self.pool = pool
        # None ends the thread.
        self.inbox: SimpleQueue[Job | None] = SimpleQueue()
        self.thread = threading.Thread(target=self._serve, name=IDLE_NAME, daemon=True)

    def start(self) -> None:
        """Start the thread; raise RuntimeError if the system or the interpreter refuses."""
        # In an empty context: from Python 3.14 on a thread can inherit that of its starter, and
        # would keep alive what is in there.
        Context().run(self.thread.start)

    def _serve(self) -> None:
        try:
            self._serve_jobs()
        except BaseException:
            flight = current_flight()
            if flight is None or not flight.is_over():
                raise
            # An abandoned one, which the exception from outside has hit on its way out of a branch.
        finally:
            self.pool.alive.discard(self)
            thread_ends()

    def _serve_jobs(self) -> None:
        pool = self.pool
        while (job := self._next_job()) is not None:
            try:
                job.untaken.remove(self)
            except ValueError:
                # Taken back, and so on the idle stack already.
                del job
                continue
            if job.work(self.thread):
                return
            # The job must not live on while this thread waits for the next one.
            del job
            self.thread.name = IDLE_NAME
            pool.idle.append(self)
            if pool is not _pool:
                # The pool was shut down; or a branch called os.fork, and this is what is left of
                # its thread in the child.
                _dismiss_idle(pool)

    def _next_job(self) -> Job | None:
        """Wait for a job; None says that this thread is no longer idle but over."""
        lost = False
        while True:
            try:
                return self.inbox.get(timeout=IDLE_SECONDS)
            except Empty:
                pass
            try:
                self.pool.idle.remove(self)
            except ValueError:
                # Somebody has popped this worker and is about to hand over a job; unless Ctrl-C
                # struck him before he could. If nothing comes for as long again, that was it.
                if lost:
                    self.pool.idle.append(self)
                lost = not lost
            else:
                return None


_pool = _Pool()


def _forget_threads() -> None:
    global _pool
    _pool = _Pool()


if hasattr(os, "register_at_fork"):
    # Only the thread that called os.fork lives on in the child.
    os.register_at_fork(after_in_child=_forget_threads)


def put_out(job: Job) -> bool:
    """Give a thread a ticket for `job`; False says that no thread can be had.

    That is so when there are MAX_THREADS, when the system refuses to start one more, and while
    the interpreter is shutting down. Then the caller must do the work itself.
    """
    pool = _pool
    if sys.is_finalizing():
        # The idle threads are still on the stack but can never run again.
        return False
    try:
        worker = pool.idle.pop()
    except IndexError:
        return _started(pool, job)
    job.untaken.append(worker)
    worker.inbox.put(job)
    return True


def _started(pool: _Pool, job: Job) -> bool:
    if len(pool.alive) >= MAX_THREADS:
        return False
    worker = _Worker(pool)
    # The job is not an argument of the thread, which would keep it for as long as it lives.
    job.untaken.append(worker)
    worker.inbox.put(job)
    pool.alive.add(worker)
    try:
        worker.start()
    except BaseException as error:
        # Ctrl-C may come when the thread runs already: then it takes its ticket as any other.
        if worker.thread.ident is None:
            pool.alive.discard(worker)
            with suppress(ValueError):
                job.untaken.remove(worker)
        if not isinstance(error, RuntimeError):
            raise
        return False
    return True


def take_back(job: Job) -> None:
    """Make idle again who has a ticket for `job` and has not begun; call it when `job` is over.

    Without it the next job, put out before those threads had woken up, would start new ones.
    """
    untaken = job.untaken
    while untaken:
        try:
            worker = untaken.pop()
        except IndexError:
            # The last one has begun in the meantime.
            return
        pool = worker.pool
        pool.idle.append(worker)
        if pool is not _pool:
            _dismiss_idle(pool)


def shut_down() -> list[threading.Thread]:
    """Let the idle threads end, and the others when they have done what they do; return them all.

    Who needs threads after that gets new ones.
    """
    global _pool
    pool, _pool = _pool, _Pool()
    threads = [worker.thread for worker in pool.alive.copy()]
    _dismiss_idle(pool)
    return threads


def _dismiss_idle(pool: _Pool) -> None:
    # Whoever makes a worker idle in a pool that is over comes here after that, so none is missed.
    while pool.idle:
        try:
            worker = pool.idle.pop()
        except IndexError:
            return
        worker.inbox.put(None)


def count() -> tuple[int, int]:
    """Return how many threads there are, and how many of them are idle."""
    pool = _pool
    return len(pool.alive), len(pool.idle)
