"""Pipelines → nodes inside of nested clusters, and the edges between them: what Mermaid and DOT print."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import Literal, TypeAlias

from danac.graph.model import CAPTIONS, FORK, Block, Box, Flow, Form, Role, Step, suffixes

_LONG = 8  # steps, from which on a pipeline goes from the top down


@dataclass(frozen=True, slots=True)
class Node:
    """A box, a mere point where edges meet, or the point of a choice; its label's lines."""

    id: str
    role: Role | Literal["point", "choice"]
    label: tuple[str, ...]


@dataclass(slots=True)
class Cluster:
    """A pipeline or a block: what stands in it, in order."""

    id: str
    form: Form | Literal["flow"]
    label: tuple[str, ...]
    is_long: bool = False
    items: list[Node | Cluster] = field(default_factory=list)


Edge: TypeAlias = tuple[str, str, str | None]
"""Where from, where to, and what is written at it."""


def connect(flows: Sequence[Flow]) -> tuple[list[Cluster], list[Edge]]:
    """Return a cluster for each pipeline, and all edges."""
    network = _Network()
    return [network.flow(flow) for flow in flows], network.edges


class _Network:
    def __init__(self) -> None:
        self.edges: list[Edge] = []
        self._numbers = count(1)

    def flow(self, flow: Flow) -> Cluster:
        cluster = self._cluster("flow", (flow.title,))
        cluster.is_long = len(flow.steps) > _LONG
        self._steps(flow.steps, [], None, cluster)
        return cluster

    def _steps(
        self, steps: tuple[Step, ...], ends: list[str], label: str | None, around: Cluster
    ) -> list[str]:
        """Add steps behind the nodes `ends`, with `label` at the first edges; return where they end."""
        for step in steps:
            if isinstance(step, Box):
                name = self._node(around, step.role, (step.text, *suffixes(step)))
                self._join(ends, name, label)
                ends = [name]
            else:
                ends = self._block(step, ends, label, around)
            label = None
        return ends

    def _block(
        self, block: Block, ends: list[str], label: str | None, around: Cluster
    ) -> list[str]:
        if block.form != "choice" and (len(ends) != 1 or label is not None):
            # Edges meet in a point before they part again, and a block may be the first of all.
            point = self._node(around, "point", ())
            self._join(ends, point, label)
            ends = [point]
        caption = CAPTIONS[block.form]
        lines = (*([caption] if caption else []), *suffixes(block))
        cluster = self._cluster(block.form, lines)
        around.items.append(cluster)
        if block.form == "choice":
            fork = self._node(cluster, "choice", (FORK,))
            self._join(ends, fork, label)
            ends = [fork]
        out: list[str] = []
        for number, lane in enumerate(block.lanes, 1):
            key = str(number) if lane.key is None and block.form == "in order" else lane.key
            out += self._steps(lane.steps, ends, key, cluster)
        return out

    def _join(self, ends: list[str], name: str, label: str | None) -> None:
        self.edges += ((end, name, label) for end in ends)

    def _node(
        self, around: Cluster, role: Role | Literal["point", "choice"], label: tuple[str, ...]
    ) -> str:
        node = Node(f"n{next(self._numbers)}", role, label)
        around.items.append(node)
        return node.id

    def _cluster(self, form: Form | Literal["flow"], label: tuple[str, ...]) -> Cluster:
        return Cluster(f"c{next(self._numbers)}", form, label)
