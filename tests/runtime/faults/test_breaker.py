from __future__ import annotations

import pickle
import threading

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from dana_runtime import BranchCancelled, Breaker, CircuitOpen

WAIT = 30.0


class Clock:
    def __init__(self):
        self.now = 1000.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


def fail(breaker, times=1):
    for _ in range(times):
        breaker.leave(breaker.enter(), ValueError())


def succeed(breaker):
    breaker.leave(breaker.enter(), None)


def test_it_opens_after_so_many_failures_in_a_row(clock):
    breaker = Breaker(3, 10, clock=clock)
    fail(breaker, 2)
    succeed(breaker)
    fail(breaker, 2)
    assert breaker.state == "closed"
    fail(breaker)
    assert breaker.state == "open"
    clock.now += 4
    with pytest.raises(CircuitOpen, match="charge has failed 3 times in a row: in 6 s there is"):
        breaker.enter("charge")


def test_one_probe_decides(clock):
    breaker = Breaker(1, 10, clock=clock)
    fail(breaker)
    clock.now += 10
    assert breaker.state == "half-open"
    probe = breaker.enter()
    with pytest.raises(CircuitOpen, match="under way is another try"):
        breaker.enter()
    breaker.leave(probe, ValueError())
    assert breaker.state == "open"
    clock.now += 10
    succeed(breaker)
    assert breaker.state == "closed"


def test_a_probe_that_was_cancelled_says_nothing(clock):
    breaker = Breaker(1, 10, clock=clock)
    fail(breaker)
    clock.now += 10
    breaker.leave(breaker.enter(), BranchCancelled())
    assert breaker.state == "half-open"
    succeed(breaker)
    assert breaker.state == "closed"


def test_calls_from_before_it_opened_count_no_more(clock):
    breaker = Breaker(1, 10, clock=clock)
    late = breaker.enter()
    fail(breaker)
    breaker.leave(late, None)
    assert breaker.state == "open"


def test_only_one_of_many_threads_is_the_probe(clock):
    breaker = Breaker(1, 10, clock=clock)
    fail(breaker)
    clock.now += 10
    start, probes = threading.Barrier(8, timeout=WAIT), []

    def call():
        start.wait()
        try:
            probes.append(breaker.enter())
        except CircuitOpen:
            return

    threads = [threading.Thread(target=call) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(WAIT)
    assert len(probes) == 1


def test_in_another_process_it_begins_anew(clock):
    breaker = Breaker(1, 10, clock=clock)
    fail(breaker)
    copy = pickle.loads(pickle.dumps(breaker))
    assert (copy.failures, copy.reset, copy.state) == (1, 10, "closed")


@pytest.mark.parametrize(
    ("values", "error"),
    [({"failures": 0}, ValueError), ({"failures": 1.0}, TypeError), ({"reset": 0}, ValueError)],
)
def test_wrong_values(values, error):
    with pytest.raises(error):
        Breaker(**values)


class BreakerAgainstAModel(RuleBasedStateMachine):
    """Calls that overlap and end in any order, against the states drawn in the module."""

    @initialize(failures=st.integers(1, 3), reset=st.integers(1, 5))
    def make(self, failures, reset):
        self.clock = Clock()
        self.breaker = Breaker(failures, reset, clock=self.clock)
        self.limit, self.reset = failures, reset
        self.state, self.count, self.opened = "closed", 0, 0.0
        # The calls under way: (what enter gave, the state it began in, how often that had changed).
        self.calls, self.era = [], 0

    def settled(self):
        if self.state == "open" and self.clock.now >= self.opened + self.reset:
            self.state = "half-open"
        return self.state

    @rule(seconds=st.integers(0, 6))
    def wait(self, seconds):
        self.clock.now += seconds

    @rule()
    def call(self):
        probing = any(kind == "probe" for _, kind, _ in self.calls)
        state = self.settled()
        if state == "closed":
            self.calls.append((self.breaker.enter(), "plain", self.era))
        elif state == "half-open" and not probing:
            self.calls.append((self.breaker.enter(), "probe", self.era))
        else:
            with pytest.raises(CircuitOpen):
                self.breaker.enter()

    @precondition(lambda self: self.calls)
    @rule(which=st.integers(0, 9), outcome=st.sampled_from(["success", "failure", "cancelled"]))
    def end(self, which, outcome):
        call, kind, era = self.calls.pop(which % len(self.calls))
        error = {"success": None, "failure": OSError(), "cancelled": BranchCancelled()}[outcome]
        self.breaker.leave(call, error)
        if outcome == "cancelled" or (kind == "plain" and era != self.era):
            return
        if outcome == "success":
            self.count = 0
            if kind == "probe":
                self.state = "closed"
                self.era += 1
        else:
            self.count += 1
            if kind == "probe" or self.count >= self.limit:
                self.state, self.opened = "open", self.clock.now
                self.era += 1

    @invariant()
    def same_state(self):
        if hasattr(self, "breaker"):
            assert self.breaker.state == self.settled()


TestBreakerAgainstAModel = BreakerAgainstAModel.TestCase
