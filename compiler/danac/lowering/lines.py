"""The stages of a pipe as they are applied, and which of their captures somebody reads."""

from __future__ import annotations

from dataclasses import dataclass

from danac import nodes
from danac.analysis.captures import captures_of
from danac.analysis.decisions import may_ask_for
from danac.analysis.names import Scope
from danac.analysis.shapes import UNKNOWN, Shape, result_of
from danac.analysis.stages import kind_of
from danac.lowering.context import Lowering, Surroundings
from danac.lowering.temporaries import reads_capture, stage_text
from danac.source import Span


@dataclass(frozen=True, slots=True)
class Line:
    """The stages of one pipe as they are applied: the stages of parenthesised pipelines are among them.

    `name` is the pipeline's in messages, which count its stages from `first_number`; `needed` are the
    captures that somebody behind the pipe reads.
    """

    span: Span
    stages: tuple[nodes.Stage, ...]
    name: str
    pipeline: str
    """The name of the whole, which the blocks in it show in their notes."""
    first_number: int = 1
    needed: frozenset[str] = frozenset()
    inflow: Shape = UNKNOWN
    """What is known of the value that flows into a branch, whose first stage is then a bare `$$`."""

    def is_branch_of_one(self) -> bool:
        """Whether this is a branch with one stage, behind the value that flows in."""
        return self.first_number == 0 and len(self.stages) == 2

    def shape_before(self, index: int, scope: Scope) -> Shape:
        """Return what is known of the value that flows into stage `index`."""
        if index == 0 or isinstance(self.stages[index - 1].value, nodes.FlowValue):
            return self.inflow
        return result_of(self.stages[index - 1], scope)

    def where(self, index: int) -> str:
        """Return how messages name stage `index` (from 0)."""
        if self.is_branch_of_one():
            return self.name
        return f"stage {index + self.first_number} of {self.name}"


def line_of(low: Lowering, pipe: nodes.Pipe, around: Surroundings) -> Line:
    """Return the line of a pipe expression, whose first stage is its head."""
    head, *rest = pipe.stages
    stages = (head, *flattened(tuple(rest), around))
    name = low.pipeline or stage_text(low, pipe)
    return Line(pipe.span, stages, name, name)


def flattened(stages: tuple[nodes.Stage, ...], around: Surroundings) -> tuple[nodes.Stage, ...]:
    """Return `stages` with parenthesised pipelines, where they surely are functions, replaced by their stages.

    One that makes captures keeps them for itself, and so stays as it is.
    """
    flat: list[nodes.Stage] = []
    for stage in stages:
        inner = nodes.ungrouped(stage.value)
        if stage.policy is None and _is_transparent(inner, around):
            assert isinstance(inner, nodes.Pipe)
            *first, last = flattened(inner.stages, around)
            flat += [*first, nodes.Stage(last.span, last.value, last.policy, stage.capture)]
        else:
            flat.append(stage)
    return tuple(flat)


def _is_transparent(inner: nodes.Expression, around: Surroundings) -> bool:
    if not isinstance(inner, nodes.Pipe) or kind_of(inner, around.scope) != "callable":
        return False
    return not any(any(captures_of(stage)) for stage in inner.stages)


def captures_wanted(line: Line, index: int, scope: Scope) -> frozenset[str]:
    """Return those captures of stage `index` that later stages, or somebody behind the pipe, may read."""
    return frozenset(
        capture.name
        for capture in captures_of(line.stages[index])
        if _is_read_behind(line, index, capture.name, scope)
    )


def _is_read_behind(line: Line, index: int, name: str, scope: Scope) -> bool:
    for stage in line.stages[index + 1 :]:
        if reads_capture(stage, {name}) or may_ask_for(stage.value, name, scope):
            return True
        if any(capture.name == name for capture in captures_of(stage)):
            return False
    return name in line.needed
