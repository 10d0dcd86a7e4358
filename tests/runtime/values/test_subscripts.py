from __future__ import annotations

import linecache
from collections import OrderedDict, UserDict, defaultdict
from types import MappingProxyType

import pytest

from dana_runtime import fan_out
from dana_runtime.values.subscripts import subscript_note

numbers = [1, 2, 3]
prices = {"a": 1, "b": 2}


def note_of(function, *args):
    with pytest.raises(Exception) as caught:  # noqa: PT011 - of any kind
        function(*args)
    before = (caught.value.args, list(getattr(caught.value, "__notes__", [])))
    note = subscript_note(caught.value)
    assert (caught.value.args, list(getattr(caught.value, "__notes__", []))) == before
    return note


class TestContents:
    @pytest.mark.parametrize(
        ("xs", "key", "expected"),
        [
            ([1, 2, 3], 5, "the list has 3 items"),
            ([1], 5, "the list has 1 item"),
            ([], 0, "the list has no items"),
            ((1, 2), -3, "the tuple has 2 items"),
            ("abc", 9, "the str has 3 characters"),
            ("a", 9, "the str has 1 character"),
            (b"abc", 9, "the bytes has 3 items"),
            (range(4), 9, "the range has 4 items"),
            ({"a": 1, "b": 2}, "c", "its keys are: 'a', 'b'"),
            ({}, "c", "the dict has no items"),
            (dict.fromkeys(range(5)), 9, "its keys are: 0, 1, 2, 3, 4"),
            (dict.fromkeys(range(6)), 9, "its keys begin with: 0, 1, 2, 3, 4, …"),
            (OrderedDict(a=1), "b", "its keys are: 'a'"),
            (MappingProxyType({"a": 1}), "b", "its keys are: 'a'"),
            ([1, 2, 3], "a", "the list has 3 items"),
            ({"a": 1}, [], "its keys are: 'a'"),
            (None, 0, None),
            (5, 0, None),
            ({1, 2}, 0, "the set has 2 items"),
        ],
    )
    def test_notes(self, xs, key, expected):
        assert note_of(lambda: xs[key]) == expected

    def test_long_keys_are_cut(self):
        xs = {"x" * 1000: 1}
        note = note_of(lambda: xs["y"])
        assert note.endswith("x…")
        assert len(note) < 100

    def test_containers_that_fail_themselves(self):
        class Broken(dict):
            def __len__(self):
                raise ValueError

        class Endless(dict):
            def __iter__(self):
                raise ValueError

        xs, ys = Broken(a=1), Endless(a=1)
        assert note_of(lambda: xs["y"]) is None
        assert note_of(lambda: ys["y"]) is None

    def test_failures_inside_of_the_container(self):
        class Own:
            def __getitem__(self, key):
                raise KeyError(key)

        xs, ys, zs = Own(), UserDict(a=1), defaultdict(lambda: {}["x"])
        assert note_of(lambda: xs["y"]) is None
        assert note_of(lambda: ys["y"]) is None
        assert note_of(lambda: zs["y"]) is None


def local(i):
    xs = [1, 2]
    return xs[i]


def parameter(xs, i):
    return xs[i]


def keyword(*, i, **options):
    return options[i]


def of_module(i):
    return numbers[i]


def closure(i):
    xs = [1, 2, 3, 4]

    def inner():
        return xs[i]

    return inner()


def cell(i):
    xs = [1, 2, 3, 4, 5]

    def inner():
        return xs

    assert inner() is xs
    return xs[i]


def in_the_middle(i, a=0):
    xs = [1, 2]
    return a + xs[i] + len([a, xs])


def after_an_assignment(i):
    xs = [1, 2]
    y = i; return xs[y]  # fmt: skip  # noqa: E702


def in_a_call(i):
    xs = [1, 2]
    return max(i, xs[i], key=xs[0])


def with_a_key_that_is_computed(i):
    xs = [1, 2]
    return xs[(i if i > 3 else -i) + len(str(i))]


def over_several_lines(i):
    xs = [1, 2]
    return xs[
        i
        +
        i
    ]  # fmt: skip


def in_finally(i):
    xs = [1, 2]
    try:
        i += 0
    finally:
        xs[i]


def in_finally_after_a_failure(i):
    xs = [1, 2]
    try:
        try:
            raise OSError
        finally:
            xs[i]
    except OSError:
        return


def of_a_nested_subscript_s_key(i):
    xs, ys = [1, 2], [[1, 2, 3]]
    return ys[0][xs[i]]


def in_a_generator(i):
    xs = [1, 2]
    return sum(xs[i] for _ in range(3))


def stored(i):
    xs = [1, 2]
    xs[i] = len(xs)


def deleted(i):
    xs = [1, 2]
    del xs[i]


def added_to(i):
    xs = [1, 2]
    xs[i] += 1


def in_an_f_string(i):
    xs = [1, 2]
    return f"n = {xs[i]:>{i}}"


@pytest.mark.parametrize(
    ("function", "count"),
    [
        (local, 2),
        (of_module, 3),
        (closure, 4),
        (cell, 5),
        (in_the_middle, 2),
        (after_an_assignment, 2),
        (in_a_call, 2),
        (with_a_key_that_is_computed, 2),
        (over_several_lines, 2),
        (in_finally, 2),
        (in_finally_after_a_failure, 2),
        (of_a_nested_subscript_s_key, 2),
        (in_a_generator, 2),
        (stored, 2),
        (deleted, 2),
        (added_to, 2),
        (in_an_f_string, 2),
    ],
)
def test_kinds_of_variables_and_places(function, count):
    assert note_of(function, 99) == f"the list has {count} items"
    # Often enough that Python has specialised its instructions.
    for _ in range(50):
        try:
            function(0)
        except TypeError:
            assert function is in_a_call
    assert note_of(function, 99) == f"the list has {count} items"


def test_parameters():
    assert note_of(parameter, {"a": 1}, "b") == "its keys are: 'a'"
    assert note_of(lambda: keyword(i="b", c=1)) == "its keys are: 'c'"


def test_a_comprehension_s_own_variable():
    xs = [1, 2, 3, 4]
    assert xs
    # What is there of the inner xs differs between Pythons; it is never the outer one.
    assert note_of(lambda rows: [xs[9] for xs in rows], [[1]]) in (None, "the list has 1 item")
    assert note_of(lambda rows: [row[9] for row in rows], [[1]]) in (None, "the list has 1 item")


def test_a_comprehension_s_outer_variable():
    xs = [1, 2, 3, 4]
    assert note_of(lambda: [xs[i] for i in range(9)]) == "the list has 4 items"


def test_the_module_s_own_code():
    code = compile("xs = [1, 2]\nys = [xs[0], xs[7]]\n", "module.dana", "exec")
    assert "module.dana" not in linecache.cache
    assert note_of(exec, code, {}) == "the list has 2 items"
    in_class = compile("class A:\n    xs = [1, 2, 3]\n    xs[7]\n", "module.dana", "exec")
    assert note_of(exec, in_class, {}) == "the list has 3 items"


class TestNoNote:
    @pytest.mark.parametrize(
        "function",
        [
            lambda: [1, 2][9],
            lambda: {"a": 1}["b"],
            lambda: [numbers][0][9],
            lambda: numbers[:2][9],
            lambda: {"n": numbers}["n"][9],
            lambda: list(numbers)[9],
            lambda: linecache.cache["nothing like it"],
            lambda: (numbers or prices)[9],
            lambda: numbers.pop(9),
            lambda: prices.pop("c"),
            lambda: numbers.index(9),
            lambda: numbers + 5,
            lambda: numbers(),
        ],
    )
    def test_for_other_expressions(self, function):
        assert note_of(function) is None

    def test_where_a_parenthesis_comes_first(self):
        def use(a, b, c):
            return a + (b or c)[9] + (b)[9]

        assert note_of(use, 1, [], [1, 2]) is None

    def test_for_what_is_raised(self):
        def fail():
            raise KeyError(numbers[0])

        assert note_of(fail) is None
        assert subscript_note(KeyError(1)) is None

    def test_for_other_kinds_of_errors(self):
        def fail():
            numbers[1 // 0]

        assert note_of(fail) is None

    def test_for_assignments_that_the_type_forbids(self):
        def fail():
            xs = (1, 2)
            xs[0] = 1

        assert note_of(fail) is None


def test_in_branches():
    with pytest.raises(IndexError) as caught:
        fan_out((local, local), 9)
    assert subscript_note(caught.value) == "the list has 2 items"


def test_code_without_positions():
    def bare(xs):
        return xs[9]

    bare.__code__ = bare.__code__.replace(co_linetable=b"")
    assert note_of(bare, [1]) is None
