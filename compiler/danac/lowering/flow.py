"""From stage to stage of a pipe: the value of each flows into the next, and captures are bound on the way.

g(f(v))                                          nested calls, where nothing is kept
(_dana_name_1 := f(v), g(_dana_name_1))[1]       `f as name`, for the stages to the right
fan_out_capturing(…).results                     and `["name"]`: what branches have captured
"""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import TypeAlias

from danac.lowering.context import Lowering, Surroundings, Take
from danac.lowering.lines import Line, captures_wanted
from danac.lowering.temporaries import Body, bind, contains_suspension, keeps_for_later
from danac.source import Span

_MOST_NESTED = 50

Finish: TypeAlias = Callable[[ast.expr, Surroundings], ast.expr]


def flow(
    low: Lowering,
    line: Line,
    index: int,
    value: ast.expr,
    around: Surroundings,
    finish: Finish = lambda value, around: value,
) -> ast.expr:
    """Return the rest of `line` behind stage `index`, whose result is `value`.

    `finish` makes the final expression out of the last value and what is in sight there.
    """
    since = index
    while not (wanted := captures_wanted(line, index, around.scope)):
        if index + 1 == len(line.stages):
            return finish(value, around)
        if index - since == _MOST_NESTED:
            return _nested_anew(low, line, index, value, around, finish)
        index += 1
        value = low.stage(line, index, value, around)
    return _flow_with_captures(low, line, index, value, around, finish, wanted)


def _nested_anew(
    low: Lowering,
    line: Line,
    index: int,
    value: ast.expr,
    around: Surroundings,
    finish: Finish,
) -> ast.expr:
    """Go on in a lambda: Python can neither read nor compile calls that are nested hundreds deep."""

    def go_on(take: Take, around: Surroundings) -> ast.expr:
        return flow(low, line, index, take(), around, finish)

    span = line.stages[index].span
    later = line.stages[index + 1 :]
    is_suspending = around.awaits or any(contains_suspension(stage) for stage in later)
    return bind(
        low, span, "value", value, around, go_on, is_deferred=True, is_suspending=is_suspending
    )


def _flow_with_captures(
    low: Lowering,
    line: Line,
    index: int,
    value: ast.expr,
    around: Surroundings,
    finish: Finish,
    wanted: frozenset[str],
) -> ast.expr:
    """Bind what stage `index` and its branches have captured, then go on behind it."""
    stage = line.stages[index]
    later = line.stages[index + 1 :]
    own = stage.capture.name if stage.capture is not None and stage.capture.name in wanted else None
    of_branches = wanted - {own}
    is_deferred = any(keeps_for_later(stage, wanted) for stage in later)
    is_suspending = around.awaits or any(contains_suspension(stage) for stage in later)
    is_deferred = is_deferred and not is_suspending

    def go_on(take: Take, around: Surroundings) -> ast.expr:
        around = around if own is None else around.capture(own, take)
        if not later:
            return finish(take(), around)
        value = low.stage(line, index + 1, take(), around, own)
        return flow(low, line, index + 1, value, around, finish)

    def unpack(take: Take, around: Surroundings) -> ast.expr:
        for name in sorted(of_branches):
            around = around.capture(name, _captured_in_branch(low, stage.span, take, name))
        results = low.at(stage.span, ast.Attribute(take(), "results", ast.Load()))
        return bind_here("value" if own is None else own, results, around, go_on)

    def bind_here(purpose: str, value: ast.expr, around: Surroundings, body: Body) -> ast.expr:
        return bind(
            low,
            stage.span,
            purpose,
            value,
            around,
            body,
            is_first=True,
            is_deferred=is_deferred,
            is_suspending=is_suspending,
        )

    if of_branches:
        return bind_here("captures", value, around, unpack)
    return bind_here(own or "value", value, around, go_on)


def _captured_in_branch(low: Lowering, span: Span, take: Take, name: str) -> Take:
    def read() -> ast.expr:
        return low.at(span, ast.Subscript(take(), low.constant(span, name), ast.Load()))

    return read
