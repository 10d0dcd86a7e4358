from __future__ import annotations

import sys
import traceback

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dana_runtime.spelling import nearest

NAMES = ["total", "totals", "count", "Count", "x", "xs", "average", "private_name"]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("totl", "total"),
        ("toatls", "totals"),
        ("COUNT", "Count"),
        ("y", None),
        ("xsx", "xs"),
        ("avarage", "average"),
        ("privat_nmae", "private_name"),
        ("nothing", None),
        ("", None),
    ],
)
def test_nearest(name, expected):
    assert nearest(name, NAMES) == expected


def test_the_name_itself_is_no_candidate():
    assert nearest("total", ["total"]) is None
    assert nearest("total", ["total", "totals"]) == "totals"


def test_the_first_of_equals_counts():
    assert nearest("totax", ["total", "totay"]) == "total"


def test_neither_long_names_nor_long_lists():
    assert nearest("a" * 41, ["a" * 40]) is None
    assert nearest("totl", ["total", *map(str, range(749))]) is None
    assert nearest("totl", ["total", *map(str, range(748))]) == "total"


words = st.text("abAB_1", min_size=1, max_size=9)


@pytest.mark.skipif(sys.version_info < (3, 12), reason="Python's own is written in C")
@given(words, st.lists(words, max_size=8, unique=True))
def test_whatever_python_prints(name, candidates):
    error = NameError(f"name {name!r} is not defined", name=name)
    namespace = {**dict.fromkeys(candidates), "__builtins__": {}, "errors": [error]}
    with pytest.raises(NameError) as caught:
        exec("raise errors.pop()", namespace)
    line = traceback.format_exception(caught.value)[-1]
    _, found, printed = line.rstrip().partition("Did you mean: ")
    # Python is stricter with names of one to three characters, and then prints none.
    if found:
        assert printed == f"'{nearest(name, [*candidates, '__builtins__', 'errors'])}'?"
    elif len(name) > 6:
        assert nearest(name, [*candidates, "__builtins__", "errors"]) is None
