from __future__ import annotations

import asyncio
import gc
import itertools
import signal
import time
import weakref
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import aclosing, closing
from pathlib import Path
from threading import Barrier, Event, current_thread, get_ident
from typing import Any

import pytest

import dana_runtime
from dana_runtime import (
    BranchCancelled,
    BranchTimeout,
    Failure,
    Pipeline,
    cancelled,
    declared,
    fan_out,
    private_scope,
    using,
)
from dana_runtime.execution.cancellation import outermost

WAIT = 20


def pipeline(function: Callable[..., Any]) -> Pipeline:
    return Pipeline((function.__name__,), function)


def double(x: int) -> int:
    return 2 * x


async def async_double(x: int) -> int:
    await asyncio.sleep(0)
    return 2 * x


def fails_at_three(x: int) -> int:
    if x == 3:
        raise ValueError("three")
    return x


# --- Results --------------------------------------------------------------------------------------

EXECUTORS = ["auto", "thread", "inline", "async"]


@pytest.mark.parametrize("executor", EXECUTORS)
def test_results_come_in_the_order_of_the_inputs(executor: str) -> None:
    with using(executor=executor):
        assert list(pipeline(double).map(range(100))) == [2 * x for x in range(100)]


@pytest.mark.parametrize("executor", EXECUTORS)
@pytest.mark.parametrize("function", [double, async_double])
def test_results_as_they_come_are_the_same_ones(executor: str, function: Any) -> None:
    with using(executor=executor):
        assert sorted(pipeline(function).map(range(50), ordered=False)) == list(range(0, 100, 2))


def test_no_inputs_give_no_results() -> None:
    assert list(pipeline(double).map([])) == []


def test_the_iterator_stays_at_its_end() -> None:
    results = pipeline(double).map([1])
    assert list(results) == [2]
    assert list(results) == []
    with pytest.raises(StopIteration):
        next(results)


def test_a_fast_result_does_not_wait_for_slow_ones_unless_order_is_asked_for() -> None:
    release = Event()

    def slow_at_zero(x: int) -> int:
        return x if x else release.wait(WAIT) * 0

    with closing(pipeline(slow_at_zero).map(range(3), ordered=False)) as results:
        assert {next(results), next(results)} == {1, 2}
        release.set()
        assert next(results) == 0


def test_declarative_functions_have_it_too() -> None:
    function = declared("double")(lambda x: 2 * x)
    assert list(function.map([1, 2])) == [2, 4]

    async def results() -> list[int]:
        return [result async for result in function.amap([1, 2])]

    assert asyncio.run(results()) == [2, 4]


def test_inputs_run_at_the_same_time() -> None:
    barrier = Barrier(4)

    def meet(x: int) -> int:
        barrier.wait(WAIT)
        return x

    with using(max_workers=4):
        assert list(pipeline(meet).map(range(8))) == list(range(8))


def test_the_results_of_coroutines_are_the_results() -> None:
    assert list(pipeline(async_double).map(range(20))) == list(range(0, 40, 2))


@pytest.mark.parametrize(
    ("limit", "error"), [(0, ValueError), (-1, ValueError), (1.5, TypeError), (True, TypeError)]
)
def test_a_wrong_limit_is_an_error_at_once(limit: Any, error: type[Exception]) -> None:
    with pytest.raises(error, match="limit"):
        pipeline(double).map([1], limit=limit)


def test_what_is_not_iterable_is_an_error_at_once() -> None:
    with pytest.raises(TypeError, match="not iterable"):
        pipeline(double).map(5)  # type: ignore[arg-type]


# --- Laziness -------------------------------------------------------------------------------------


def test_nothing_is_read_before_the_first_result_is_asked_for() -> None:
    read = []
    results = pipeline(double).map(read.append(x) or x for x in range(3))
    assert read == []
    assert next(results) == 0


@pytest.mark.parametrize("ordered", [True, False])
@pytest.mark.parametrize("function", [double, async_double])
def test_endless_inputs_are_read_ahead_up_to_the_limit(ordered: bool, function: Any) -> None:
    read = itertools.count()
    with pipeline(function).map(read, ordered=ordered, limit=5) as results:
        for given in range(1, 50):
            next(results)
            assert next(read) <= given + 4 + given  # what this test itself has read
        assert next(read) <= 50 + 5 + 50


@pytest.mark.parametrize("executor", ["thread", "async", "process"])
def test_an_input_begins_while_the_next_is_long_in_coming(executor: str, tmp_path: Path) -> None:
    if executor == "process":
        pytest.importorskip("loky")

    def touch(x: int) -> int:
        (tmp_path / str(x)).touch()
        return x

    async def touch_async(x: int) -> int:
        return touch(x)

    def inputs() -> Iterator[int]:
        for x in range(3):
            yield x
            end = time.monotonic() + WAIT
            while not (tmp_path / str(x)).exists():
                assert time.monotonic() < end, f"{x} has not begun"
                time.sleep(0.001)

    with using(executor=executor):
        run = touch_async if executor == "async" else touch
        assert list(pipeline(run).map(inputs())) == [0, 1, 2]


def test_inputs_are_read_in_the_thread_that_iterates() -> None:
    readers = set()

    def source() -> Iterator[int]:
        for x in range(20):
            readers.add(get_ident())
            yield x

    assert len(list(pipeline(double).map(source()))) == 20
    assert readers == {get_ident()}


class Value:
    """An input or a result whose life can be observed."""


@pytest.mark.parametrize("ordered", [True, False])
def test_many_inputs_take_bounded_memory(ordered: bool) -> None:
    alive: weakref.WeakSet[Value] = weakref.WeakSet()
    most = 0

    def source() -> Iterator[Value]:
        for _ in range(200_000):
            value = Value()
            alive.add(value)
            yield value

    def same(value: Value) -> Value:
        return value

    count = 0
    for _ in pipeline(same).map(source(), ordered=ordered, limit=64):
        count += 1
        if not count % 1000:
            most = max(most, len(alive))
    assert count == 200_000
    assert most < 200


# --- Failures -------------------------------------------------------------------------------------


@pytest.mark.parametrize("executor", EXECUTORS)
def test_a_failure_is_raised_at_its_place(executor: str) -> None:
    seen = []
    with using(executor=executor), pytest.raises(ValueError, match="three") as caught:  # noqa: PT012
        for result in pipeline(fails_at_three).map(range(100)):
            seen.append(result)  # noqa: PERF402
    assert seen == [0, 1, 2]
    assert caught.value.__notes__ == ["in input 4 of fails_at_three"]


def test_after_a_failure_nothing_more_comes_and_what_runs_is_cancelled() -> None:
    begun, told = Event(), Event()

    def fail_or_wait(x: int) -> None:
        if x == 0:
            begun.wait(WAIT)
            raise ValueError("first")
        begun.set()
        for _ in range(20_000):
            if cancelled():
                told.set()
                return
            told.wait(0.001)

    with using(max_workers=2):
        results = pipeline(fail_or_wait).map(range(100))
        with pytest.raises(ValueError, match="first"):
            next(results)
    assert list(results) == []
    assert told.wait(WAIT)
    assert not outermost


@pytest.mark.parametrize("executor", EXECUTORS)
def test_partial_results_have_failures_in_their_places(executor: str) -> None:
    with using(on_error="partial", executor=executor):
        results = list(pipeline(fails_at_three).map(range(6)))
    failure = results.pop(3)
    assert results == [0, 1, 2, 4, 5]
    assert isinstance(failure, Failure)
    assert isinstance(failure.error, ValueError)
    assert failure.branch == "input 4 of fails_at_three"


def test_exits_are_raised_among_partial_results_too() -> None:
    def leave(x: int) -> None:
        raise SystemExit(x)

    with using(on_error="partial"), pytest.raises(SystemExit):
        list(pipeline(leave).map([7]))


def test_what_fails_in_reading_is_raised_after_the_results_before() -> None:
    def source() -> Iterator[int]:
        yield 1
        yield 2
        raise OSError("no more")

    seen = []
    with pytest.raises(OSError, match="no more"):  # noqa: PT012
        for result in pipeline(double).map(source()):
            seen.append(result)  # noqa: PERF402
    assert seen == [2, 4]


def test_a_stop_iteration_of_the_function_does_not_end_the_results() -> None:
    def stop(x: int) -> None:
        raise StopIteration

    with pytest.raises(RuntimeError, match="input 1 of stop raised StopIteration"):
        list(pipeline(stop).map([1]))


@pytest.mark.parametrize("is_async", [False, True])
def test_each_input_has_its_time(is_async: bool) -> None:
    forever = Event()

    def wait_at_two(x: int) -> int:
        while x == 2 and not forever.wait(0.005):
            pass
        return x

    async def wait_at_two_async(x: int) -> int:
        if x == 2:
            await asyncio.sleep(WAIT)
        return x

    function = pipeline(wait_at_two_async if is_async else wait_at_two)
    with using(timeout=0.1):
        with pytest.raises(BranchTimeout, match="input 3 of wait_at_two"):
            list(function.map(range(9)))
        with using(on_error="partial", max_workers=1):
            results = list(function.map(range(9)))
    assert isinstance(results[2].error, BranchTimeout)
    assert [result for result in results if not isinstance(result, Failure)] == [0, 1, *range(3, 9)]


# --- Ending ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("way", ["close", "collect", "with", "closing"])
def test_ending_the_iterator_cancels_what_runs(way: str) -> None:
    begun, ended = Barrier(3), Event()

    def run_until_cancelled(x: int) -> int:
        if x:
            begun.wait(WAIT)
            for _ in range(20_000):
                if cancelled():
                    ended.set()
                    break
                ended.wait(0.001)
        return x

    with using(max_workers=2):
        results = pipeline(run_until_cancelled).map(range(3))
        assert next(results) == 0
    begun.wait(WAIT)
    assert not ended.is_set()
    if way == "close":
        results.close()
    elif way == "with":
        with results:
            pass
    elif way == "closing":
        with closing(results):
            pass
    else:
        del results
        gc.collect()
    assert ended.wait(WAIT)
    assert not outermost


def test_closing_it_twice_or_unused_is_fine() -> None:
    results = pipeline(double).map([1])
    results.close()
    results.close()
    assert list(results) == []


# --- Surroundings ---------------------------------------------------------------------------------


def test_settings_are_those_of_the_call() -> None:
    with using(on_error="partial"):
        results = pipeline(fails_at_three).map([3])
    assert isinstance(next(results), Failure)


def test_what_an_input_writes_to_scopes_stays_there() -> None:
    scope = private_scope("test_many")
    scope["x"] = "outer"

    def write(x: int) -> object:
        before = scope["x"]
        scope["x"] = x
        return before

    assert set(pipeline(write).map(range(40))) == {"outer"}
    assert scope["x"] == "outer"


def test_blocks_and_maps_nest() -> None:
    def inner(x: int) -> int:
        return sum(pipeline(double).map(range(x)))

    def outer(x: int) -> list[int]:
        return list(pipeline(inner).map(range(x)))

    expected = [x * (x - 1) for x in range(12)]
    assert fan_out((outer, outer, outer), 12) == [expected] * 3


def test_recursion_through_maps_ends() -> None:
    def depth(x: int) -> int:
        return 0 if x == 0 else 1 + next(iter(pipeline(depth).map([x - 1])))

    assert depth(12) == 12


def test_a_cancelled_branch_ends_its_map() -> None:
    begun, ended = Event(), Event()

    def wait(x: int) -> None:
        begun.set()
        for _ in range(20_000):
            if cancelled():
                ended.set()
                return
            ended.wait(0.001)

    def maps(x: int) -> None:
        with pytest.raises(BranchCancelled):
            list(pipeline(wait).map(range(2)))

    def fails(x: int) -> None:
        begun.wait(WAIT)
        raise ValueError("enough")

    with pytest.raises(ValueError, match="enough"):
        fan_out((maps, fails), 0)
    assert ended.wait(WAIT)


def test_threads_have_names() -> None:
    def name(x: int) -> str:
        return current_thread().name

    assert set(pipeline(name).map(range(3))) == {"dana:map:name"}


def test_an_executor_of_the_program_serves() -> None:
    with ThreadPoolExecutor(2, thread_name_prefix="mine") as executor, using(executor=executor):
        names = set(pipeline(lambda x: current_thread().name).map(range(10)))
    assert all(name.startswith("mine") for name in names)


def test_it_runs_where_no_thread_can_be_had(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dana_runtime.execution.workers.MAX_THREADS", 0)
    dana_runtime.shutdown()
    assert list(pipeline(double).map(range(20))) == list(range(0, 40, 2))


# --- Asynchronously -------------------------------------------------------------------------------


async def source(count: int) -> AsyncIterator[int]:
    for x in range(count):
        await asyncio.sleep(0)
        yield x


def in_loop(function: Any, inputs: Callable[[], Any], **options: Any) -> list[Any]:
    async def results() -> list[Any]:
        return [result async for result in pipeline(function).amap(inputs(), **options)]

    return asyncio.run(asyncio.wait_for(results(), WAIT))


@pytest.mark.parametrize("function", [double, async_double])
@pytest.mark.parametrize("inputs", [lambda: range(40), lambda: source(40)])
@pytest.mark.parametrize("ordered", [True, False])
def test_async_results(function: Any, inputs: Any, ordered: bool) -> None:
    results = in_loop(function, inputs, ordered=ordered)
    assert (results if ordered else sorted(results)) == list(range(0, 80, 2))


def test_coroutine_stages_run_on_the_loop_that_iterates() -> None:
    async def loop(x: int) -> object:
        return asyncio.get_running_loop()

    def plainly(x: int) -> object:
        return dana_runtime.resolved(loop(x), "loop")

    async def check() -> None:
        here = asyncio.get_running_loop()
        for function in (loop, plainly):
            async for result in pipeline(function).amap(range(3)):
                assert result is here

    asyncio.run(check())


def test_async_failures_are_raised_at_their_places() -> None:
    seen = []

    async def results() -> None:
        async for result in pipeline(fails_at_three).amap(source(20)):
            seen.append(result)  # noqa: PERF401

    with pytest.raises(ValueError, match="three"):
        asyncio.run(results())
    assert seen == [0, 1, 2]
    with using(on_error="partial"):
        assert isinstance(in_loop(fails_at_three, lambda: range(5))[3], Failure)


def test_async_inputs_that_fail() -> None:
    async def broken() -> AsyncIterator[int]:
        yield 1
        raise OSError("no more")

    with pytest.raises(OSError, match="no more"):
        in_loop(double, broken)


@pytest.mark.parametrize("way", ["aclose", "cancel"])
def test_ending_cancels_coroutines_on_the_loop(way: str) -> None:
    ended = []

    async def wait(x: int) -> int:
        if x == 0:
            return x
        try:
            await asyncio.sleep(WAIT)
        except asyncio.CancelledError:
            ended.append(x)
            raise
        return x

    async def closing_early() -> None:
        async with aclosing(pipeline(wait).amap(itertools.count(), limit=3)) as results:
            async for result in results:
                assert result == 0
                await asyncio.sleep(0)
                break
        await asyncio.sleep(0)

    async def being_cancelled() -> None:
        async def all_of_them() -> None:
            async for _ in pipeline(wait).amap(itertools.count(), limit=3):
                pass

        task = asyncio.ensure_future(all_of_them())
        for _ in range(50):
            await asyncio.sleep(0.001)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await asyncio.sleep(0)

    asyncio.run(closing_early() if way == "aclose" else being_cancelled())
    assert ended
    assert not outermost


def test_async_results_have_their_time() -> None:
    async def wait_at_two(x: int) -> int:
        if x == 2:
            await asyncio.sleep(WAIT)
        return x

    forever = Event()

    def block_at_two(x: int) -> int:
        while x == 2 and not forever.wait(0.005):
            pass
        return x

    for function in (wait_at_two, block_at_two):
        with using(timeout=0.1, on_error="partial"):
            results = in_loop(function, lambda: range(5))
        assert isinstance(results.pop(2).error, BranchTimeout)
        assert results == [0, 1, 3, 4]


def test_async_results_from_processes() -> None:
    def local(x: int) -> int:
        return 2 * x

    with using(executor="process", max_workers=2):
        assert in_loop(local, lambda: source(300)) == list(range(0, 600, 2))


def test_ctrl_c_while_waiting_ends_the_map() -> None:
    ended = Event()

    def interrupt(x: int) -> None:
        signal.raise_signal(signal.SIGINT)
        for _ in range(20_000):
            if cancelled():
                ended.set()
                return
            ended.wait(0.001)

    results = pipeline(interrupt).map([1])
    with pytest.raises(KeyboardInterrupt):
        next(results)
    assert ended.wait(WAIT)
    assert list(results) == []
    assert not outermost
