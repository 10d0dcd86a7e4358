"""Blocks that mix coroutines with plain functions: limits, partial results and failures, awaited or not."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest
from tests.runtime.stuck import turn_until_cancelled

from dana_runtime import (
    BranchTimeout,
    Failure,
    Pipeline,
    cancelled,
    fan_out,
    policy,
    with_policy,
)
from dana_runtime.execution.cancellation import outermost

WAIT = 20.0


def called(block: Callable[[Any], Any]) -> Any:
    return block(1)


def awaited(block: Callable[[Any], Any]) -> Any:
    async def main() -> Any:
        return await asyncio.wait_for(Pipeline(("block",), block).aio(1), WAIT)

    return asyncio.run(main())


@pytest.fixture(params=[called, awaited])
def run(request) -> Callable[[Callable[[Any], Any]], Any]:
    """Run a block of one value, by calling it or by awaiting it."""
    return request.param


def plain(x: int) -> int:
    return x + 1


async def waiting(x: int) -> int:
    await asyncio.sleep(0)
    return x + 2


class Stuck:
    """Branches that go on until they are told to end."""

    def __init__(self) -> None:
        self.told: list[str] = []

    def plain(self, x: int) -> None:
        try:
            turn_until_cancelled(WAIT)
        finally:
            if cancelled():
                self.told.append("plain")

    async def waiting(self, x: int) -> None:
        try:
            await asyncio.sleep(WAIT)
        except asyncio.CancelledError:
            self.told.append("waiting")
            raise


def test_results_are_in_branch_order(run):
    assert run(lambda x: fan_out((plain, waiting, plain, waiting), x)) == [2, 3, 2, 3]
    assert run(lambda x: fan_out({"a": waiting, "b": plain}, x)) == {"a": 3, "b": 2}


@pytest.mark.parametrize("order", [1, -1])
def test_time_is_up_for_both_kinds(run, wait_until, order):
    stuck = Stuck()
    branches = (stuck.plain, plain, stuck.waiting, waiting)[::order]
    results = run(lambda x: fan_out(branches, x, None, policy(timeout=0.2, on_error="partial")))
    first, two, second, three = results[::order]
    assert (two, three) == (2, 3)
    assert isinstance(first.error, BranchTimeout)
    assert isinstance(second.error, BranchTimeout)
    wait_until(lambda: sorted(stuck.told) == ["plain", "waiting"])
    wait_until(lambda: not outermost)


@pytest.mark.parametrize("kind", ["plain", "waiting"])
def test_the_first_failure_cancels_both_kinds(run, wait_until, kind):
    stuck = Stuck()
    begun = threading.Event()

    def fails(x: int) -> None:
        assert begun.wait(WAIT)
        raise KeyError("first")

    async def fails_waiting(x: int) -> None:
        assert await asyncio.to_thread(begun.wait, WAIT)
        raise KeyError("first")

    def stuck_plain(x: int) -> None:
        begun.set()
        stuck.plain(x)

    failing = fails if kind == "plain" else fails_waiting
    with pytest.raises(KeyError, match="first") as caught:
        run(lambda x: fan_out((stuck.waiting, stuck_plain, failing), x, None, policy(timeout=None)))
    assert any("branch 3 of 3" in note for note in caught.value.__notes__)
    wait_until(lambda: sorted(stuck.told) == ["plain", "waiting"])


def test_each_may_have_a_time_of_its_own(run):
    stuck = Stuck()
    short = policy(timeout=0.1, on_error="partial")
    branches = (with_policy(stuck.waiting, short), with_policy(stuck.plain, short), waiting, plain)
    first, second, *others = run(lambda x: fan_out(branches, x))
    assert isinstance(first, Failure)
    assert isinstance(second, Failure)
    assert others == [3, 2]


def test_they_are_tried_again(run):
    calls = {"plain": 0, "waiting": 0}

    def flaky(x: int) -> int:
        calls["plain"] += 1
        if calls["plain"] < 3:
            raise OSError
        return x

    async def flaky_waiting(x: int) -> int:
        calls["waiting"] += 1
        if calls["waiting"] < 3:
            raise OSError
        return x

    settings = policy(retries=2, backoff=0)
    assert run(lambda x: fan_out((flaky, flaky_waiting), x, None, settings)) == [1, 1]
    assert calls == {"plain": 3, "waiting": 3}


def test_more_plain_ones_than_workers_beside_coroutines(run):
    settings = policy(max_workers=2, timeout=WAIT)
    branches = (plain, waiting) * 10
    assert run(lambda x: fan_out(branches, x, None, settings)) == [2, 3] * 10


def test_they_wait_for_each_other(run):
    arrived = threading.Barrier(2)

    def meets(x: int) -> str:
        arrived.wait(WAIT)
        return "plain"

    async def meets_waiting(x: int) -> str:
        await asyncio.to_thread(arrived.wait, WAIT)
        return "waiting"

    assert run(lambda x: fan_out((meets, meets_waiting), x)) == ["plain", "waiting"]


def test_blocks_of_the_other_kind_inside(run):
    def inner(x: int) -> Any:
        return fan_out((waiting, plain), x)

    async def inner_waiting(x: int) -> Any:
        return await Pipeline(("inner",), inner).aio(x)

    assert run(lambda x: fan_out((inner, inner_waiting, waiting), x)) == [[3, 2], [3, 2], 3]


def test_a_branch_that_ignores_every_word_harms_nobody(wait_until):
    gate = threading.Event()
    ended = []

    def ignores(x: int) -> None:
        while not gate.is_set():
            try:
                time.sleep(0.001)
            except BaseException:
                continue
        ended.append("plain")

    async def ignores_waiting(x: int) -> None:
        while not gate.is_set():
            try:
                await asyncio.sleep(0.001)
            except BaseException:
                continue
        ended.append("waiting")

    try:
        for _ in range(3):
            settings = policy(timeout=0.05, on_error="partial")
            results = fan_out((ignores, ignores_waiting, plain, waiting), 1, None, settings)
            assert [type(result) for result in results] == [Failure, Failure, int, int]
    finally:
        gate.set()
    wait_until(lambda: sorted(ended) == ["plain"] * 3 + ["waiting"] * 3)
