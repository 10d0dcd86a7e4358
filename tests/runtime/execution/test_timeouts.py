"""Branches whose time is up. No test measures time: what is slow here never ends by itself."""

from __future__ import annotations

import contextlib
import os
import threading
import time

import pytest

from dana_runtime import (
    BranchCancelled,
    BranchTimeout,
    Failure,
    cancelled,
    fan_out,
    policy,
    run_in_order,
    run_stage,
    stats,
    using,
    with_policy,
)
from dana_runtime.execution import abandonment, workers
from dana_runtime.execution.block import Block

WAIT = 30.0
SHORT = 0.02

BLOCK = Block("report", "src/orders.dana", ("tax", 12, 26), ("charge", 12, 31))


def same(value):
    return value


def thread_of(value):
    return threading.get_ident()


def spin(value):
    while True:
        pass


@pytest.fixture
def stuck():
    """Branches that wait for what never comes, until the test is over."""
    release = threading.Event()

    def wait(value):
        release.wait(WAIT)
        return "late"

    yield wait
    release.set()


class TestTheCaller:
    @pytest.mark.parametrize("count", [1, 2, 8])
    def test_gets_an_error_that_names_the_branch(self, stuck, count):
        with pytest.raises(BranchTimeout, match=rf"branch {count} of {count}, wait has not ended"):
            fan_out((same,) * (count - 1) + (stuck,), 5, None, policy(timeout=SHORT))

    def test_in_a_block_with_a_description(self, stuck):
        with pytest.raises(TimeoutError) as caught:
            fan_out((same, stuck), 5, BLOCK, policy(timeout=SHORT))
        name = "branch 2 of 2, charge (orders.dana:12:31), of pipeline report"
        assert str(caught.value) == f"{name} has not ended in 0.02 s"
        assert caught.value.__notes__ == [f"in {name}"]

    def test_may_set_the_time_anywhere(self, stuck):
        with using(timeout=SHORT), pytest.raises(BranchTimeout):
            fan_out((same, stuck), 5)

    def test_the_time_of_all_attempts(self, stuck):
        with pytest.raises(BranchTimeout, match=r"in 0\.02 s"):
            fan_out((same, stuck), 5, None, policy(timeout=None, total_timeout=SHORT))

    @pytest.mark.parametrize("executor", ["auto", "thread", "inline"])
    def test_always_gets_a_worker_for_it(self, stuck, executor):
        limited = policy(timeout=SHORT, executor=executor)
        with pytest.raises(BranchTimeout):
            fan_out((stuck,), 5, None, limited)
        assert threading.get_ident() not in fan_out((thread_of, thread_of), 5, None, limited)

    def test_branches_that_wait_for_their_turn_have_all_their_time(self):
        slept = []

        def nap(value):
            time.sleep(0.2)
            slept.append(value)

        fan_out((nap,) * 6, 5, None, policy(timeout=0.9, max_workers=1))
        assert slept == [5] * 6

    def test_partial_results(self, stuck):
        results = fan_out((same, stuck, same), 5, None, policy(timeout=SHORT, on_error="partial"))
        assert results[::2] == [5, 5]
        assert isinstance(results[1], Failure)
        assert isinstance(results[1].error, BranchTimeout)
        assert results[1].elapsed >= SHORT

    def test_more_stuck_branches_than_workers(self, stuck):
        limited = policy(timeout=SHORT, on_error="partial", max_workers=2)
        results = fan_out((stuck,) * 7 + (same,), 5, None, limited)
        assert [bool(result) for result in results] == [False] * 7 + [True]

    def test_a_branch_with_a_time_of_its_own(self, stuck):
        limited = with_policy(stuck, policy(timeout=SHORT, on_error="partial"))
        results = fan_out((same, limited, same), 5)
        assert (results[0], results[2]) == (5, 5)
        assert isinstance(results[1].error, BranchTimeout)

    def test_a_stage(self, stuck):
        with pytest.raises(BranchTimeout, match=r"stage 2 of a \| b has not ended") as caught:
            run_stage(5, stuck, "stage 2 of a | b", policy(timeout=SHORT))
        assert caught.value.__notes__ == ["in stage 2 of a | b"]
        assert run_stage(5, thread_of, "x", policy(timeout=WAIT)) != threading.get_ident()
        assert run_stage(5, thread_of, "x", policy(on_error="partial")) == threading.get_ident()

    def test_branches_in_order(self, stuck):
        started = []
        with pytest.raises(BranchTimeout):
            run_in_order((started.append, stuck, started.append), 5, None, policy(timeout=SHORT))
        assert started == [5]
        results = run_in_order((same, stuck), 5, None, policy(timeout=SHORT, on_error="partial"))
        assert results[0] == 5
        assert isinstance(results[1], Failure)


class TestTheBranch:
    def test_is_told_by_cancelled(self, wait_until):
        seen = threading.Event()

        def look(value):
            with contextlib.suppress(BranchCancelled):
                wait_until(cancelled)
            assert cancelled()
            seen.set()

        with pytest.raises(BranchTimeout):
            fan_out((same, look), 5, None, policy(timeout=SHORT))
        assert seen.wait(WAIT)

    def test_is_told_by_an_exception(self):
        ended = []
        done = threading.Event()

        def look(value):
            try:
                spin(value)
            except BaseException as error:
                ended.append(type(error))
                raise
            finally:
                done.set()

        with pytest.raises(BranchTimeout):
            fan_out((same, look), 5, None, policy(timeout=SHORT))
        assert done.wait(WAIT)
        assert ended == [BranchCancelled]

    def test_only_the_one_whose_time_is_up_is_told(self, wait_until):
        over, seen = threading.Event(), []

        def watch(value):
            assert over.wait(WAIT)
            seen.append(cancelled())
            return value

        def look(value):
            try:
                spin(value)
            finally:
                seen.append(cancelled())
                over.set()

        limited = with_policy(look, policy(timeout=SHORT))
        results = fan_out((watch, limited), 5, None, policy(on_error="partial"))
        assert results[0] == 5
        assert isinstance(results[1].error, BranchTimeout)
        wait_until(lambda: len(seen) == 2)
        assert sorted(seen) == [False, True]

    def test_blocks_in_it_end_with_it(self, wait_until):
        running, ended = threading.Barrier(3), []

        def leaf(value):
            running.wait(WAIT)
            wait_until(cancelled)
            ended.append("leaf")

        def inner(value):
            try:
                fan_out((leaf, leaf), value)
            except BranchCancelled:
                ended.append("inner")
                raise

        def meet(value):
            running.wait(WAIT)

        with pytest.raises(BranchTimeout):
            fan_out((inner, meet), 5, None, policy(timeout=0.3))
        wait_until(lambda: sorted(ended) == ["inner", "leaf", "leaf"])

    def test_one_that_catches_everything_counts_no_more(self, wait_until):
        ended = threading.Event()

        def stubborn(value):
            try:
                spin(value)
            except BaseException:
                ended.set()
            return "late"

        with pytest.raises(BranchTimeout):
            fan_out((same, stubborn), 5, None, policy(timeout=SHORT))
        assert ended.wait(WAIT)
        wait_until(lambda: not abandonment.abandoned())
        assert fan_out((same, same), 5) == [5, 5]

    def test_one_that_runs_inline_is_named(self, stuck):
        def nest(depth):
            if depth == 3:
                return lambda value: fan_out((same, stuck), value, BLOCK)
            return lambda value: fan_out((nest(depth + 1), same), value, None, policy(timeout=None))

        # Beyond the depth there is no worker for it: the one around it is ended in its name.
        with using(timeout=0.2, max_depth=3), pytest.raises(BranchTimeout) as caught:
            fan_out((nest(3), same), 5, None, policy(timeout=5.0, max_depth=1))
        assert "wait" in str(caught.value) or "charge" in str(caught.value)


class TestManyTimeouts:
    def test_the_next_block_has_its_full_width(self, wait_until):
        release = threading.Event()
        locks = []

        def wait(value):
            release.wait(WAIT)

        def acquire(value):
            # One for each: nobody gives back what he has got when the exception hits him.
            lock = threading.Lock()
            lock.acquire()
            locks.append(lock)
            lock.acquire(timeout=WAIT)

        before = stats()["abandoned"]
        for number in range(50):
            with pytest.raises(BranchTimeout):
                fan_out((same, (wait, acquire, spin)[number % 3]), 5, None, policy(timeout=0.01))
        assert stats()["abandoned"] == before + 50
        assert 30 <= stats()["stuck"] <= 51
        barrier = threading.Barrier(8)
        assert sorted(fan_out([lambda v: barrier.wait(WAIT)] * 8, 5)) == list(range(8))
        release.set()
        for lock in locks:
            lock.release()
        wait_until(lambda: stats()["stuck"] == 0)

    def test_threads_that_race_with_the_time(self):
        """Branches end just when their time is up: an exception must not hit a later one."""
        limited = policy(timeout=0.002, on_error="partial")
        for number in range(300):
            pause = 0.0015 + (number % 11) * 0.0001

            def nap(value, pause=pause):
                time.sleep(pause)
                return value

            for result in fan_out((nap, nap, nap), 5, None, limited):
                assert result == 5 or isinstance(result.error, BranchTimeout)
            # Whoever is hit out of its turn says so here.
            assert fan_out((same, same), number) == [number, number]

    def test_blocks_in_branches_that_race_with_the_time(self):
        limited = policy(timeout=0.003, on_error="partial")

        def inner(value):
            for _ in range(20):
                fan_out((same, same), value)
            return value

        for number in range(100):
            for result in fan_out((inner, inner), 5, None, limited):
                assert result == 5 or isinstance(result.error, BranchTimeout)
            assert fan_out((same, same), number) == [number, number]
        pool = workers._pool
        assert len(set(pool.idle)) == len(pool.idle)


class TestTheEndOfAProgram:
    PROGRAM = """
import threading
from dana_runtime import BranchTimeout, fan_out, policy
def spin(value):
    while True: pass
def stuck(value):
    {never}
try:
    fan_out((str, {branch}), 5, None, policy(timeout=0.05))
except BranchTimeout as error:
    print(error)
"""

    def test_threads_that_can_be_ended_are(self, run_python):
        done = run_python(self.PROGRAM.format(branch="spin", never="pass"))
        assert done.stdout == "branch 2 of 2, spin has not ended in 0.05 s\n"
        assert (done.stderr, done.returncode) == ("", 0)

    def test_others_are_reported(self, run_python):
        never = "threading.Event().wait()"
        done = run_python(self.PROGRAM.format(branch="stuck", never=never))
        assert "RuntimeWarning: 1 branch still runs although the time was up" in done.stderr
        assert done.returncode == 0

    @pytest.mark.skipif(not hasattr(os, "fork"), reason="needs os.fork")
    def test_a_forked_child_has_none(self, run_python):
        program = """
import os, threading
from dana_runtime import BranchTimeout, fan_out, policy, stats
try:
    fan_out((str, lambda v: threading.Event().wait(20)), 5, None, policy(timeout=0.05))
except BranchTimeout:
    pass
child = os.fork()
if not child:
    os._exit(7 if stats()["stuck"] == 0 and fan_out((str, repr), 5) == ["5", "5"] else 1)
print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
os._exit(print(end="", flush=True) or 0)
"""
        assert run_python(program, "-W", "ignore").stdout == "7\n"


class TestUnderATracer:
    @pytest.mark.parametrize("how", ["settrace", "setprofile"])
    def test_functions_begin_although_a_branch_is_stuck(self, run_python, how):
        """An exception on its way to a thread stuck in C keeps Python 3.11 from beginning them."""
        ended = run_python(f"""
import sys, time
from dana_runtime import fan_out, using
sys.{how}(lambda *event: None)
try:
    with using(timeout=0.1):
        fan_out((lambda x: time.sleep(3600), abs), 1)
except TimeoutError as error:
    print(type(error).__name__, (lambda: "called")())
""")
        assert ended.stdout == "BranchTimeout called\n"
        assert ended.returncode == 0
