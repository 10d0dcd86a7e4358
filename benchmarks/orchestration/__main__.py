"""`python -m benchmarks.orchestration` → results/orchestration.json: orchestrated calls against calls by hand."""

from __future__ import annotations

from benchmarks import report
from benchmarks.orchestration.comparisons import COMPARISONS, GOAL_ADDED, GOAL_RATIO
from benchmarks.suite import Suite, main

SUITE = Suite(
    "orchestration",
    "orchestration",
    COMPARISONS,
    report.orchestration_tables,
    rounds=15,
    seconds=0.001,
    more={"goals": {"ratio": GOAL_RATIO, "added": GOAL_ADDED}},
)

if __name__ == "__main__":
    main(SUITE)
