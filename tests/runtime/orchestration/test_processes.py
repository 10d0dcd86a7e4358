"""Names around a block whose branches run in processes of their own: they travel with the branches."""

from __future__ import annotations

import pytest

import danac

PROGRAM = """
def rated(x, rate): return [x, rate]
known = [rated][0]
private:rate = 7
def by_scope(order):
    return order | { known, rated, noop | known } with (executor="process", timeout=60)
def by_name(order, rate):
    return order | { known, rated, noop | known } with (executor="process", timeout=60)
"""


def test_names_travel_to_processes():
    pytest.importorskip("loky")
    program = danac.run_source(PROGRAM)
    assert program["by_scope"]({"x": 1}) == [[1, 7]] * 3
    assert program["by_name"]({"x": 1}, 0) == [[1, 0]] * 3
