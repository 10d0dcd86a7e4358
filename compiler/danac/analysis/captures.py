"""A stage → the captures that are made in it."""

from __future__ import annotations

from collections.abc import Iterator

from danac import nodes


def captures_of(stage: nodes.Stage) -> Iterator[nodes.Capture]:
    """Yield the captures of `stage` and of the branches of its block, but not those of inner pipes."""
    if isinstance(stage.value, nodes.ParallelBlock):
        for branch in stage.value.branches:
            for inner in branch.stages:
                yield from captures_of(inner)
    if stage.capture is not None:
        yield stage.capture
