"""Annotations: trees → `nodes.TypeExpression`."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias, cast

from lark import Token, Tree

from danac import nodes
from danac.identifiers import python_name
from danac.syntax.build import atoms
from danac.syntax.strings import string_value

if TYPE_CHECKING:
    from danac.syntax.build.builder import Builder

TreeOf: TypeAlias = Tree[Token]

_CONSTANTS: dict[str, object] = {"NONE": None, "TRUE": True, "FALSE": False, "ELLIPSIS": ...}


def build_type(b: Builder, part: TreeOf | Token) -> nodes.TypeExpression:
    """Return the annotation that `part` stands for."""
    tree = cast(TreeOf, part)
    span = b.span(tree)
    if tree.data == "type_union":
        return nodes.TypeUnion(span, tuple(build_type(b, child) for child in tree.children))
    if tree.data == "type_literal":
        return nodes.TypeLiteral(span, _literal(b, cast(Token, tree.children[0])))
    if tree.data == "type_name":
        path, arguments = tree.children
        head, *rest = (str(part) for part in cast(TreeOf, path).children)
        name = python_name(head) + "".join(rest)
        return nodes.TypeName(span, name, _arguments(b, cast("TreeOf | None", arguments)))
    inner = cast("TreeOf | None", tree.children[0])
    if inner is not None and inner.data != "type_arguments":
        return build_type(b, inner)
    return nodes.TypeName(span, None, _arguments(b, inner))


def _arguments(b: Builder, tree: TreeOf | None) -> tuple[nodes.TypeExpression, ...]:
    return () if tree is None else tuple(build_type(b, child) for child in tree.children)


def _literal(b: Builder, token: Token) -> object:
    if token.type == "STRING":
        return string_value(str(token))
    if token.type == "NUMBER":
        return atoms.number_value(str(token))
    return _CONSTANTS[token.type]
