"""Parallel blocks: the call into the runtime that runs the branches, and the static description of each block."""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import TypeAlias

from danac import nodes
from danac.analysis.names import Scope
from danac.lowering.callees import is_settled
from danac.lowering.context import Lowering, Surroundings, Take
from danac.lowering.policies import lower_policy
from danac.lowering.runtime_names import RuntimeName
from danac.lowering.temporaries import bind, mentions_flow, reads_capture, stage_text
from danac.source import Span

LowerBranch: TypeAlias = Callable[[str, nodes.Branch, Surroundings], ast.expr]

_START = Span(1, 1, 1, 1)


def lower_block(
    low: Lowering,
    pipeline: str,
    block: nodes.ParallelBlock,
    value: ast.expr,
    around: Surroundings,
    lower_branch: LowerBranch,
    *,
    policy: nodes.Policy | None,
    is_capturing: bool,
    is_awaited: bool = False,
    is_flowing: bool = True,
) -> ast.expr:
    """Return the call that runs `block` on `value`; `pipeline` is its name in notes on failures.

    `is_flowing` says that the branches take nothing but that value.
    In `await (…)` the call is awaited: its coroutines run on the event loop that goes on meanwhile.
    """
    span = block.span
    name: RuntimeName = "run_in_order" if block.form == "in order" else "fan_out"
    if is_capturing:
        name = "run_in_order_capturing" if block.form == "in order" else "fan_out_capturing"
    verdicts: list[str] = []
    if block.form != "in order":
        scope = around.scope
        verdicts = [_verdict(low, branch, scope, is_flowing) for branch in block.branches]
    description = _describe(low, pipeline, block, verdicts)

    def run(take: Take, around: Surroundings) -> ast.expr:
        count = len(block.branches)
        branches = [
            lower_branch(f"branch {number} of {count}", branch, around)
            for number, branch in enumerate(block.branches, 1)
        ]
        lowered: ast.expr
        if block.form == "keyed":
            naming = around.within(flow=take)
            keys = [low.optional(branch.key, naming) for branch in block.branches]
            lowered = low.at(span, ast.Dict(keys, branches))
        else:
            lowered = low.at(span, ast.Tuple(branches, ast.Load()))
        run_block = low.runtime(span, name)
        arguments = [lowered, take(), low.name(span, description)]
        if policy is not None:
            arguments.append(lower_policy(low, policy, around.within(flow=take)))
        if not is_awaited:
            return low.call(span, run_block, *arguments)
        awaited = low.call(span, low.runtime(span, "awaited_call"), run_block, *arguments)
        return low.at(span, ast.Await(awaited))

    mentions_value = policy is not None and mentions_flow(policy)
    if mentions_value or _stands_before_the_value(block, around):
        return bind(low, span, "value", value, around, run, is_suspending=is_awaited)
    return run(lambda: value, around)


def _stands_before_the_value(block: nodes.ParallelBlock, around: Surroundings) -> bool:
    """Whether evaluating the branches' names or keys could be noticed before the value has arrived."""
    if any(isinstance(branch.key, nodes.FormattedText) for branch in block.branches):
        return True
    firsts = [branch.stages[0].value for branch in block.branches]
    for first in firsts:
        if isinstance(first, nodes.Attribute) or reads_capture(first, around.captures):
            return True
        if isinstance(first, nodes.Name) and not is_settled(first.id, around.scope):
            return True
    return False


def _verdict(low: Lowering, branch: nodes.Branch, scope: Scope, is_flowing: bool) -> str:
    """Return what is known of a branch's purity; the runtime looks at the type of the flowing value only."""
    if not is_flowing:
        return "unknown: the types of its pipeline's parameters are not known"
    return low.purity.of_branch(branch, scope).text


def _describe(low: Lowering, pipeline: str, block: nodes.ParallelBlock, verdicts: list[str]) -> str:
    """Add the module-level `_dana_block_n = _dana_Block(…)` of `block` and return its name.

    Where the code of a block is written twice, both are the same block: what is learned of one counts.
    """
    places = []
    for branch in block.branches:
        first, last = branch.stages[0], branch.stages[-1]
        span = first.span.to(last.span)
        text = " | ".join(stage_text(low, stage.value) for stage in branch.stages)
        places.append((text, span.line, span.column))
    key = (pipeline, *places, *verdicts)
    if (name := low.descriptions.get(key)) is not None:
        return name
    name = low.descriptions[key] = low.fresh("block")
    branches = [
        low.at(_START, ast.Tuple([low.constant(_START, part) for part in place], ast.Load()))
        for place in places
    ]
    names = [low.constant(_START, text) for text in (pipeline, low.source.basename)]
    keywords = []
    if verdicts:
        texts: list[ast.expr] = [low.constant(_START, text) for text in verdicts]
        purity = low.at(_START, ast.Tuple(texts, ast.Load()))
        keywords = [low.at(_START, ast.keyword("purity", purity))]
    made = low.runtime(_START, "Block")
    made = low.at(_START, ast.Call(made, [*names, *branches], keywords))
    target = low.at(_START, ast.Name(name, ast.Store()))
    low.blocks.append(low.at(_START, ast.Assign([target], made)))
    return name
