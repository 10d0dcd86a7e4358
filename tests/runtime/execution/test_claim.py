"""Blocks that are known to be tiny, and what happens when they are not."""

from __future__ import annotations

import contextvars
import threading

import pytest

from dana_runtime import BranchTimeout, fan_out, policy, public, using
from dana_runtime.execution import lookout
from dana_runtime.execution.block import Block
from dana_runtime.execution.choosing import WINDOW

WAIT = 30.0


def be_tiny(block, count):
    for _ in range(WINDOW):
        block.history.add([1e-6] * count, [1e-6] * count)
    assert block.history.is_claimed


class Changing:
    """Branches that do nothing until they are told to do something else."""

    def __init__(self, count):
        self.todo = [None] * count
        self.block = Block("p", "x.na", *[("f", 1, number + 1) for number in range(count)])
        self.branches = tuple([self.branch(number) for number in range(count)])
        for _ in range(20):
            assert fan_out(self.branches, 5, self.block) == [5] * count
        # As if all of them had been tiny on this machine, however busy it is.
        be_tiny(self.block, count)

    def branch(self, number):
        def run(value):
            todo = self.todo[number]
            return value if todo is None else todo(value)

        return run

    def __call__(self):
        return fan_out(self.branches, 5, self.block)


def thread_of(value):
    return threading.get_ident()


class TestTheCaller:
    def test_runs_tiny_branches_itself(self):
        block = Changing(3)
        block.todo = [thread_of] * 3
        assert block() == [threading.get_ident()] * 3

    def test_does_not_where_a_time_is_set(self):
        block = Changing(3)
        block.todo = [thread_of] * 3
        with using(timeout=60):
            assert threading.get_ident() not in block()

    @pytest.mark.parametrize("count", [2, 3, 8])
    @pytest.mark.parametrize("limited", [False, True])
    def test_branches_that_wait_for_each_other_meet(self, count, limited):
        block = Changing(count)
        barrier = threading.Barrier(count)
        block.todo = [lambda value: barrier.wait(WAIT)] * count
        with using(**({"timeout": 60} if limited else {})):
            assert sorted(block()) == list(range(count))

    @pytest.mark.parametrize("position", range(4))
    def test_a_branch_that_waits_for_another_one(self, position):
        block = Changing(4)
        done = threading.Event()
        block.todo[position] = lambda value: done.wait(WAIT)
        block.todo[(position + 1) % 4] = lambda value: done.set()
        block()
        assert done.is_set()

    def test_blocks_in_blocks(self):
        inner, outer = Changing(3), Changing(2)
        barrier = threading.Barrier(6)
        inner.todo = [lambda value: barrier.wait(WAIT)] * 3
        outer.todo = [lambda value: inner()] * 2
        assert sorted([number for part in outer() for number in part]) == list(range(6))

    def test_waits_for_those_whom_others_run(self, wait_until):
        block = Changing(3)
        running, release = threading.Event(), threading.Event()

        def wait(value):
            running.set()
            assert release.wait(WAIT)
            return threading.get_ident()

        def first(value):
            assert running.wait(WAIT)
            threading.Timer(0.01, release.set).start()
            return threading.get_ident()

        block.todo = [first, wait, None]
        results = block()
        assert results[0] == threading.get_ident() != results[1]

    @pytest.mark.parametrize("position", range(3))
    def test_a_failure(self, position):
        def fail(value):
            raise ValueError(value)

        block = Changing(3)
        block.todo[position] = fail
        with pytest.raises(ValueError, match="5") as caught:
            block()
        assert caught.value.__notes__ == [block.block.note(position)]

    def test_a_failure_while_others_run(self):
        block = Changing(3)
        running = threading.Event()

        def fail(value):
            assert running.wait(WAIT)
            raise ValueError(value)

        block.todo = [fail, lambda value: running.set(), None]
        with pytest.raises(ValueError, match="5"):
            block()

    def test_a_failure_of_one_that_another_thread_runs(self):
        block = Changing(3)
        failed = threading.Event()

        def fail(value):
            failed.set()
            raise ValueError(value)

        block.todo = [lambda value: failed.wait(WAIT), fail, None]
        with pytest.raises(ValueError, match="5"):
            block()

    def test_isolation(self):
        variable = contextvars.ContextVar("variable", default=0)

        def write(value):
            variable.set(variable.get() + 1)
            public["claimed"] = public.get("claimed", 0) + 1
            return variable.get(), public["claimed"]

        block = Changing(3)
        block.todo = [write] * 3
        assert block() == [(1, 1)] * 3
        assert "claimed" not in public

    def test_one_that_is_slow_after_all_is_ended_with_the_branch_around_it(self):
        block = Changing(2)
        release = threading.Event()
        block.todo = [lambda value: release.wait(WAIT)] * 2
        with pytest.raises(BranchTimeout):
            fan_out((lambda value: block(), str), 5, None, policy(timeout=0.05))
        release.set()


class TestTheLookout:
    def test_one_that_cannot_be_started(self, monkeypatch):
        block = Changing(3)
        lookout.dismiss()
        monkeypatch.setattr(lookout, "_start", lambda state: False)
        barrier = threading.Barrier(3)
        block.todo = [lambda value: barrier.wait(WAIT)] * 3
        assert sorted(block()) == [0, 1, 2]
        assert not lookout._state.claimed

    def test_it_sleeps_when_there_is_nothing_to_see(self, wait_until):
        block = Changing(3)
        for _ in range(3):
            be_tiny(block.block, 3)
            block()
            wait_until(lambda: not lookout._state.awake)
        barrier = threading.Barrier(3)
        be_tiny(block.block, 3)
        block.todo = [lambda value: barrier.wait(WAIT)] * 3
        assert sorted(block()) == [0, 1, 2]
        assert not lookout._state.claimed

    def test_many_callers(self):
        blocks = [Changing(3) for _ in range(20)]
        barrier = threading.Barrier(60)
        results = []
        for block in blocks:
            block.todo = [lambda value: barrier.wait(WAIT)] * 3
        callers = [
            threading.Thread(target=lambda block=block: results.extend(block())) for block in blocks
        ]
        for thread in callers:
            thread.start()
        for thread in callers:
            thread.join(WAIT)
        assert sorted(results) == list(range(60))
