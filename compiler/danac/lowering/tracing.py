"""With the option `trace`: a stage and the value that flows into it → the same, seen by the timeline.

g(v)      _dana_slice_1.open()(g(_dana_slice_1.begin(v)))
f(*args)  _dana_slice_2.start()(f(*args))                    the first stage of a pipeline, or all of it

Nothing else changes: what is called, and in which frame, is what it is without the option.
"""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import TypeAlias

from danac import nodes
from danac.lowering.context import Lowering
from danac.lowering.runtime_names import PREFIX
from danac.lowering.temporaries import stage_text
from danac.source import Span

Apply: TypeAlias = Callable[[ast.expr], ast.expr]

_START = Span(1, 1, 1, 1)
_SLICE = "slice"


def traced_stage(
    low: Lowering, stage: nodes.Stage, pipeline: str, value: ast.expr, apply: Apply
) -> ast.expr:
    """Return `apply(value)`, the application of `stage`, as a slice of the timeline if that is asked for."""
    if not low.options.trace or isinstance(stage.value, nodes.ParallelBlock | nodes.FlowValue):
        # Blocks are the runtime's to tell of.
        return apply(value)
    name = _describe(low, stage.span, stage_text(low, stage.value), pipeline, stage.policy)
    began = low.call(stage.span, _method(low, stage.span, name, "begin"), value)
    ended = low.call(stage.span, _method(low, stage.span, name, "open"))
    return low.call(stage.span, ended, apply(began))


def traced_first(low: Lowering, stage: nodes.Stage, pipeline: str, result: ast.expr) -> ast.expr:
    """Return `result`, which is that of the first stage of a pipeline, as a slice."""
    if not low.options.trace or isinstance(stage.value, nodes.ParallelBlock | nodes.FlowValue):
        return result
    name = _describe(low, stage.span, stage_text(low, stage.value), pipeline, stage.policy)
    return _started(low, stage.span, name, result)


def traced_pipeline(low: Lowering, span: Span, pipeline: str, result: ast.expr) -> ast.expr:
    """Return `result`, which is that of a declarative function, as a slice."""
    if not low.options.trace:
        return result
    return _started(low, span, _describe(low, span, pipeline, pipeline, None, "pipeline"), result)


def untraced(value: ast.expr) -> ast.expr:
    """Return the value that was made a slice of, or that begins one; anything else as it is."""
    while isinstance(value, ast.Call) and len(value.args) == 1:
        function = value.func
        method = function.func if isinstance(function, ast.Call) else function
        if not isinstance(method, ast.Attribute) or not isinstance(method.value, ast.Name):
            break
        if not method.value.id.startswith(f"{PREFIX}{_SLICE}_"):
            break
        value = value.args[0]
    return value


def _started(low: Lowering, span: Span, name: str, result: ast.expr) -> ast.expr:
    return low.call(span, low.call(span, _method(low, span, name, "start")), result)


def _method(low: Lowering, span: Span, name: str, method: str) -> ast.expr:
    return low.at(span, ast.Attribute(low.name(span, name), method, ast.Load()))


def _describe(
    low: Lowering,
    span: Span,
    text: str,
    pipeline: str,
    policy: nodes.Policy | None,
    kind: str = "stage",
) -> str:
    """Add the module-level `_dana_slice_n = _dana_TracedStage(…)` of a stage and return its name."""
    name = low.fresh(_SLICE)
    place = [text, low.source.basename, span.line, span.column]
    more: list[object] = [pipeline, kind, True] if policy is not None else [pipeline, kind]
    if more == ["", "stage"]:
        more = []
    values = [low.constant(_START, value) for value in (*place, *more)]
    made = low.call(_START, low.runtime(_START, "TracedStage"), *values)
    target = low.at(_START, ast.Name(name, ast.Store()))
    low.blocks.append(low.at(_START, ast.Assign([target], made)))
    return name
