"""`python -m benchmarks.blocks` → results/block_costs.json: parallel blocks against Python's own threads."""

from __future__ import annotations

from benchmarks import report
from benchmarks.blocks.comparisons import COMPARISONS
from benchmarks.suite import Suite, main

SUITE = Suite("blocks", "block_costs", COMPARISONS, report.block_tables, rounds=9, seconds=0.005)

if __name__ == "__main__":
    main(SUITE)
