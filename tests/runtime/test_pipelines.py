from __future__ import annotations

import copy
import functools
import operator
import pickle
import sys

import pytest

from dana_runtime.pipelines import Pipeline, apply, call_stage, pipe, start


def add_ten(value):
    return value + 10


def double(value):
    return value * 2


def join(*args, **kwargs):
    return args, kwargs


def failing(value):
    raise KeyError(value)


class TestPipeline:
    def test_takes_the_arguments_of_its_first_stage(self):
        pipeline = Pipeline(("join",), join)
        assert pipeline(1, 2, key=3) == ((1, 2), {"key": 3})

    def test_is_printed_as_its_stages(self):
        pipeline = Pipeline(("fetch", "{tax, charge}", "summarize"), join)
        assert repr(pipeline) == "fetch | {tax, charge} | summarize"
        assert str(pipeline) == f"{pipeline}" == repr(pipeline)
        assert pipeline.stages == ("fetch", "{tax, charge}", "summarize")

    def test_needs_a_callable(self):
        with pytest.raises(TypeError):
            Pipeline(("a",), 5)

    def test_is_equal_only_to_itself(self):
        one, other = Pipeline(("join",), join), Pipeline(("join",), join)
        assert one == one
        assert one != other
        assert len({one, other, one}) == 2

    def test_its_copies_are_itself(self):
        pipeline = Pipeline(("join",), join)
        assert copy.copy(pipeline) is pipeline
        assert copy.deepcopy([pipeline])[0] is pipeline

    @pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
    def test_pickles_if_what_it_runs_does(self, protocol):
        for pipeline in (
            Pipeline(("add_ten",), add_ten),
            Pipeline(("add_ten",), add_ten) | double,
            Pipeline(("join",), functools.partial(join, 1, key=2)),
            pipe(add_ten, double, ("add_ten", "double")),
        ):
            again = pickle.loads(pickle.dumps(pipeline, protocol))
            assert type(again) is Pipeline
            assert again.stages == pipeline.stages
            assert again(1) == pipeline(1)

    def test_around_a_partial(self):
        pipeline = Pipeline(("join",), functools.partial(join, 1, key=2))
        assert pipeline(3, other=4) == ((1, 3), {"key": 2, "other": 4})
        assert pipeline(3, key=5) == ((1, 3), {"key": 5})
        assert repr(pipeline) == "join"

    def test_around_a_pipeline(self):
        inner = Pipeline(("add_ten",), add_ten)
        outer = Pipeline(("add_ten", "nothing else"), inner)
        assert outer(1) == 11
        assert outer.stages == ("add_ten", "nothing else")
        assert inner.stages == ("add_ten",)

    def test_inside_a_partial(self):
        pipeline = Pipeline(("join",), join)
        assert functools.partial(pipeline, 1)(2) == ((1, 2), {})
        assert functools.partial(functools.partial(pipeline, 1), 2)(3) == ((1, 2, 3), {})


class TestComposing:
    def test_with_a_function_on_either_side(self):
        pipeline = Pipeline(("add_ten",), add_ten)
        assert (pipeline | double)(1) == 22
        assert (double | pipeline)(1) == 12
        assert repr(pipeline | double | (lambda value: value)) == "add_ten | double | <lambda>"
        assert repr(double | pipeline) == "double | add_ten"

    def test_with_a_pipeline(self):
        left = Pipeline(("add_ten", "double"), lambda value: double(add_ten(value)))
        right = Pipeline(("double",), double)
        assert (left | right)(1) == 44
        assert (left | right).stages == ("add_ten", "double", "double")
        assert isinstance(left | right, Pipeline)

    def test_leaves_both_sides_as_they_are(self):
        left, right = Pipeline(("add_ten",), add_ten), Pipeline(("double",), double)
        both = left | right
        assert both | left is not both
        assert (left.stages, right.stages) == (("add_ten",), ("double",))
        assert (left(1), right(1)) == (11, 2)

    def test_keeps_the_first_stage_s_arguments(self):
        pipeline = join | Pipeline(("double",), double)
        assert pipeline(1, key=2) == ((1,), {"key": 2}) * 2

    def test_very_long_chains_are_not_nested(self):
        pipeline = Pipeline(("add_ten",), add_ten)
        # More than Python lets calls nest.
        stages = sys.getrecursionlimit() + 500
        for _ in range(stages - 1):
            pipeline = pipeline | add_ten
        assert pipeline(0) == 10 * stages

    def test_with_other_kinds_of_callables(self):
        pipeline = Pipeline(("add_ten",), add_ten)
        assert (pipeline | str | "{:>4}".format | functools.partial(join, 0))(1) == (
            (0, "  11"),
            {},
        )
        assert repr(pipeline | str | "".join | functools.partial(join, 0)) == (
            "add_ten | str | join | join(…)"
        )
        assert repr(int | pipeline) == "int | add_ten"

    def test_a_value_is_applied(self):
        pipeline = Pipeline(("double",), double)
        assert 5 | pipeline == 10
        assert [1] | pipeline == [1, 1]
        assert None | Pipeline(("join",), join) == ((None,), {})
        assert {"a": 1} | Pipeline(("len",), len) == 1
        assert {1, 2} | Pipeline(("len",), len) == 2

    def test_a_stage_that_is_not_callable(self):
        pipeline = Pipeline(("a", "b"), join)
        with pytest.raises(TypeError) as caught:
            operator.or_(pipeline, 5)
        assert str(caught.value) == "stage 3 of a | b | 5 is not callable: 5 (int)"


class TestApply:
    def test_calls_with_the_value_first(self):
        assert apply(1, join, 2, value=3, function=4) == ((1, 2), {"value": 3, "function": 4})

    def test_leaves_failures_alone(self):
        with pytest.raises(KeyError) as caught:
            apply(1, failing)
        assert not hasattr(caught.value, "__notes__")


class TestCallStage:
    def test_calls_it(self):
        assert call_stage(4, double, "stage 2 of x | double") == 8

    def test_says_which_stage_is_not_callable(self):
        with pytest.raises(TypeError) as caught:
            call_stage(4, 5, "stage 2 of x | f")
        assert str(caught.value) == "stage 2 of x | f is not callable: 5 (int)"

    def test_shortens_long_values(self):
        with pytest.raises(TypeError) as caught:
            call_stage(4, "x" * 1000, "stage 2 of x | f")
        assert str(caught.value).endswith("xxx… (str)")
        assert len(str(caught.value)) < 120

    def test_leaves_failures_alone(self):
        with pytest.raises(KeyError) as caught:
            call_stage(1, failing, "stage 2 of 1 | failing")
        assert not hasattr(caught.value, "__notes__")


class TestPipe:
    def test_data_flows(self):
        assert pipe(5, double, ("x", "double")) == 10

    def test_a_callable_becomes_a_pipeline(self):
        called = []
        pipeline = pipe(lambda *a, **k: called.append((a, k)), str, ("x", "str"))
        assert called == []
        assert isinstance(pipeline, Pipeline)
        assert repr(pipeline) == "x | str"
        assert pipeline(1, k=2) == "None"
        assert called == [((1,), {"k": 2})]


class TestStart:
    def test_a_callable_is_called(self):
        assert start(join, 1, head=2) == ((1,), {"head": 2})

    def test_data_is_itself(self):
        assert start(5, 1, key=2) == 5
