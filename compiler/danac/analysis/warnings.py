"""Nodes → warnings: what a program can hardly mean, and what means something else in the reference.

The reference interpreter runs the same programs; where this compiler gives one another meaning without
saying so at run time, `danac check` says it.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator

from dana_runtime.modules import is_private
from danac import nodes
from danac.analysis.captures import captures_of
from danac.analysis.decisions import may_ask_for
from danac.analysis.doubtful import doubtful
from danac.analysis.names import Names
from danac.analysis.plain_methods import missing_methods
from danac.analysis.slips import hidden_builtins, unreachable
from danac.analysis.undefined import reads
from danac.analysis.walking import with_scopes
from danac.diagnostics import Diagnostic
from danac.source import Source, Span


def warnings(module: nodes.Module, names: Names, source: Source) -> list[Diagnostic]:
    """Return all warnings about `module`, in source order."""
    found = [
        *doubtful(module),
        *_unused_captures(module, names),
        *_single_branches(module),
        *unreachable(module),
        *hidden_builtins(module, names),
        *missing_methods(module, names),
        *_private_imports(module),
        *_portability(module, source),
        *_names_of_callers(module, names),
    ]
    return sorted(found, key=lambda finding: finding.span)


def _warn(node: nodes.Node, code: str, message: str, hint: str | None = None) -> Diagnostic:
    return Diagnostic(code, message, "warning", node.span, hint)


# --- Pipes ----------------------------------------------------------------------------------------


def _unused_captures(module: nodes.Module, names: Names) -> Iterator[Diagnostic]:
    for pipe, scope in with_scopes(module, names):
        if not isinstance(pipe, nodes.Pipe) or len(pipe.stages) == 1:
            continue
        read = {found.name for found in nodes.walk(pipe) if isinstance(found, nodes.CaptureRead)}
        for index, stage in enumerate(pipe.stages):
            later = pipe.stages[index + 1 :]
            for capture in captures_of(stage):
                is_asked_for = any(may_ask_for(s.value, capture.name, scope) for s in later)
                if capture.name not in read and not is_asked_for:
                    yield _warn(capture, "DANA211", f"capture {capture.name!r} is never used")


def _single_branches(module: nodes.Module) -> Iterator[Diagnostic]:
    for found in nodes.walk(module):
        if isinstance(found, nodes.ParallelBlock) and len(found.branches) == 1:
            hint = "write the branch as a stage, unless a list of one result is meant"
            yield _warn(found, "DANA212", "a block with one branch runs nothing in parallel", hint)


# --- Imports --------------------------------------------------------------------------------------


def _private_imports(module: nodes.Module) -> Iterator[Diagnostic]:
    """Yield imports of private names: which module is Dana's, and refuses them, shows when they are run."""
    for found in nodes.walk(module, lambda node: not isinstance(node, nodes.Expression)):
        if not isinstance(found, nodes.FromImport) or found.is_python:
            continue
        if not found.level and found.path.partition(".")[0] in sys.stdlib_module_names:
            continue
        origin = "." * found.level + found.path
        for name in found.names:
            if is_private(name.path):
                message = f"{name.path} is private to {origin}, if that is a Dana module"
                short = found.path.rpartition(".")[2] or "m"
                hint = f"import the module and write `{short}.{name.path}`"
                yield _warn(name, "DANA155", message, hint)


# --- Portability ----------------------------------------------------------------------------------


def _portability(module: nodes.Module, source: Source) -> Iterator[Diagnostic]:
    for found in nodes.walk(module):
        match found:
            case nodes.Constant(value=str()) | nodes.FormattedText():
                text = source.text_of(found.span)
                prefix = text[: len(text) - len(text.lstrip("rRfF"))]
                if "\\" in text and "r" not in prefix.lower():
                    message = "the reference interpreter does not decode escapes in texts"
                    yield _warn(found, "DANA301", message)
            case nodes.If(branches=branches):
                for branch in branches:
                    yield from _text_condition(branch.test)
            case nodes.While(test=test) | nodes.Conditional(test=test):
                yield from _text_condition(test)
            case nodes.ComprehensionClause(conditions=conditions):
                for condition in conditions:
                    yield from _text_condition(condition)
            case nodes.Comparison(operators=(_, _, *_)):
                message = "the reference interpreter compares a chain from left to right"
                hint = "write `a < b and b < c` where both should mean the same"
                yield _warn(found, "DANA304", message, hint)
            case nodes.UnaryOperation(
                operator="-", operand=nodes.BinaryOperation(operator="**") as power
            ) if not _is_in_parentheses(found, power, source):
                message = "the reference interpreter reads `-a ** b` as `(-a) ** b`"
                yield _warn(found, "DANA305", message, "write the parentheses that are meant")
            case nodes.Pipe(stages=stages):
                yield from _lambda_heads(stages)


def _is_in_parentheses(sign: nodes.Node, power: nodes.Node, source: Source) -> bool:
    # Parentheses around operations leave no node.
    between = Span(*sign.span[:2], *power.span[:2])
    return "(" in source.text_of(between)


def _text_condition(test: nodes.Expression) -> Iterator[Diagnostic]:
    if isinstance(test, nodes.Constant) and isinstance(test.value, str):
        message = "the reference interpreter reads a text in a condition as yes or no"
        yield _warn(test, "DANA303", message, "write `semantic_bool(…)` where that is meant")


def _lambda_heads(stages: tuple[nodes.Stage, ...]) -> Iterator[Diagnostic]:
    for stage in stages[:-1]:
        # In parentheses the stage is longer than the lambda.
        if isinstance(stage.value, nodes.Lambda) and stage.span == stage.value.span:
            message = "in the reference interpreter the lambda's body takes the rest of the pipe"
            hint = "put the lambda, or the pipe that its body should be, in parentheses"
            yield _warn(stage, "DANA306", message, hint)


def _names_of_callers(module: nodes.Module, names: Names) -> Iterator[Diagnostic]:
    """Yield reads of names that only other functions bind: the reference finds them in its callers."""
    bound_in_functions: set[str] = set()
    functions = [
        found
        for found in nodes.walk(module)
        if isinstance(found, nodes.Function | nodes.Declaration)
    ]
    for function in functions:
        bound_in_functions.update(names.scope_of(function).bindings)
    for name, scope in reads(module, names):
        is_unknown = scope.lookup(name.id) is None and name.id not in scope.nonlocals
        is_unknown &= name.id not in scope.bindings and name.id not in scope.module.mentioned
        if is_unknown and name.id in bound_in_functions and scope is not names.module:
            message = f"the reference interpreter finds {name.id!r} in the functions that call"
            yield _warn(name, "DANA302", message, "pass it as a parameter")
