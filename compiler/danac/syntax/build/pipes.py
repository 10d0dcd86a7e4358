"""Pipes, their suffixes and parallel blocks: trees → nodes."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeAlias, cast

from lark import Token, Tree

from danac import nodes
from danac.identifiers import python_name
from danac.staging import Display, as_stage, holds_stages
from danac.syntax.build.calls import build_arguments
from danac.syntax.build.captures import resolve_captures

if TYPE_CHECKING:
    from danac.syntax.build.builder import Builder

TreeOf: TypeAlias = Tree[Token]


def _pipe(b: Builder, tree: TreeOf) -> nodes.Expression:
    head, *rest = tree.children
    stages = [_stage(b, head), *[_as_block(b, _stage(b, part)) for part in rest]]
    return resolve_captures(nodes.Pipe(b.span(tree), tuple(stages)))


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
    value = as_stage(stage.value, b.refuse, b.parameters)
    return nodes.Stage(stage.span, value, stage.policy, stage.capture)


def declared_pipe(b: Builder, part: TreeOf | Token, parameters: frozenset[str]) -> nodes.Pipe:
    """Return the pipe of a declarative function; a display at its start is a block if it looks like one.

    It does if every item is a stage that is neither a parameter nor a literal.
    """
    value = b.expression(part)
    if not isinstance(value, nodes.Pipe):
        value = nodes.Pipe(value.span, (nodes.Stage(value.span, value, None, None),))
    first, *rest = value.stages
    if not isinstance(first.value, Display | nodes.Comprehension):
        # Parenthesised pipes and the arms of a conditional are stages like any others.
        first = _as_block(b, first)
    if isinstance(first.value, Display) and holds_stages(first.value, parameters):
        first = _as_block(b, first)
    return nodes.Pipe(value.span, (first, *rest))


RULES: dict[str, Callable[[Builder, TreeOf], object]] = {
    "pipe": _pipe,
    "suffixed": _suffixed,
    "policy": _policy,
    "capture": _capture,
}
