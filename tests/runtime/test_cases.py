from __future__ import annotations

import copy
import functools
import operator
import pickle

import pytest

from dana_runtime import Pipeline, case, is_even
from dana_runtime.functions import add_one, is_odd, noop


def halve(value):
    return value // 2


def triple_plus_one(value):
    return 3 * value + 1


def failing(value):
    raise KeyError(value)


class TestCase:
    def test_the_first_condition_that_holds_decides(self):
        collatz = case((is_even, halve), triple_plus_one)
        assert [collatz(number) for number in (6, 3, 10)] == [3, 10, 5]
        assert case((is_odd, halve), (is_odd, failing), failing)(5) == 2

    def test_conditions_are_tried_in_order_and_no_further(self):
        tried = []

        def condition(name, result):
            return lambda value: tried.append((name, value)) or result

        chosen = case(
            (condition("a", 0), failing), (condition("b", [1]), add_one), (condition("c", 1), noop)
        )
        assert chosen(4) == 5
        assert tried == [("a", 4), ("b", 4)]

    def test_plain_values_as_conditions(self):
        assert case((False, failing), (0, failing), ("x", add_one))(1) == 2
        assert case((None, failing), halve)(8) == 4

    def test_without_a_fallback(self):
        with pytest.raises(ValueError, match="has no fallback") as caught:
            case((is_odd, halve))(4)
        assert str(caught.value) == "no condition of case holds for 4, and it has no fallback"
        with pytest.raises(ValueError, match=r"holds for 'x+…, and it"):
            case((False, halve))("x" * 1000)

    def test_only_a_fallback(self):
        assert case(halve)(8) == 4

    def test_any_stage(self):
        pipeline = Pipeline(("halve",), halve) | add_one
        partial = functools.partial(operator.add, 100)
        nested = case((is_even, pipeline), case((is_odd, partial)))
        assert (nested(8), nested(7)) == (5, 107)
        # Classes are functions of the value, too.
        assert case((int, failing), str)(0) == "0"

    def test_in_a_pipeline(self):
        collatz = case((is_even, halve), triple_plus_one)
        assert (Pipeline(("add_one",), add_one) | collatz)(5) == 3
        assert callable(collatz)

    def test_failures_are_left_alone(self):
        for chosen in (case((failing, noop), noop), case((True, failing)), case(failing)):
            with pytest.raises(KeyError) as caught:
                chosen(1)
            assert not hasattr(caught.value, "__notes__")

    def test_takes_one_value(self):
        with pytest.raises(TypeError):
            case(noop)(1, 2)

    def test_is_printed(self):
        chosen = case((is_even, halve), (True, case((5, str))), functools.partial(pow, 2))
        assert repr(chosen) == "case((is_even, halve), (True, case((5, str))), pow(…))"
        assert repr(Pipeline(("add_one",), add_one) | case(halve)) == "add_one | case(halve)"

    @pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
    def test_pickles_if_its_parts_do(self, protocol):
        collatz = case((is_even, halve), triple_plus_one)
        again = pickle.loads(pickle.dumps(collatz, protocol))
        assert (again(6), again(3), repr(again)) == (3, 10, repr(collatz))
        assert copy.deepcopy(collatz)(6) == 3

    @pytest.mark.parametrize(
        ("parts", "message"),
        [
            ((), "case needs at least one pair (condition, stage)"),
            (((1,),), "part 1 of case is not a pair (condition, stage): (1,)"),
            (
                ((1, str, 2),),
                "part 1 of case is not a pair (condition, stage): (1, <class 'str'>, 2)",
            ),
            (((1, 5),), "the stage in part 1 of case is not callable: 5 (int)"),
            (((1, str), (2, None)), "the stage in part 2 of case is not callable: None (NoneType)"),
            (
                ((1, str), 5),
                "part 2 of case is neither a pair (condition, stage) nor callable: 5 (int)",
            ),
            (
                ([True, str],),
                "part 1 of case is neither a pair (condition, stage) nor callable: "
                "[True, <class 'str'>] (list)",
            ),
            (
                (5, (1, str)),
                "part 1 of case is not a pair (condition, stage): 5 (int); "
                "only the last part can be a fallback",
            ),
        ],
    )
    def test_bad_parts(self, parts, message):
        with pytest.raises(TypeError) as caught:
            case(*parts)
        assert str(caught.value) == message
