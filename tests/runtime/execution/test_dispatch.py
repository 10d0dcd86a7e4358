"""Blocks with backends: a small one that runs each attempt in a thread of Python's own."""

from __future__ import annotations

import contextvars
import functools
import sys
import threading
import types

import pytest

# Before a test puts loops of its own in the place of those that it refers to.
import dana_runtime.awaiting  # noqa: F401
from dana_runtime import (
    BranchTimeout,
    Failure,
    cancelled,
    fan_out,
    policy,
    run_in_order,
    run_stage,
    using,
    with_policy,
)
from dana_runtime.execution import backends
from dana_runtime.execution.attempt import Attempt
from dana_runtime.execution.branches import is_coroutine_function
from dana_runtime.execution.settings import current

WAIT = 30.0

variable = contextvars.ContextVar("variable", default="unset")


def same(value):
    return value


def fail(value):
    raise ValueError(value)


async def later(value):
    return value


class Recorder(types.ModuleType):
    """A backend; it counts what is in flight and who was abandoned."""

    def __init__(self, name):
        super().__init__(name)
        self.lock = threading.Lock()
        self.running = self.peak = 0
        self.attempts, self.abandoned = [], []

    def start(self, attempt):
        self.attempts.append(attempt)
        threading.Thread(target=self.run, args=(attempt,), daemon=True).start()
        return functools.partial(self.abandoned.append, attempt)

    def run(self, attempt):
        with self.lock:
            self.running += 1
            self.peak = max(self.peak, self.running)
        attempt.begin()
        try:
            result = attempt.context.run(attempt.function, attempt.value)
        except BaseException as error:
            outcome = functools.partial(attempt.fail, error)
        else:
            outcome = functools.partial(attempt.finish, result)
        with self.lock:
            self.running -= 1
        outcome()


@pytest.fixture
def backend(monkeypatch):
    found = Recorder("dana_runtime.execution.processes")
    monkeypatch.setitem(sys.modules, found.__name__, found)
    return found


@pytest.fixture
def loops(monkeypatch):
    """A loop backend, which finishes what it is given from another thread."""

    class Loops(Recorder):
        def start_many(self, attempts):
            self.many = len(attempts)
            return [self.start(attempt) for attempt in attempts]

        def run(self, attempt):
            attempt.begin()
            try:
                attempt.function(attempt.value).send(None)
            except StopIteration as done:
                attempt.finish(done.value)

    found = Loops("dana_runtime.execution.loops")
    monkeypatch.setitem(sys.modules, found.__name__, found)
    monkeypatch.setattr(backends, "_loops", found)
    return found


ELSEWHERE = policy(executor="process")


class TestBackends:
    def test_results_in_branch_order(self, backend):
        branches = [lambda value, own=index: (own, value) for index in range(20)]
        assert fan_out(branches, "v", None, ELSEWHERE) == [(index, "v") for index in range(20)]
        assert backend.peak <= 8
        assert backend.abandoned == []

    def test_as_many_at_once_as_are_allowed(self, backend):
        barrier = threading.Barrier(3)
        limited = policy(executor="process", max_workers=3)
        fan_out([lambda v: barrier.wait(WAIT)] * 9, None, None, limited)
        assert backend.peak == 3

    def test_what_an_attempt_says(self, backend):
        fan_out((same, same), 5, None, policy(executor="process", timeout=7))
        first = min(backend.attempts, key=lambda attempt: attempt.index)
        assert (first.name, first.thread_name) == ("branch 1 of 2, same", "dana:fan_out:same")
        assert (first.depth, first.number, first.settings.timeout) == (1, 1, 7.0)
        assert first.is_over()

    def test_a_failure(self, backend, wait_until):
        running, seen = threading.Event(), threading.Event()

        def go_on(value):
            running.set()
            wait_until(cancelled)
            seen.set()

        def fail_then(value):
            assert running.wait(WAIT)
            raise ValueError(value)

        with pytest.raises(ValueError, match="5") as caught:
            fan_out((go_on, fail_then), 5, None, ELSEWHERE)
        assert caught.value.__notes__ == ["in branch 2 of 2, fail_then"]
        assert [attempt.index for attempt in backend.abandoned] == [0]
        assert seen.wait(WAIT)

    def test_time_is_up(self, backend):
        release = threading.Event()
        limited = policy(executor="process", timeout=0.02, on_error="partial")
        results = fan_out((same, lambda v: release.wait(WAIT), same), 5, None, limited)
        assert isinstance(results[1].error, BranchTimeout)
        assert (results[0], results[2]) == (5, 5)
        assert [attempt.index for attempt in backend.abandoned] == [1]
        release.set()

    def test_time_counts_from_the_beginning(self, backend):
        """An attempt that has not begun is not late."""
        begin = threading.Event()

        def start(attempt):
            def run():
                assert begin.wait(WAIT)
                attempt.begin()
                attempt.finish(attempt.value)

            threading.Thread(target=run, daemon=True).start()
            return lambda: None

        backend.start = start
        timer = threading.Timer(0.2, begin.set)
        timer.start()
        assert fan_out((same, same), 5, None, policy(executor="process", timeout=0.1)) == [5, 5]
        timer.join()

    def test_late_outcomes_are_ignored(self):
        ended = []
        attempt = Attempt(same, 5, on_end=ended.append)
        attempt.finish(1)
        attempt.fail(ValueError())
        attempt.finish(2)
        assert (attempt.result, attempt.error, ended) == (1, None, [attempt])
        closed = Attempt(same, 5, on_end=ended.append)
        assert closed.close()
        assert not closed.close()
        closed.finish(1)
        assert (closed.result, len(ended)) == (None, 1)
        assert closed.is_over()

    def test_a_backend_that_cannot_be_imported(self, monkeypatch):
        monkeypatch.setitem(sys.modules, "dana_runtime.execution.processes", None)
        with pytest.raises(ImportError) as caught:
            fan_out((same, same), 5, None, ELSEWHERE)
        assert caught.value.__notes__ == ["in branch 1 of 2, same"]

    def test_branches_of_several_kinds(self, backend):
        def own(value):
            return threading.current_thread().name

        branches = (with_policy(own, ELSEWHERE), own, with_policy(own, policy(timeout=60)))
        names = fan_out(branches, 5)
        assert names[1:] == ["dana:fan_out:own"] * 2
        assert not names[0].startswith("dana:")

    def test_a_stage_and_branches_in_order(self, backend):
        assert run_stage(5, same, "stage", ELSEWHERE) == 5
        assert run_in_order((same, same), 5, None, ELSEWHERE) == [5, 5]
        assert len(backend.attempts) == 3

    def test_deep_blocks_run_inline(self, backend):
        own = threading.get_ident()
        with using(max_depth=0):
            assert fan_out((lambda v: threading.get_ident(),) * 2, 5, None, ELSEWHERE) == [own] * 2
        assert backend.attempts == []

    def test_an_executor_object_serves_the_outermost_block_only(self, monkeypatch):
        from concurrent.futures import ThreadPoolExecutor

        foreign = Recorder("dana_runtime.execution.foreign")
        monkeypatch.setitem(sys.modules, foreign.__name__, foreign)

        def inner(value):
            return fan_out((same, same), value)

        with ThreadPoolExecutor(1) as executor, using(executor=executor):
            assert fan_out((inner, same), 5) == [[5, 5], 5]
        assert len(foreign.attempts) == 2


class TestCoroutines:
    def test_they_go_to_the_loop_all_at_once(self, loops):
        limited = policy(max_workers=2)
        assert fan_out([later] * 50, 5, None, limited) == [5] * 50
        assert loops.many == 50

    def test_beside_plain_branches(self, loops):
        assert fan_out((same, later, functools.partial(later), same), 5) == [5, 5, 5, 5]
        assert loops.many == 2

    def test_not_where_another_executor_is_asked_for(self, loops):
        assert fan_out((later, later), 5, None, policy(executor="thread")) == [5, 5]
        assert loops.attempts == []

    def test_how_they_are_known(self):
        class Later:
            async def __call__(self, value):
                return value

        assert is_coroutine_function(later)
        assert is_coroutine_function(functools.partial(functools.partial(later)))
        assert is_coroutine_function(Later())
        assert is_coroutine_function(Later().__call__)
        assert not is_coroutine_function(same)
        assert not is_coroutine_function(len)
        assert not is_coroutine_function(Later)


class TestStages:
    def test_they_run_in_the_caller_s_context(self):
        def change(value):
            before = variable.get()
            variable.set(value)
            return before

        def run():
            seen = run_stage("inside", change, "stage", policy(timeout=60))
            return seen, variable.get()

        assert contextvars.copy_context().run(run) == ("unset", "inside")

    def test_a_branch_with_a_policy_is_a_function_elsewhere(self):
        limited = with_policy(fail, policy(on_error="partial"))
        assert isinstance(limited(5), Failure)
        assert "fail" in repr(limited)
        assert with_policy(same, policy(timeout=60))(5) == 5

    def test_recursion_through_a_stage(self):
        def descend(left):
            if left == 0:
                return 0
            return 1 + run_stage(left - 1, descend, "stage", policy(timeout=60))

        assert descend(60) == 60

    def test_settings_of_a_branch_do_not_reach_its_blocks(self):
        def inner(value):
            return current().timeout

        assert fan_out((with_policy(inner, policy(timeout=60)), same), 5) == [30.0, 5]
