"""`python -m benchmarks.language` → results/language.json: compiled Dana against the same in Python."""

from __future__ import annotations

from benchmarks import report
from benchmarks.language.comparisons import COMPARISONS
from benchmarks.suite import Suite, main

SUITE = Suite("language", "language", COMPARISONS, report.language_tables, rounds=15, seconds=0.001)

if __name__ == "__main__":
    main(SUITE)
