"""Stages with a policy, blocks aside: the runtime is given a callable for the stage, and calls it."""

from __future__ import annotations

import ast
from collections.abc import Callable

from danac import nodes
from danac.lowering.branches import lower_branch
from danac.lowering.context import Lowering, Surroundings, Take
from danac.lowering.lines import Line
from danac.lowering.policies import lower_policy
from danac.lowering.temporaries import bind, mentions_flow


def lower_run_stage(
    low: Lowering,
    line: Line,
    index: int,
    value: ast.expr,
    around: Surroundings,
) -> ast.expr:
    """Apply stage `index`, which has a policy and is no block, to `value`: the runtime calls it."""
    stage = line.stages[index]
    assert stage.policy is not None
    policy = stage.policy
    where = line.where(index)
    shape = line.shape_before(index, around.scope)
    branch = nodes.Branch(stage.span, None, (nodes.Stage(stage.span, stage.value, None, None),))

    def run(take: Take, around: Surroundings) -> ast.expr:
        function = lower_branch(low, line, where, branch, around, frozenset(), shape=shape)
        settings = lower_policy(low, policy, around.within(flow=take))
        return _call(low, stage, take(), function, where, settings, around)

    if mentions_flow(policy):
        return bind(low, stage.span, "value", value, around, run)
    return run(lambda: value, around)


def under_policy(
    low: Lowering,
    stage: nodes.Stage,
    where: str,
    around: Surroundings,
    result: Callable[[Surroundings], ast.expr],
) -> ast.expr:
    """Return `result`, the first stage of a pipeline, which takes its arguments from what is around it."""
    assert stage.policy is not None
    inside = around.within(has_room=not around.in_iterable, lifted="function")
    function = low.function(stage.span, [low.fresh("value")], result(inside))
    settings = lower_policy(low, stage.policy, around)
    return _call(low, stage, low.constant(stage.span, None), function, where, settings, around)


def _call(
    low: Lowering,
    stage: nodes.Stage,
    value: ast.expr,
    function: ast.expr,
    where: str,
    settings: ast.expr,
    around: Surroundings,
) -> ast.expr:
    span = stage.span
    run = low.runtime(span, "run_stage")
    arguments = [value, function, low.constant(span, where), settings]
    if not around.awaits:
        return low.call(span, run, *arguments)
    awaited = low.call(span, low.runtime(span, "awaited_call"), run, *arguments)
    return low.at(span, ast.Await(awaited))
