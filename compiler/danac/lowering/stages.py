"""What each stage of a pipe becomes, given the Python expression of the value that flows into it.

g                    g(v)                           a known function
g(2, k=3)            g(v, 2, k=3)                   a partial application
g(2, $$)             g(2, v)                        `$$` says where the value goes
$$.total             v.total                        any other expression with `$$`
{ f, g | h }         fan_out((f, lambda v: h(g(v))), v, block)
anything else        call_stage(v, g, "stage 2 of …")
"""

from __future__ import annotations

import ast
from collections.abc import Callable
from dataclasses import dataclass

from danac import nodes
from danac.analysis.cases import case_of
from danac.analysis.coroutines import Result, result_of, result_of_call
from danac.analysis.stages import is_known_coroutine, is_known_function, kind_of
from danac.lowering.blocks import lower_block
from danac.lowering.branches import lower_branch
from danac.lowering.callees import (
    is_bare,
    is_plain_callee,
    lower_callee,
)
from danac.lowering.calls import lower_arguments
from danac.lowering.case import is_applied_first, lower_case
from danac.lowering.class_names import flowing_class_name
from danac.lowering.context import Lowering, Surroundings, Take
from danac.lowering.lines import Line, captures_wanted
from danac.lowering.orchestration import Meeting, call_as_planned, call_by_runtime
from danac.lowering.policed import lower_run_stage
from danac.lowering.runtime_names import RuntimeName, generated
from danac.lowering.temporaries import (
    bind,
    contains_suspension,
    count_flow,
    in_order,
    is_evaluated_first,
    is_repeatable,
    keeps_for_later,
    mentions_flow,
    reads_capture,
    stage_text,
)
from danac.lowering.tracing import traced_stage
from danac.source import Span
from danac.staging import as_stage


def completed(low: Lowering, span: Span, result: ast.expr, kind: Result, where: str) -> ast.expr:
    """Return the result that flows on from the stage `where` in plain code, given what it is called with."""
    if kind == "plain":
        return result
    name: RuntimeName = "completed" if kind == "coroutine" else "resolved"
    return low.call(span, low.runtime(span, name), result, low.constant(span, where))


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

    def apply(value: ast.expr) -> ast.expr:
        return _applied(low, line, index, value, around, alias)

    if line.is_branch_of_one():
        # The runtime tells of the branch.
        return apply(value)
    return traced_stage(low, stage, line.pipeline, value, apply)


def _applied(
    low: Lowering,
    line: Line,
    index: int,
    value: ast.expr,
    around: Surroundings,
    alias: str | None,
) -> ast.expr:
    stage = line.stages[index]
    if stage.policy is not None and not isinstance(stage.value, nodes.ParallelBlock):
        return lower_run_stage(low, line, index, value, around)
    wanted = captures_wanted(line, index, around.scope) - (
        {stage.capture.name} if stage.capture else set()
    )
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
            case nodes.Call() if case_of(stage, around.scope) is not None:
                return self._call(stage, value)
            case nodes.Call():
                result = self._call(stage, value)
                return self._settled(stage.span, result, self._result_of(stage.function))
            case nodes.Conditional():
                return self._conditional(stage, value)
            case nodes.Name() | nodes.Lambda() if self._is_called_as_it_stands(stage):
                return self._called(stage, value)
            case _ if count_flow(stage, None):
                result = self._with_flow(
                    stage, (stage,), value, lambda inner: low.expression(stage, inner)
                )
                kind = result_of(stage, around.scope)
                return self._settled(stage.span, result, kind)
            case _ if kind_of(stage, around.scope) == "data":
                return self._refused(stage, value)
        return self._looked_at_by_runtime(stage, value)

    def _meeting(self, stage: nodes.Expression) -> Meeting:
        shape = self.line.shape_before(self.index, self.around.scope)
        return Meeting(stage, self.line.where(self.index), shape, self.around)

    def _called(self, stage: nodes.Name | nodes.Lambda, value: ast.expr) -> ast.expr:
        """Call what is known with the value in the place that its signature gives it."""
        low, meeting = self.low, self._meeting(stage)
        value = flowing_class_name(low, stage, value, self.around)
        return call_as_planned(
            low,
            meeting,
            meeting.plan(),
            lambda: low.expression(stage, self.around),
            value,
            lambda result: self._settled(stage.span, result, self._result_of(stage)),
            self.is_awaited,
        )

    def _looked_at_by_runtime(self, stage: nodes.Expression, value: ast.expr) -> ast.expr:
        callee = lower_callee(self.low, stage, self.around)
        return call_by_runtime(self.low, self._meeting(stage), None, callee, value, self.is_awaited)

    def _is_called_as_it_stands(self, stage: nodes.Name | nodes.Lambda) -> bool:
        around = self.around
        if isinstance(stage, nodes.Lambda):
            return not mentions_flow(stage) and is_plain_callee(stage, around)
        return is_known_function(stage.id, around.scope) or is_known_coroutine(
            stage.id, around.scope
        )

    def _result_of(self, callee: nodes.Expression) -> Result:
        return result_of_call(callee, self.around.scope)

    def _settled(self, span: Span, result: ast.expr, kind: Result) -> ast.expr:
        """Return the result that flows on: of a coroutine, its own. Where nobody can tell, the runtime looks."""
        low = self.low
        if not self.is_awaited:
            return completed(low, span, result, kind, self.line.where(self.index))
        if kind == "unknown":
            result = low.call(span, low.runtime(span, "settled"), result)
        return result if kind == "plain" else low.at(span, ast.Await(result))

    def _refused(self, stage: nodes.Expression, value: ast.expr) -> ast.expr:
        shown = stage_text(self.low, stage)
        if isinstance(stage, nodes.Constant):
            shown = f"{stage.value!r} ({type(stage.value).__name__})"
        message = f"{self.line.where(self.index)} is not callable: {shown}"
        hint = "to take the value into an expression, write `$$`"
        if isinstance(stage, nodes.TupleDisplay):
            hint = "functions that run at the same time are a block: `{f, g}`"
        self.low.report(stage.span, message, "DANA172", hint)
        return value

    def _call(self, stage: nodes.Call, value: ast.expr) -> ast.expr:
        case = case_of(stage, self.around.scope)
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
        if count_flow(call, None) or reads_capture(call, around.captures):
            return self._with_flow(
                call, parts, value, lambda inner: self._call_as_written(call, inner)
            )
        callee = lower_callee(low, call.function, around, is_called=True)
        positional, keywords = lower_arguments(low, call, around.within(callees=None))
        if is_repeatable(value, around) or is_plain_callee(call.function, around):
            return low.at(call.span, ast.Call(callee, [value, *positional], keywords))
        apply = low.runtime(call.span, "apply")
        return low.at(call.span, ast.Call(apply, [value, callee, *positional], keywords))

    def _call_as_written(self, call: nodes.Call, inner: Surroundings) -> ast.expr:
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
            return lower_branch(
                self.low,
                self.line,
                name,
                branch,
                around,
                self.wanted,
                in_order=is_in_order,
                shape=shape,
            )

        shape = self.line.shape_before(self.index, self.around.scope)
        is_in_order = block.form == "in order"

        return lower_block(
            self.low,
            self.line.pipeline,
            block,
            value,
            self.around,
            branch,
            policy=self.line.stages[self.index].policy,
            is_capturing=bool(self.wanted),
            is_awaited=self.is_awaited and self._may_wait(block),
        )

    def _may_wait(self, block: nodes.ParallelBlock) -> bool:
        """Whether a thread that runs `block` may wait: for other threads, or for a coroutine."""
        if block.form != "in order":
            return True
        stages = [stage.value for branch in block.branches for stage in branch.stages]
        return any(self._result_of(stage) != "plain" for stage in stages)


def _tests_identity(stage: nodes.Expression) -> bool:
    return any(
        isinstance(found, nodes.Comparison) and {"is", "is not"} & set(found.operators)
        for found in nodes.walk(stage)
    )


def _never() -> ast.expr:
    raise AssertionError("a stage without `$$` asked for its value")
