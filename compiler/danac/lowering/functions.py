"""Functions and declarative functions."""

from __future__ import annotations

import ast
import sys
from typing import cast

from danac import nodes
from danac.analysis.cases import case_of
from danac.analysis.coroutines import Result, result_of, result_of_call
from danac.analysis.stages import kind_of
from danac.identifiers import dana_name, method_variable
from danac.lowering.blocks import lower_block
from danac.lowering.branches import lower_branch
from danac.lowering.calls import lower_arguments, lower_called
from danac.lowering.context import Lowering, LowerStatement, Surroundings
from danac.lowering.dict_tests import lower_function_body
from danac.lowering.flow import flow
from danac.lowering.lines import Line, captures_wanted, flattened
from danac.lowering.parameters import (
    keyword_argument,
    lower_annotation,
    lower_parameters,
    renaming,
)
from danac.lowering.policed import under_policy
from danac.lowering.stages import completed
from danac.lowering.structs import receiver_decorator
from danac.lowering.temporaries import mentions_flow, mentions_name, stage_text
from danac.lowering.tracing import traced_first, traced_pipeline
from danac.lowering.types import local_annotations

FunctionNode = nodes.Function | nodes.Declaration


def _function(low: Lowering, node: nodes.Function, around: Surroundings) -> list[ast.stmt]:
    scope = low.names.scope_of(node)
    inside = around.inside_function(scope)
    returning = node.body if _is_async_generator(node) else with_result(node.body)
    first = 1 if node.body and _is_docstring(node.body[0]) else 0
    body = low.statements(returning[:first], inside)
    body += lower_function_body(low, node, returning[first:], inside)
    body = body or [low.at(node.span, ast.Pass())]
    kind = ast.AsyncFunctionDef if node.is_async else ast.FunctionDef
    return [_define(low, node, around, kind, body)]


def _is_docstring(statement: nodes.Statement) -> bool:
    return isinstance(statement, nodes.ExpressionStatement) and is_text(statement.value)


def _define(
    low: Lowering,
    node: FunctionNode,
    around: Surroundings,
    kind: type[ast.FunctionDef | ast.AsyncFunctionDef],
    body: list[ast.stmt],
    outermost: ast.expr | None = None,
) -> ast.stmt:
    parameters = lower_parameters(low, node.parameters, around, annotated=True)
    returns = None if node.returns is None else lower_annotation(low, node.returns)
    decorators = low.expressions(node.decorators, around)
    is_method = low.names.scope_of(node).is_method
    name = method_variable(node.name) if is_method else node.name
    if (rename := renaming(low, node, name)) is not None:
        decorators.append(rename)
    if (annotate := local_annotations(low, node, around)) is not None:
        decorators.append(annotate)
    if outermost is not None:
        decorators.insert(0, outermost)
    if node.receiver is not None:
        decorators.insert(0, receiver_decorator(low, node.receiver, node.name, node, around))
    definition = kind(
        # Interned, as Python's parser has it: else the name would stand in the bytecode twice, as
        # the function's own and as the variable's, and a cached module would load more slowly.
        name=sys.intern(name),
        args=parameters,
        body=body,
        decorator_list=decorators,
        returns=returns,
    )
    return low.at(node.span, definition)


def _is_async_generator(node: nodes.Function) -> bool:
    """Whether `node` is an `async def` that yields: such a function cannot return a value."""
    return node.is_async and any(
        isinstance(found, nodes.Yield)
        for statement in node.body
        for found in nodes.walk(statement, _is_of_same_function)
    )


def _is_of_same_function(node: nodes.Node) -> bool:
    return not isinstance(node, nodes.Function | nodes.Declaration | nodes.Lambda | nodes.Struct)


def with_result(body: nodes.Body) -> nodes.Body:
    """Return `body` with its last expression returned, in the branches of a final `if` too.

    A docstring is no result, and neither is what a `yield` sends back.
    """
    if not body:
        return body
    *before, last = body
    if isinstance(last, nodes.ExpressionStatement):
        is_docstring = not before and is_text(last.value)
        if is_docstring or isinstance(last.value, nodes.Yield | nodes.YieldFrom):
            return body
        return (*before, nodes.Return(last.span, last.value))
    if isinstance(last, nodes.If):
        branches = tuple(
            nodes.IfBranch(branch.span, branch.test, _with_result_inside(branch.body))
            for branch in last.branches
        )
        return (*before, nodes.If(last.span, branches, _with_result_inside(last.otherwise)))
    return body


def _with_result_inside(body: nodes.Body) -> nodes.Body:
    """Return the body of an `if` with its result returned: a text that stands there alone is one."""
    if len(body) == 1 and isinstance(body[0], nodes.ExpressionStatement) and is_text(body[0].value):
        return (nodes.Return(body[0].span, body[0].value),)
    return with_result(body)


def is_text(node: nodes.Expression) -> bool:
    """Whether `node` is a plain text literal, as docstrings are."""
    return isinstance(node, nodes.Constant) and isinstance(node.value, str)


# --- Declarative functions ------------------------------------------------------------------------


def _declaration(low: Lowering, node: nodes.Declaration, around: Surroundings) -> list[ast.stmt]:
    inside = around.inside_function(low.names.scope_of(node))
    outer_name, low.pipeline = low.pipeline, node.name
    declared = _Declared(low, node, inside)
    result = traced_pipeline(low, node.pipe.span, node.name, declared.body())
    returned = low.at(node.pipe.span, ast.Return(result))
    low.pipeline = outer_name
    texts = declared.texts()
    decorator = low.call(node.span, low.runtime(node.span, "declared"), *texts)
    return [_define(low, node, around, ast.FunctionDef, [returned], decorator)]


class _Declared:
    """The pipe of one declarative function: its parameters go to the first stage."""

    def __init__(self, low: Lowering, node: nodes.Declaration, around: Surroundings) -> None:
        self._low = low
        self._all_parameters = node.parameters
        self._parameters = [p for p in node.parameters if p.name is not None]
        self._names = {p.name for p in self._parameters if p.name is not None}
        self._around = around
        self._line = Line(node.pipe.span, flattened(node.pipe.stages, around), node.name, node.name)

    def body(self) -> ast.expr:
        """Return what the function returns."""
        low, line, around = self._low, self._line, self._around
        first = line.stages[0].value
        is_head = isinstance(first, nodes.Name) and first.id in self._names
        is_head = is_head or (kind_of(first, around.scope) == "data" and not mentions_flow(first))
        if is_head and len(line.stages) > 1:
            # A value is the head of an ordinary pipe expression.
            return low.expression(nodes.Pipe(line.span, line.stages), around)
        first_result = self._first(line.stages[0], around)
        return flow(
            low, line, 0, traced_first(low, line.stages[0], line.pipeline, first_result), around
        )

    def texts(self) -> list[ast.expr]:
        """Return the source texts of its stages."""
        low = self._low
        return [
            low.constant(stage.span, stage_text(low, stage.value)) for stage in self._line.stages
        ]

    def _first(self, stage: nodes.Stage, around: Surroundings) -> ast.expr:
        low, value = self._low, stage.value
        if stage.policy is not None and not isinstance(value, nodes.ParallelBlock):
            plain = nodes.Stage(stage.span, value, None, None)
            where = self._line.where(0)
            return under_policy(
                low, stage, where, around, lambda inside: self._first(plain, inside)
            )
        match value:
            case nodes.ParallelBlock():
                return self._first_block(value, stage.policy)
            case nodes.Call():
                return self._first_call(value, around)
            case nodes.Conditional() | nodes.Group(value=nodes.Conditional()):
                return self._first_choice(value, around)
            case _ if mentions_flow(value):
                result = low.expression(value, around.within(flow=lambda: self._flowing(value)))
                return self._completed(value, result, result_of(value, around.scope))
        callee = low.expression(value, around)
        kind = kind_of(value, around.scope)
        if kind == "data" or (isinstance(value, nodes.Name) and value.id in self._names):
            return callee
        positional, keywords = self._arguments(value)
        if kind == "callable":
            result = low.at(value.span, ast.Call(callee, positional, keywords))
            return self._completed(value, result, result_of_call(value, around.scope))
        start = low.runtime(value.span, "start")
        return low.at(value.span, ast.Call(start, [callee, *positional], keywords))

    def _first_choice(
        self, value: nodes.Conditional | nodes.Group, around: Surroundings
    ) -> ast.expr:
        """Choose between two first stages; the test may mention `$$`."""
        low = self._low
        choice = value.value if isinstance(value, nodes.Group) else value
        assert isinstance(choice, nodes.Conditional)
        test = low.expression(choice.test, around.within(flow=lambda: self._flowing(choice)))
        arms = [
            self._first(nodes.Stage(arm.span, arm, None, None), around)
            for arm in (choice.body, choice.otherwise)
        ]
        return low.at(choice.span, ast.IfExp(test, *arms))

    def _first_call(self, call: nodes.Call, around: Surroundings) -> ast.expr:
        """Call it as it is written if it mentions a parameter or `$$`; else insert the parameters first."""
        low = self._low
        if case_of(call, around.scope) is not None:
            head = nodes.Stage(call.span, nodes.FlowValue(call.span), None, None)
            stage = nodes.Stage(call.span, call, None, None)
            line = Line(call.span, (head, stage), self._line.name, self._line.name, 0)
            return low.stage(line, 1, self._flowing(call), around)
        kind = result_of_call(call.function, around.scope)
        if mentions_flow(call) or mentions_name(call, self._names):
            result = low.expression(call, around.within(flow=lambda: self._flowing(call)))
            return self._completed(call, result, kind)
        callee = lower_called(low, call.function, around)
        positional, keywords = self._arguments(call)
        written, written_keywords = lower_arguments(low, call, around)
        inserted = ast.Call(callee, [*positional, *written], [*keywords, *written_keywords])
        return self._completed(call, low.at(call.span, inserted), kind)

    def _completed(self, node: nodes.Node, result: ast.expr, kind: Result) -> ast.expr:
        return completed(self._low, node.span, result, kind, self._line.where(0))

    def _arguments(self, node: nodes.Node) -> tuple[list[ast.expr], list[ast.keyword]]:
        """Return the parameters as the first stage gets them: positionally, keyword-only ones by name."""
        low, span = self._low, node.span
        positional: list[ast.expr] = []
        keywords: list[ast.keyword] = []
        is_behind_star = False
        for parameter in self._all_parameters:
            if parameter.name is None:
                is_behind_star |= parameter.kind == "*"
                continue
            value = low.name(span, parameter.name)
            if parameter.kind == "*":
                positional.append(low.at(span, ast.Starred(value, ast.Load())))
                is_behind_star = True
            elif parameter.kind == "**":
                keywords.append(low.at(span, ast.keyword(None, value)))
            elif is_behind_star:
                keywords.append(keyword_argument(low, span, dana_name(parameter.name), value))
            else:
                positional.append(value)
        return positional, keywords

    def _flowing(self, node: nodes.Node) -> ast.expr:
        """Return what `$$` is in the first stage: the only parameter, or all of them as a tuple."""
        low, span = self._low, node.span
        if not self._parameters:
            low.report(span, "no value flows into a function without parameters", "DANA173")
            return low.constant(span, None)
        names = [low.name(span, cast(str, parameter.name)) for parameter in self._parameters]
        return names[0] if len(names) == 1 else low.at(span, ast.Tuple(names, ast.Load()))

    def _first_block(self, block: nodes.ParallelBlock, policy: nodes.Policy | None) -> ast.expr:
        """Run a block on the parameters: on the only one, or each branch called with all of them."""
        low, line = self._low, self._line
        wanted = captures_wanted(line, 0, self._around.scope)
        is_single = len(self._parameters) == 1 and self._parameters[0].kind == "plain"
        value = self._flowing(block) if is_single else low.constant(block.span, None)

        def branch(name: str, branch: nodes.Branch, around: Surroundings) -> ast.expr:
            first = branch.stages[0].value
            is_written_out = isinstance(first, nodes.Call) and mentions_name(first, self._names)
            start = None if is_single and not is_written_out else self._first
            return lower_branch(
                low, line, name, branch, around, wanted, start, in_order=block.form == "in order"
            )

        return lower_block(
            low,
            line.name,
            block,
            value,
            self._around,
            branch,
            policy=policy,
            is_capturing=bool(wanted),
            is_flowing=is_single,
        )


STATEMENTS: dict[type[nodes.Node], LowerStatement] = {
    nodes.Function: _function,
    nodes.Declaration: _declaration,
}
