"""Names, literals, texts and displays: trees and tokens → nodes."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Literal, TypeAlias, cast

from lark import Token, Tree

from danac import nodes
from danac.identifiers import python_name
from danac.syntax.strings import fstring_text_value, string_value

if TYPE_CHECKING:
    from danac.syntax.build.builder import Builder

TreeOf: TypeAlias = Tree[Token]


def _name(b: Builder, token: Token) -> nodes.Expression:
    return nodes.Name(b.span(token), python_name(str(token)))


def _scoped(b: Builder, token: Token) -> nodes.Expression:
    scope, name = token.split(":")
    if scope == "local":
        return nodes.Name(b.span(token), python_name(name))
    kind = cast(Literal["private", "public", "system"], scope)
    return nodes.ScopedName(b.span(token), kind, name)


def number_value(text: str) -> int | float:
    """Return the value of a number as it is written: Python's rules, without complex numbers."""
    digits = text.replace("_", "")
    prefix = digits[:2].lower()
    if prefix in {"0x", "0o", "0b"}:
        return int(digits, 0)
    # int() refuses very long decimal texts to protect servers; a program's own literal is as safe as its code.
    return int(digits) if digits.isdecimal() else float(digits)


def _number(b: Builder, token: Token) -> nodes.Expression:
    try:
        return nodes.Constant(b.span(token), number_value(str(token)))
    except ValueError:
        b.refuse(token, "this number has too many digits", code="DANA191")


def _text(b: Builder, token: Token) -> nodes.Expression:
    return nodes.Constant(b.span(token), string_value(str(token)))


def _constant(value: object) -> Callable[[Builder, Token], nodes.Expression]:
    return lambda b, token: nodes.Constant(b.span(token), value)


def _flow(b: Builder, token: Token) -> nodes.Expression:
    return nodes.FlowValue(b.span(token))


TOKENS: dict[str, Callable[[Builder, Token], nodes.Expression]] = {
    "NAME": _name,
    "SCOPED": _scoped,
    "NUMBER": _number,
    "STRING": _text,
    "NONE": _constant(None),
    "TRUE": _constant(True),
    "FALSE": _constant(False),
    "ELLIPSIS": _constant(...),
    "FLOW": _flow,
}


def _texts(b: Builder, tree: TreeOf) -> nodes.Expression:
    """Join adjacent literals: to one constant, or to one f-string if any of them is one."""
    parts: list[str | nodes.Replacement] = []
    is_formatted = False
    for child in tree.children:
        if isinstance(child, Token):
            parts.append(string_value(str(child)))
        else:
            is_formatted = True
            parts += _fstring_parts(
                b, child.children[1:-1], raw="r" in str(child.children[0]).lower()
            )
    merged = _merge_texts(parts)
    if is_formatted:
        return nodes.FormattedText(b.span(tree), merged)
    return nodes.Constant(b.span(tree), "".join(cast(tuple[str, ...], merged)))


def _merge_texts(parts: list[str | nodes.Replacement]) -> tuple[str | nodes.Replacement, ...]:
    merged: list[str | nodes.Replacement] = []
    for part in parts:
        if isinstance(part, str) and merged and isinstance(merged[-1], str):
            merged[-1] += part
        elif part != "":
            merged.append(part)
    return tuple(merged)


def _fstring_parts(
    b: Builder, children: list[TreeOf | Token], *, raw: bool
) -> list[str | nodes.Replacement]:
    return [
        fstring_text_value(str(child), raw)
        if isinstance(child, Token)
        else _replacement(b, child, raw=raw)
        for child in children
    ]


def _replacement(b: Builder, tree: TreeOf, *, raw: bool) -> nodes.Replacement:
    _, value, equal, conversion, spec, _ = tree.children
    conversion_name = None if conversion is None else str(conversion)
    if equal is not None and conversion is None and spec is None:
        conversion_name = "r"
    format_spec = None
    if spec is not None:
        parts = _merge_texts(_fstring_parts(b, cast(TreeOf, spec).children[1:], raw=raw))
        format_spec = nodes.FormattedText(b.span(spec), parts)
    return nodes.Replacement(
        b.span(tree),
        b.expression(value),
        cast(Literal["r", "s", "a"] | None, conversion_name),
        format_spec,
        None if equal is None else str(equal),
    )


def _present(tree: TreeOf) -> list[TreeOf | Token]:
    return [child for child in tree.children if child is not None]


def _tuple(b: Builder, tree: TreeOf) -> nodes.Expression:
    inner = _present(tree)
    items = b.expressions(cast(TreeOf, inner[0]).children) if inner else ()
    return nodes.TupleDisplay(b.span(tree), items)


def _tuple_items(b: Builder, tree: TreeOf) -> nodes.Expression:
    return nodes.TupleDisplay(b.span(tree), b.expressions(tree.children))


def _list(b: Builder, tree: TreeOf) -> nodes.Expression:
    return nodes.ListDisplay(b.span(tree), b.expressions(_present(tree)))


def _set(b: Builder, tree: TreeOf) -> nodes.Expression:
    return nodes.SetDisplay(b.span(tree), b.expressions(tree.children))


def _dict(b: Builder, tree: TreeOf) -> nodes.Expression:
    items = tuple(b.any(cast(TreeOf, child)) for child in _present(tree))
    return nodes.DictDisplay(b.span(tree), items)


def _pair(b: Builder, tree: TreeOf) -> nodes.DictItem:
    key, value = tree.children
    return nodes.DictItem(b.span(tree), b.expression(key), b.expression(value))


def _double_starred(b: Builder, tree: TreeOf) -> nodes.DictItem:
    return nodes.DictItem(b.span(tree), None, b.expression(tree.children[0]))


def _starred(b: Builder, tree: TreeOf) -> nodes.Expression:
    return nodes.Starred(b.span(tree), b.expression(tree.children[0]))


RULES: dict[str, Callable[[Builder, TreeOf], object]] = {
    "texts": _texts,
    "tuple": _tuple,
    "tuple_items": _tuple_items,
    "list": _list,
    "set": _set,
    "dict": _dict,
    "pair": _pair,
    "double_starred": _double_starred,
    "starred": _starred,
    "starred_target": _starred,
}
