from __future__ import annotations

import pytest

from dana_runtime import functions


def test_noop():
    value = object()
    assert functions.noop(value) is value
    assert functions.noop(1, 2) == (1, 2)
    assert functions.noop() is None
    assert functions.noop(()) == ()


@pytest.mark.parametrize(
    ("first", "last", "total"),
    [(1, 4, 10), (3, 3, 3), (4, 1, 0), (-2, 2, 0), (1, 10**20, (10**20 + 1) * 10**20 // 2)],
)
def test_sum_range(first, last, total):
    assert functions.sum_range(first, last) == total


def test_sum_range_wants_integers():
    with pytest.raises(TypeError):
        functions.sum_range(1.0, 2)


def test_odd_and_even():
    assert [functions.is_odd(n) for n in (-3, -2, 0, 1, 2)] == [True, False, False, True, False]
    assert [functions.is_even(n) for n in (-3, -2, 0, 1, 2)] == [False, True, True, False, True]


def test_factorial():
    assert functions.factorial(5) == 120
    with pytest.raises(ValueError, match="negative"):
        functions.factorial(-1)


@pytest.mark.parametrize("function", [functions.capitalize_words, functions.title_case])
def test_capitals(function):
    assert function("hello  wORLD\nagain") == "Hello  World\nAgain"
    with pytest.raises(TypeError, match=f"{function.__name__}: expected str, got int"):
        function(5)


def test_adding():
    names = ("add_one", "add_two", "add_three", "add_four")
    assert [getattr(functions, name)(10) for name in names] == [11, 12, 13, 14]


@pytest.mark.parametrize("text", ["true", " YES ", "y", "on", "1", "okay", "Yeah", "correct"])
def test_semantic_bool_true(text):
    assert functions.semantic_bool(text) is True


@pytest.mark.parametrize("text", ["false", " No ", "n", "off", "0", "", "  ", "null", "never"])
def test_semantic_bool_false(text):
    assert functions.semantic_bool(text) is False


def test_semantic_bool_of_other_types():
    values = (True, False, None, 0, 2, 0.0, 0.5)
    assert [functions.semantic_bool(value) for value in values] == [
        *(True, False, False, False, True, False, True)
    ]
    with pytest.raises(ValueError, match="neither yes nor no: 'maybe'"):
        functions.semantic_bool("maybe")
    with pytest.raises(TypeError, match="expected str, got list"):
        functions.semantic_bool([])


def test_repeat():
    calls = []

    @functions.repeat(3)
    def record(value):
        """Say what was recorded."""
        calls.append(value)
        return len(calls)

    assert record(7) == 3
    assert calls == [7, 7, 7]
    assert (record.__name__, record.__doc__) == ("record", "Say what was recorded.")
    assert functions.repeat(0)(record)(7) is None
    with pytest.raises(TypeError):
        functions.repeat("3")


class TestValidateArgs:
    @staticmethod
    def make():
        @functions.validate_args(age=lambda age: age >= 0, name=len)
        def person(name, age=1):
            return name, age

        return person

    def test_good_arguments_pass(self):
        person = self.make()
        assert person("Ann", 5) == ("Ann", 5)
        assert person(name="Ann") == ("Ann", 1)
        assert person.__name__ == "person"

    @pytest.mark.parametrize("call", [{"name": "Ann", "age": -1}, {"age": -1, "name": "x"}])
    def test_bad_arguments_by_name(self, call):
        with pytest.raises(ValueError, match="Validation failed for age: -1"):
            self.make()(**call)

    def test_bad_arguments_by_position(self):
        with pytest.raises(ValueError, match="Validation failed for name: ''"):
            self.make()("")

    def test_wrong_calls_are_python_s_errors(self):
        with pytest.raises(TypeError, match="missing a required argument: 'name'"):
            self.make()()

    def test_unknown_parameters_are_refused_at_once(self):
        with pytest.raises(TypeError, match="validate_args: noop has no parameter nam, ag"):
            functions.validate_args(nam=len, ag=len)(functions.noop)
