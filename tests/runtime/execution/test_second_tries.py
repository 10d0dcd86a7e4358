"""Inputs of a `map` that fail and are tried again, on every backend."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier, Event, Thread
from typing import Any

import pytest

from dana_runtime import BranchTimeout, Failure, Pipeline, Retry, WorkerDied, using
from dana_runtime.execution.second_tries import SecondTries
from dana_runtime.execution.streams import Stream

WAIT = 20.0


def pipeline(function: Callable[..., Any]) -> Pipeline:
    return Pipeline((function.__name__,), function)


class Flaky:
    """A function that fails as often as is said, at odd inputs."""

    def __init__(self, failures: int, error: type[Exception] = OSError) -> None:
        self.failures, self.error = failures, error
        self.calls: Counter[int] = Counter()

    def __call__(self, x: int) -> int:
        self.calls[x] += 1
        if x % 2 and self.calls[x] <= self.failures:
            raise self.error(x)
        return x

    def plain(self) -> Callable[[int], int]:
        def flaky(x: int) -> int:
            return self(x)

        return flaky

    def waiting(self) -> Callable[[int], Any]:
        async def flaky(x: int) -> int:
            await asyncio.sleep(0)
            return self(x)

        return flaky


def results_of(way: str, flaky: Flaky, count: int, **options: Any) -> list[Any]:
    function = flaky.waiting() if way.startswith("async") else flaky.plain()
    if way == "inline":
        with using(executor="inline"):
            return list(pipeline(function).map(range(count), **options))
    if way == "foreign":
        with ThreadPoolExecutor(2) as threads, using(executor=threads):
            return list(pipeline(function).map(range(count), **options))
    if way.endswith("amap"):

        async def results() -> list[Any]:
            return [result async for result in pipeline(function).amap(range(count), **options)]

        return asyncio.run(asyncio.wait_for(results(), WAIT))
    return list(pipeline(function).map(range(count), **options))


WAYS = ["thread", "async", "inline", "foreign", "amap", "async amap"]


@pytest.mark.parametrize("ordered", [True, False])
@pytest.mark.parametrize("way", WAYS)
def test_inputs_are_tried_again(way, ordered):
    flaky = Flaky(2)
    with using(retries=2, backoff=0.001):
        results = results_of(way, flaky, 20, ordered=ordered)
    assert sorted(results) == list(range(20))
    assert ordered is False or results == sorted(results)
    assert flaky.calls == {x: 3 if x % 2 else 1 for x in range(20)}


@pytest.mark.parametrize("way", WAYS)
def test_the_last_failure_says_how_often(way):
    flaky = Flaky(9)
    with using(retries=1, backoff=0), pytest.raises(OSError, match="1") as caught:
        results_of(way, flaky, 9)
    assert caught.value.__notes__ == ["after 2 attempts", "in input 2 of flaky"]
    with using(retries=1, backoff=0, on_error="partial"):
        zero, failure, two = results_of(way, Flaky(9), 3)
    assert (zero, failure.attempts, two) == (0, 2, 2)
    assert isinstance(failure, Failure)


@pytest.mark.parametrize("way", WAYS)
def test_a_fallback_takes_the_place_of_what_failed(way):
    with using(fallback=7):
        assert results_of(way, Flaky(9), 4) == [0, 7, 2, 7]
    with using(
        retries=1, backoff=0, fallback=lambda failure: (failure.attempts, failure.error.args)
    ):
        assert results_of(way, Flaky(9), 3) == [0, (2, (1,)), 2]

    def fails(failure):
        raise KeyError("fallback")

    with using(fallback=fails), pytest.raises(KeyError, match="fallback"):
        results_of(way, Flaky(9), 3)


def test_only_what_it_is_for():
    flaky = Flaky(1, ValueError)
    with using(retries=Retry(on=OSError)), pytest.raises(ValueError, match="1"):
        results_of("thread", flaky, 3)
    assert flaky.calls[1] == 1


def test_the_others_go_on_meanwhile():
    others = Event()

    def first_waits(x: int) -> int:
        if x == 0 and not others.is_set():
            raise OSError
        if x == 3:
            others.set()
        return x

    # One worker: it must not sleep through the delay.
    with using(retries=Retry(attempts=50, backoff=0.01, max_backoff=0.01), max_workers=1):
        assert list(pipeline(first_waits).map(range(4), limit=4)) == [0, 1, 2, 3]


def test_inputs_before_the_failed_one_are_still_tried_again():
    both = Barrier(2)
    failed = Event()

    def fail(x: int) -> int:
        if x == 0 and not failed.is_set():
            both.wait(WAIT)
            failed.wait(0.05)
            failed.set()
            raise OSError("again")
        if x == 1:
            both.wait(WAIT)
            raise ValueError("final")
        return x

    with using(retries=Retry(attempts=9, backoff=0.001, on=OSError), max_workers=2):
        results = pipeline(fail).map(range(4), limit=2)
        assert next(results) == 0
        with pytest.raises(ValueError, match="final"):
            next(results)


@pytest.mark.parametrize("is_idempotent", [True, False])
def test_what_ran_out_of_time_on_a_thread_is_tried_again_only_if_it_is_idempotent(is_idempotent):
    calls = Counter()
    forever = Event()

    def stuck_once(x: int) -> int:
        calls[x] += 1
        if x == 1 and calls[x] == 1:
            for _ in range(10_000):
                forever.wait(0.005)
        return x

    settings = {"retries": 1, "backoff": 0, "timeout": 0.1, "on_error": "partial"}
    with using(**settings, idempotent=is_idempotent):
        zero, one = pipeline(stuck_once).map(range(2))
    assert zero == 0
    assert one == 1 if is_idempotent else isinstance(one.error, BranchTimeout)
    assert calls[1] == 1 + is_idempotent


def test_a_coroutine_that_ran_out_of_time_is_tried_again():
    calls = Counter()

    async def stuck_once(x: int) -> int:
        calls[x] += 1
        if x == 1 and calls[x] == 1:
            await asyncio.sleep(WAIT)
        return x

    with using(retries=1, backoff=0, timeout=0.1):
        assert list(pipeline(stuck_once).map(range(2))) == [0, 1]


@pytest.mark.parametrize("way", ["thread", "async"])
def test_the_total_ends_attempts_without_end(way):
    with using(
        retries=10**6, backoff=0.01, max_backoff=0.01, total_timeout=0.15, on_error="partial"
    ):
        zero, failure = results_of(way, Flaky(10**9), 2)
    assert zero == 0
    assert isinstance(failure.error, OSError)
    assert failure.attempts > 1


def test_the_total_is_what_the_last_attempt_has():
    calls = Counter()
    forever = Event()

    def fails_and_hangs(x: int) -> int:
        calls[x] += 1
        if calls[x] == 1:
            forever.wait(0.1)
            raise OSError
        for _ in range(10_000):
            forever.wait(0.005)
        return x

    with (
        using(retries=1, backoff=0, timeout=WAIT, total_timeout=0.3),
        pytest.raises(BranchTimeout, match=r"0\.3 s"),
    ):
        list(pipeline(fails_and_hangs).map([1]))
    assert calls[1] == 2


def test_in_processes_what_has_died_and_what_ran_out_of_time(tmp_path: Path):
    pytest.importorskip("loky")
    folder = str(tmp_path)

    def unlucky(x: int) -> int:
        import os
        import time

        path = os.path.join(folder, str(x))
        is_first = not os.path.exists(path)
        open(path, "a").close()
        if is_first and x == 40:
            os._exit(3)
        if is_first and x == 50:
            time.sleep(60)
        if is_first and x == 60:
            raise OSError
        return x

    with using(executor="process", max_workers=2, retries=1, backoff=0, timeout=1.5):
        assert list(pipeline(unlucky).map(range(100))) == list(range(100))
    for name in tmp_path.iterdir():
        name.unlink()
    with using(executor="process", max_workers=2, timeout=1.5, on_error="partial"):
        results = list(pipeline(unlucky).map(range(100)))
    kinds = {x: type(r.error) for x, r in enumerate(results) if isinstance(r, Failure)}
    assert kinds == {40: WorkerDied, 50: BranchTimeout, 60: OSError}


def test_the_timekeeper_does_not_ask_meanwhile(monkeypatch: pytest.MonkeyPatch) -> None:
    streams: list[Stream] = []
    held: list[bool] = []
    begin = Stream.begin

    def remembering(stream: Stream, wake: Callable[[], object]) -> None:
        streams.append(stream)
        begin(stream, wake)

    def looking(method: Callable[..., Any]) -> Callable[..., Any]:
        def run(*args: Any) -> Any:
            def look() -> None:
                is_free = streams[-1].lock.acquire(blocking=False)
                if is_free:
                    streams[-1].lock.release()
                held.append(not is_free)

            thread = Thread(target=look)
            thread.start()
            thread.join(WAIT)
            return method(*args)

        return run

    monkeypatch.setattr(Stream, "begin", remembering)
    for name in ("comes", "done"):
        monkeypatch.setattr(SecondTries, name, looking(getattr(SecondTries, name)))
    with using(retries=2, backoff=0.0):
        assert results_of("threads", Flaky(1), 4) == [0, 1, 2, 3]
    # Two that failed once, and four that came to an end.
    assert held == [True] * 6
