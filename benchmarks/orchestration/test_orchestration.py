"""Each comparison as two micro-benchmarks: python -m pytest benchmarks -k "tiny and struct"."""

from __future__ import annotations

import pytest
from benchmarks.measure import COPIES, timed
from benchmarks.orchestration.comparisons import COMPARISONS


@pytest.mark.parametrize("side", ["orchestrated", "by hand"])
@pytest.mark.parametrize("comparison", COMPARISONS, ids=lambda comparison: comparison.id)
def test_orchestration(benchmark, comparison, side):
    benchmark.group = comparison.id
    benchmark.extra_info |= {"statements": COPIES}
    run = timed(comparison.sides()[("orchestrated", "by hand").index(side)])
    benchmark(run, 1)
