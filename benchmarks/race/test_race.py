"""Each competitor as a micro-benchmark, to be run by name:

python -m pytest benchmarks -k "dispatch and 3-stages"
python -m pytest benchmarks -k "block and trivial and danac"
python -m pytest benchmarks -k "compile and 1000"

pytest-benchmark times one after the other, so its figures say how long something takes; how two compare is
said by `python -m benchmarks.race`, in which they take turns.
"""

from __future__ import annotations

from contextlib import ExitStack

import pytest
from benchmarks.race import blocks, compilers, dispatch, pools

_MOST = 8


@pytest.fixture(scope="module")
def served():
    with blocks.surroundings():
        yield


_DISPATCH = {
    f"{name}: {competitor.name}".replace(" ", "-"): competitor
    for name, make in dispatch.contests().items()
    for competitor in make()
}


@pytest.mark.parametrize("name", _DISPATCH)
def test_dispatch(benchmark, name):
    benchmark.group = name.partition(":")[0]
    benchmark(_DISPATCH[name].run, 1)


@pytest.mark.parametrize(
    ("kind", "count"),
    [(kind, count) for kind, counts in blocks.COUNTS.items() for count in counts if count <= _MOST],
)
@pytest.mark.parametrize("who", ["one after", "bare threads", "kept Thread", "danac"])
def test_block(benchmark, served, kind, count, who):
    benchmark.group = f"{count} branches, {kind}"
    with ExitStack() as closing:
        engines = pools.Engines(closing)
        found, _ = blocks.taking_part(kind, count, engines, closing, quick=True)
        competitor = next(c for c in found if c.name.startswith(who))
        benchmark(competitor.value)


_COMPILE = {
    f"{lines} lines: {competitor.name}".replace(" ", "-"): competitor
    for lines in (100, 1_000)
    for competitor in compilers.cold(lines, quick=True)[0]
}


@pytest.mark.parametrize("name", _COMPILE)
def test_compile(benchmark, name):
    benchmark.group = name.partition(":")[0]
    benchmark(_COMPILE[name].run, 1)
