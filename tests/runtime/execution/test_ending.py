"""Ctrl-C, shutdown, debuggers; and that nothing grows."""

from __future__ import annotations

import bdb
import gc
import os
import signal
import sys
import threading

import pytest

from dana_runtime import (
    BranchCancelled,
    cancelled,
    fan_out,
    policy,
    private_scope,
    public,
    shutdown,
    stats,
)
from dana_runtime.execution import abandonment, cancellation, debugging, lookout, workers

WAIT = 30.0


def same(value):
    return value


def thread_of(value):
    return threading.get_ident()


class TestShutdown:
    def test_the_threads_end_and_new_ones_come(self):
        threads = fan_out((lambda v: threading.current_thread(),) * 2, 5, None, policy(timeout=60))
        shutdown()
        assert not any(thread.is_alive() for thread in threads)
        assert stats()["threads"] == 0
        assert fan_out((same, same), 5) == [5, 5]

    def test_running_blocks_go_on(self):
        running, release, results = threading.Event(), threading.Event(), []

        def wait(value):
            running.set()
            assert release.wait(WAIT)
            return value

        caller = threading.Thread(target=lambda: results.extend(fan_out((wait, same), 5)))
        caller.start()
        assert running.wait(WAIT)
        shutdown(wait=False)
        assert fan_out((same, same), 6) == [6, 6]
        release.set()
        caller.join(WAIT)
        assert results == [5, 5]
        shutdown()

    def test_running_blocks_are_cancelled(self, wait_until):
        running, raised = threading.Barrier(2), []

        def wait(value):
            running.wait(WAIT)
            wait_until(cancelled)
            # Longer than its block: one that ends in time has its result.
            wait_until(lambda: raised)

        def call():
            try:
                fan_out((wait, same), 5)
            except BranchCancelled as error:
                raised.append(error)

        caller = threading.Thread(target=call)
        caller.start()
        running.wait(WAIT)
        shutdown(cancel=True)
        caller.join(WAIT)
        assert len(raised) == 1

    def test_not_from_a_branch(self):
        with pytest.raises(RuntimeError, match="would wait for itself"):
            fan_out((lambda v: shutdown(), same), 5)
        fan_out((lambda v: shutdown(wait=False), same), 5)
        assert fan_out((same, same), 5) == [5, 5]


class TestDebugging:
    def test_blocks_run_inline(self):
        own = threading.get_ident()
        debugging.inline_all()
        try:
            limited = policy(timeout=60, executor="process")
            assert fan_out((thread_of, thread_of), 5, None, limited) == [own, own]
        finally:
            debugging.inline_all(False)
        assert fan_out((thread_of, thread_of), 5, None, policy(timeout=60)) != [own, own]

    def test_under_a_debugger(self):
        class Debugger(bdb.Bdb):
            pass

        found = []

        def block():
            found.append(fan_out((thread_of, thread_of), 5, None, policy(timeout=60)))

        before = sys.gettrace()
        debugger = Debugger()
        try:
            debugger.runcall(block)
        finally:
            sys.settrace(before)
        assert found == [[threading.get_ident()] * 2]

    def test_other_tracers_change_nothing(self):
        before = sys.gettrace()
        sys.settrace(lambda *_: None)
        try:
            found = debugging.is_debugging()
        finally:
            sys.settrace(before)
        assert found is False

    def test_the_environment(self, run_python, monkeypatch):
        monkeypatch.setenv("DANA_DEBUG", "1")
        done = run_python(
            "import threading; from dana_runtime import fan_out\n"
            "print(fan_out([lambda v: threading.current_thread().name] * 2, 1))"
        )
        assert done.stdout == "['MainThread', 'MainThread']\n"


@pytest.mark.skipif(not hasattr(signal, "pthread_kill"), reason="needs POSIX signals")
@pytest.mark.parametrize("settings", ["", "timeout=60", 'on_error="partial"', "max_workers=1"])
def test_ctrl_c_ends_a_program(run_python, settings):
    program = f"""
import os, signal, threading
from dana_runtime import cancelled, fan_out, policy
def leaf(value):
    running.wait(20)
    threading.Event().wait(60)
def inner(value):
    return fan_out((leaf, leaf), value)
def interrupt(value):
    running.wait(20)
    os.kill(os.getpid(), signal.SIGINT)
    threading.Event().wait(60)
running = threading.Barrier(1 if "max_workers" in {settings!r} else 3)
branches = (interrupt, inner)
try:
    fan_out(branches, 5, None, policy({settings}))
except KeyboardInterrupt:
    print("interrupted", flush=True)
"""
    done = run_python(program)
    assert (done.stdout, done.stderr, done.returncode) == ("interrupted\n", "", 0)


class TestNothingGrows:
    def test_in_many_blocks(self, wait_until):
        limited = [None, policy(timeout=60), policy(on_error="partial"), policy(max_workers=1)]

        def run(times):
            for number in range(times):
                fan_out((same, same, same), number, None, limited[number % 4])
            gc.collect()
            wait_until(lambda: stats()["threads"] == stats()["idle"])
            return len(gc.get_objects()), threading.active_count()

        run(500)
        objects, threads = run(500)
        after = run(4000)
        assert after[0] <= objects + 300
        assert after[1] <= threads + 8
        assert not cancellation.outermost
        assert not lookout._state.claimed
        assert not abandonment.flights
        assert all(worker.inbox.qsize() <= 2 for worker in workers._pool.idle)

    def test_thousands_of_blocks_at_once_that_write_one_name(self):
        private = private_scope("a module")

        def write(number):
            def run(value):
                public["shared"] = private["shared"] = (value, number)
                fan_out((same, same), value)
                return public["shared"], private["shared"]

            return run

        branches = [write(number) for number in range(3)]
        wrong = []

        def caller(own):
            for turn in range(100):
                value = (own, turn)
                found = fan_out(branches, value)
                if found != [((value, n), (value, n)) for n in range(3)]:
                    wrong.append(found)

        callers = [threading.Thread(target=caller, args=(own,)) for own in range(20)]
        for thread in callers:
            thread.start()
        for thread in callers:
            thread.join(2 * WAIT)
        assert not wrong
        assert "shared" not in public
        assert "shared" not in private


class TestNoDeadlock:
    @pytest.mark.parametrize("settings", [{"max_workers": 1}, {"max_workers": 2}, {"timeout": 60}])
    def test_blocks_in_blocks(self, settings):
        limited = policy(**settings)

        def level(depth):
            if depth == 0:
                return same
            return lambda value: fan_out((level(depth - 1),) * 3, value, None, limited)

        def shape(depth):
            return 5 if depth == 0 else [shape(depth - 1)] * 3

        assert level(4)(5) == shape(4)

    def test_recursion_with_a_timeout(self):
        limited = policy(timeout=60)

        def descend(left):
            return 0 if left == 0 else 1 + fan_out((same, descend), left - 1, None, limited)[1]

        assert descend(100) == 100

    def test_two_hundred_callers_with_a_timeout(self):
        barrier = threading.Barrier(200)
        results = []

        def caller():
            barrier.wait(WAIT)
            inner = policy(timeout=60)
            results.append(fan_out((lambda v: fan_out((same, same), v, None, inner), same), 5))

        callers = [threading.Thread(target=caller) for _ in range(200)]
        for thread in callers:
            thread.start()
        for thread in callers:
            thread.join(WAIT)
        assert results == [[[5, 5], 5]] * 200


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs os.fork")
def test_a_forked_child_has_a_lookout_of_its_own(run_python):
    program = """
import os, threading
from dana_runtime import fan_out
from dana_runtime.execution.block import Block
block = Block("p", "x.na", ("f", 1, 1), ("g", 1, 3))
def meet():
    barrier = threading.Barrier(2)
    for _ in range(8):
        block.history.add([1e-6] * 2)
    return sorted(fan_out((lambda v: barrier.wait(20),) * 2, 5, block))
assert meet() == [0, 1]
child = os.fork()
if not child:
    os._exit(7 if meet() == [0, 1] else 1)
print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), meet())
"""
    done = run_python(program, "-W", "ignore")
    assert (done.stdout, done.stderr) == ("7 [0, 1]\n", "")
