from __future__ import annotations

import asyncio
import functools
import gc
import sys
import threading
import traceback
import weakref
from contextvars import ContextVar, copy_context

import pytest

from dana_runtime.awaiting import awaited_head, awaited_stage, completed, settled
from dana_runtime.errors import BranchCancelled
from dana_runtime.execution.cancellation import Group, current_group
from dana_runtime.pipelines import Pipeline, call_stage, declared, pipe, resolved, start
from dana_runtime.scopes import Layer, Scope, current_layer

WAIT = 30.0


async def increment(value):
    await asyncio.sleep(0)
    return value + 1


async def fail(value):
    await asyncio.sleep(0)
    raise KeyError(value)


def plain(value):
    return completed(increment(value), "stage 2 of x | increment")


class Sources:
    async def fetch(self, value):
        return value * 10

    async def __call__(self, value):
        return value * 100


class TestEveryWayToCallAStage:
    """What flows on is a coroutine's result, never the coroutine."""

    def test_unknown_stages(self):
        assert call_stage(1, increment, "stage 2 of x | increment") == 2
        assert call_stage(1, Sources().fetch, "fetch") == 10
        assert call_stage(1, Sources(), "sources") == 100
        assert call_stage(1, functools.partial(increment), "partial") == 2
        assert call_stage(1, lambda value: increment(value), "lambda") == 2

    def test_results_that_generated_code_looks_at(self):
        assert resolved(increment(1), "stage 2") == 2
        assert resolved([1], "stage 2") == [1]

    def test_first_stages(self):
        assert start(increment, 1) == 2
        assert start(5, 1) == 5

    def test_heads_known_at_run_time(self):
        assert pipe(increment, str, ("increment", "str"))(1) == "2"

    def test_stages_joined_from_python(self):
        joined = Pipeline(("increment",), increment) | str | len
        assert joined(9) == 2
        assert (Pipeline(("str",), str) | int | increment)("4") == 5
        assert (increment | Pipeline(("str",), str))(9) == "10"
        assert (9 | (Pipeline(("increment",), increment) | str)) == "10"
        assert (9 | Pipeline(("increment",), increment)) == 10

    def test_failure_names_the_stage(self):
        async def inside():
            joined = Pipeline(("str",), str) | increment
            return joined(1)

        with pytest.raises(RuntimeError, match=r"stage 2 of str \| increment"):
            asyncio.run(inside())


class TestCompleted:
    def test_reads_what_the_caller_sees(self):
        variable = ContextVar("variable")
        variable.set(5)

        async def read():
            variable.set(variable.get() + 1)
            return variable.get()

        assert completed(read(), "read") == 6
        assert variable.get() == 5

    def test_writes_to_the_callers_scope(self):
        scope = Scope("public")

        async def write(name, value):
            scope[name] = value

        completed(write("x", 1), "write")
        assert dict(scope._names) == {"x": 1}

        def branch():
            current_layer.set(Layer(None))
            completed(write("x", 2), "write")
            return scope["x"]

        assert copy_context().run(branch) == 2
        assert scope["x"] == 1

    def test_failure_is_itself(self):
        with pytest.raises(KeyError) as caught:
            completed(fail(5), "fail")
        names = [frame.name for frame in traceback.extract_tb(caught.value.__traceback__)]
        assert names[1:] == ["completed", "fail"]
        assert caught.value.args == (5,)
        assert caught.value.__context__ is None

    def test_failure_keeps_its_context(self):
        async def fail_twice():
            try:
                raise KeyError("first")
            except KeyError:
                raise ValueError("second")  # noqa: B904

        def while_handling_another():
            try:
                raise OSError
            except OSError:
                completed(fail_twice(), "fail")

        with pytest.raises(ValueError, match="second") as caught:
            while_handling_another()
        assert type(caught.value.__context__) is KeyError

    @pytest.mark.parametrize("kind", [SystemExit, KeyboardInterrupt, asyncio.CancelledError])
    def test_whatever_it_raises(self, kind):
        async def leave():
            raise kind(3)

        with pytest.raises(kind) as caught:
            completed(leave(), "leave")
        assert caught.value.args == (3,)

    def test_keeps_nothing_alive(self):
        class Value:
            pass

        async def same(value):
            return value

        async def fail_with(value):
            raise KeyError(value)

        value = Value()
        seen = weakref.ref(value)
        assert completed(same(value), "same") is value
        with pytest.raises(KeyError):
            completed(fail_with(value), "fail")
        del value
        gc.collect()
        # The loop may not have let go of its last task yet.
        completed(increment(1), "another")
        assert seen() is None

    def test_is_cancelled_with_its_block(self):
        group = Group(None)
        started, cleaned, outcome = threading.Event(), threading.Event(), []

        async def wait():
            started.set()
            try:
                await asyncio.Event().wait()
            finally:
                cleaned.set()

        def branch():
            current_group.set(group)
            try:
                completed(wait(), "wait")
            except BranchCancelled:
                outcome.append(cleaned.is_set())

        thread = threading.Thread(target=copy_context().run, args=(branch,))
        thread.start()
        assert started.wait(WAIT)
        group.cancelled = True
        thread.join(WAIT)
        assert outcome == [True]

    def test_does_not_begin_in_a_cancelled_branch(self):
        def branch():
            group = Group(None)
            group.cancelled = True
            current_group.set(group)
            with pytest.raises(BranchCancelled):
                completed(increment(1), "increment")

        copy_context().run(branch)


class TestInARunningLoop:
    def test_directly_in_async_code(self):
        async def main():
            return completed(increment(1), "stage 2 of x | increment")

        with pytest.raises(RuntimeError) as caught:
            asyncio.run(main())
        assert str(caught.value) == (
            "stage 2 of x | increment is a coroutine function: in async code write `await (… | …)`"
        )

    def test_directly_in_a_coroutine_of_ours(self):
        async def outer():
            return completed(increment(1), "stage 2")

        with pytest.raises(RuntimeError, match="stage 2 is a coroutine function"):
            completed(outer(), "outer")

    def test_plain_code_called_by_async_code(self):
        async def main():
            return plain(1)

        with pytest.warns(RuntimeWarning, match=r"await pipeline\.aio\(…\)") as caught:
            assert asyncio.run(main()) == 2
        assert caught[0].filename == __file__
        assert str(caught[0].message).startswith("stage 2 of x | increment runs a coroutine")

    def test_the_warning_as_an_error(self):
        async def main():
            return plain(1)

        # As `filterwarnings = error` has it here; and nothing is left that was never awaited.
        with pytest.raises(RuntimeWarning):
            asyncio.run(main())

    def test_plain_code_called_by_a_coroutine_of_ours(self):
        async def outer():
            return plain(1)

        assert completed(outer(), "outer") == 2


class TestAwaited:
    def test_stages(self):
        async def main():
            return [
                await awaited_stage(1, increment, "increment"),
                await awaited_stage(1, str, "str"),
                await settled(increment(1)),
                await settled(5),
                await settled(asyncio.ensure_future(increment(2))),
            ]

        assert asyncio.run(main()) == [2, "1", 2, 5, 3]
        with pytest.raises(TypeError, match=r"stage 2 is not callable: 5 \(int\)"):
            asyncio.run(awaited_stage(1, 5, "stage 2"))

    def test_heads(self):
        async def main():
            return [await awaited_head(5, "x | f"), await awaited_head(increment(1), "x | f")]

        assert asyncio.run(main()) == [5, 2]

    def test_callable_heads_are_refused(self):
        with pytest.raises(TypeError, match=r"write `await \(fetch \| parse\)\.aio\(…\)`"):
            asyncio.run(awaited_head(increment, "fetch | parse"))


class TestDeclared:
    def test_function_stays_what_it_is(self):
        def report(value):
            return value

        assert declared("fetch", "parse")(report) is report
        assert report.stages == ("fetch", "parse")
        assert asyncio.run(report.aio(5)) == 5
        assert asyncio.iscoroutinefunction(report.aio.func)

    @pytest.mark.parametrize("thing", [5, len, None, Pipeline(("len",), len)])
    def test_whatever_a_decorator_made_of_it(self, thing):
        assert declared("fetch")(thing) is thing


CTRL_C = """
import asyncio, os, signal, threading
from dana_runtime.awaiting import completed
async def wait():
    threading.Timer(0.05, os.kill, (os.getpid(), signal.SIGINT)).start()
    try:
        await asyncio.Event().wait()
    finally:
        print("cleaned up")
try:
    completed(wait(), "wait")
except KeyboardInterrupt:
    print("interrupted")
async def next_one(): return "next"
print(completed(next_one(), "next"))
"""


@pytest.mark.skipif(sys.platform == "win32", reason="signals there come from a console")
def test_ctrl_c(run_python):
    ended = run_python(CTRL_C)
    assert (ended.stdout, ended.stderr) == ("cleaned up\ninterrupted\nnext\n", "")
