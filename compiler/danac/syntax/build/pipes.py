"""Pipes, their suffixes and parallel blocks: trees → nodes."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Literal, TypeAlias, cast

from lark import Token, Tree

from danac import nodes
from danac.identifiers import python_name
from danac.syntax.build.calls import build_arguments

if TYPE_CHECKING:
    from danac.syntax.build.builder import Builder

TreeOf: TypeAlias = Tree[Token]

Display: TypeAlias = nodes.ListDisplay | nodes.SetDisplay | nodes.DictDisplay


def _pipe(b: Builder, tree: TreeOf) -> nodes.Expression:
    head, *rest = tree.children
    stages = [_stage(b, head), *[_as_block(b, _stage(b, part)) for part in rest]]
    return nodes.Pipe(b.span(tree), tuple(stages))


def _stage(b: Builder, part: TreeOf | Token) -> nodes.Stage:
    if isinstance(part, Token) or part.data != "suffixed":
        value = b.expression(part)
        return nodes.Stage(b.span(part), value, None, None)
    value = b.expression(part.children[0])
    policy: nodes.Policy | None = None
    capture: nodes.Capture | None = None
    for suffix in part.children[1:]:
        if suffix is not None:
            built = b.any(cast(TreeOf, suffix))
            if isinstance(built, nodes.Policy):
                policy = built
            else:
                capture = built
    return nodes.Stage(b.span(part), value, policy, capture)


def _suffixed(b: Builder, tree: TreeOf) -> nodes.Expression:
    """Build a stage that stands alone: right in a block or a declaration, refused later elsewhere."""
    return nodes.Pipe(b.span(tree), (_stage(b, tree),))


def _policy(b: Builder, tree: TreeOf) -> nodes.Policy:
    positional, keywords = build_arguments(b, cast("TreeOf | None", tree.children[0]))
    for argument in positional:
        b.refuse(
            argument.span,
            "a policy takes settings by name",
            code="DANA131",
            hint="`with (timeout=5)`",
        )
    for keyword in keywords:
        if keyword.name is None:
            b.refuse(keyword.span, "a policy takes settings by name", code="DANA131")
    return nodes.Policy(b.span(tree), keywords)


def _capture(b: Builder, tree: TreeOf) -> nodes.Capture:
    return nodes.Capture(b.span(tree), python_name(str(tree.children[0])))


def _as_block(b: Builder, stage: nodes.Stage) -> nodes.Stage:
    """Return `stage` with its display, if it is one, turned into a parallel block."""
    value = _as_stage_value(b, stage.value)
    return nodes.Stage(stage.span, value, stage.policy, stage.capture)


def _as_stage_value(b: Builder, value: nodes.Expression) -> nodes.Expression:
    match value:
        case nodes.Comprehension() if value.kind != "generator":
            message = "a block lists its branches; a comprehension cannot stand here"
            b.refuse(value.span, message, code="DANA132")
        case nodes.ListDisplay() | nodes.SetDisplay() | nodes.DictDisplay():
            return block_of(b, value)
        case nodes.Group(value=nodes.Pipe(stages=(first, *rest)) as pipe):
            # A pipe in parentheses may start with a block; with data at its head it makes a stage.
            if isinstance(first.value, Display) and _holds_stages(first.value, b.parameters):
                first = _as_block(b, first)
            return nodes.Group(value.span, nodes.Pipe(pipe.span, (first, *rest)))
        case nodes.Group(value=inner):
            return nodes.Group(value.span, _as_stage_value(b, inner))
        case nodes.Conditional(test=test, body=body, otherwise=otherwise):
            arms = _as_stage_value(b, body), _as_stage_value(b, otherwise)
            return nodes.Conditional(value.span, test, *arms)
    return value


def block_of(b: Builder, display: Display) -> nodes.ParallelBlock:
    """Return the parallel block that `display` is where a stage stands.

    Refuses an empty one, starred items, `**` and doubled constant keys.
    """
    if not display.items:
        b.refuse(display.span, "a parallel block needs at least one branch", code="DANA130")
    if isinstance(display, nodes.DictDisplay):
        return nodes.ParallelBlock(display.span, "keyed", _keyed_branches(b, display))
    branches = tuple(_branch(b, None, item) for item in display.items)
    form: Literal["in order", "list"] = "list"
    if isinstance(display, nodes.ListDisplay):
        form = "in order"
    return nodes.ParallelBlock(display.span, form, branches)


def _keyed_branches(b: Builder, display: nodes.DictDisplay) -> tuple[nodes.Branch, ...]:
    branches: list[nodes.Branch] = []
    seen: set[tuple[type, object]] = set()
    for item in display.items:
        if item.key is None:
            b.refuse(item.span, "`**` cannot stand in a parallel block", code="DANA133")
        if isinstance(item.key, nodes.Constant):
            identity = (type(item.key.value), item.key.value)
            if identity in seen:
                b.refuse(item.key.span, f"branch {item.key.value!r} appears twice", code="DANA134")
            seen.add(identity)
        elif not isinstance(item.key, nodes.FormattedText):
            b.refuse(item.key.span, "a branch's name is a constant or an f-string", code="DANA135")
        branches.append(_branch(b, item.key, item.value))
    return tuple(branches)


def _branch(b: Builder, key: nodes.Expression | None, item: nodes.Expression) -> nodes.Branch:
    if isinstance(item, nodes.Starred):
        b.refuse(item.span, "`*` cannot stand in a parallel block", code="DANA133")
    stages = (
        item.stages if isinstance(item, nodes.Pipe) else (nodes.Stage(item.span, item, None, None),)
    )
    span = item.span if key is None else key.span.to(item.span)
    return nodes.Branch(span, key, (_as_block(b, stages[0]), *stages[1:]))


def declared_pipe(b: Builder, part: TreeOf | Token, parameters: frozenset[str]) -> nodes.Pipe:
    """Return the pipe of a declarative function; a display at its start is a block if it looks like one.

    It does if every item is a stage that is neither a parameter nor a literal (LANGUAGE: blocks).
    """
    value = b.expression(part)
    if not isinstance(value, nodes.Pipe):
        value = nodes.Pipe(value.span, (nodes.Stage(value.span, value, None, None),))
    first, *rest = value.stages
    if not isinstance(first.value, Display | nodes.Comprehension):
        # Parenthesised pipes and the arms of a conditional are stages like any others.
        first = _as_block(b, first)
    if isinstance(first.value, Display) and _holds_stages(first.value, parameters):
        first = _as_block(b, first)
    return nodes.Pipe(value.span, (first, *rest))


def _holds_stages(display: Display, parameters: frozenset[str]) -> bool:
    items = [item.value if isinstance(item, nodes.DictItem) else item for item in display.items]
    return bool(items) and all(_looks_like_stage(item, parameters) for item in items)


def _looks_like_stage(item: nodes.Expression, parameters: frozenset[str]) -> bool:
    if isinstance(item, nodes.Pipe):
        item = item.stages[0].value
    if isinstance(item, nodes.Name):
        return item.id not in parameters
    if isinstance(item, Display):
        return _holds_stages(item, parameters)
    return isinstance(
        item, nodes.Attribute | nodes.Call | nodes.Group | nodes.Lambda | nodes.Conditional
    )


RULES: dict[str, Callable[[Builder, TreeOf], object]] = {
    "pipe": _pipe,
    "suffixed": _suffixed,
    "policy": _policy,
    "capture": _capture,
}
