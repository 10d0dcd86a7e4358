from __future__ import annotations

import pickle
import threading

import pytest

from dana_runtime import (
    BranchCancelled,
    Failure,
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
from dana_runtime.execution.block import Block

WAIT = 30.0
PARTIAL = policy(on_error="partial")
BLOCK = Block("report", "src/orders.dana", ("same", 12, 26), ("fail", 12, 31), ("same", 12, 39))

BOTH_FORMS = pytest.mark.parametrize("run", [fan_out, run_in_order])


def same(value):
    return value


def fail(value):
    raise ValueError(value)


# Every way in which a block can run.
WAYS = pytest.mark.parametrize(
    "settings",
    [
        {},
        {"executor": "thread"},
        {"executor": "inline"},
        {"timeout": 60},
        {"max_workers": 1},
        {"max_depth": 0},
        {"max_depth": 0, "timeout": 60},
    ],
    ids=str,
)


class TestFailure:
    def test_it_is_false_and_says_what_happened(self):
        failure = Failure(ValueError("x"), "branch 1 of 2, f", 3, 0.5)
        assert not failure
        assert (failure.attempts, failure.elapsed) == (3, 0.5)
        text = "<Failure of branch 1 of 2, f: ValueError('x'), after 0.5 s and 3 attempts>"
        assert repr(failure) == text

    def test_it_travels(self):
        copy = pickle.loads(pickle.dumps(Failure(ValueError("x"), "branch 1 of 2, f", 3, 0.5)))
        assert repr(copy.error) == "ValueError('x')"
        assert (copy.branch, copy.attempts, copy.elapsed) == ("branch 1 of 2, f", 3, 0.5)

    def test_successes(self):
        failure = Failure(ValueError(), "f")
        assert successes([1, failure, None, 0]) == [1, None, 0]
        assert successes((failure, 2)) == [2]
        assert successes({"a": failure, "b": 2}) == {"b": 2}
        with pytest.raises(TypeError, match="takes the results of a block"):
            successes(5)


class TestPartial:
    @WAYS
    @BOTH_FORMS
    def test_failures_stand_in_their_places(self, run, settings):
        with using(**settings):
            for _ in range(20):
                results = run((same, fail, same), 5, BLOCK, PARTIAL)
                assert (results[0], results[2]) == (5, 5)
                failure = results[1]
                assert isinstance(failure, Failure)
                name = "branch 2 of 3, fail (orders.dana:12:31), of pipeline report"
                assert failure.branch == name
                assert repr(failure.error) == "ValueError(5)"
                assert failure.error.__notes__ == [f"in {name}"]
                assert failure.attempts == 1
                assert failure.elapsed >= 0

    def test_in_a_dict(self):
        results = fan_out({"a": same, "b": fail}, 5, None, PARTIAL)
        assert list(results) == ["a", "b"]
        assert successes(results) == {"a": 5}

    def test_one_branch_alone(self):
        results = fan_out((fail, same), 5, None, PARTIAL)
        assert successes(results) == [5]
        results = fan_out((with_policy(fail, PARTIAL), same), 5)
        assert successes(results) == [5]
        with pytest.raises(ValueError, match="5"):
            fan_out((with_policy(same, PARTIAL), fail), 5)

    def test_a_stage(self):
        failure = run_stage(5, fail, "stage 2 of f | g", PARTIAL)
        assert isinstance(failure, Failure)
        assert failure.branch == "stage 2 of f | g"
        with pytest.raises(ValueError, match="5") as caught:
            run_stage(5, fail, "stage 2 of f | g", policy(timeout=60))
        assert caught.value.__notes__ == ["in stage 2 of f | g"]
        with pytest.raises(TypeError, match=r"stage 2 of f \| g is not callable: 7"):
            run_stage(5, 7, "stage 2 of f | g", PARTIAL)

    @WAYS
    @BOTH_FORMS
    @pytest.mark.parametrize("kind", [KeyboardInterrupt, SystemExit])
    def test_what_ends_programs_is_raised(self, run, settings, kind):
        def leave(value):
            raise kind(3)

        with using(**settings), pytest.raises(kind) as caught:
            run((same, leave, same), 5, None, PARTIAL)
        assert caught.value.args == (3,)

    def test_a_branch_that_cancels_itself_is_a_failure(self):
        def give_up(value):
            raise BranchCancelled

        results = fan_out((same, give_up), 5, None, PARTIAL)
        assert isinstance(results[1].error, BranchCancelled)

    @pytest.mark.parametrize("run", [fan_out_capturing, run_in_order_capturing])
    def test_captures_of_a_failed_branch(self, run):
        captured = run((lambda v: (v, {"a": 1}), fail), 5, None, PARTIAL)
        assert captured.results[0] == 5
        assert isinstance(captured.results[1], Failure)
        assert captured["a"] == 1
        # What it would have captured is what came of it.
        assert captured["b"] is captured.results[1]

    def test_the_others_are_not_cancelled(self):
        failed = threading.Event()

        def fail_first(value):
            failed.set()
            raise ValueError(value)

        def inner(value):
            assert failed.wait(WAIT)
            return fan_out((same, same), value)

        results = fan_out((fail_first, inner), 5, None, PARTIAL)
        assert results[1] == [5, 5]
