"""`enforce` and `breaker` as settings of stages, branches and blocks."""

from __future__ import annotations

import pytest

import danac
from dana_runtime import (
    Breaker,
    CircuitOpen,
    EnforcementError,
    Failure,
    configure,
    fan_out,
    poet,
    policy,
    run_stage,
    using,
    with_policy,
)
from dana_runtime.execution.setting_sources import from_environment
from dana_runtime.execution.settings import Settings
from dana_runtime.faults.breaker import BreakerPlace


def fail(value):
    raise ValueError(value)


def twice(value):
    return value * 2


WAYS = [{}, {"executor": "inline"}, {"executor": "thread"}, {"timeout": 60}]


@pytest.mark.parametrize("way", WAYS)
class TestEnforce:
    def test_a_stage(self, way):
        assert run_stage(2, twice, "the stage", policy(enforce=int, **way)) == 4
        with pytest.raises(EnforcementError, match=r"the stage gave 4, which is int, not str"):
            run_stage(2, twice, "the stage", policy(enforce=str, **way))

    def test_each_branch_of_a_block(self, way):
        assert fan_out((twice, abs), 2, None, policy(enforce=int, **way)) == [4, 2]
        with pytest.raises(EnforcementError, match=r"branch 2 of 2, str gave '2', which is str"):
            fan_out((twice, str), 2, None, policy(enforce=int, **way))

    def test_one_branch(self, way):
        branches = (with_policy(twice, policy(enforce=lambda n: n > 5)), str)
        assert fan_out(branches, 3, None, policy(**way)) == [6, "3"]
        with pytest.raises(EnforcementError, match="does not pass the rule <lambda>"):
            fan_out(branches, 2, None, policy(**way))

    def test_a_failure_of_the_gate_is_tried_again(self, way):
        results = iter([-1, -1, 7])
        settings = policy(enforce=lambda n: n > 0, retries=2, backoff=0, **way)
        assert run_stage(0, lambda value: next(results), "s", settings) == 7
        results = iter([-1, -1, 7])
        assert fan_out((lambda value: next(results),), 0, None, settings) == [7]

    def test_fallbacks_and_partial_results(self, way):
        assert fan_out((str, abs), 2, None, policy(enforce=int, fallback=0, **way)) == [0, 2]
        first, second = fan_out((str, abs), 2, None, policy(enforce=int, on_error="partial", **way))
        assert type(first) is Failure
        assert type(first.error) is EnforcementError
        assert second == 2


@pytest.mark.parametrize("way", WAYS)
class TestBreaker:
    def test_a_stage(self, way):
        settings = policy(breaker=2, **way)
        for _ in range(2):
            with pytest.raises(ValueError, match="1"):
                run_stage(1, fail, "s", settings)
        with pytest.raises(CircuitOpen, match="s has failed 2 times in a row"):
            run_stage(1, fail, "s", settings)

    def test_each_branch_of_a_block_has_its_own(self, way):
        settings = policy(breaker=2, on_error="partial", **way)
        for _ in range(2):
            fan_out((fail, twice), 1, None, settings)
        failure, result = fan_out((fail, twice), 1, None, settings)
        assert type(failure.error) is CircuitOpen
        assert result == 2

    def test_one_that_is_given_is_shared(self, way):
        breaker = Breaker(2, 100)
        settings = policy(breaker=breaker, on_error="partial", max_workers=1, **way)
        results = fan_out((fail, fail, twice), 1, None, settings)
        assert [type(result.error) for result in results][:2] == [ValueError] * 2
        assert breaker.state == "open"
        assert type(fan_out((twice,), 1, None, settings)[0].error) is CircuitOpen


def test_two_places_that_say_the_same_have_a_breaker_each():
    one, other = policy(breaker=1), policy(breaker=1)
    with pytest.raises(ValueError, match="1"):
        run_stage(1, fail, "s", one)
    assert run_stage(1, twice, "s", other) == 2


def test_a_place_keeps_its_breakers_while_the_number_is_the_same():
    place = BreakerPlace()
    assert place(3) is place(3)
    assert place(3) is not place(4)
    assert place(True) is place(True)
    breaker = Breaker()
    assert place(breaker) is breaker
    assert place(None) is None


def test_a_function_with_poet_takes_the_nearest_word():
    @poet(enforce=str, breaker=1)
    def same(value):
        return value

    with pytest.raises(EnforcementError):
        same(5)
    # Its breaker is open now; a stage may bring one of its own.
    with pytest.raises(CircuitOpen):
        run_stage("x", same, "s", policy(timeout=60))
    assert run_stage(5, same, "s", policy(enforce=int, breaker=Breaker())) == 5


@pytest.mark.parametrize("values", [{"enforce": int}, {"breaker": 5}])
@pytest.mark.parametrize("where", [using, configure])
def test_they_are_said_of_what_is_named(values, where):
    with pytest.raises(TypeError, match="is for stages, branches, blocks and functions"):
        where(**values)


def test_the_environment_has_neither():
    assert from_environment({"DANA_BREAKER": "5", "DANA_ENFORCE": "int"}) == {}


@pytest.mark.parametrize(
    ("values", "error", "message"),
    [
        ({"enforce": 5}, TypeError, "enforce must be a type, a predicate or a schema, not 5"),
        ({"enforce": {"typ": 5}}, ValueError, "typ"),
        ({"breaker": "often"}, TypeError, "breaker must be a Breaker, a number of failures"),
        ({"breaker": 0}, ValueError, "failures must be at least 1, not 0"),
    ],
)
def test_what_makes_no_sense(values, error, message):
    with pytest.raises(error, match=message):
        policy(**values)


def test_settings_with_them_travel():
    import pickle

    settings = Settings(enforce=int, breaker=3)
    copy = pickle.loads(pickle.dumps(settings))
    assert (copy.breaker.failures, copy.enforce.given) == (3, int)


# --- In programs ----------------------------------------------------------------------------------

PROGRAM = """\
calls = [0]
def f(x):
    calls[0] += 1
    raise ValueError(x)
def g(x): x + 1
limit = 2
found = []
for n in range(5):
    found.append(type(1 | f with (breaker=2, on_error="partial")).__name__)
    1 | f with (breaker=limit, fallback=lambda e :: found.append(type(e.error).__name__))
"""


def test_breakers_of_a_program_last():
    names = danac.run_source(PROGRAM)
    assert names["calls"] == [4]
    assert names["found"][1::2] == ["ValueError"] * 2 + ["CircuitOpen"] * 3


def test_captures_are_no_part_of_a_result():
    program = "def g(x): x + 1\nr = 1 | { g as kept, g } with (enforce=int) | ($$[0] + kept)\n"
    assert danac.run_source(program)["r"] == 4
    with pytest.raises(EnforcementError):
        danac.run_source(program.replace("enforce=int", "enforce=str"))


def test_a_pipeline_as_a_whole():
    program = "def g(x): x + 1\nr = 1 | (g | str) with (enforce=str) | len\n"
    assert danac.run_source(program)["r"] == 1
    with pytest.raises(EnforcementError, match=r"gave '2', which is str, not int"):
        danac.run_source(program.replace("enforce=str", "enforce=int"))


def test_blocks_in_order():
    with pytest.raises(EnforcementError, match="branch 2 of 2"):
        danac.run_source("1 | [abs, str] with (enforce=int)")


@pytest.mark.parametrize(
    ("text", "message"), [("enforce=5", "enforce: expected a type"), ("breaker=0", "breaker:")]
)
def test_what_the_compiler_sees(text, message):
    (found,) = danac.check_source(f"1 | abs with ({text})\n")
    assert message in found.message
