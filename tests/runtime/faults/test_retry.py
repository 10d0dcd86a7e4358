from __future__ import annotations

import pickle

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from dana_runtime import BranchCancelled, CircuitOpen, OrchestrationError, Retry
from dana_runtime.execution.repeating import repeated
from dana_runtime.faults.retry import Tries


def test_delays_double_up_to_the_longest():
    retry = Retry(attempts=9, backoff=0.5, max_backoff=3, jitter=0)
    assert [retry.delay(number, lambda: 0.7) for number in range(1, 6)] == [0.5, 1, 2, 3, 3]


def test_jitter_leaves_out_a_share_of_the_delay():
    retry = Retry(backoff=8, jitter=1)
    assert [retry.delay(1, iter([share]).__next__) for share in (0, 0.25, 0.75)] == [8, 6, 2]
    assert Retry(backoff=8, jitter=0.5).delay(1, lambda: 0.5) == 6


def test_many_attempts_overflow_nothing():
    assert Retry(attempts=10**9, max_backoff=7, jitter=0).delay(10**8, lambda: 0) == 7


@pytest.mark.parametrize(
    ("retry", "error", "answer"),
    [
        (Retry(), ValueError(), True),
        (Retry(on=OSError), ValueError(), False),
        (Retry(on=(OSError, ValueError)), ValueError(), True),
        (Retry(on="OSError, ValueError"), ValueError(), True),
        (Retry(on=BaseException), KeyboardInterrupt(), False),
        (Retry(on=BaseException), SystemExit(), False),
        (Retry(on=BaseException), BranchCancelled(), False),
        (Retry(), CircuitOpen(), False),
        (Retry(on=CircuitOpen), CircuitOpen(), True),
        (Retry(on=TypeError), OrchestrationError(), False),
        (Retry(on=OrchestrationError), OrchestrationError(), True),
    ],
)
def test_what_is_tried_again(retry, error, answer):
    assert retry.is_for(error) is answer


@pytest.mark.parametrize(
    ("values", "error", "message"),
    [
        ({"attempts": 0}, ValueError, "attempts must be at least 1, not 0"),
        ({"attempts": 2.0}, TypeError, "attempts must be a whole number, not 2.0"),
        ({"backoff": -1}, ValueError, "backoff must not be below 0 seconds: -1"),
        ({"max_backoff": float("nan")}, ValueError, "max_backoff must not be below 0 seconds: nan"),
        ({"backoff": True}, TypeError, r"backoff must be seconds, not True \(bool\)"),
        ({"jitter": 1.5}, ValueError, "jitter must be from 0 to 1, not 1.5"),
        ({"jitter": "much"}, TypeError, "jitter must be a number from 0 to 1"),
        ({"on": 5}, TypeError, "on must be exception classes, not 5"),
        ({"on": ()}, ValueError, "on names no exceptions"),
        ({"on": "Nonsense"}, ValueError, "on has no value 'Nonsense'"),
    ],
)
def test_wrong_values(values, error, message):
    with pytest.raises(error, match=message):
        Retry(**values)


def test_a_retry_is_a_value():
    retry = Retry(attempts=3, on=(OSError, ValueError))
    assert pickle.loads(pickle.dumps(retry)) == retry
    assert hash(retry) == hash(Retry(attempts=3, on=(OSError, ValueError)))
    assert retry != Retry(attempts=4)
    expected = "Retry(attempts=3, backoff=0.1, max_backoff=30, jitter=1, on=(OSError, ValueError))"
    assert repr(retry) == expected
    with pytest.raises(AttributeError, match="cannot be changed"):
        retry.attempts = 5


class Clock:
    """Time that passes only when somebody waits for it."""

    def __init__(self):
        self.now = 100.0
        self.waits = []

    def __call__(self):
        return self.now

    def wait(self, seconds):
        self.waits.append(seconds)
        self.now += seconds


def failing(times, clock=None, seconds=0.0, error=ValueError):
    calls = []

    def call():
        calls.append(1)
        if clock is not None:
            clock.now += seconds
        if len(calls) <= times:
            raise error(f"attempt {len(calls)}")
        return len(calls)

    return call


def test_repeated_until_it_succeeds():
    clock = Clock()
    tries = Tries(Retry(attempts=5, jitter=0), random=lambda: 0.0)
    assert repeated(failing(3), tries, now=clock, wait=clock.wait) == 4
    assert clock.waits == [0.1, 0.2, 0.4]


def test_the_last_failure_is_raised_as_itself():
    clock = Clock()
    tries = Tries(Retry(attempts=3, jitter=0))
    with pytest.raises(ValueError, match="attempt 3") as caught:
        repeated(failing(9), tries, now=clock, wait=clock.wait)
    assert caught.value.__notes__ == ["after 3 attempts"]


def test_the_total_bounds_attempts_and_delays():
    clock = Clock()
    tries = Tries(Retry(attempts=50, backoff=1, jitter=0), total=10)
    with pytest.raises(ValueError, match="attempt 4"):
        repeated(failing(99, clock, 0.5), tries, now=clock, wait=clock.wait)
    # 0.5 + 1 + 0.5 + 2 + 0.5 + 4 + 0.5 = 9, and the next one would begin at 17.
    assert clock.now == 109.0


def test_what_is_left_of_the_total_is_the_limit_of_an_attempt():
    tries = Tries(Retry(), total=10)
    tries.begin(100.0)
    assert tries.limit(4, 100.0) == 4
    assert tries.limit(4, 108.0) == 2
    assert tries.limit(None, 103.0) == 7
    assert tries.limit(4, 200.0) == 0
    assert Tries(None).limit(None, 1.0) is None


RULES = {
    "attempts": st.integers(1, 6),
    "backoff": st.floats(0, 5),
    "longest": st.floats(0, 20),
    "jitter": st.floats(0, 1),
    "total": st.none() | st.floats(0.1, 60),
    "share": st.floats(0, 0.999),
}


class TriesAgainstAModel(RuleBasedStateMachine):
    """The attempts of one branch, as somebody would count them on paper."""

    @initialize(**RULES)
    def begin(self, attempts, backoff, longest, jitter, total, share):
        self.retry = Retry(attempts, backoff, longest, jitter, OSError)
        self.tries = Tries(self.retry, total, lambda: share)
        self.total, self.share = total, share
        self.now, self.made, self.is_over = 50.0, 1, False
        self.tries.begin(self.now)

    @precondition(lambda self: self.is_over)
    @rule(**RULES)
    def begin_with_another(self, **values):
        self.begin(**values)

    @precondition(lambda self: not self.is_over)
    @rule(
        error=st.sampled_from([OSError(), TimeoutError(), ValueError()]),
        seconds=st.floats(0, 10),
        is_running=st.booleans(),
    )
    def fail(self, error, seconds, is_running):
        self.now += seconds
        delay = self.tries.delay_after(error, self.now, is_running)
        longest = min(self.retry.max_backoff, self.retry.backoff * 2 ** (self.made - 1))
        expected = longest * (1 - self.retry.jitter * self.share)
        may = isinstance(error, OSError) and not is_running and self.made < self.retry.attempts
        if may and self.total is not None:
            may = self.now + expected - 50.0 < self.total
        assert delay == (pytest.approx(expected) if may else None)
        if delay is None:
            self.is_over = True
        else:
            self.now += delay
            self.made += 1
            self.tries.begin(self.now)

    @invariant()
    def never_more_than_allowed(self):
        if hasattr(self, "retry"):
            assert self.tries.number == self.made <= self.retry.attempts


TestTriesAgainstAModel = TriesAgainstAModel.TestCase
