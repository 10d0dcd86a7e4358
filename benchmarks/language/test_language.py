"""Each comparison as two micro-benchmarks, to be run by name:

python -m pytest benchmarks -k "fib or receiver"

pytest-benchmark times one side after the other, so on a busy machine its figures say how long
something takes; how two sides compare is said by `python -m benchmarks.language`.
"""

from __future__ import annotations

import pytest
from benchmarks.language.comparisons import COMPARISONS
from benchmarks.measure import COPIES, timed


@pytest.mark.parametrize("side", ["dana", "python"])
@pytest.mark.parametrize("comparison", COMPARISONS, ids=lambda comparison: comparison.id)
def test_language(benchmark, comparison, side):
    benchmark.group = comparison.id
    benchmark.extra_info |= {"against": comparison.against, "statements": COPIES}
    run = timed(comparison.sides()[("dana", "python").index(side)])
    benchmark(run, 1)
