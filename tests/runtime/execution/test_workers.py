from __future__ import annotations

import gc
import os
import sys
import threading
import weakref

import pytest

from dana_runtime.execution import workers
from dana_runtime.execution.fan_out import fan_out
from dana_runtime.execution.workers import Job, put_out, take_back

WAIT = 30.0


class Value:
    """Something that weak references can point to."""


class Count(Job):
    """Counts who works on it."""

    def __init__(self):
        super().__init__()
        self.threads = []

    def work(self, thread):
        self.threads.append(thread)


def same(value):
    return value


def thread_of(value):
    return threading.get_ident()


def refuse(thread):
    raise RuntimeError("can't start new thread")


@pytest.fixture
def pool(monkeypatch):
    """Begin without any threads."""
    fresh = workers._Pool()
    monkeypatch.setattr(workers, "_pool", fresh)
    return fresh


class TestThreads:
    def test_they_are_kept_for_the_next_block(self, pool):
        used = set()
        for _ in range(300):
            used.update(fan_out((thread_of,) * 3, None))
        # Three at a time; some more, if a block begins before the last one's threads are back.
        assert len(used) <= 12

    def test_they_do_not_grow_in_number(self, pool):
        for _ in range(2000):
            fan_out((same, same, same), None)
        assert len(pool.alive) <= 12

    def test_a_block_of_eight_finds_the_eight_of_the_last(self, pool, wait_until):
        def meet():
            barrier = threading.Barrier(8)

            def run(value):
                barrier.wait(WAIT)
                return threading.get_ident()

            return set(fan_out((run,) * 8, None))

        first = meet()
        wait_until(lambda: len(pool.idle) == 8)
        assert meet() == first

    def test_idle_ones_end(self, pool, monkeypatch):
        monkeypatch.setattr(workers, "IDLE_SECONDS", 0.01)
        barrier = threading.Barrier(3)

        def run(value):
            barrier.wait(WAIT)
            return threading.current_thread()

        for thread in fan_out((run,) * 3, None):
            thread.join(WAIT)
            assert not thread.is_alive()
        assert not pool.alive
        assert not pool.idle
        assert fan_out((same, same), 1) == [1, 1]

    def test_one_that_was_lost_in_an_interrupt_ends_too(self, pool, monkeypatch, wait_until):
        fan_out((same, same), None)
        wait_until(lambda: len(pool.idle) == len(pool.alive))
        count = len(pool.idle)
        monkeypatch.setattr(workers, "IDLE_SECONDS", 0.01)
        fan_out((same, same), None)
        wait_until(lambda: len(pool.idle) == count or not pool.alive)
        # As if Ctrl-C came after the pop and before the hand-over.
        pool.idle.clear()
        wait_until(lambda: not pool.alive)

    def test_idle_ones_have_a_name_of_their_own(self, pool, wait_until):
        threads = fan_out((lambda v: threading.current_thread(),) * 2, None)
        wait_until(lambda: {thread.name for thread in threads} == {workers.IDLE_NAME})
        assert all(thread.daemon for thread in threads)


class TestNoThreadCanBeHad:
    def check(self):
        own = threading.get_ident()
        assert fan_out((thread_of,) * 10, None) == [own] * 10
        started = []
        with pytest.raises(ZeroDivisionError):
            fan_out((started.append, lambda v: v / 0, started.append), 1)
        assert started == [1]

    def test_the_system_refuses(self, pool, monkeypatch):
        monkeypatch.setattr(threading.Thread, "start", refuse)
        self.check()
        assert not pool.alive

    def test_there_are_too_many(self, pool, monkeypatch):
        monkeypatch.setattr(workers, "MAX_THREADS", 0)
        self.check()

    def test_the_interpreter_shuts_down(self, pool, monkeypatch, wait_until):
        fan_out((same, same), None)
        wait_until(lambda: pool.idle)
        monkeypatch.setattr(sys, "is_finalizing", lambda: True)
        self.check()

    def test_only_some_can_be_had(self, pool, monkeypatch):
        monkeypatch.setattr(workers, "MAX_THREADS", 1)
        threads = fan_out((thread_of,) * 10, None)
        assert len(set(threads)) == 1
        assert threading.get_ident() not in threads


class TestAThreadThatDoesNotStart:
    @pytest.mark.parametrize("kind", [KeyboardInterrupt, MemoryError])
    def test_an_interrupted_start_leaves_nobody_behind(self, pool, monkeypatch, kind):
        def interrupted(thread):
            raise kind

        with monkeypatch.context() as patch:
            patch.setattr(threading.Thread, "start", interrupted)
            with pytest.raises(kind):
                fan_out((same, same), None)
        # A dead thread on the idle stack would let this block wait for ever.
        assert not pool.alive
        assert not pool.idle
        assert fan_out((same, same), 5) == [5, 5]

    def test_an_interrupt_after_the_start_keeps_the_thread(self, pool, monkeypatch, wait_until):
        start = threading.Thread.start

        def started_and_interrupted(thread):
            start(thread)
            raise KeyboardInterrupt

        with monkeypatch.context() as patch:
            patch.setattr(threading.Thread, "start", started_and_interrupted)
            with pytest.raises(KeyboardInterrupt):
                fan_out((same, same), None)
            wait_until(lambda: pool.alive and len(pool.idle) == len(pool.alive))
        assert fan_out((same, same), 5) == [5, 5]

    def test_a_thread_that_an_error_ends_is_not_counted(self, pool, monkeypatch, wait_until):
        seen = []
        monkeypatch.setattr(threading, "excepthook", lambda found: seen.append(found.exc_type))

        class Broken(Job):
            def work(self, thread):
                raise ZeroDivisionError

        assert put_out(Broken())
        wait_until(lambda: seen == [ZeroDivisionError])
        assert not pool.alive
        assert not pool.idle


class TestTickets:
    def test_a_ticket_is_taken_or_taken_back(self, pool, wait_until):
        jobs = []
        for _ in range(500):
            job = Count()
            assert put_out(job)
            take_back(job)
            assert not job.untaken
            jobs.append(job)
        wait_until(lambda: len(pool.idle) == len(pool.alive))
        assert all(len(job.threads) <= 1 for job in jobs)
        assert len(set(pool.idle)) == len(pool.idle)
        assert len(pool.alive) <= 12

    def test_work_that_is_not_taken_back_is_done(self, pool, wait_until):
        job = Count()
        for _ in range(5):
            assert put_out(job)
        wait_until(lambda: len(job.threads) == 5)
        assert not job.untaken

    def test_job_without_work(self):
        with pytest.raises(NotImplementedError):
            Job().work(None)


class TestNothingIsKept:
    @pytest.fixture(autouse=True)
    def no_collector(self):
        """Find out about reference cycles: without the collector they stay."""
        gc.collect()
        gc.disable()
        yield
        gc.enable()

    def test_after_a_block(self, wait_until):
        def run():
            value, branch = Value(), lambda v: Value()
            results = fan_out((branch, lambda v: v, branch), value)
            return [weakref.ref(thing) for thing in (value, branch, *results)]

        references = run()
        wait_until(lambda: not any(reference() for reference in references))

    def test_after_a_failure(self, wait_until):
        class FailedError(Exception):
            pass

        def run():
            value = Value()

            def fail(v):
                raise FailedError

            try:
                fan_out((fail, same, fail, fail), value)
            except FailedError as error:
                return [weakref.ref(thing) for thing in (value, fail, error)]

        references = run()
        wait_until(lambda: not any(reference() for reference in references))

    def test_by_a_cancelled_branch_that_fails_late(self, wait_until):
        running, release, errors = threading.Event(), threading.Event(), []

        class FailedError(Exception):
            def __init__(self):
                errors.append(weakref.ref(self))

        def late(v):
            running.set()
            assert release.wait(WAIT)
            raise FailedError

        def fail(v):
            assert running.wait(WAIT)
            raise ZeroDivisionError

        with pytest.raises(ZeroDivisionError):
            fan_out((fail, late), None)
        release.set()
        wait_until(lambda: errors and errors[0]() is None)

    def test_by_the_context_of_a_branch(self, wait_until):
        def run():
            value = Value()
            contexts = fan_out((lambda v: __import__("contextvars").copy_context(), same), value)
            return contexts[0], weakref.ref(value)

        context, reference = run()
        wait_until(lambda: reference() is None)
        assert context is not None


class TestProcesses:
    @pytest.mark.skipif(not hasattr(os, "fork"), reason="needs os.fork")
    def test_a_forked_child_has_threads_of_its_own(self, run_python):
        program = """
import os, threading
from dana_runtime import fan_out
def block():
    barrier = threading.Barrier(4)
    return sorted(fan_out([lambda v: barrier.wait(20)] * 4, None))
assert block() == [0, 1, 2, 3]
child = os.fork()
if not child:
    os._exit(7 if block() == [0, 1, 2, 3] else 1)
print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), block())
"""
        done = run_python(program, "-W", "ignore")
        assert (done.stdout, done.stderr) == ("7 [0, 1, 2, 3]\n", "")

    @pytest.mark.skipif(not hasattr(os, "fork"), reason="needs os.fork")
    def test_a_branch_can_fork(self, run_python):
        program = """
import os
from dana_runtime import fan_out
def status(child):
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
def leave(value):
    return status(os.fork() or os._exit(7 if fan_out((str, repr), 5) == ["5", "5"] else 1))
def come_back(value):
    # The child lives on as this branch alone, and ends when the branch does.
    child = os.fork()
    return status(child) if child else None
print(fan_out((leave, str), 5), fan_out((come_back, str), 5))
"""
        done = run_python(program, "-W", "ignore")
        assert (done.stdout, done.stderr) == ("[7, '5'] [0, '5']\n", "")

    def test_a_program_ends_although_threads_are_idle(self, run_python):
        program = """
from dana_runtime import fan_out
print(fan_out((str, repr), "a"))
"""
        done = run_python(program)
        assert (done.stdout, done.stderr, done.returncode) == ("['a', \"'a'\"]\n", "", 0)

    def test_a_program_ends_although_a_cancelled_branch_runs(self, run_python):
        program = """
import threading
from dana_runtime import fan_out
running = threading.Event()
def fail(value):
    running.wait()
    raise SystemExit(3)
fan_out((fail, lambda v: running.set() or threading.Event().wait()), None)
"""
        done = run_python(program)
        assert (done.stderr, done.returncode) == ("", 3)

    def test_blocks_while_the_program_ends(self, run_python):
        program = """
import atexit
from dana_runtime import fan_out
class Last:
    def __del__(self, fan_out=fan_out, str=str, repr=repr, print=print):
        print("del", fan_out((str, repr), 5))
last = Last()
last.itself = last
fan_out((str, repr), 5)
atexit.register(lambda: print("atexit", fan_out((str, repr), 5)))
"""
        done = run_python(program)
        assert done.stdout == "atexit ['5', '5']\ndel ['5', '5']\n"
        assert (done.stderr, done.returncode) == ("", 0)
