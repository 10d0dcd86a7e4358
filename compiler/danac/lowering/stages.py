"""What each stage of a pipe becomes, given the Python expression of the value that flows into it.

    g                    g(v)                           a known function
    g(2, k=3)            g(v, 2, k=3)                   a partial application
    g(2, $$)             g(2, v)                        `$$` says where the value goes
    $$.total             v.total                        any other expression with `$$`
    { f, g | h }         fan_out((f, lambda v: h(g(v))), v, block)
    anything else        call_stage(v, g, "stage 2 of …")

Stages are applied from left to right; captures are bound on the way and are visible to the right.
"""

from __future__ import annotations

import ast
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from danac import nodes
from danac.analysis.stages import is_known_coroutine, is_known_function, kind_of
from danac.lowering.blocks import lower_block
from danac.lowering.callees import (
    is_bare,
    is_callable_as_it_stands,
    is_plain_callee,
    lower_callee,
)
from danac.lowering.case import Case, case_of, is_applied_first, lower_case
from danac.lowering.class_names import flowing_class_name
from danac.lowering.context import Lowering, Surroundings, Take
from danac.lowering.expressions import lower_arguments
from danac.lowering.lines import Line, captures_of, captures_wanted, flattened
from danac.lowering.runtime_names import generated
from danac.lowering.temporaries import (
    Body,
    bind,
    contains_suspension,
    count_flow,
    in_order,
    is_evaluated_first,
    is_repeatable,
    keeps_for_later,
    mentions_flow,
    mentions_name,
    stage_text,
)
from danac.source import Span
from danac.staging import as_stage

_MOST_NESTED = 50

Finish: TypeAlias = Callable[[ast.expr, Surroundings], ast.expr]


# --- From stage to stage --------------------------------------------------------------------------


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
    while not (wanted := captures_wanted(line, index)):
        if index + 1 == len(line.stages):
            return finish(value, around)
        if index - since == _MOST_NESTED:
            return _nested_anew(low, line, index, value, around, finish)
        index += 1
        value = apply_stage(low, line, index, value, around)
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
    return bind(
        low, span, "value", value, around, go_on, is_deferred=True, is_suspending=around.awaits
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
        value = apply_stage(low, line, index + 1, take(), around, alias=own)
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


# --- One stage ------------------------------------------------------------------------------------


def apply_stage(
    low: Lowering,
    line: Line,
    index: int,
    value: ast.expr,
    around: Surroundings,
    alias: str | None = None,
) -> ast.expr:
    """Return stage `index` applied to `value`; `alias` is the capture that names the same value."""
    stage = line.stages[index]
    low.latest = stage
    if stage.policy is not None:
        raise low.error(stage.policy.span, "policies (`with (…)`) are not supported yet", "DANA199")
    wanted = captures_wanted(line, index) - ({stage.capture.name} if stage.capture else set())
    is_awaited, around = around.awaits, around.within(awaits=False)
    application = _Application(low, line, index, around, alias, wanted, is_awaited)
    return application.apply(stage.value, value)


@dataclass(slots=True)
class _Application:
    """One stage on its way to become an expression."""

    low: Lowering
    line: Line
    index: int
    around: Surroundings
    alias: str | None
    wanted: frozenset[str]
    """The captures of the stage's branches that are read later."""
    is_awaited: bool
    """Whether the pipe stands in `await (…)`."""

    def apply(self, stage: nodes.Expression, value: ast.expr) -> ast.expr:
        """Return `stage` applied to `value`."""
        low, around = self.low, self.around
        match stage:
            case nodes.ParallelBlock():
                return self._block(stage, value)
            case nodes.Group(value=nodes.Call()) if not count_flow(stage, None):
                return self._looked_at_by_runtime(stage, value)
            case nodes.Group(value=nodes.Pipe() | nodes.Conditional() | nodes.Group() as inner):
                return self.apply(inner, value)
            case nodes.Call():
                return self._settled(stage, self._call(stage, value))
            case nodes.Conditional():
                return self._conditional(stage, value)
            case nodes.Name(id=name) if name not in around.captures and is_known_function(
                name, around.scope
            ):
                value = flowing_class_name(low, stage, value, around)
                return low.call(stage.span, low.expression(stage, around), value)
            case nodes.Name(id=name) if self._is_coroutine(stage):
                result = low.call(stage.span, low.expression(stage, around), value)
                return self._completed(stage.span, result)
            case nodes.Lambda() if not mentions_flow(stage) and is_plain_callee(stage, around):
                return low.call(stage.span, low.expression(stage, around), value)
            case _ if count_flow(stage, None):
                return self._with_flow(
                    stage, (stage,), value, lambda inner: low.expression(stage, inner)
                )
            case _ if kind_of(stage, around.scope) == "data":
                raise self._not_callable(stage)
        return self._looked_at_by_runtime(stage, value)

    def _looked_at_by_runtime(self, stage: nodes.Expression, value: ast.expr) -> ast.expr:
        low, span = self.low, stage.span
        where = low.constant(span, self.line.where(self.index))
        callee = lower_callee(low, stage, self.around)
        if self.is_awaited:
            called = low.call(span, low.runtime(span, "awaited_stage"), value, callee, where)
            return low.at(span, ast.Await(called))
        return low.call(span, low.runtime(span, "call_stage"), value, callee, where)

    def _is_coroutine(self, callee: nodes.Expression) -> bool:
        if not isinstance(callee, nodes.Name) or callee.id in self.around.captures:
            return False
        return is_known_coroutine(callee.id, self.around.scope)

    def _completed(self, span: Span, coroutine: ast.expr) -> ast.expr:
        """Return the result of a coroutine: awaited, or run to its end in plain code."""
        low = self.low
        if self.is_awaited:
            return low.at(span, ast.Await(coroutine))
        where = low.constant(span, self.line.where(self.index))
        return low.call(span, low.runtime(span, "completed"), coroutine, where)

    def _settled(self, call: nodes.Call, result: ast.expr) -> ast.expr:
        """Return what a call stage gave; where nobody can tell what it is, `await (…)` looks at it."""
        low, callee = self.low, call.function
        if self._is_coroutine(callee):
            return self._completed(call.span, result)
        is_plain = isinstance(callee, nodes.Lambda) or (
            isinstance(callee, nodes.Name) and is_known_function(callee.id, self.around.scope)
        )
        if is_plain or not self.is_awaited or case_of(call, self.around) is not None:
            return result
        settled = low.call(call.span, low.runtime(call.span, "settled"), result)
        return low.at(call.span, ast.Await(settled))

    def _not_callable(self, stage: nodes.Expression) -> Exception:
        shown = stage_text(self.low, stage)
        if isinstance(stage, nodes.Constant):
            shown = f"{stage.value!r} ({type(stage.value).__name__})"
        message = f"{self.line.where(self.index)} is not callable: {shown}"
        return self.low.error(stage.span, message, "DANA172")

    def _call(self, stage: nodes.Call, value: ast.expr) -> ast.expr:
        case = case_of(stage, self.around)
        if case is None:
            return self._partial_application(stage, value)

        def arm(stage: nodes.Expression, value: ast.expr, around: Surroundings) -> ast.expr:
            stage = as_stage(stage, self.low.refuse, frozenset())
            inner = _Application(
                self.low, self.line, self.index, around, None, frozenset(), self.is_awaited
            )
            return inner.apply(stage, value)

        def choose(take: Take, around: Surroundings) -> ast.expr:
            return lower_case(self.low, stage, case, take, around, arm)

        is_first = is_applied_first(case, self.around)
        return bind(self.low, stage.span, "value", value, self.around, choose, is_first=is_first)

    def _partial_application(self, call: nodes.Call, value: ast.expr) -> ast.expr:
        """Insert the value first, unless the call says with `$$` or a captured name where it goes."""
        low, around = self.low, self.around
        parts = (call.function, *call.positional, *call.keywords)
        if count_flow(call, None) or mentions_name(call, around.captures):
            return self._with_flow(call, parts, value, lambda inner: self._called(call, inner))
        callee = lower_callee(low, call.function, around, is_called=True)
        positional, keywords = lower_arguments(low, call, around.within(callees=None))
        if is_repeatable(value, around) or is_plain_callee(call.function, around):
            return low.at(call.span, ast.Call(callee, [value, *positional], keywords))
        apply = low.runtime(call.span, "apply")
        return low.at(call.span, ast.Call(apply, [value, callee, *positional], keywords))

    def _called(self, call: nodes.Call, inner: Surroundings) -> ast.expr:
        callee = lower_callee(self.low, call.function, inner, is_called=True)
        positional, keywords = lower_arguments(self.low, call, inner.within(callees=None))
        return self.low.at(call.span, ast.Call(callee, positional, keywords))

    def _with_flow(
        self,
        stage: nodes.Expression,
        parts: tuple[nodes.Node, ...],
        value: ast.expr,
        body: Callable[[Surroundings], ast.expr],
    ) -> ast.expr:
        """Return `body`, which mentions the flowing value in `parts`, with `value` evaluated before it."""
        low, around, alias = self.low, self.around, self.alias

        def with_value(take: Take, around: Surroundings) -> ast.expr:
            if alias is not None:
                around = around.capture(alias, take)
            return body(around.within(flow=take))

        uses = sum(count_flow(part, alias) for part in parts)
        if isinstance(value, ast.Constant) and _tests_identity(stage):
            # Python would warn of an `is` with a literal, which nobody wrote.
            low.dana_functions.add("noop")
            value = low.call(stage.span, low.name(stage.span, generated("noop")), value)
        if uses == 0:
            lowered = with_value(_never, around) if alias is None else body(around)
            return (
                lowered
                if is_repeatable(value, around)
                else in_order(low, stage.span, value, lowered)
            )
        is_first = is_evaluated_first(parts, alias, around.captures)
        names = {"", alias} if alias is not None else {""}
        is_deferred = keeps_for_later(stage, names)
        is_suspending = contains_suspension(stage)
        if is_suspending:
            # A lambda can neither await nor yield: a temporary has to do where Python allows one.
            is_deferred = False
            around = around.within(has_room=around.may_bind)
        if uses == 1 and is_first and not is_deferred:
            return with_value(lambda: value, around)
        return bind(
            low,
            stage.span,
            "value",
            value,
            around,
            with_value,
            is_first=is_first,
            is_deferred=is_deferred,
            is_suspending=is_suspending,
        )

    def _conditional(self, stage: nodes.Conditional, value: ast.expr) -> ast.expr:
        low = self.low
        is_callee = all(is_bare(arm) for arm in (stage.body, stage.otherwise))
        if self.around.callees is not None and is_callee and not mentions_flow(stage.test):
            # What is called is chosen once, when the pipe is composed.
            return self._looked_at_by_runtime(stage, value)

        def choose(take: Take, around: Surroundings) -> ast.expr:
            around = around.within(callees=None)
            test = low.expression(stage.test, around.within(flow=take))
            arms = _Application(
                low, self.line, self.index, around, None, self.wanted, self.is_awaited
            )
            body, otherwise = arms.apply(stage.body, take()), arms.apply(stage.otherwise, take())
            return low.at(stage.span, ast.IfExp(test, body, otherwise))

        is_first = is_evaluated_first((stage.test,), None, self.around.captures)
        return bind(low, stage.span, "value", value, self.around, choose, is_first=is_first)

    def _block(self, block: nodes.ParallelBlock, value: ast.expr) -> ast.expr:
        def branch(name: str, branch: nodes.Branch, around: Surroundings) -> ast.expr:
            return lower_branch(self.low, self.line, name, branch, around, self.wanted)

        return lower_block(
            self.low,
            self.line.pipeline,
            block,
            value,
            self.around,
            branch,
            is_capturing=bool(self.wanted),
        )


def _tests_identity(stage: nodes.Expression) -> bool:
    return any(
        isinstance(found, nodes.Comparison) and {"is", "is not"} & set(found.operators)
        for found in nodes.walk(stage)
    )


def _never() -> ast.expr:
    raise AssertionError("a stage without `$$` asked for its value")


# --- Branches -------------------------------------------------------------------------------------


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
) -> ast.expr:
    """Return the callable of one branch; with captures in demand, it returns them beside its result.

    `name` is the branch's in messages, such as `branch 2 of 3`; `start` makes the first stage's
    result, where that is not the flowing value with the stage applied.
    """
    stages = flattened(branch.stages, around)
    is_alone = len(stages) == 1 and not wanted and stages[0].policy is None and start is None
    if is_alone and is_callable_as_it_stands(stages[0].value, around):
        return lower_callee(low, stages[0].value, around)
    value = low.fresh("value")
    inside = around.within(has_room=not around.in_iterable, flow=None)
    finish = _returning_captures(low, branch, wanted) if wanted else _as_it_is
    if start is None:
        # The value that flows in stands before the first stage, like the head of a pipe.
        head = nodes.Stage(branch.span, nodes.FlowValue(branch.span), None, None)
        behind = Line(branch.span, (head, *stages), name, line.pipeline, 0, wanted)
        body = flow(low, behind, 0, low.name(branch.span, value), inside, finish)
    else:
        behind = Line(branch.span, stages, name, line.pipeline, 1, wanted)
        body = flow(low, behind, 0, start(stages[0], inside), inside, finish)
    return low.function(branch.span, [value], body)


def _as_it_is(value: ast.expr, around: Surroundings) -> ast.expr:
    return value


def _returning_captures(low: Lowering, branch: nodes.Branch, wanted: frozenset[str]) -> Finish:
    """Make a branch return `(result, {name: captured value})`."""
    made = {name for stage in branch.stages for name in captures_of(stage)}
    span = branch.span

    def finish(value: ast.expr, around: Surroundings) -> ast.expr:
        names = sorted(made & wanted)
        keys: list[ast.expr | None] = [low.constant(span, name) for name in names]
        table = low.at(span, ast.Dict(keys, [around.captures[name]() for name in names]))
        return low.at(span, ast.Tuple([value, table], ast.Load()))

    return finish
