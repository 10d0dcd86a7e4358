from __future__ import annotations

import asyncio
import inspect
import pickle
import threading

import pytest

import dana_runtime
from dana_runtime import (
    BranchTimeout,
    Breaker,
    CircuitOpen,
    EnforcementError,
    Failure,
    Orchestrated,
    call_stage,
    fan_out,
    poet,
    policy,
    run_stage,
    using,
    with_policy,
)

WAIT = 30.0


def flaky(failures, result=8):
    calls = []

    def charge(order, amount=1):
        """Charge it."""
        calls.append(order)
        if len(calls) <= failures:
            raise OSError(f"call {len(calls)}")
        return result

    charge.calls = calls
    return charge


@pytest.fixture(params=["plain", "coroutine"])
def decorated(request):
    """Decorate a function, or a coroutine function of the same body, and call it from plain code."""

    def decorate(function, **options):
        if request.param == "plain":
            return poet(**options)(function)

        async def charge(*args, **kwargs):
            await asyncio.sleep(0)
            return function(*args, **kwargs)

        operated = poet(**options)(charge)
        return lambda *args, **kwargs: asyncio.run(operated(*args, **kwargs))

    return decorate


def figures(name="charge"):
    (found,) = [
        seen for key, seen in dana_runtime.stats()["functions"].items() if key.endswith(name)
    ]
    return found


def test_a_decorated_function_keeps_its_name_and_signature():
    charge = flaky(0)
    operated = poet(retries=2)(charge)
    assert operated.__name__ == "charge"
    assert operated.__doc__ == "Charge it."
    assert operated.__wrapped__ is charge
    assert inspect.signature(operated) == inspect.signature(charge)
    assert call_stage({"order": 5, "amount": 2}, operated, "stage") == 8
    assert not inspect.iscoroutinefunction(operated)

    @poet(retries=2)
    async def later():
        return 1

    assert inspect.iscoroutinefunction(later)


def test_without_options():
    @poet
    def double(n):
        return n * 2

    assert double(n=4) == 8
    assert figures("double")["calls"] == 1


def test_retries(decorated):
    assert decorated(flaky(2), retries=2, backoff=0)(5) == 8
    seen = figures()
    assert (seen["calls"], seen["attempts"], seen["failures"]) == (1, 3, 0)


def test_the_last_failure_is_raised(decorated):
    with pytest.raises(OSError, match="call 2") as caught:
        decorated(flaky(9), retries=1, backoff=0)(5)
    assert caught.value.__notes__ == ["after 2 attempts", "in charge"]
    assert figures()["failure_rate"] == 1.0


def test_time_limits():
    stop = threading.Event()

    @poet(timeout=0.05)
    def wait():
        stop.wait(WAIT)

    with pytest.raises(BranchTimeout, match=r"wait has not ended in 0\.05 s"):
        wait()
    stop.set()


def test_time_limits_of_coroutines():
    calls = []

    @poet(timeout=0.05, retries=1, backoff=0)
    async def slow_at_first():
        calls.append(1)
        if len(calls) == 1:
            await asyncio.sleep(WAIT)
        return "done"

    assert asyncio.run(slow_at_first()) == "done"

    @poet(timeout=0.05)
    async def slow():
        await asyncio.sleep(WAIT)

    with pytest.raises(BranchTimeout, match="slow has not ended in"):
        asyncio.run(slow())


def test_a_loop_goes_on_while_one_waits_for_the_next_attempt():
    turns, function = [], flaky(1)

    @poet(retries=1, backoff=0.05, jitter=0)
    async def charge():
        return function(1)

    async def other():
        while len(function.calls) < 2:
            turns.append(1)
            await asyncio.sleep(0)
            assert len(turns) < 10**7

    async def both():
        return (await asyncio.gather(charge(), other()))[0]

    assert asyncio.run(both()) == 8
    assert len(turns) > 2


def test_fallbacks(decorated):
    assert decorated(flaky(9), fallback=None)(5) is None
    assert decorated(flaky(9), fallback=lambda failure: str(failure.error))(5) == "call 1"
    assert figures()["failures"] == 2


def test_partial_results(decorated):
    failure = decorated(flaky(9), on_error="partial", retries=1, backoff=0)(5)
    assert isinstance(failure, Failure)
    assert (failure.attempts, failure.branch) == (2, "charge")


def test_a_gate_counts_as_a_failure_for_the_retry(decorated):
    results = iter([-1, "x", 7])
    operated = decorated(
        lambda: next(results), retries=2, backoff=0, enforce={"type": "integer", "minimum": 0}
    )
    assert operated() == 7
    with pytest.raises(EnforcementError, match="gave 8, which is int, not str"):
        decorated(flaky(0), enforce=str)(5)


def test_breakers(decorated):
    now = [0.0]
    function = flaky(3)
    operated = decorated(function, breaker=Breaker(2, 10, clock=lambda: now[0]))
    for _ in range(2):
        with pytest.raises(OSError, match="call"):
            operated(1)
    with pytest.raises(CircuitOpen, match="charge has failed 2 times in a row"):
        operated(1)
    assert len(function.calls) == 2
    assert figures()["breaker"] == "open"
    now[0] = 10.0
    with pytest.raises(OSError, match="call 3"):
        operated(1)
    now[0] = 20.0
    assert operated(1) == 8
    assert figures()["breaker"] == "closed"


def test_a_breaker_ends_the_attempts(decorated):
    function = flaky(9)
    with pytest.raises(CircuitOpen):
        decorated(function, breaker=2, retries=9, backoff=0)(1)
    assert len(function.calls) == 2


def test_a_gate_counts_for_the_breaker():
    operated = poet(breaker=1, enforce=str, fallback="none")(flaky(0))
    assert [operated(1), operated(1)] == ["none", "none"]
    assert figures()["breaker"] == "open"


def test_time_limits_count_for_the_breaker():
    stop = threading.Event()
    operated = poet(breaker=1, timeout=0.05)(lambda: stop.wait(WAIT))
    with pytest.raises(BranchTimeout):
        operated()
    with pytest.raises(CircuitOpen):
        operated()
    stop.set()


def test_each_function_has_a_breaker_of_its_own():
    both = poet(breaker=1)
    one, other = both(flaky(9)), both(flaky(0))
    with pytest.raises(OSError, match="call"):
        one(1)
    assert other(1) == 8


def test_settings_around_do_not_add_attempts():
    function = flaky(99)
    operated = poet(retries=1, backoff=0)(function)
    with using(retries=2, backoff=0), pytest.raises(OSError, match="call"):
        operated(1)
    assert len(function.calls) == 2


def test_a_stage_has_the_nearest_word():
    function = flaky(99)
    operated = poet(retries=3, backoff=0, fallback="none")(function)
    assert run_stage(1, operated, "stage", policy(retries=1)) == "none"
    assert len(function.calls) == 2
    branch = with_policy(operated, policy(retries=0, fallback="other"))
    assert fan_out((branch, abs), 1) == ["other", 1]
    assert len(function.calls) == 3
    where = Orchestrated(operated, "branch 1 of 2")
    assert fan_out((with_policy(where, policy(retries=1)), abs), 1) == ["none", 1]
    assert len(function.calls) == 5
    assert figures()["calls"] == 3


def test_the_stage_is_named_too():
    operated = poet(retries=1, backoff=0)(flaky(99))
    with pytest.raises(OSError, match="call 3") as caught:
        run_stage(1, operated, "stage 2 of x | charge", policy(retries=2))
    notes = ["after 3 attempts", "in charge", "in stage 2 of x | charge"]
    assert caught.value.__notes__ == notes


def test_as_branches_of_a_block():
    one = poet(retries=1, backoff=0)(flaky(1))

    @poet(retries=1, backoff=0, timeout=WAIT)
    async def other(value):
        await asyncio.sleep(0)
        return value

    assert fan_out((one, other), 5) == [8, 5]


def test_counts_of_many_threads():
    @poet
    def count():
        return None

    def work():
        for _ in range(500):
            count()

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(WAIT)
    seen = figures("count")
    assert seen["calls"] == seen["attempts"] == 2000
    assert 0 < seen["p50"] <= seen["p90"] <= seen["p99"]


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"retrys": 3}, TypeError, r"poet\(\) got an unknown setting 'retrys'. Did you mean"),
        ({"retries": -1}, ValueError, "retries must not be negative"),
        ({"breaker": "yes"}, TypeError, "breaker must be a Breaker"),
        ({"enforce": 5}, TypeError, "enforce must be"),
        ({"at_least": 2}, TypeError, "at_least is for blocks"),
    ],
)
def test_wrong_options(options, error, message):
    with pytest.raises(error, match=message):
        poet(**options)(len)


def test_what_it_cannot_decorate():
    with pytest.raises(TypeError, match="@poet takes its settings by name, not 3"):
        poet(3)
    with pytest.raises(TypeError, match="@poet decorates functions, not 3"):
        poet()(3)


def module_function(n):
    return n


operated_module_function = poet(retries=1)(module_function)


def test_what_is_handed_to_processes_can_be_pickled():
    from dana_runtime.faults.poet import _Spread

    spread = pickle.loads(pickle.dumps(_Spread(len)))
    assert spread((([1, 2],), {})) == 2
