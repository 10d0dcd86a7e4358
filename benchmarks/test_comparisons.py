"""Each side of each comparison as a micro-benchmark, to be run by name:

python -m pytest benchmarks -k "language and fib"
python -m pytest benchmarks -k "orchestration and tiny and struct"

pytest-benchmark times one side after the other, so on a busy machine its figures say how long
something takes; how two sides compare is said by `python -m benchmarks.language`.
"""

from __future__ import annotations

import pytest
from benchmarks.blocks.__main__ import SUITE as BLOCKS
from benchmarks.language.__main__ import SUITE as LANGUAGE
from benchmarks.measure import COPIES, timed
from benchmarks.orchestration.__main__ import SUITE as ORCHESTRATION

COMPARISONS = {
    f"{suite.package}, {comparison.id}": comparison
    for suite in (LANGUAGE, BLOCKS, ORCHESTRATION)
    for comparison in suite.comparisons
}


@pytest.mark.parametrize("side", ["dana", "python"])
@pytest.mark.parametrize("name", COMPARISONS)
def test_comparison(benchmark, name, side):
    sides = COMPARISONS[name].sides()
    benchmark.group = name
    benchmark.extra_info |= COMPARISONS[name].described(*sides) | {"statements": COPIES}
    run = timed(sides[("dana", "python").index(side)])
    benchmark(run, 1)
