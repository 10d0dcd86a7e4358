"""The two sides of a call, arguments and parameters: trees → nodes."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Literal, TypeAlias, cast

from lark import Token, Tree

from danac import nodes
from danac.identifiers import python_name

if TYPE_CHECKING:
    from danac.syntax.build.builder import Builder

TreeOf: TypeAlias = Tree[Token]


def build_arguments(
    b: Builder, tree: TreeOf | None
) -> tuple[tuple[nodes.Expression, ...], tuple[nodes.Keyword, ...]]:
    """Return the positional and the keyword arguments of a call's brackets.

    Refuses a positional argument behind a keyword, a doubled keyword and a bare generator beside others.
    """
    positional: list[nodes.Expression] = []
    keywords: list[nodes.Keyword] = []
    children = [] if tree is None else [child for child in tree.children if child is not None]
    for child in children:
        rule = child.data if isinstance(child, Tree) else ""
        if rule == "keyword":
            name, value = cast(TreeOf, child).children
            if any(keyword.name == name for keyword in keywords):
                b.refuse(child, f"keyword argument repeated: {name}", code="DANA121")
            keywords.append(nodes.Keyword(b.span(child), str(name), b.expression(value)))
        elif rule == "double_starred":
            value = cast(TreeOf, child).children[0]
            keywords.append(nodes.Keyword(b.span(child), None, b.expression(value)))
        else:
            if rule == "bare_generator" and len(children) > 1:
                message = "a generator expression beside other arguments needs parentheses"
                b.refuse(child, message, code="DANA122")
            if keywords and rule != "starred":
                b.refuse(child, "positional argument follows keyword argument", code="DANA123")
            if any(keyword.name is None for keyword in keywords):
                message = "positional argument follows keyword argument unpacking"
                b.refuse(child, message, code="DANA123")
            positional.append(b.expression(child))
    return tuple(positional), tuple(keywords)


def build_parameters(b: Builder, children: Iterable[TreeOf]) -> tuple[nodes.Parameter, ...]:
    """Return the parameters of a function or lambda, checked as Python checks them.

    Refuses doubled names, a required parameter behind one with a default, and misplaced `*`, `**` and `/`.
    """
    parameters = tuple(_parameter(b, child) for child in children)
    _check_order(b, parameters)
    seen: set[str] = set()
    for parameter in parameters:
        if parameter.name is not None and parameter.name in seen:
            b.refuse(parameter.span, f"duplicate parameter {parameter.name}", code="DANA124")
        seen.add(parameter.name or "")
    return parameters


def _parameter(b: Builder, tree: TreeOf) -> nodes.Parameter:
    kinds: dict[str, Literal["plain", "*", "**", "/"]] = {
        "star_parameter": "*",
        "double_star_parameter": "**",
        "slash": "/",
    }
    kind = kinds.get(tree.data, "plain")
    if kind == "/":
        return nodes.Parameter(b.span(tree), None, kind, None, None)
    name, annotation, *default = tree.children
    return nodes.Parameter(
        b.span(tree),
        None if name is None else python_name(str(name)),
        kind,
        b.optional_type(annotation),
        b.optional(default[0]) if default else None,
    )


def _check_order(b: Builder, parameters: tuple[nodes.Parameter, ...]) -> None:
    has_default = has_star = has_double_star = False
    for index, parameter in enumerate(parameters):
        problem = None
        if has_double_star:
            problem = "nothing may follow the `**` parameter"
        elif parameter.kind == "*":
            is_last = index + 1 == len(parameters) or parameters[index + 1].kind == "**"
            if has_star:
                problem = "only one `*` parameter is possible"
            elif parameter.name is None and is_last:
                problem = "named parameters must follow a bare `*`"
            has_star = True
        elif parameter.kind == "**":
            has_double_star = True
        elif parameter.kind == "/":
            if has_star or index == 0 or any(other.kind == "/" for other in parameters[:index]):
                problem = "`/` must stand once, behind a parameter and before any `*`"
        elif parameter.default is not None:
            has_default = True
        elif has_default and not has_star:
            problem = "a parameter without a default follows one with a default"
        if problem is not None:
            b.refuse(parameter.span, problem, code="DANA125")
