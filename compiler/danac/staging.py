"""Expressions where a stage stands → the same, with displays turned into parallel blocks.

A display is read as a literal, so that the grammar stays simple; what it is shows by its place.
"""

from __future__ import annotations

from typing import Literal, NoReturn, Protocol, TypeAlias

from danac import nodes
from danac.source import Span

Display: TypeAlias = nodes.ListDisplay | nodes.SetDisplay | nodes.DictDisplay


class Refuse(Protocol):
    """Raises the error of a place."""

    def __call__(
        self, place: Span, message: str, *, code: str, hint: str | None = None
    ) -> NoReturn:
        """Raise `message`."""


def as_stage(
    value: nodes.Expression, refuse: Refuse, parameters: frozenset[str]
) -> nodes.Expression:
    """Return `value` as it is meant where a stage stands; `parameters` are those of a declaration around it.

    Displays become blocks, in the arms of a conditional and at the start of a parenthesised pipe too.
    """
    match value:
        case nodes.Comprehension() if value.kind != "generator":
            message = "a block lists its branches: as a stage, put the comprehension in parentheses"
            refuse(value.span, message, code="DANA132")
        case nodes.ListDisplay() | nodes.SetDisplay() | nodes.DictDisplay():
            return block_of(value, refuse)
        case nodes.Group(value=nodes.Pipe(stages=(first, *rest)) as pipe):
            # A pipe in parentheses may start with a block; with data at its head it makes a stage.
            if isinstance(first.value, Display) and holds_stages(first.value, parameters):
                first = _with_value(first, block_of(first.value, refuse))
            return nodes.Group(value.span, nodes.Pipe(pipe.span, (first, *rest)))
        case nodes.Group(value=inner) if not isinstance(inner, nodes.Comprehension | Display):
            return nodes.Group(value.span, as_stage(inner, refuse, parameters))
        case nodes.Conditional(test=test, body=body, otherwise=otherwise):
            arms = (
                as_stage(body, refuse, parameters),
                as_stage(otherwise, refuse, parameters),
            )
            return nodes.Conditional(value.span, test, *arms)
    return value


def block_of(display: Display, refuse: Refuse) -> nodes.ParallelBlock:
    """Return the parallel block that `display` is where a stage stands.

    Refuses an empty one, starred items, `**` and doubled constant keys.
    """
    if not display.items:
        refuse(display.span, "a parallel block needs at least one branch", code="DANA130")
    if isinstance(display, nodes.DictDisplay):
        return nodes.ParallelBlock(display.span, "keyed", _keyed_branches(display, refuse))
    branches = tuple(_branch(None, item, refuse) for item in display.items)
    form: Literal["in order", "list"] = "list"
    if isinstance(display, nodes.ListDisplay):
        form = "in order"
    return nodes.ParallelBlock(display.span, form, branches)


def _keyed_branches(display: nodes.DictDisplay, refuse: Refuse) -> tuple[nodes.Branch, ...]:
    branches: list[nodes.Branch] = []
    seen: set[object] = set()
    for item in display.items:
        if item.key is None:
            refuse(item.span, "`**` cannot stand in a parallel block", code="DANA133")
        if isinstance(item.key, nodes.Constant):
            # As keys of a dict, `1` and `true` are one.
            if item.key.value in seen:
                refuse(item.key.span, f"branch {item.key.value!r} appears twice", code="DANA134")
            seen.add(item.key.value)
        elif not isinstance(item.key, nodes.FormattedText):
            message = "a branch's name is a constant or an f-string"
            hint = None
            if isinstance(item.key, nodes.Name):
                hint = f'write it in quotes: `"{item.key.id}": …`'
            refuse(item.key.span, message, code="DANA135", hint=hint)
        branches.append(_branch(item.key, item.value, refuse))
    return tuple(branches)


def _branch(key: nodes.Expression | None, item: nodes.Expression, refuse: Refuse) -> nodes.Branch:
    if isinstance(item, nodes.Starred):
        refuse(item.span, "`*` cannot stand in a parallel block", code="DANA133")
    stages = (
        item.stages if isinstance(item, nodes.Pipe) else (nodes.Stage(item.span, item, None, None),)
    )
    first = _with_value(stages[0], as_stage(stages[0].value, refuse, frozenset()))
    span = item.span if key is None else key.span.to(item.span)
    return nodes.Branch(span, key, (first, *stages[1:]))


def _with_value(stage: nodes.Stage, value: nodes.Expression) -> nodes.Stage:
    return nodes.Stage(stage.span, value, stage.policy, stage.capture)


def mentions_flow(display: Display | nodes.Comprehension) -> bool:
    """Whether a display in parentheses is data made of the flowing value, and so no block."""
    return any(isinstance(found, nodes.FlowValue) for found in nodes.walk(display))


def holds_stages(display: Display, parameters: frozenset[str]) -> bool:
    """Whether a display that may be data looks like a block: each item is a stage, no parameter, no literal."""
    items = [item.value if isinstance(item, nodes.DictItem) else item for item in display.items]
    return bool(items) and all(_looks_like_stage(item, parameters) for item in items)


def _looks_like_stage(item: nodes.Expression, parameters: frozenset[str]) -> bool:
    if isinstance(item, nodes.Pipe):
        item = item.stages[0].value
    if isinstance(item, Display):
        return holds_stages(item, parameters)
    if isinstance(item, nodes.Name | nodes.Attribute | nodes.Subscript | nodes.ScopedName):
        # What is reached from a parameter is data, as the parameter is.
        while isinstance(item, nodes.Attribute | nodes.Subscript):
            item = item.value
        return not (isinstance(item, nodes.Name) and item.id in parameters)
    if any(isinstance(found, nodes.FlowValue) for found in nodes.walk(item)):
        return True
    return isinstance(
        item,
        nodes.CaptureRead
        | nodes.Attribute
        | nodes.Call
        | nodes.Group
        | nodes.Lambda
        | nodes.Conditional,
    )
