"""Retries, fallbacks and minimal numbers of results, wherever a branch or stage runs."""

from __future__ import annotations

import asyncio
import gc
import pickle
import threading
import weakref

import pytest

from dana_runtime import (
    BranchTimeout,
    Failure,
    Retry,
    configure,
    fan_out,
    fan_out_capturing,
    policy,
    run_in_order,
    run_in_order_capturing,
    run_stage,
    successes,
    using,
    with_policy,
)
from dana_runtime.execution.debugging import inline_all
from dana_runtime.execution.settings import NO_FALLBACK, current
from dana_runtime.pipelines import pipe

WAIT = 30.0
FAST = {"backoff": 0}


class Flaky:
    """A function that fails so many times for each value before it doubles it."""

    def __init__(self, failures, error=ValueError):
        self.failures = failures
        self.error = error
        self.calls = []
        self.__name__ = "flaky"

    def __call__(self, value):
        self.calls.append(value)
        if self.calls.count(value) <= self.failures:
            raise self.error(f"call {len(self.calls)}")
        return value * 2


def flaky_coroutine(failures):
    flaky = Flaky(failures)

    async def call(value):
        await asyncio.sleep(0)
        return flaky(value)

    return flaky, call


def name(value):
    return f"v{value}"


@pytest.fixture(params=["auto", "thread", "inline", "timed"])
def how(request):
    return {"timeout": WAIT} if request.param == "timed" else {"executor": request.param}


def test_a_stage_is_tried_again(how):
    flaky = Flaky(2)
    assert run_stage(4, flaky, "stage", policy(retries=2, **FAST, **how)) == 8
    assert flaky.calls == [4, 4, 4]


def test_a_branch_is_tried_again(how):
    flaky = Flaky(2)
    block = policy(retries=2, **FAST, **how)
    assert fan_out((flaky, name), 4, None, block) == [8, "v4"]
    assert len(flaky.calls) == 3


def test_a_branch_with_a_policy_of_its_own():
    flaky, other = Flaky(2), Flaky(1)
    branch = with_policy(flaky, policy(retries=2, **FAST))
    with pytest.raises(ValueError, match="call 1"):
        fan_out((branch, other), 4)
    assert len(other.calls) == 1
    assert fan_out((with_policy(Flaky(2), policy(retries=2, **FAST)), name), 4) == [8, "v4"]


def test_the_last_failure_says_how_often_it_was_tried(how):
    with pytest.raises(ValueError, match="call 3") as caught:
        run_stage(4, Flaky(9), "the stage", policy(retries=2, **FAST, **how))
    assert caught.value.__notes__ == ["after 3 attempts", "in the stage"]
    with pytest.raises(ValueError, match="call 3") as caught:
        fan_out((Flaky(9), name), 4, None, policy(retries=2, **FAST, **how))
    assert caught.value.__notes__ == ["after 3 attempts", "in branch 1 of 2, flaky"]


def test_only_what_it_is_for(how):
    flaky = Flaky(1, TypeError)
    settings = policy(retries=5, retry_on=(OSError, ValueError), **FAST, **how)
    with pytest.raises(TypeError):
        fan_out((flaky, name), 4, None, settings)
    assert len(flaky.calls) == 1


def test_a_retry_object(how):
    flaky = Flaky(2)
    retry = Retry(attempts=3, backoff=0, on=ValueError)
    assert run_stage(4, flaky, "stage", policy(retries=retry, **how)) == 8


def test_settings_from_further_out():
    configure(backoff=0)
    with using(retries=1):
        assert fan_out((Flaky(1), name), 4) == [8, "v4"]
        with pytest.raises(ValueError, match="call 2"):
            fan_out((Flaky(2), name), 4)
        assert fan_out((Flaky(2), name), 4, None, policy(retries=2)) == [8, "v4"]


def test_branches_in_order():
    flaky = Flaky(1)
    assert run_in_order((flaky, name), 4, None, policy(retries=1, **FAST)) == [8, "v4"]


def test_whole_pipelines():
    flaky, firsts = Flaky(1), []
    flow = pipe(firsts.append, lambda value: flaky(5), ("append", "flaky"))
    assert run_stage(4, flow, "flow", policy(retries=1, **FAST)) == 10
    assert firsts == [4, 4]


def test_coroutine_branches():
    flaky, call = flaky_coroutine(2)
    assert fan_out((call, name, call), 4, None, policy(retries=4, **FAST))[:2] == [8, "v4"]
    flaky, call = flaky_coroutine(2)
    assert run_stage(4, call, "stage", policy(retries=2, timeout=WAIT, **FAST)) == 8
    assert len(flaky.calls) == 3


def test_coroutines_one_after_the_other_share_a_loop():
    async def thread(value):
        return threading.current_thread().name

    # A stage's context variables are taken over; where it ran is none of the caller's.
    assert {run_stage(4, thread, "stage", policy(timeout=WAIT)) for _ in range(3)} == {
        "dana:loop:0"
    }


def test_deep_blocks_are_tried_inline():
    flaky = Flaky(1)

    def inner(value):
        return fan_out((flaky, name), value, None, policy(retries=1, **FAST))

    assert fan_out((inner, name), 4, None, policy(max_depth=1)) == [[8, "v4"], "v4"]


def test_while_somebody_is_debugging():
    inline_all()
    try:
        settings = policy(retries=1, timeout=1, **FAST)
        assert fan_out((Flaky(1), name), 4, None, settings) == [8, "v4"]
        assert run_stage(4, Flaky(1), "stage", settings) == 8
    finally:
        inline_all(False)


def test_others_run_while_one_waits_for_its_next_attempt():
    others = threading.Semaphore(0)
    flaky = Flaky(1)

    def other(value):
        others.release()
        return value

    settings = policy(retries=1, backoff=0.01, jitter=0, max_workers=1, timeout=WAIT)
    assert fan_out((flaky, other, other), 4, None, settings) == [8, 4, 4]


def test_what_ran_out_of_time_on_a_thread_is_tried_again_only_if_it_is_idempotent():
    calls, stop = [], threading.Event()

    def slow_at_first(value):
        calls.append(value)
        if len(calls) == 1:
            stop.wait(WAIT)
        return value

    try:
        with pytest.raises(BranchTimeout):
            run_stage(4, slow_at_first, "stage", policy(retries=3, timeout=0.05, **FAST))
        assert calls == [4]
        calls.clear()
        settings = policy(retries=3, timeout=0.05, idempotent=True, **FAST)
        assert run_stage(4, slow_at_first, "stage", settings) == 4
        calls.clear()
        assert fan_out((slow_at_first, name), 4, None, settings) == [4, "v4"]
    finally:
        stop.set()


def test_a_coroutine_that_ran_out_of_time_is_cancelled_and_tried_again():
    calls = []

    async def slow_at_first(value):
        calls.append(value)
        if len(calls) == 1:
            await asyncio.sleep(WAIT)
        return value

    settings = policy(retries=1, timeout=0.05, **FAST)
    assert fan_out((slow_at_first, name), 4, None, settings) == [4, "v4"]
    assert len(calls) == 2


def test_the_total_ends_attempts_without_end(how):
    retry = Retry(attempts=10**9, backoff=0.001, jitter=0)
    settings = policy(retries=retry, total_timeout=0.05, **how)
    with pytest.raises(ValueError, match="call"):
        run_stage(4, Flaky(10**9), "stage", settings)


# --- Fallbacks and partial results ----------------------------------------------------------------


def test_a_fallback_value(how):
    assert run_stage(4, Flaky(9), "stage", policy(fallback=None, **how)) is None
    assert run_stage(4, Flaky(9), "stage", policy(fallback=[1], **how)) == [1]
    assert fan_out((Flaky(9), name), 4, None, policy(fallback=0, **how)) == [0, "v4"]
    assert run_in_order((Flaky(9), name), 4, None, policy(fallback=0, **how)) == [0, "v4"]


def test_a_fallback_function_is_given_the_failure(how):
    seen = []

    def fallback(failure):
        seen.append(failure)
        return f"no result: {failure.error}"

    settings = policy(fallback=fallback, retries=1, **FAST, **how)
    assert fan_out((name, Flaky(9)), 4, None, settings) == ["v4", "no result: call 2"]
    assert run_stage(4, Flaky(9), "stage", settings) == "no result: call 2"
    assert [type(failure) for failure in seen] == [Failure, Failure]
    assert [failure.attempts for failure in seen] == [2, 2]


def test_a_fallback_that_fails(how):
    def fallback(failure):
        raise KeyError("fallback")

    settings = policy(fallback=fallback, **how)
    with pytest.raises(KeyError, match="fallback"):
        fan_out((name, Flaky(9)), 4, None, settings)
    with pytest.raises(KeyError, match="fallback"):
        run_stage(4, Flaky(9), "stage", settings)


def test_a_fallback_is_not_for_the_end_of_the_program(how):
    with pytest.raises(SystemExit):
        fan_out((name, Flaky(9, SystemExit)), 4, None, policy(fallback=0, **how))
    with pytest.raises(SystemExit):
        run_stage(4, Flaky(9, SystemExit), "stage", policy(fallback=0, **how))


@pytest.mark.parametrize("run", [fan_out_capturing, run_in_order_capturing])
def test_fallbacks_and_captures(run):
    captured = run((lambda v: (v, {"a": v}), Flaky(9)), 4, None, policy(fallback=0))
    assert captured.results == [4, 0]
    assert captured["a"] == 4
    assert captured["b"] == 0


def test_failures_say_how_often_they_were_tried(how):
    results = fan_out(
        (Flaky(9), name), 4, None, policy(on_error="partial", retries=2, **FAST, **how)
    )
    assert successes(results) == ["v4"]
    assert results[0].attempts == 3


def test_at_least_so_many_results(how):
    settings = policy(at_least=1, **how)
    assert successes(fan_out((Flaky(9), name), 4, None, settings)) == ["v4"]
    assert successes(run_in_order((Flaky(9), name), 4, None, settings)) == ["v4"]


@pytest.mark.parametrize("run", [fan_out, run_in_order])
def test_fewer_results_than_needed(how, run):
    with pytest.raises(ValueError, match="call 1") as caught:
        run((Flaky(9), name), 4, None, policy(at_least=2, **how))
    assert "at_least=2 of 2 branches can no longer succeed" in caught.value.__notes__


def test_a_block_fails_at_once_when_its_results_can_be_reached_no_more():
    stop, begun = threading.Event(), threading.Barrier(2, timeout=WAIT)

    def long(value):
        begun.wait()
        stop.wait(WAIT)
        return value

    def fails(value):
        begun.wait()
        raise ValueError("no")

    try:
        with pytest.raises(ValueError, match="no"):
            fan_out((long, fails), 4, None, policy(at_least=2))
        assert not stop.is_set()
    finally:
        stop.set()


def test_a_fallback_counts_as_a_result(how):
    settings = policy(at_least=2, fallback=0, **how)
    assert fan_out((Flaky(9), name), 4, None, settings) == [0, "v4"]


def test_a_block_with_fewer_branches_needs_all_of_them():
    assert fan_out((name,), 4, None, policy(at_least=5)) == ["v4"]
    with pytest.raises(ValueError, match="call 1"):
        fan_out((Flaky(9),), 4, None, policy(at_least=5))


def test_with_raising_any_failure_is_final(how):
    with pytest.raises(ValueError, match="call 1"):
        fan_out((Flaky(9), name), 4, None, policy(at_least=1, on_error="raise", **how))


def test_settings_travel():
    retry = Retry(attempts=2, on=(OSError, ValueError))
    with using(retries=retry, fallback=5, at_least=2):
        settings = pickle.loads(pickle.dumps(current()))
        assert settings == current()
        assert (settings.retry, settings.fallback, settings.on_error) == (retry, 5, "partial")
    with using(fallback=NO_FALLBACK, at_least=2, on_error="raise"):
        settings = pickle.loads(pickle.dumps(current()))
        assert settings.fallback is NO_FALLBACK
        again = {name: getattr(settings, name) for name in settings.explicit}
        assert policy(**again).values == again


def test_policies_keep_no_fallback_alive():
    class Big:
        pass

    big = Big()
    gone = weakref.ref(big)
    policy(fallback=big)
    del big
    gc.collect()
    assert gone() is None
