"""Pipe expressions: applied to data, or composed to a new function (see `stages` for what a stage becomes).

5 | f | g            g(f(5))
f | g                Pipeline(("f", "g"), lambda *args, **kwargs: g(f(*args, **kwargs)))
x | f | g            (the pipeline) if callable(x) else g(f(x))
"""

from __future__ import annotations

import ast
from collections.abc import Callable

from danac import nodes
from danac.analysis.cases import case_of
from danac.analysis.coroutines import Result, result_of_call
from danac.analysis.names import Scope
from danac.analysis.signatures import signature_of
from danac.analysis.stages import Kind, kind_of
from danac.lowering.branches import lower_alone, lower_case_value
from danac.lowering.callees import lower_callee
from danac.lowering.calls import lower_call
from danac.lowering.context import Callees, LowerExpression, Lowering, Surroundings, Take
from danac.lowering.flow import flow
from danac.lowering.lines import Line, line_of
from danac.lowering.policed import under_policy
from danac.lowering.stages import completed
from danac.lowering.temporaries import bind, contains_suspension, stage_text
from danac.lowering.tracing import traced_first
from danac.source import Span

# A pipe that may be either is written out twice; pipes inside its stages would be written four times, and so on.
_WRITTEN_OUT_TWICE = 2


def _pipe(low: Lowering, node: nodes.Pipe, around: Surroundings) -> ast.expr:
    head, *rest = node.stages
    _refuse_functions_in_display(low, head.value, around)
    kind = kind_of(head.value, around.scope)
    if head.policy is not None and kind == "data":
        message = "a policy stands behind a stage, and this is data"
        low.report(head.policy.span, message, "DANA170")
    line = line_of(low, node, around)
    inner = around.within(pipe_depth=around.pipe_depth + 1, callees=None)
    if kind == "data":
        return _applied(low, line, low.expression(head.value, around), inner)
    if around.awaits:
        return _awaited(low, node, kind, around, inner)
    if kind == "callable":
        return _composed(low, line, inner)
    if any(contains_suspension(stage) for stage in rest):
        # A composed pipe is a lambda, which can neither await nor yield.
        return _applied(low, line, low.expression(head.value, around), inner)
    if around.pipe_depth >= _WRITTEN_OUT_TWICE:
        return _decided_by_runtime(low, line, inner)
    return _decided_in_place(low, line, around, inner)


def _refuse_functions_in_display(
    low: Lowering, head: nodes.Expression, around: Surroundings
) -> None:
    items: tuple[nodes.Expression, ...]
    match head:
        case nodes.ListDisplay(items=found) | nodes.SetDisplay(items=found):
            items = found
        case nodes.DictDisplay(items=pairs):
            items = tuple(pair.value for pair in pairs)
        case _:
            return
    if items and all(kind_of(item, around.scope) == "callable" for item in items):
        message = "functions at the head of a pipe are data, not a parallel block"
        hint = f"write `noop | {stage_text(low, head)}`"
        low.report(head.span, message, "DANA171", hint)


def _awaited(
    low: Lowering, node: nodes.Pipe, kind: Kind, around: Surroundings, inner: Surroundings
) -> ast.expr:
    """Apply the pipe to its head in `await (…)`: a callable head would make it a function instead."""
    head, text = node.stages[0].value, stage_text(low, node)
    if kind == "callable":
        low.report(
            head.span,
            "a pipe whose head is a function is a function, which cannot be awaited",
            "DANA176",
            f"write `await ({text}).aio(…)`",
        )
    looked_at = low.runtime(head.span, "awaited_head")
    value = low.call(
        head.span, looked_at, low.expression(head, around), low.constant(head.span, text)
    )
    return _applied(low, line_of(low, node, around), low.at(head.span, ast.Await(value)), inner)


def _applied(low: Lowering, line: Line, value: ast.expr, around: Surroundings) -> ast.expr:
    return flow(low, line, 0, value, around)


def _composed(
    low: Lowering, line: Line, around: Surroundings, head: ast.expr | None = None
) -> ast.expr:
    """Return a `Pipeline`: a lambda over the first stage's arguments, with the callables evaluated now."""
    span = line.span
    callees = Callees()
    inside = around.within(has_room=not around.in_iterable, callees=callees, lifted="function")
    first = line.stages[0]
    if head is None and isinstance(first.value, nodes.Lambda):
        # Made once, not in each run; and the pipeline shows its signature.
        head = low.expression(first.value, around.within(callees=None))
    function = (
        lower_callee(low, first.value, inside)
        if head is None
        else callees.bind(low, first.span, head)
    )
    kind: Result = result_of_call(first.value, around.scope) if _is_known(first) else "unknown"
    names = _plain_parameters(line, around.scope) if _is_known(first) else None

    def body(*arguments: ast.expr | ast.keyword) -> ast.expr:
        positional = [part for part in arguments if isinstance(part, ast.expr)]
        keywords = [part for part in arguments if isinstance(part, ast.keyword)]
        value: ast.expr = low.at(first.span, ast.Call(function, positional, keywords))
        value = completed(low, first.span, value, kind, line.where(0))
        if first.policy is not None:
            called = value
            value = under_policy(low, first, line.where(0), inside, lambda _: called)
        value = traced_first(low, first, line.pipeline, value)
        return flow(low, line, 0, value, inside)

    run = _with_parameters(low, span, names, body)
    parts = [_texts(low, line), run]
    if isinstance(function, ast.Name):
        parts.append(low.name(first.span, function.id))
    pipeline = low.call(span, low.runtime(span, "Pipeline"), *parts)
    if not callees.names:
        return pipeline
    return low.call(span, low.function(span, callees.names, pipeline), *callees.values)


def _is_known(first: nodes.Stage) -> bool:
    return not isinstance(first.value, nodes.ParallelBlock)


def _with_parameters(
    low: Lowering, span: Span, names: list[str] | None, body: Callable[..., ast.expr]
) -> ast.expr:
    """Return the function of a composed pipe: with the parameters `names`, or with any that there are."""
    if names is not None:
        return low.function(span, names, body(*[low.name(span, name) for name in names]))
    arguments = low.at(span, ast.Starred(low.name(span, "_dana_args"), ast.Load()))
    keywords = low.at(span, ast.keyword(None, low.name(span, "_dana_options")))
    return low.at(
        span,
        ast.Lambda(
            ast.arguments(
                posonlyargs=[],
                args=[],
                vararg=low.at(span, ast.arg("_dana_args")),
                kwonlyargs=[],
                kw_defaults=[],
                kwarg=low.at(span, ast.arg("_dana_options")),
                defaults=[],
            ),
            body(arguments, keywords),
        ),
    )


def _plain_parameters(line: Line, scope: Scope) -> list[str] | None:
    """Return the names of the first stage's parameters, where the whole can have the same ones.

    That is a third faster than to take any arguments and to pass them on. They must not hide what the
    stages read, nor what they may ask for by name.
    """
    signature = signature_of(line.stages[0].value, scope)
    if signature is None or signature.keyword_only or signature.rest or signature.has_options:
        return None
    names = [taken.name for taken in signature.positional]
    if any(not taken.is_required or taken.is_positional_only for taken in signature.positional):
        return None
    for name in names:
        found = scope.lookup(name)
        if found is not None and found[0].kind != "module":
            return None
    for stage in line.stages:
        for found_node in nodes.walk(stage):
            if isinstance(found_node, nodes.Name) and found_node.id in names:
                return None
    return names


def _texts(low: Lowering, line: Line) -> ast.expr:
    texts = [low.constant(stage.span, stage_text(low, stage.value)) for stage in line.stages]
    return low.at(line.span, ast.Tuple(texts, ast.Load()))


def _decided_in_place(
    low: Lowering, line: Line, around: Surroundings, inner: Surroundings
) -> ast.expr:
    """Test the head's value at run time, once, in the generated code itself."""
    head = line.stages[0].value

    def decide(take_head: Take, around: Surroundings) -> ast.expr:
        is_callable = low.call(head.span, low.python(head.span, "callable", around), take_head())
        composed = _composed(low, line, around, take_head())
        applied = _applied(low, line, take_head(), around)
        return low.at(line.span, ast.IfExp(is_callable, composed, applied))

    value = low.expression(head, around)
    if isinstance(value, ast.Name):
        # To read a name again, with nothing in between, gives the same value.
        return decide(lambda: low.name(head.span, value.id), inner)
    return bind(low, line.span, "head", value, inner, decide, is_first=True)


def _decided_by_runtime(low: Lowering, line: Line, around: Surroundings) -> ast.expr:
    """Leave the test of the head to the runtime: the stages are written out once."""
    span = line.span
    value = low.fresh("value")
    inside = around.within(has_room=not around.in_iterable, callees=None, lifted="function")
    body = flow(low, line, 0, low.name(span, value), inside)
    head = low.expression(line.stages[0].value, around)
    run = low.function(span, [value], body)
    return low.call(span, low.runtime(span, "pipe"), head, run, _texts(low, line))


def _call(low: Lowering, node: nodes.Call, around: Surroundings) -> ast.expr:
    case = case_of(node, around.scope)
    if case is None:
        return lower_call(low, node, around)
    return lower_case_value(low, node, case, around)


EXPRESSIONS: dict[type[nodes.Node], LowerExpression] = {
    nodes.Call: _call,
    nodes.Pipe: _pipe,
    nodes.ParallelBlock: lower_alone,
}
