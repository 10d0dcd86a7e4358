"""What stands in a parallel block or in a `case(…)` → the callable that the runtime is given for it."""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import TypeAlias

from danac import nodes
from danac.analysis.captures import captures_of
from danac.analysis.cases import Case
from danac.analysis.shapes import UNKNOWN, Shape
from danac.lowering.callees import is_callable_as_it_stands, lower_callee
from danac.lowering.context import Lowering, Surroundings
from danac.lowering.flow import Finish, flow
from danac.lowering.lines import Line, flattened
from danac.lowering.orchestration import Meeting, matters
from danac.lowering.policies import lower_policy
from danac.lowering.temporaries import mentions_flow, stage_text
from danac.staging import as_stage


def lower_case_value(low: Lowering, node: nodes.Call, case: Case, around: Surroundings) -> ast.expr:
    """Return a `case(…)` that is no stage: a callable, made of callables for its stages."""
    name = low.pipeline or stage_text(low, node)
    line = Line(node.span, (), name, name)

    def arm(stage: nodes.Expression) -> ast.expr:
        staged = nodes.Stage(stage.span, as_stage(stage, low.refuse, frozenset()), None, None)
        branch = nodes.Branch(stage.span, None, (staged,))
        return lower_branch(low, line, f"stage of {name}", branch, around, frozenset())

    parts: list[ast.expr] = []
    for condition, stage in case.pairs:
        pair = [low.expression(condition, around), arm(stage)]
        parts.append(low.at(condition.span.to(stage.span), ast.Tuple(pair, ast.Load())))
    if case.fallback is not None:
        parts.append(arm(case.fallback))
    return low.call(node.span, low.expression(node.function, around), *parts)


def lower_alone(low: Lowering, node: nodes.ParallelBlock, around: Surroundings) -> ast.expr:
    """Return a block that stands for itself, as the head of a pipeline does: a function of its input."""
    branch = nodes.Branch(node.span, None, (nodes.Stage(node.span, node, None, None),))
    name = low.pipeline or stage_text(low, node)
    return lower_branch(low, Line(node.span, (), name, name), name, branch, around, frozenset())


Start: TypeAlias = Callable[[nodes.Stage, Surroundings], ast.expr]


def lower_branch(
    low: Lowering,
    line: Line,
    name: str,
    branch: nodes.Branch,
    around: Surroundings,
    wanted: frozenset[str],
    start: Start | None = None,
    *,
    in_order: bool = False,
    shape: Shape = UNKNOWN,
) -> ast.expr:
    """Return the callable of one branch; with captures in demand, it returns them beside its result.

    `name` is the branch's in messages, such as `branch 2 of 3`; `start` makes the first stage's
    result, where that is not the flowing value with the stage applied; `shape` is what is known of that value.
    """
    stages = flattened(branch.stages, around)
    is_alone = len(stages) == 1 and not wanted and stages[0].policy is None and start is None
    if is_alone and is_callable_as_it_stands(stages[0].value, around, in_order=in_order):
        meeting = Meeting(stages[0].value, name, shape, around)
        decided = meeting.plan()
        callee = lower_callee(low, stages[0].value, around)
        if decided.way == "plain":
            return callee
        others = matters(low, meeting, decided.signature)
        return low.call(branch.span, low.runtime(branch.span, "Orchestrated"), callee, *others)
    policy = stages[0].policy
    if policy is not None and len(stages) == 1 and not wanted and not mentions_flow(policy):
        # A policy of the whole branch is the business of the block.
        plain = nodes.Stage(stages[0].span, stages[0].value, None, stages[0].capture)
        unbound = nodes.Branch(branch.span, None, (plain,))
        function = lower_branch(
            low, line, name, unbound, around, wanted, start, in_order=in_order, shape=shape
        )
        settings = lower_policy(low, policy, around)
        return low.call(branch.span, low.runtime(branch.span, "with_policy"), function, settings)
    value = low.fresh("value")
    inside = around.within(has_room=not around.in_iterable, flow=None, lifted="function")
    finish = _returning_captures(low, branch, wanted) if wanted else _as_it_is
    if start is None:
        # The value that flows in stands before the first stage, like the head of a pipe.
        head = nodes.Stage(branch.span, nodes.FlowValue(branch.span), None, None)
        behind = Line(branch.span, (head, *stages), name, line.pipeline, 0, wanted, shape)
        body = flow(low, behind, 0, low.name(branch.span, value), inside, finish)
    else:
        behind = Line(branch.span, stages, name, line.pipeline, 1, wanted)
        body = flow(low, behind, 0, start(stages[0], inside), inside, finish)
    return low.function(branch.span, [value], body)


def _as_it_is(value: ast.expr, around: Surroundings) -> ast.expr:
    return value


def _returning_captures(low: Lowering, branch: nodes.Branch, wanted: frozenset[str]) -> Finish:
    """Make a branch return `(result, {name: captured value})`."""
    made = {c.name for stage in branch.stages for c in captures_of(stage)}
    span = branch.span

    def finish(value: ast.expr, around: Surroundings) -> ast.expr:
        names = sorted(made & wanted)
        keys: list[ast.expr | None] = [low.constant(span, name) for name in names]
        table = low.at(span, ast.Dict(keys, [around.captures[name]() for name in names]))
        return low.at(span, ast.Tuple([value, table], ast.Load()))

    return finish
