"""Branches on executors that a program brings along."""

from __future__ import annotations

import multiprocessing
import os
import threading
from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from contextvars import ContextVar, copy_context

import pytest

from dana_runtime.errors import WorkerDied
from dana_runtime.execution import foreign
from dana_runtime.execution.attempt import Attempt
from dana_runtime.execution.processes import in_worker
from dana_runtime.execution.settings import Settings

PATIENCE = 60.0
VARIABLE: ContextVar[str] = ContextVar("variable", default="unset")


class InThisThread(Executor):
    """An executor of a kind that the runtime has never heard of."""

    def submit(self, function, /, *args, **kwargs):
        future = Future()
        try:
            future.set_result(function(*args, **kwargs))
        except BaseException as error:
            future.set_exception(error)
        return future


class OurThreads(ThreadPoolExecutor):
    pass


def of_processes():
    return ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn"))


def of_loky():
    return pytest.importorskip("loky").ProcessPoolExecutor(1)


SHARING = [lambda: ThreadPoolExecutor(1), lambda: OurThreads(1), InThisThread]
APART = [of_processes, of_loky]


@pytest.fixture
def start():
    def start(executor, function, value=None):
        over = threading.Event()
        attempt = Attempt(
            function,
            value,
            settings=Settings(executor=executor),
            name="branch 1 of 2, charge",
            context=copy_context(),
            on_end=lambda attempt: over.set(),
        )
        return attempt, over, foreign.start(attempt)

    return start


@pytest.fixture
def run(start):
    def run(executor, function, value=None):
        attempt, over, _ = start(executor, function, value)
        assert over.wait(PATIENCE), "the attempt has not ended"
        assert attempt.started is not None
        if attempt.error is not None:
            raise attempt.error
        return attempt.result

    return run


@pytest.mark.parametrize("make", SHARING)
class TestThatShareMemory:
    def test_nothing_is_pickled(self, make, run):
        with make() as executor:
            lock = threading.Lock()
            assert run(executor, lambda x: (x, os.getpid()), lock) == (lock, os.getpid())
            assert run(executor, lambda x: in_worker()) is False

    def test_in_the_context_of_the_branch(self, make, run):
        VARIABLE.set("set")
        try:
            with make() as executor:
                assert run(executor, lambda x: VARIABLE.get()) == "set"
        finally:
            VARIABLE.set("unset")

    def test_raises(self, make, run):
        with make() as executor:
            error = KeyError("x")

            def charge(x):
                raise error

            with pytest.raises(KeyError) as caught:
                run(executor, charge)
            assert caught.value is error
            with pytest.raises(SystemExit):
                run(executor, lambda x: __import__("sys").exit(2))

    def test_coroutines_are_completed(self, make, run):
        async def charge(x):
            return x + 1

        with make() as executor:
            assert run(executor, charge, 1) == 2


@pytest.mark.parametrize("make", APART)
class TestThatDoNot:
    def test_runs_in_another_process(self, make, run):
        with make() as executor:
            pid, marked = run(executor, lambda x: (os.getpid(), in_worker()))
            assert pid != os.getpid()
            assert marked

    def test_raises(self, make, run):
        with make() as executor, pytest.raises(ZeroDivisionError) as caught:
            run(executor, lambda x: 1 / x, 0)
        assert "1 / x" in str(caught.value.__cause__)

    def test_dies(self, make, run):
        with make() as executor:
            assert run(executor, lambda x: x + 1, 1) == 2
            with pytest.raises(WorkerDied, match=r"branch 1 of 2, charge: .* is broken"):
                run(executor, os._exit, 1)
            # It is the program's to make another one.
            with pytest.raises(WorkerDied):
                run(executor, lambda x: x)


class TestAbandoning:
    def test_cancels_what_has_not_begun(self, start):
        gate = threading.Event()
        with ThreadPoolExecutor(1) as executor:
            begun = []
            start(executor, lambda x: gate.wait(PATIENCE))
            attempt, over, abandon = start(executor, begun.append)
            attempt.close()
            abandon()
            gate.set()
        assert begun == []
        assert not over.is_set()

    def test_before_anything_is_known_of_the_executor(self, start):
        gate = threading.Event()
        with OurThreads(1) as executor:
            executor.submit(gate.wait, PATIENCE)
            attempt, over, abandon = start(executor, lambda x: x)
            attempt.close()
            abandon()
            gate.set()
        assert not over.is_set()

    def test_while_its_branch_is_being_submitted(self, start):
        class Slow(Executor):
            """Is asked for its memory, and by the time it takes the branch nobody wants that any more."""

            def __init__(self):
                self.questions, self.branches = [], []
                self.while_it_takes_the_branch = None

            def submit(self, function, /, *args, **kwargs):
                future = Future()
                if function is foreign._has_mark:
                    self.questions.append((future, function(*args)))
                else:
                    self.branches.append(future)
                    self.while_it_takes_the_branch()
                return future

        executor = Slow()
        attempt, over, abandon = start(executor, lambda x: x)

        def give_up():
            attempt.close()
            abandon()

        executor.while_it_takes_the_branch = give_up
        (question, answer) = executor.questions.pop()
        question.set_result(answer)
        assert [future.cancelled() for future in executor.branches] == [True]
        assert not over.is_set()


def test_an_executor_that_is_shut_down_refuses(start):
    executor = ThreadPoolExecutor(1)
    executor.shutdown()
    attempt, _, _ = start(executor, lambda x: x)
    assert isinstance(attempt.error, RuntimeError)
    assert "shutdown" in str(attempt.error)


def test_what_an_executor_cancels_has_failed(start):
    gate = threading.Event()
    executor = ThreadPoolExecutor(1)
    start(executor, lambda x: gate.wait(PATIENCE))
    attempt, over, _ = start(executor, lambda x: x)
    executor.shutdown(wait=False, cancel_futures=True)
    gate.set()
    assert over.wait(PATIENCE)
    assert "its executor has cancelled it" in str(attempt.error)
