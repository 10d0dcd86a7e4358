"""Pipes → what is decided, before anything runs, about each stage's call; and which calls cannot succeed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from danac import nodes
from danac.analysis.names import BY_ASSIGNMENT, Names, Scope
from danac.analysis.plans import Plan, plan
from danac.analysis.shapes import UNKNOWN, Shape, result_of
from danac.analysis.stages import kind_of
from danac.analysis.undefined import imports_other_programs
from danac.analysis.walking import with_scopes
from danac.diagnostics import Diagnostic
from danac.identifiers import python_name


@dataclass(frozen=True, slots=True)
class Decision:
    """How a value of a known shape meets one stage: `scope` is where the stage stands.

    `is_branch` says that it is all of a branch: the block calls it, or the runtime by its plan.
    """

    stage: nodes.Stage
    shape: Shape
    plan: Plan
    scope: Scope
    captures: frozenset[str]
    is_branch: bool = False


def decisions(module: nodes.Module, names: Names) -> Iterator[Decision]:
    """Yield a decision for each stage that is called with the value alone, in source order."""
    found: list[Decision] = []
    for node, scope in with_scopes(module, names):
        if isinstance(node, nodes.Pipe):
            found += _of_line(node.stages, UNKNOWN, scope, is_pipe=True)
    yield from sorted(found, key=lambda decision: decision.stage.span)


def _of_line(
    stages: tuple[nodes.Stage, ...], inflow: Shape, scope: Scope, *, is_pipe: bool
) -> Iterator[Decision]:
    """Yield the decisions about the stages of a pipe, whose head is no stage, or of a branch."""
    captures: frozenset[str] = frozenset()
    for index, stage in enumerate(stages):
        shape = result_of(stages[index - 1], scope) if index else inflow
        value = stage.value
        if isinstance(value, nodes.ParallelBlock):
            for branch in value.branches:
                yield from _of_line(branch.stages, shape, scope, is_pipe=False)
        elif (index or not is_pipe) and _is_called_with_the_value(value, scope):
            is_branch = not is_pipe and len(stages) == 1
            decided = plan(value, shape, scope)
            yield Decision(stage, shape, decided, scope, captures, is_branch)
        if stage.capture is not None:
            captures |= {stage.capture.name}


def _is_called_with_the_value(value: nodes.Expression, scope: Scope) -> bool:
    while isinstance(value, nodes.Group):
        if isinstance(value.value, nodes.Call):
            return True
        value = value.value
    if isinstance(value, nodes.Call | nodes.Pipe | nodes.Conditional | nodes.ParallelBlock):
        return False
    is_expression = any(isinstance(found, nodes.FlowValue) for found in nodes.walk(value))
    return not is_expression and kind_of(value, scope) != "data"


def may_ask_for(value: nodes.Expression, name: str, scope: Scope) -> bool:
    """Whether a stage may take `name` from what is in sight: a parameter of it, or nobody knows."""
    if isinstance(value, nodes.ParallelBlock):
        stages = [stage.value for branch in value.branches for stage in branch.stages]
        return any(may_ask_for(stage, name, scope) for stage in stages)
    if not _is_called_with_the_value(value, scope):
        return False
    decided = plan(value, UNKNOWN, scope)
    if decided.signature is None:
        return decided.way == "runtime"
    return name in decided.signature.may_be_open


def judged(module: nodes.Module, names: Names) -> Iterator[tuple[Decision, str | None]]:
    """Yield each decision, and why the call cannot succeed; None where it may."""
    scoped = {found.id for found in nodes.walk(module) if isinstance(found, nodes.ScopedName)}
    # Another module may set the `public:` name that is missing.
    is_closed = not imports_other_programs(module)
    for decision in decisions(module, names):
        yield decision, _problem(decision, scoped, is_closed=is_closed)


def impossible_calls(module: nodes.Module, names: Names) -> list[Diagnostic]:
    """Return an error for each stage that no value could satisfy which reaches it."""
    findings = []
    for decision, problem in judged(module, names):
        if problem is not None:
            signature = decision.plan.signature
            assert signature is not None
            place = signature.definition.span
            hint = (
                f"it is defined in line {place.line}, column {place.column}; "
                "arguments of its own are written in the stage"
            )
            span = decision.stage.value.span
            findings.append(Diagnostic("DANA220", problem, "error", span, hint))
    return findings


def _problem(decision: Decision, scoped: set[str], *, is_closed: bool) -> str | None:
    plan, signature, shape = decision.plan, decision.plan.signature, decision.shape
    if signature is None:
        return None
    if plan.way == "impossible":
        if not (signature.positional or signature.rest or signature.keyword_only):
            return "this function takes no value, so it can be no stage"
        return f"{plan.reason}; the value is {_described(shape)}"
    missing = [name for name in plan.left_open if not _is_in_sight(name, decision)]
    missing = [name for name in missing if name not in scoped]
    if not missing or not is_closed:
        return None
    listed = ", ".join(repr(name) for name in missing)
    message = f"nothing gives this stage its {listed}"
    return message if shape.kind == "unknown" else f"{message}: the value is {_described(shape)}"


def _is_in_sight(name: str, decision: Decision) -> bool:
    if name in decision.captures:
        return True
    found = decision.scope.lookup(python_name(name))
    return found is not None and found[1].kind in BY_ASSIGNMENT


def _described(shape: Shape) -> str:
    if shape.kind == "items":
        count = len(shape.items)
        return f"a {shape.type_name} of {count} item{'s' * (count != 1)}"
    if shape.struct is not None:
        return f"a {shape.type_name}"
    if shape.kind == "fields":
        return f"a dict with {', '.join(map(repr, shape.keys)) or 'no keys'}"
    if shape.type_name == "NoneType":
        return "none"
    article = "an" if shape.type_name in ("int",) else "a"
    return f"{article} {shape.type_name}"
