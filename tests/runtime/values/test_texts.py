from __future__ import annotations

import enum
import math
import operator

import pytest

from dana_runtime.values import texts
from dana_runtime.values.texts import coerce_add, coerce_eq, coerce_iadd, coerce_lt, text


class Number(enum.IntEnum):
    FIVE = 5


class Meters(float):
    pass


class TestText:
    @pytest.mark.parametrize(
        ("value", "expected"),
        [
            (5, "5"),
            (-1.5, "-1.5"),
            (5.0, "5.0"),
            (True, "true"),
            (False, "false"),
            (math.inf, "inf"),
            (10**30, "1" + "0" * 30),
            (Number.FIVE, "5"),
            (Meters(2), "2.0"),
        ],
    )
    def test_numbers_and_truth_values(self, value, expected):
        assert text(value) == expected

    @pytest.mark.parametrize("value", ["a", None, [1], {}, b"x", 1j, object()])
    def test_anything_else_is_itself(self, value):
        assert text(value) is value

    def test_other_operands_fail_as_in_python(self):
        with pytest.raises(TypeError, match=r'can only concatenate str \(not "NoneType"\) to str'):
            "n = " + text(None)


class TestAdd:
    @pytest.mark.parametrize(
        ("left", "right", "expected"),
        [
            ("a", 5, "a5"),
            (5, "a", "5a"),
            ("a", 1.5, "a1.5"),
            (True, "a", "truea"),
            ("a", False, "afalse"),
            ("1", 2, "12"),
            ("a", "b", "ab"),
            (1, 2, 3),
            (True, 1, 2),
            ([1], [2], [1, 2]),
        ],
    )
    def test_results(self, left, right, expected):
        assert coerce_add(left, right) == expected
        assert coerce_iadd(left, right) == expected

    @pytest.mark.parametrize(("left", "right"), [("a", None), (None, "a"), ("a", [1]), (1, None)])
    def test_failures_are_python_s(self, left, right):
        with pytest.raises(TypeError) as python_s:
            left + right
        with pytest.raises(TypeError) as caught:
            coerce_add(left, right)
        assert str(caught.value) == str(python_s.value)
        with pytest.raises(TypeError, match=r"unsupported|can only concatenate"):
            coerce_iadd(left, right)

    def test_a_list_is_not_changed_by_plus(self):
        items = [1]
        with pytest.raises(TypeError):
            coerce_add(items, "ab")
        assert items == [1]

    def test_a_list_is_changed_in_place(self):
        items = same = [1]
        items = coerce_iadd(items, [2])
        items = coerce_iadd(items, "ab")
        assert items is same == [1, 2, "a", "b"]

    def test_an_object_s_own_operators(self):
        class Both:
            def __add__(self, other):
                return "add", other

            def __radd__(self, other):
                return "radd", other

        assert coerce_add(Both(), 1) == coerce_iadd(Both(), 1) == ("add", 1)
        assert coerce_add("a", Both()) == coerce_iadd("a", Both()) == ("radd", "a")
        assert coerce_add(Both(), "a") == ("add", "a")


COMPARISONS = ["eq", "ne", "lt", "le", "gt", "ge"]


class TestComparisons:
    @pytest.mark.parametrize("name", COMPARISONS)
    def test_a_text_is_read_as_the_number(self, name):
        compare, python_s = getattr(texts, f"coerce_{name}"), getattr(operator, name)
        for read, written in [(5, "5"), (5, " 5 "), (7, "-7"), (2.5, "2.50"), (2.5, "3"), (0, "1")]:
            other = type(read)(written)
            assert compare(read, written) is python_s(read, other)
            assert compare(written, read) is python_s(other, read)

    @pytest.mark.parametrize("name", COMPARISONS)
    def test_all_else_is_python_s(self, name):
        compare, python_s = getattr(texts, f"coerce_{name}"), getattr(operator, name)
        for left, right in [("a", "b"), ("b", "b"), (1, 2.0), ([1], [1]), (True, 1), ((1,), (2,))]:
            assert compare(left, right) is python_s(left, right)

    def test_a_text_is_read_as_a_truth_value(self):
        assert coerce_eq("yes", True) is True
        assert coerce_eq(False, " OFF ") is True
        assert coerce_eq("", False) is True
        assert coerce_eq("1", True) is True
        assert texts.coerce_ne("no", True) is True
        assert coerce_lt("no", True) is True

    @pytest.mark.parametrize(
        ("left", "right"),
        [("abc", 5), ("5.0", 5), ("", 0), ("five", 5.0), ("maybe", True), ("9" * 5000, 5)],
    )
    def test_a_text_that_cannot_be_read(self, left, right):
        assert coerce_eq(left, right) is False
        assert coerce_eq(right, left) is False
        assert texts.coerce_ne(left, right) is True
        with pytest.raises(TypeError, match="'<' not supported between instances of 'str' and"):
            coerce_lt(left, right)

    def test_other_operands_are_not_read(self):
        assert coerce_eq("None", None) is False
        assert coerce_eq("[1]", [1]) is False
        with pytest.raises(TypeError):
            coerce_lt("1", [1])

    def test_not_a_number(self):
        assert coerce_eq("nan", math.nan) is False
        assert texts.coerce_ne("nan", math.nan) is True

    def test_results_need_not_be_truth_values(self):
        class Array:
            def __eq__(self, other):
                return ["eq", other]

            __hash__ = None

        assert coerce_eq(Array(), "1") == ["eq", "1"]
        assert coerce_eq("1", Array()) == ["eq", "1"]
