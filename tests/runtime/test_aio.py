from __future__ import annotations

import asyncio
import gc
import logging
import pickle
import sys
import threading
import traceback
import weakref
from contextvars import ContextVar

import pytest

from dana_runtime import aio
from dana_runtime.awaiting import completed
from dana_runtime.execution.cancellation import cancelled
from dana_runtime.execution.fan_out import fan_out
from dana_runtime.pipelines import Pipeline, declared
from dana_runtime.scopes import Scope

WAIT = 30.0


async def increment(value):
    await asyncio.sleep(0)
    return value + 1


async def loop_of(value):
    return asyncio.get_running_loop()


def thread_of(value):
    return threading.current_thread()


@declared("increment", "str")
def report(value):
    return str(completed(increment(value), "stage 1 of report"))


def both(*branches):
    """Return a pipeline of one block."""
    return Pipeline(("{…}",), lambda value: fan_out(branches, value))


async def within(awaitable):
    """Await it, but not for ever."""
    return await asyncio.wait_for(awaitable, WAIT)


class TestCall:
    def test_pipelines(self):
        pipeline = Pipeline(("increment",), increment) | str
        assert asyncio.run(pipeline.aio(1)) == "2"
        assert asyncio.run(report.aio(value=1)) == "2"

    def test_coroutines_run_on_the_loop_that_awaits(self):
        pipeline = Pipeline(("loop_of",), loop_of) | (
            lambda loop: [loop, *fan_out((loop_of, lambda v: completed(loop_of(v), "l")), loop)]
        )

        async def main():
            assert set(await pipeline.aio(1)) == {asyncio.get_running_loop()}

        asyncio.run(main())

    def test_plain_code_runs_on_threads_while_the_loop_goes_on(self):
        async def main():
            turned = threading.Event()
            asyncio.get_running_loop().call_soon(turned.set)

            def wait(value):
                assert turned.wait(WAIT)
                return threading.current_thread()

            thread = await Pipeline(("wait",), wait).aio(1)
            assert thread is not threading.current_thread()
            # asyncio's own pool is not used.
            assert asyncio.get_running_loop()._default_executor is None

        asyncio.run(main())

    def test_thread_has_the_name_of_what_it_runs(self):
        def name(value):
            return threading.current_thread().name

        assert asyncio.run(aio.awaited_call(name, 1)) == "dana:name"

    def test_coroutine_branches_wait_for_each_other(self):
        async def main():
            first, second = asyncio.Event(), asyncio.Event()

            async def one(value):
                first.set()
                await second.wait()
                return 1

            async def two(value):
                await first.wait()
                second.set()
                return 2

            assert await within(both(one, two).aio(0)) == [1, 2]

        asyncio.run(main())

    def test_context_is_a_copy_and_scopes_are_the_callers(self):
        variable = ContextVar("variable", default=0)
        scope = Scope("public")

        def change(value):
            scope["x"] = variable.get()
            variable.set(7)
            return completed(read(), "read")

        async def read():
            return variable.get()

        async def main():
            variable.set(5)
            assert await aio.awaited_call(change, 1) == 7
            assert variable.get() == 5
            assert scope["x"] == 5

        asyncio.run(main())

    def test_calls_in_the_coroutines_of_a_call(self):
        async def outer(value):
            return await report.aio(value)

        assert asyncio.run(Pipeline(("outer",), outer).aio(1)) == "2"

    def test_in_a_coroutine_of_plain_code(self):
        async def outer(value):
            return await report.aio(value)

        assert completed(outer(1), "outer") == "2"

    def test_plain_call_in_a_coroutine_of_a_call_warns(self):
        async def outer(value):
            return report(value)

        with pytest.warns(RuntimeWarning, match="aio"):
            assert asyncio.run(Pipeline(("outer",), outer).aio(1)) == "2"

    def test_what_outlives_the_call_uses_a_loop_of_ours(self):
        import contextvars

        kept = []

        def keep(value):
            kept.append(contextvars.copy_context())

        async def main():
            await aio.awaited_call(keep, 1)

        asyncio.run(main())
        assert kept[0].run(completed, increment(1), "later") == 2

    def test_function_with_any_parameters(self):
        def function(*, function, self, job):
            return function, self, job

        assert asyncio.run(aio.awaited_call(function, function=1, self=2, job=3)) == (1, 2, 3)
        assert asyncio.run(Pipeline(("f",), function).aio(function=1, self=2, job=3)) == (1, 2, 3)

    def test_pipelines_still_pickle(self):
        assert pickle.loads(pickle.dumps(Pipeline(("increment",), increment))).stages == (
            "increment",
        )


class TestFailures:
    @pytest.mark.parametrize("kind", [KeyError, SystemExit, KeyboardInterrupt])
    def test_are_themselves(self, kind):
        def fail(value):
            raise kind(value)

        async def fail_later(value):
            raise kind(value)

        async def main(function):
            try:
                await Pipeline(("fail",), function).aio(5)
            except kind as error:
                return error

        for function in (fail, fail_later, both(increment, fail_later)):
            error = asyncio.run(main(function))
            assert type(error) is kind
            assert error.args == (5,)

    def test_traceback(self):
        def fail(value):
            raise KeyError(value)

        async def main():
            await aio.awaited_call(fail, 5)

        with pytest.raises(KeyError) as caught:
            asyncio.run(main())
        names = [frame.name for frame in traceback.extract_tb(caught.value.__traceback__)]
        assert names[-1] == "fail"
        assert "work" not in names

    def test_failing_branch_cancels_the_coroutines_of_the_others(self):
        ended = []

        async def wait(value):
            try:
                await asyncio.Event().wait()
            finally:
                ended.append(value)

        async def fail(value):
            await asyncio.sleep(0)
            raise KeyError(value)

        async def main():
            with pytest.raises(KeyError) as caught:
                await within(both(wait, fail).aio(5))
            assert caught.value.__notes__ == ["in branch 2 of 2, fail"]
            for _ in range(3000):
                if ended:
                    break
                await asyncio.sleep(0.01)
            assert ended == [5]

        asyncio.run(main())

    def test_nothing_is_kept_alive(self):
        class Value:
            pass

        def fail(value):
            raise KeyError(value)

        async def main():
            value = Value()
            seen = weakref.ref(value)
            with pytest.raises(KeyError):
                await aio.awaited_call(fail, value)
            assert await aio.awaited_call(lambda value: 5, value) == 5
            del value
            await aio.awaited_call(len, ())
            gc.collect()
            assert seen() is None

        asyncio.run(main())


class TestCancelling:
    def test_coroutine_stage(self):
        ended = []

        async def wait(value):
            started.set()
            try:
                await asyncio.Event().wait()
            finally:
                ended.append(value)

        async def main():
            global started
            started = asyncio.Event()
            task = asyncio.create_task(Pipeline(("wait",), wait).aio(5))
            await within(started.wait())
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            # It had a turn to clean up in.
            assert ended == [5]

        asyncio.run(main())

    def test_blocks(self):
        started, told = threading.Event(), threading.Event()

        def look(value):
            started.set()
            try:
                for _ in range(3000):
                    if cancelled():
                        return
                    threading.Event().wait(0.01)
            finally:
                # Whichever of the two ways it was told by.
                if cancelled():
                    told.set()

        async def main():
            task = asyncio.create_task(both(look, increment).aio(5))
            for _ in range(30_000):
                if not started.is_set():
                    await asyncio.sleep(0.001)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task

        asyncio.run(main())
        assert told.wait(WAIT)

    def test_what_ignores_it_is_not_waited_for(self, caplog):
        async def stubborn(value):
            started.set()
            for _ in range(30_000):
                if release.is_set():
                    break
                try:
                    await asyncio.sleep(0.001)
                except asyncio.CancelledError:
                    continue

        async def main():
            global started, release
            started, release = asyncio.Event(), asyncio.Event()
            task = asyncio.create_task(Pipeline(("stubborn",), stubborn).aio(5))
            await within(started.wait())
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await within(task)
            for _ in range(3000):
                if caplog.messages:
                    break
                await asyncio.sleep(0.01)
            release.set()

        with caplog.at_level(logging.WARNING, "dana"):
            asyncio.run(main())
        assert caplog.messages == ["stubborn goes on although it was cancelled"]

    def test_with_a_timeout(self):
        async def wait(value):
            await asyncio.Event().wait()

        async def main():
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(Pipeline(("wait",), wait).aio(5), 0.01)

        asyncio.run(main())


class TestManyCalls:
    def test_a_thousand_at_once(self):
        count = 1000

        async def main():
            everyone = asyncio.Event()
            waiting = 0

            async def wait(value):
                nonlocal waiting
                waiting += 1
                if waiting == count:
                    everyone.set()
                await everyone.wait()
                return value

            pipeline = Pipeline(("wait",), wait) | str
            results = await within(asyncio.gather(*(pipeline.aio(n) for n in range(count))))
            assert results == [str(number) for number in range(count)]

        asyncio.run(main())

    @pytest.fixture
    def two_turns(self, monkeypatch):
        monkeypatch.setattr(aio, "MAX_CALLS", 2)
        monkeypatch.setattr(aio, "_turns", aio._Turns())

    def test_the_rest_waits_for_its_turn(self, two_turns):
        at_once = []
        running = 0

        async def count(value):
            nonlocal running
            running += 1
            at_once.append(running)
            await asyncio.sleep(0.001)
            running -= 1
            return value

        async def main():
            pipeline = Pipeline(("count",), count)
            assert await within(asyncio.gather(*map(pipeline.aio, range(20)))) == list(range(20))

        asyncio.run(main())
        assert max(at_once) == 2
        assert aio._turns._free == 2

    def test_calls_in_calls_need_no_turn(self, two_turns):
        async def outer(value):
            return await report.aio(value)

        async def main():
            pipeline = Pipeline(("outer",), outer)
            return await within(asyncio.gather(*map(pipeline.aio, range(10))))

        assert asyncio.run(main()) == [str(number + 1) for number in range(10)]

    def test_who_waits_can_be_cancelled(self, two_turns):
        async def main():
            release = asyncio.Event()

            async def wait(value):
                await release.wait()

            pipeline = Pipeline(("wait",), wait)
            tasks = [asyncio.create_task(pipeline.aio(n)) for n in range(4)]
            await asyncio.sleep(0)
            tasks[2].cancel()
            release.set()
            await within(asyncio.wait(tasks))
            assert [task.cancelled() for task in tasks] == [False, False, True, False]

        asyncio.run(main())
        assert aio._turns._free == 2

    def test_when_the_pool_has_no_thread_left(self, monkeypatch):
        monkeypatch.setattr(aio, "put_out", lambda job: False)
        assert asyncio.run(report.aio(1)) == "2"


CTRL_C = """
import asyncio, os, signal, threading
from dana_runtime import Pipeline
async def wait(value):
    threading.Timer(0.05, os.kill, (os.getpid(), signal.SIGINT)).start()
    try:
        await asyncio.Event().wait()
    finally:
        print("cleaned up")
try:
    asyncio.run(Pipeline(("wait",), wait).aio(1))
except KeyboardInterrupt:
    print("interrupted")
"""


@pytest.mark.skipif(sys.platform == "win32", reason="signals there come from a console")
def test_ctrl_c(run_python):
    ended = run_python(CTRL_C)
    assert (ended.stdout, ended.stderr) == ("cleaned up\ninterrupted\n", "")
