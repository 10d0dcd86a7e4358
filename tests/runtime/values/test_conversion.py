"""The table of typed assignment, each cell written by hand."""

from __future__ import annotations

import enum
import math
from types import NoneType

import pytest

from dana_runtime import cast, convert, interface, isinstance_of, struct, type_named
from dana_runtime.values.type_expressions import Deferred, heads, members, type_text

REFUSED = object()

HUGE = 10**400
LIST, DICT, TUPLE, SET = [1, "a"], {"a": 1}, (1, 2), {1}


@struct(("x", int))
class Point:
    __slots__ = ("x",)


@struct()
class Other:
    __slots__ = ()

    def area(self):
        return 0


Shape = interface("Shape", None, (), ("area", 0, 0))
POINT, OTHER = Point(1), Other()


class Money(int):
    pass


class Colour(enum.IntEnum):
    RED = 1


# Each row: the value, then what int, float, str, bool, list and dict make of it.
TABLE = [
    (None, None, None, None, None, None, None),
    (7, 7, 7.0, "7", True, REFUSED, REFUSED),
    (0, 0, 0.0, "0", False, REFUSED, REFUSED),
    (True, True, 1.0, "true", True, REFUSED, REFUSED),
    (False, False, 0.0, "false", False, REFUSED, REFUSED),
    (2.9, 2, 2.9, "2.9", True, REFUSED, REFUSED),
    (-2.9, -2, -2.9, "-2.9", True, REFUSED, REFUSED),
    (0.0, 0, 0.0, "0.0", False, REFUSED, REFUSED),
    (math.inf, REFUSED, math.inf, "inf", True, REFUSED, REFUSED),
    (HUGE, HUGE, REFUSED, str(HUGE), True, REFUSED, REFUSED),
    ("abc", REFUSED, REFUSED, "abc", REFUSED, REFUSED, REFUSED),
    ("", REFUSED, REFUSED, "", False, REFUSED, REFUSED),
    (" 42\n", 42, 42.0, " 42\n", REFUSED, REFUSED, REFUSED),
    ("1_000", 1000, 1000.0, "1_000", REFUSED, REFUSED, REFUSED),
    ("4.5", REFUSED, 4.5, "4.5", REFUSED, REFUSED, REFUSED),
    ("1", 1, 1.0, "1", True, REFUSED, REFUSED),
    (" Yes ", REFUSED, REFUSED, " Yes ", True, REFUSED, REFUSED),
    ("off", REFUSED, REFUSED, "off", False, REFUSED, REFUSED),
    ("[1, [2]]", REFUSED, REFUSED, "[1, [2]]", REFUSED, [1, [2]], REFUSED),
    (' {"a": 1} ', REFUSED, REFUSED, ' {"a": 1} ', REFUSED, REFUSED, {"a": 1}),
    ("[1", REFUSED, REFUSED, "[1", REFUSED, REFUSED, REFUSED),
    ("[" * 200_000, REFUSED, REFUSED, "[" * 200_000, REFUSED, REFUSED, REFUSED),
    (LIST, REFUSED, REFUSED, "[1, 'a']", REFUSED, LIST, REFUSED),
    (DICT, REFUSED, REFUSED, "{'a': 1}", REFUSED, REFUSED, DICT),
    (TUPLE, REFUSED, REFUSED, REFUSED, REFUSED, REFUSED, REFUSED),
    (SET, REFUSED, REFUSED, REFUSED, REFUSED, REFUSED, REFUSED),
    (POINT, REFUSED, REFUSED, REFUSED, REFUSED, REFUSED, REFUSED),
    (b"1", REFUSED, REFUSED, REFUSED, REFUSED, REFUSED, REFUSED),
    (1j, REFUSED, REFUSED, REFUSED, REFUSED, REFUSED, REFUSED),
]
CELLS = [
    pytest.param(row[0], kind, cell, id=f"{kind.__name__}-{str(row[0])[:12]!r}")
    for row in TABLE
    for kind, cell in zip((int, float, str, bool, list, dict), row[1:], strict=True)
]


@pytest.mark.parametrize(("value", "kind", "cell"), CELLS)
def test_the_table(value, kind, cell):
    if cell is REFUSED:
        with pytest.raises(TypeError, match=f"^x: expected {kind.__name__}, got "):
            convert(value, kind, "x")
        return
    result = convert(value, kind, "x")
    assert result == cell
    assert type(result) is type(cell)
    if isinstance(value, kind):
        assert result is value


@pytest.mark.parametrize("kind", [tuple, set, Point, Shape])
@pytest.mark.parametrize(
    ("value", "takes"),
    [
        (TUPLE, tuple),
        (SET, set),
        (POINT, Point),
        (OTHER, Shape),
        (None, None),
        ("(1, 2)", None),
        (frozenset(), None),
        (LIST, None),
    ],
)
def test_types_that_convert_nothing(kind, value, takes):
    if kind is takes or value is None:
        assert convert(value, kind, "x") is value
    else:
        with pytest.raises(TypeError, match=f"^x: expected {kind.__name__}, got "):
            convert(value, kind, "x")


@pytest.mark.parametrize(
    ("value", "union", "expected"),
    [
        # What any member takes as it is stays.
        ("7", (int, str), "7"),
        (2.5, (int, float), 2.5),
        (True, (str, int), True),
        (None, (int, str), None),
        # Otherwise the first member that converts counts.
        ("7", (int, float), 7),
        ("7", (float, int), 7.0),
        ("7.5", (int, float), 7.5),
        ("[7]", (int, list), [7]),
        ("yes", (Point, int, bool), True),
        (3, (Point, str, float), "3"),
        (5, (None, str), "5"),
        (2.5, (bool, int), True),
        # Unions in unions, and `any` among the members.
        ("7", (Point, (None, int)), 7),
        (b"x", (int, object), b"x"),
        (b"x", (object,), b"x"),
    ],
)
def test_unions(value, union, expected):
    result = convert(value, union, "x")
    assert result == expected
    assert type(result) is type(expected)


@pytest.mark.parametrize(
    ("value", "expected", "message"),
    [
        ("abc", int, "x: expected int, got str ('abc')"),
        ([1], (int, str, Point), None),
        ((1,), (int, str), "x: expected int | str, got tuple ((1,))"),
        ((1,), (Point, None), "x: expected Point | None, got tuple ((1,))"),
        (5, None, "x: expected None, got int (5)"),
        (5, Shape, "x: expected Shape, got int (5)"),
        ("a" * 100, float, f"x: expected float, got str ('{'a' * 58}…)"),
        (POINT, int, "x: expected int, got Point (Point(x=1))"),
    ],
)
def test_messages(value, expected, message):
    if message is None:
        assert convert(value, expected, "x") == str(value)
        return
    with pytest.raises(TypeError) as caught:
        convert(value, expected, "x")
    assert str(caught.value) == message
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__


def test_subclasses_are_taken_as_they_are():
    money = Money(5)
    assert convert(money, int, "x") is money
    assert convert(Colour.RED, int, "x") is Colour.RED
    assert type(convert("5", Money | int, "x")) is int


def test_names_that_are_defined_later():
    def later():
        return Later  # noqa: F821

    assert convert("anything", Deferred(later), "x") == "anything"
    assert convert("7", Deferred(lambda: (int, None)), "x") == 7
    assert convert("7", Deferred(lambda: math.nowhere), "x") == "7"
    with pytest.raises(TypeError, match=r"^x: expected Point \| None, got int \(5\)$"):
        convert(5, Deferred(lambda: (Point, None)), "x")


def test_function_that_stands_for_a_type_is_no_type_and_is_not_called():
    def function():
        raise AssertionError("called")

    assert convert(5, function, "x") == 5
    assert convert(5, (str, function), "x") == 5
    with pytest.raises(TypeError, match="cast: not a type"):
        cast(function, 5)


def test_errors_of_a_value_s_own_methods_are_not_hidden():
    class Broken(list):
        def __str__(self):
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        convert(Broken(), str, "x")


class TestCast:
    @pytest.mark.parametrize(
        ("expected", "value", "result"),
        [
            (int, "5", 5),
            ("int", "5", 5),
            ("Int", 5.9, 5),
            ("FLOAT", "1e3", 1000.0),
            ("str", True, "true"),
            ("bool", "nope", False),
            ("list", "[1]", [1]),
            ("int | None", "5", 5),
            ("list[int]", "[5]", [5]),
            ("any", "5", "5"),
            (object, "5", "5"),
            ((int, "str"), "x", "x"),
            (int | None, "5", 5),
            (list[int], "[5]", [5]),
            (int, None, None),
            (Point, POINT, POINT),
            (Shape, OTHER, OTHER),
        ],
    )
    def test_good(self, expected, value, result):
        assert cast(expected, value) == result

    @pytest.mark.parametrize(
        ("expected", "value", "message"),
        [
            (int, "abc", "cast: expected int, got str ('abc')"),
            ("int | float", [], "cast: expected int | float, got list ([])"),
            (None, 5, "cast: expected None, got int (5)"),
            ("Point", POINT, "unknown type: 'Point'"),
            (5, 5, "cast: not a type: 5"),
        ],
    )
    def test_bad(self, expected, value, message):
        with pytest.raises(TypeError) as caught:
            cast(expected, value)
        assert str(caught.value) == message


def test_type_named():
    words = ("int", "Float", "STR", " bool ", "list", "dict", "tuple", "set", "None", "null", "Any")
    assert [type_named(word) for word in words] == [
        *(int, float, str, bool, list, dict, tuple, set, NoneType, NoneType, object)
    ]
    with pytest.raises(TypeError, match=r"^unknown type: 'integer'$"):
        type_named("integer")


@pytest.mark.parametrize(
    ("expected", "kinds"),
    [
        (int, (int,)),
        (None, (NoneType,)),
        ((int, (str, None)), (int, str, NoneType)),
        (Deferred(lambda: (int, Deferred(lambda: str))), (int, str)),
        (lambda: int, (object,)),
        ("int | Null | 'str' | Elsewhere", (int, NoneType, str, object)),
        (int | str, (int, str)),
        (dict[str, int] | None, (dict, NoneType)),
        (5, (object,)),
    ],
)
def test_members(expected, kinds):
    assert members(expected) == kinds


def test_heads_and_texts():
    assert heads("list[int | str] | None|'a.Point'") == ["list", "None", "a.Point"]
    assert type_text((int, Point, NoneType, object)) == "int | Point | None | any"


@pytest.mark.parametrize(
    ("value", "kinds", "expected"),
    [
        (5, int, True),
        (True, int, True),
        (5, (str, int), True),
        (5, (str, ("bool", "int")), True),
        (5, (), False),
        (5, "int", True),
        (5, "Int", True),
        (True, "int", True),
        (5, "float", False),
        (5, "str | int", True),
        ([5], "list[int]", True),
        ([5], list[str], True),
        (5, "any", True),
        (5, object, True),
        (None, None, True),
        (5, None, False),
        (None, "none", True),
        (None, int, False),
        (5, int | None, True),
        (POINT, Point, True),
        (POINT, "Point", True),
        (POINT, "shapes.Point", True),
        (POINT, "point", False),
        (POINT, "Elsewhere", False),
        (KeyError("a"), "LookupError", True),
        (OTHER, Shape, True),
        (POINT, Shape, False),
    ],
)
def test_isinstance_of(value, kinds, expected):
    assert isinstance_of(value, kinds) is expected


def test_isinstance_of_what_is_no_type():
    with pytest.raises(TypeError):
        isinstance_of(5, 5)


def test_loads_little(run_python):
    program = """
import sys
from dana_runtime import attribute, convert, isinstance_of
assert convert("5", int, "x") == 5
print(*(name for name in ("functools", "json", "typing", "inspect", "re") if name in sys.modules))
"""
    assert run_python(program, "-S").stdout == "\n"
