from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dana_runtime.faults.sketch import BUCKETS, RELATIVE_ERROR, SHORTEST, Sketch

DURATIONS = st.lists(st.floats(SHORTEST, 1e5), min_size=1, max_size=200)


def sketch_of(durations):
    sketch = Sketch()
    for seconds in durations:
        sketch.add(seconds)
    return sketch


@given(DURATIONS, st.floats(0, 1))
def test_quantiles_are_wrong_by_five_percent_at_most(durations, share):
    expected = sorted(durations)[int(share * (len(durations) - 1))]
    assert sketch_of(durations).quantile(share) == pytest.approx(
        expected, rel=RELATIVE_ERROR + 1e-6
    )


@given(DURATIONS, DURATIONS)
def test_added_sketches_are_the_sketch_of_both(some, others):
    one = sketch_of(some)
    one.merge(sketch_of(others).buckets)
    both = sketch_of(some + others)
    assert (one.count, one.buckets) == (both.count, both.buckets)


@given(st.lists(st.floats(allow_nan=False, min_value=0), max_size=500))
def test_memory_is_bounded(durations):
    sketch = sketch_of([seconds for seconds in durations if seconds < 1e300])
    assert all(0 <= index < BUCKETS for index in sketch.buckets)


def test_nothing_has_no_quantiles():
    assert Sketch().quantile(0.5) is None


def test_numbers_that_no_sketch_has_are_left_out():
    sketch = Sketch()
    sketch.merge([(-1, 5), (BUCKETS, 5), (3, -5), (4, 2)])
    assert (sketch.count, sketch.buckets) == (2, {4: 2})
