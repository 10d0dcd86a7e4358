from __future__ import annotations

import asyncio
import logging
import os
import threading
import time
import traceback
from concurrent.futures import ThreadPoolExecutor
from contextvars import ContextVar, copy_context

import pytest

from dana_runtime.awaiting import completed
from dana_runtime.errors import BranchCancelled, LoopBlocked
from dana_runtime.execution import background, hosts, loops
from dana_runtime.execution.attempt import Attempt
from dana_runtime.execution.fan_out import fan_out

WAIT = 30.0


class Ended:
    """Attempts of one block, and who has ended them: `ended.attempt(f, 1)`, `ended.wait()`."""

    def __init__(self):
        self.attempts = []
        self._ended = threading.Semaphore(0)

    def attempt(self, function, value=None, name="a branch"):
        context = copy_context()
        made = Attempt(
            function,
            value,
            context=context,
            on_end=self._end,
            name=name,
            thread_name="dana:p:f",
        )
        self.attempts.append(made)
        return made

    def start(self, function, value=None, name="a branch"):
        return loops.start(self.attempt(function, value, name))

    def _end(self, attempt):
        self._ended.release()

    def wait(self, count=1):
        for _ in range(count):
            assert self._ended.acquire(timeout=WAIT), "this has never ended"
        return [attempt.error or attempt.result for attempt in self.attempts]


@pytest.fixture
def ended():
    return Ended()


@pytest.fixture
def fresh_loops():
    """Loops of this test's own, so that nothing that it breaks is used by others."""
    background.end_loops()
    yield
    background.end_loops()


async def increment(x):
    await asyncio.sleep(0)
    return x + 1


async def forever(started):
    started.set()
    await asyncio.Event().wait()


def thread_of_loop():
    return completed(name_of_thread(), "the probe")


async def name_of_thread():
    return threading.current_thread()


class TestOneAttempt:
    def test_gives_its_result(self, ended):
        ended.start(increment, 1)
        assert ended.wait() == [2]
        assert ended.attempts[0].started is not None

    def test_runs_in_its_context(self, ended):
        variable = ContextVar("variable", default=0)

        async def coroutine(_):
            variable.set(variable.get() + 1)
            await asyncio.sleep(0)
            return variable.get()

        variable.set(5)
        ended.start(coroutine)
        assert ended.wait() == [6]
        assert variable.get() == 5
        assert ended.attempts[0].context[variable] == 6

    def test_function_is_called_in_the_loop(self, ended):
        def coroutine(value):
            asyncio.get_running_loop()
            return increment(value)

        ended.start(coroutine, 1)
        assert ended.wait() == [2]

    def test_other_awaitables(self, ended):
        ended.start(lambda value: asyncio.ensure_future(increment(value)), 1)
        assert ended.wait() == [2]

    def test_task_is_named_as_the_thread_would_be(self, ended):
        async def name(_):
            return asyncio.current_task().get_name()

        ended.start(name)
        assert ended.wait() == ["dana:p:f"]

    def test_failure_is_itself_without_the_runtime_in_its_traceback(self, ended):
        async def fail(value):
            await asyncio.sleep(0)
            raise KeyError(value)

        ended.start(fail, 5)
        (error,) = ended.wait()
        assert type(error) is KeyError
        assert [frame.name for frame in traceback.extract_tb(error.__traceback__)] == ["fail"]

    @pytest.mark.parametrize("kind", [SystemExit, KeyboardInterrupt, BranchCancelled])
    def test_what_ends_programs_leaves_the_loop_alone(self, ended, kind):
        before = thread_of_loop()

        async def leave(_):
            raise kind(3)

        ended.start(leave)
        (error,) = ended.wait()
        assert type(error) is kind
        assert thread_of_loop() is before

    def test_exit_of_a_task_that_it_started(self, ended):
        before = thread_of_loop()

        async def leave():
            raise SystemExit(4)

        async def start(_):
            await asyncio.ensure_future(leave())

        ended.start(start)
        (error,) = ended.wait()
        assert type(error) is SystemExit
        assert thread_of_loop() is before


class TestManyAttempts:
    def test_ten_thousand_wait_at_once(self, ended):
        count = 10_000
        waiting = [count]
        all_wait = []

        async def wait(value):
            if not all_wait:
                all_wait.append(asyncio.Event())
            waiting[0] -= 1
            if not waiting[0]:
                all_wait[0].set()
            await all_wait[0].wait()
            return value

        threads = threading.active_count()
        made = [ended.attempt(wait, number) for number in range(count)]
        assert len(loops.start_many(made)) == count
        assert ended.wait(count) == list(range(count))
        assert threading.active_count() <= threads + 1

    def test_none(self):
        assert loops.start_many([]) == []


class TestNesting:
    def test_plain_code_in_coroutines_waits_for_coroutines(self):
        async def down(depth):
            return depth if depth == 5 else plain(depth + 1) + 0

        def plain(depth):
            return completed(down(depth), "down")

        assert plain(0) == 5

    def test_blocks_in_coroutines(self):
        async def outer(value):
            return plain(value)

        def plain(value):
            return fan_out((increment, increment, lambda v: completed(increment(v), "in")), value)

        assert fan_out((outer, outer), 1) == [[2, 2, 2], [2, 2, 2]]

    def test_in_a_context_of_the_program(self):
        from contextvars import Context

        async def outer(value):
            return plain(value)

        def plain(value):
            return Context().run(completed, increment(value), "in")

        assert completed(outer(1), "out") == 2

    def test_is_bounded(self):
        async def down():
            return plain()

        def plain():
            return completed(down(), "down")

        with pytest.raises(RecursionError, match="await pipelines"):
            plain()
        background.end_loops()


class TestAbandoning:
    def test_cancels(self, ended):
        started, cleaned = threading.Event(), threading.Event()

        async def wait(_):
            try:
                await forever(started)
            finally:
                await asyncio.sleep(0)
                cleaned.set()

        abandon = ended.start(wait)
        assert started.wait(WAIT)
        abandon()
        assert cleaned.wait(WAIT)

    def test_before_it_has_begun(self, ended, fresh_loops):
        held, release = threading.Event(), threading.Event()

        async def hold(_):
            held.set()
            release.wait(WAIT)

        ended.start(hold)
        assert held.wait(WAIT)
        abandon = ended.start(increment, 1)
        abandon()
        release.set()
        ended.wait()
        assert completed(increment(1), "after") == 2
        assert ended.attempts[1].started is None

    def test_what_ignores_it_harms_nobody(self, ended, monkeypatch, caplog, wait_until):
        monkeypatch.setattr(hosts, "GRACE_SECONDS", 0.01)
        release, started = threading.Event(), threading.Event()

        async def stubborn(_):
            started.set()
            for _ in range(30_000):
                if release.is_set():
                    break
                try:
                    await asyncio.sleep(0.001)
                except asyncio.CancelledError:
                    continue

        with caplog.at_level(logging.WARNING, "dana"):
            abandon = ended.start(stubborn, name="branch 2 of 3, stubborn")
            assert started.wait(WAIT)
            abandon()
            wait_until(lambda: caplog.messages)
        assert caplog.messages == ["branch 2 of 3, stubborn goes on although it was cancelled"]
        assert completed(increment(1), "another") == 2
        release.set()

    def test_each_has_its_own_time_to_end(self, ended, monkeypatch, fresh_loops, wait_until):
        looked_after = []
        monkeypatch.setattr(hosts, "GRACE_SECONDS", 0)
        monkeypatch.setattr(
            hosts.Host,
            "_detach",
            lambda self, cancelled: looked_after.append([r.attempt.name for r in cancelled]),
        )
        for name in ("first", "second"):
            started = threading.Event()
            abandon = ended.start(forever, started, name=name)
            assert started.wait(WAIT)
            abandon()
            wait_until(lambda name=name: [name] in looked_after)
        assert looked_after == [["first"], ["second"]]

    def test_what_cleans_up_in_time_is_not_logged(self, ended, caplog):
        started, cleaned = threading.Event(), threading.Event()

        async def wait(_):
            try:
                await forever(started)
            finally:
                await asyncio.sleep(0.001)
                cleaned.set()

        with caplog.at_level(logging.WARNING, "dana"):
            abandon = ended.start(wait)
            assert started.wait(WAIT)
            abandon()
            assert cleaned.wait(WAIT)
            completed(asyncio.sleep(hosts.GRACE_SECONDS), "until the look")
        assert caplog.messages == []


class TestBlockedLoop:
    def test_is_given_up(self, ended, fresh_loops, wait_until):
        started, blocked = threading.Event(), threading.Event()

        async def block(_):
            blocked.set()
            deadline = time.monotonic() + WAIT
            while time.monotonic() < deadline:
                pass

        ended.start(forever, started, name="the waiting one")
        assert started.wait(WAIT)
        thread = thread_of_loop()
        abandon = ended.start(block, name="the blocking one")
        assert blocked.wait(WAIT)
        abandon()
        error = ended.wait(2)[0]
        assert type(error) is LoopBlocked
        assert str(error) == (
            "the waiting one was on an event loop that was given up: the blocking one blocked it"
        )
        # The next coroutine is on another loop, and the thread of this one is told to end.
        assert completed(increment(1), "the next") == 2
        wait_until(lambda: not thread.is_alive())

    def test_by_code_that_no_exception_reaches(self, ended, fresh_loops):
        started, blocked, release = (threading.Event() for _ in range(3))

        async def block(_):
            blocked.set()
            release.wait(WAIT)

        ended.start(forever, started)
        assert started.wait(WAIT)
        abandon = ended.start(block)
        assert blocked.wait(WAIT)
        abandon()
        assert type(ended.wait(1)[0]) is LoopBlocked
        assert completed(increment(1), "the next") == 2
        release.set()

    def test_those_that_plain_code_waits_for_fail_too(self, ended, fresh_loops):
        errors, started, blocked = [], threading.Event(), threading.Event()

        def wait():
            try:
                completed(forever(started), "stage 2 of p")
            except LoopBlocked as error:
                errors.append(str(error))

        async def block(_):
            blocked.set()
            deadline = time.monotonic() + WAIT
            while time.monotonic() < deadline:
                pass

        waiting = threading.Thread(target=wait)
        waiting.start()
        assert started.wait(WAIT)
        abandon = ended.start(block, name="b")
        assert blocked.wait(WAIT)
        abandon()
        waiting.join(WAIT)
        assert errors == ["stage 2 of p was on an event loop that was given up: b blocked it"]

    def test_is_kept_while_who_blocks_it_is_in_time(self, ended, fresh_loops, wait_until):
        started, blocked, release = (threading.Event() for _ in range(3))

        async def block(value):
            blocked.set()
            release.wait(WAIT)
            return value

        abandon = ended.start(forever, started)
        assert started.wait(WAIT)
        thread = thread_of_loop()
        ended.start(block, 5)
        assert blocked.wait(WAIT)
        abandon()
        # It gets nothing new, but what is on it goes on.
        wait_until(lambda: thread not in {h.thread for h in background._registry.by_depth.values()})
        assert completed(increment(1), "the next") == 2
        release.set()
        ended.wait(1)
        assert ended.attempts[1].result == 5

    @pytest.mark.parametrize("block", [False, True])
    def test_by_waiting_for_another_coroutine_elsewhere(self, fresh_loops, block):
        def plain(value):
            if block:
                ended = Ended()
                ended.start(increment, value)
                return ended.wait()[0]
            return completed(increment(value), "inner")

        async def outer(value):
            # In that thread nothing tells that a coroutine waits for it.
            with ThreadPoolExecutor(1) as threads:
                return threads.submit(plain, value).result(WAIT)

        assert completed(outer(1), "outer") == 2

    def test_what_has_moved_can_be_abandoned(self, ended, fresh_loops):
        blocked, release, started, cleaned = (threading.Event() for _ in range(4))

        async def block(value):
            blocked.set()
            release.wait(WAIT)

        async def wait(value):
            try:
                await forever(started)
            finally:
                cleaned.set()

        ended.start(block)
        assert blocked.wait(WAIT)
        abandon = ended.start(wait)
        assert started.wait(WAIT)
        abandon()
        assert cleaned.wait(WAIT)
        release.set()
        ended.wait(1)


class TestLifeOfALoop:
    def test_is_kept(self):
        assert thread_of_loop() is thread_of_loop()

    def test_ends_when_idle(self, monkeypatch, fresh_loops, wait_until):
        monkeypatch.setattr(background, "IDLE_SECONDS", 0.001)
        thread = thread_of_loop()
        wait_until(lambda: not thread.is_alive())
        assert completed(increment(1), "the next") == 2

    def test_work_comes_while_it_ends(self, monkeypatch, fresh_loops):
        monkeypatch.setattr(background, "IDLE_SECONDS", 0.0001)
        for number in range(300):
            assert completed(increment(number), "one") == number + 1
            time.sleep(0.0003)

    def test_refuses_when_threads_are_refused(self, ended, monkeypatch, fresh_loops):
        def refuse(self):
            raise RuntimeError("can't start new thread")

        monkeypatch.setattr(threading.Thread, "start", refuse)
        abandon = ended.start(increment, 1)
        (error,) = ended.wait()
        assert str(error) == "can't start new thread"
        abandon()


QUIET = """
import asyncio, sys, threading, time
from dana_runtime import fan_out
from dana_runtime.awaiting import completed
from contextvars import copy_context
from dana_runtime.execution import loops
from dana_runtime.execution.attempt import Attempt
started = threading.Semaphore(0)
async def one(x): return x
async def forever(x):
    started.release()
    await asyncio.Event().wait()
async def stubborn(x):
    started.release()
    while True:
        try:
            await asyncio.sleep(3600)
        except asyncio.CancelledError:
            pass
async def immortal(x):
    started.release()
    while True:
        try:
            await asyncio.sleep(3600)
        except BaseException:
            pass
async def with_task(x):
    asyncio.get_running_loop().kept = asyncio.ensure_future(stubborn(x))
async def blocking(x):
    started.release()
    time.sleep(3600)
def start(function):
    attempt = Attempt(function, 1, context=copy_context(), on_end=lambda attempt: None)
    abandon = loops.start(attempt)
    started.acquire(timeout=20)
    return abandon
"""


class TestEndOfTheProgram:
    @pytest.mark.parametrize(
        "program",
        [
            "start(forever)",
            "start(forever)()",
            "start(stubborn)",
            "start(stubborn)()",
            "start(immortal)",
            "start(immortal)()",
            "start(immortal)\nfrom dana_runtime import shutdown\nshutdown(cancel=True)",
            "start(with_task)",
            "threading.Thread(target=completed, args=(forever(1), 'f'), daemon=True).start()\n"
            "started.acquire()",
            "start(stubborn)\nstart(blocking)()",
            "start(blocking)",
        ],
    )
    def test_is_quiet(self, run_python, program):
        options = ("-X", "dev", "-W", "ignore::ResourceWarning")
        ended = run_python(f"{QUIET}\n{program}\nprint('end')", *options)
        assert (ended.stdout, ended.stderr, ended.returncode) == ("end\n", "", 0)

    @pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no os.fork")
    def test_fork(self, run_python):
        program = f"""{QUIET}
import os, warnings
warnings.simplefilter("ignore")
parent = os.getpid()
async def cleaning(x):
    started.release()
    try:
        await asyncio.Event().wait()
    finally:
        os.write(1, b"cleaned up\\n" if os.getpid() == parent else b"by the child\\n")
start(forever); start(with_task); start(cleaning); start(immortal)
completed(one(1), "one")
child = os.fork()
if not child:
    assert completed(one(2), "one") == 2
    print("child", threading.active_count(), flush=True)
    sys.exit(7)
_, status = os.waitpid(child, 0)
print(completed(one(3), "one"), os.waitstatus_to_exitcode(status))
"""
        ended = run_python(program)
        assert (ended.stdout, ended.stderr) == ("child 2\n3 7\ncleaned up\n", "")


class TestFaultsInBlocks:
    """What each fault of a coroutine branch ends in."""

    def test_raises(self):
        async def fail(value):
            raise KeyError(value)

        with pytest.raises(KeyError) as caught:
            fan_out((increment, fail), 5)
        assert caught.value.__notes__ == ["in branch 2 of 2, fail"]

    def test_sys_exit(self):
        async def leave(value):
            raise SystemExit(value)

        with pytest.raises(SystemExit) as caught:
            fan_out((increment, leave), 3)
        assert caught.value.code == 3
        assert fan_out((increment, increment), 1) == [2, 2]

    def test_values_that_cannot_be_pickled(self):
        lock = threading.Lock()

        async def same(value):
            return value

        assert fan_out((same, same), lock) == [lock, lock]

    def test_a_failing_branch_cancels_the_others(self, wait_until):
        started, cancelled = threading.Event(), threading.Event()

        async def wait(value):
            try:
                await forever(started)
            finally:
                cancelled.set()

        async def fail(value):
            for _ in range(30_000):
                if not started.is_set():
                    await asyncio.sleep(0.001)
            raise KeyError(value)

        with pytest.raises(KeyError):
            fan_out((wait, fail), 5)
        assert cancelled.wait(WAIT)
