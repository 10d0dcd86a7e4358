from __future__ import annotations

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dana_runtime import OrchestrationError, orchestrate
from dana_runtime.orchestration.matching import assignments


def all_assignments(fitting, items):
    """Return every assignment, by trying them all."""
    return {
        chosen
        for chosen in itertools.permutations(range(items), len(fitting))
        if all(item in fits for item, fits in zip(chosen, fitting, strict=True))
    }


@settings(deadline=None, derandomize=True, max_examples=500, database=None)
@given(st.data())
def test_it_finds_what_trying_everything_finds(data):
    items = data.draw(st.integers(0, 5))
    row = st.lists(st.integers(0, max(items - 1, 0)), unique=True) if items else st.just([])
    fitting = data.draw(st.lists(row, max_size=5))
    expected = all_assignments(fitting, items)
    found = assignments(fitting)
    assert set(found) <= expected
    assert len(set(found)) == len(found) == min(len(expected), 2)


class Steps(list):
    """A list that counts how often it is walked through, and gives up where that is too often."""

    walks = 0

    def __iter__(self):
        Steps.walks += 1
        assert Steps.walks < 10_000, "this takes factorial time"
        return super().__iter__()


@pytest.mark.parametrize("count", [12, 30])
def test_many_parameters_take_few_steps(count):
    Steps.walks = 0
    everything = Steps(range(count))
    assert len(assignments([everything] * count)) == 2
    # One item too few, which trying orders would find out at the very end.
    assert assignments([Steps(range(count - 1))] * count) == []
    # A triangle has one assignment.
    triangle = [Steps(range(row + 1)) for row in range(count)]
    assert assignments(triangle) == [tuple(range(count))]
    assert assignments(triangle[::-1]) == [tuple(range(count))[::-1]]


def test_twelve_parameters_by_type():
    classes = [type(f"C{number}", (), {}) for number in range(12)]
    names = [f"p{number}" for number in range(12)]
    scope = {}
    exec(f"def f({', '.join(names)}): return [{', '.join(names)}]", scope)
    function = scope["f"]
    function.__annotations__ = dict(zip(names, classes, strict=True))
    items = [kind() for kind in classes]
    assert orchestrate(function, tuple(items[::-1]), "stage") == items
    classes[1:] = [classes[0]] * 11
    function = type(function)(function.__code__, {})
    function.__annotations__ = dict(zip(names, classes, strict=True))
    with pytest.raises(OrchestrationError, match=r"nothing for 'p1', 'p2'"):
        orchestrate(function, (items[0],), "stage")
