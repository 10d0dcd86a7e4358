from __future__ import annotations

import contextvars
import signal
import threading

import pytest

from dana_runtime import cancelled, fan_out, run_in_order
from dana_runtime.errors import BranchCancelled
from dana_runtime.execution import run as parallel

WAIT = 30.0


def same(value):
    return value


def test_nothing_is_cancelled_outside_of_blocks():
    assert cancelled() is False


def test_nothing_is_cancelled_in_a_block_that_goes_well():
    assert fan_out((lambda v: cancelled(), lambda v: cancelled()), None) == [False, False]
    context = fan_out((lambda v: contextvars.copy_context(), same), None)[0]
    assert context.run(cancelled) is False


def test_a_failure_cancels_the_running_branches(wait_until):
    running, seen = threading.Event(), threading.Event()

    def fail(value):
        assert running.wait(WAIT)
        raise ValueError(1)

    def go_on(value):
        before = cancelled()
        running.set()
        wait_until(cancelled)
        if not before:
            seen.set()

    with pytest.raises(ValueError, match="1"):
        fan_out((go_on, fail), None)
    assert seen.wait(WAIT)
    assert cancelled() is False


def test_the_caller_does_not_wait_for_them():
    running, release, ended = threading.Event(), threading.Event(), threading.Event()

    def fail(value):
        assert running.wait(WAIT)
        raise ValueError(1)

    def stay(value):
        running.set()
        assert release.wait(WAIT)
        ended.set()

    with pytest.raises(ValueError, match="1"):
        fan_out((fail, stay), None)
    assert not ended.is_set()
    release.set()
    assert ended.wait(WAIT)


def test_branches_that_have_not_begun_never_begin(wait_until):
    barrier = threading.Barrier(8)
    started, ended = [], []

    def branch(index):
        def run(value):
            started.append(index)
            barrier.wait(WAIT)
            if index == 3:
                raise ValueError(index)
            wait_until(cancelled)
            ended.append(index)

        return run

    with pytest.raises(ValueError, match="3"):
        fan_out([branch(index) for index in range(20)], None)
    wait_until(lambda: len(ended) == 7)
    # Their threads have come back for more by the time that they serve another block.
    again = threading.Barrier(8)
    fan_out([lambda v: again.wait(WAIT)] * 8, None)
    assert sorted(started) == list(range(8))


def test_descendants_of_a_cancelled_branch_are_cancelled(wait_until):
    running = threading.Barrier(3)
    seen = []

    def leaf(value):
        running.wait(WAIT)
        wait_until(cancelled)
        seen.append(value)

    def inner(value):
        return fan_out((leaf, leaf), value)

    def fail(value):
        running.wait(WAIT)
        raise ValueError(1)

    with pytest.raises(ValueError, match="1"):
        fan_out((inner, fail), "leaf")
    wait_until(lambda: seen == ["leaf", "leaf"])


@pytest.mark.parametrize("enter", [fan_out, run_in_order])
def test_a_cancelled_branch_cannot_begin_a_block(wait_until, enter):
    running = threading.Event()
    started, raised = [], []

    def go_on(value):
        running.set()
        wait_until(cancelled)
        try:
            enter((started.append, started.append), value)
        except BranchCancelled as error:
            raised.append(error)

    def fail(value):
        assert running.wait(WAIT)
        raise ValueError(1)

    with pytest.raises(ValueError, match="1"):
        fan_out((go_on, fail), None)
    wait_until(lambda: raised)
    assert started == []


def test_a_block_in_a_cancelled_branch_begins_no_more_branches(wait_until):
    running = threading.Barrier(9)
    started, raised = [], []

    def leaf(value):
        started.append(value)
        running.wait(WAIT)
        wait_until(cancelled)

    def inner(value):
        try:
            fan_out((leaf,) * 20, value)
        except BranchCancelled as error:
            raised.append(error)

    def fail(value):
        running.wait(WAIT)
        raise ValueError(1)

    with pytest.raises(ValueError, match="1"):
        fan_out((inner, fail), None)
    wait_until(lambda: raised)
    assert len(started) == 8


@pytest.mark.skipif(not hasattr(signal, "pthread_kill"), reason="needs POSIX signals")
def test_ctrl_c_cancels_the_branches_and_their_blocks(wait_until):
    main = threading.main_thread().ident
    running = threading.Barrier(3)
    seen, release = [], threading.Event()

    def leaf(value):
        running.wait(WAIT)
        wait_until(cancelled)
        seen.append(value)
        assert release.wait(WAIT)

    def inner(value):
        return fan_out((leaf, leaf), value)

    def interrupt(value):
        running.wait(WAIT)
        signal.pthread_kill(main, signal.SIGINT)
        wait_until(cancelled)
        seen.append("interrupt")
        assert release.wait(WAIT)

    with pytest.raises(KeyboardInterrupt) as caught:
        fan_out((inner, interrupt), "leaf")
    # Raised here, by the signal, and not in a branch; and while all branches are still running.
    assert not hasattr(caught.value, "__notes__")
    wait_until(lambda: sorted(seen) == ["interrupt", "leaf", "leaf"])
    release.set()
    assert fan_out((same, same), 5) == [5, 5]


@pytest.mark.parametrize("in_main_thread", [True, False])
def test_a_signal_that_comes_before_the_wait_is_not_lost(monkeypatch, in_main_thread):
    # It is seen only when a wait ends: the main thread's must end by themselves.
    asked = []

    class Lock:
        def __init__(self):
            self.lock = threading.Lock()
            self.release = self.lock.release

        def acquire(self, timeout=None):
            if timeout is None:
                return self.lock.acquire()
            asked.append(timeout)
            return self.lock.acquire(timeout=timeout)

    monkeypatch.setattr(parallel, "Lock", Lock)
    if in_main_thread:
        fan_out((same, same), None)
    else:
        thread = threading.Thread(target=fan_out, args=((same, same), None))
        thread.start()
        thread.join(WAIT)
    assert asked
    # Elsewhere than in the main thread it wakes for its branches' deadlines only.
    assert all((timeout <= parallel.SIGNAL_SECONDS) == in_main_thread for timeout in asked)
