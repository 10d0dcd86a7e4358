"""Functions, declarative functions, structs and interfaces: trees → nodes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, NamedTuple, TypeAlias, cast

from lark import Token, Tree

from danac import nodes
from danac.identifiers import python_name
from danac.source import Span
from danac.syntax.build.calls import build_parameters
from danac.syntax.build.pipes import declared_pipe
from danac.syntax.build.statements import build_suite
from danac.syntax.strings import string_value

if TYPE_CHECKING:
    from danac.syntax.build.builder import Builder

TreeOf: TypeAlias = Tree[Token]


class _Head(NamedTuple):
    """What a function and a declarative function have in common, up to the `:` or the `=`."""

    decorators: tuple[nodes.Expression, ...]
    is_async: bool
    span: Span
    receiver: nodes.Parameter | None
    name: Token
    parameters: tuple[nodes.Parameter, ...]
    returns: nodes.TypeExpression | None
    rest: Token | TreeOf


def _head(b: Builder, tree: TreeOf) -> _Head:
    decorators, children = _decorators(b, tree)
    modifier, define, receiver, name, parameters, returns, rest = children[:7]
    parts = [] if receiver is None else [cast(TreeOf, receiver)]
    if parameters is not None:
        parts += cast("list[TreeOf]", cast(TreeOf, parameters).children)
    built = build_parameters(b, parts)
    # Like Python's, a function starts at its `def`: decorators have positions of their own.
    start = b.span(define if modifier is None else modifier)
    return _Head(
        decorators,
        modifier is not None and cast(Token, modifier).type == "ASYNC",
        start.to(b.span(tree)),
        None if receiver is None else built[0],
        cast(Token, name),
        built,
        b.optional_type(returns),
        cast("TreeOf | Token", rest),
    )


def _decorators(
    b: Builder, tree: TreeOf
) -> tuple[tuple[nodes.Expression, ...], Sequence[TreeOf | Token | None]]:
    count = 0
    while isinstance(child := tree.children[count], Tree) and child.data == "decorator":
        count += 1
    heads = [cast(TreeOf, child).children[0] for child in tree.children[:count]]
    return b.expressions(heads), tree.children[count:]


def _function(b: Builder, tree: TreeOf) -> nodes.Function:
    head = _head(b, tree)
    body = build_suite(b, cast(TreeOf, head.rest))
    span = head.span if not body else Span(*head.span[:2], *body[-1].span[2:])
    return nodes.Function(
        span,
        python_name(str(head.name)),
        b.span(head.name),
        head.parameters,
        head.returns,
        body,
        head.decorators,
        head.receiver,
        head.is_async,
    )


def _declaration(b: Builder, tree: TreeOf) -> nodes.Declaration:
    head = _head(b, tree)
    if head.is_async:
        b.refuse(
            tree,
            "a declarative function cannot be async",
            code="DANA140",
            hint="use `async def f(…):`",
        )
    names = frozenset(parameter.name for parameter in head.parameters if parameter.name is not None)
    outer, b.parameters = b.parameters, names
    pipe = declared_pipe(b, head.rest, names)
    b.parameters = outer
    return nodes.Declaration(
        Span(*head.span[:2], *pipe.span[2:]),
        python_name(str(head.name)),
        b.span(head.name),
        head.parameters,
        head.returns,
        pipe,
        head.decorators,
        head.receiver,
    )


def _struct(b: Builder, tree: TreeOf) -> nodes.Struct:
    decorators, (name, suite) = _decorators(b, tree)
    docstring: str | None = None
    fields: list[nodes.Field] = []
    methods: list[nodes.Function | nodes.Declaration] = []
    for index, part in enumerate(_members(cast(TreeOf, suite))):
        if part.data == "field":
            fields.append(_field(b, part))
        elif part.data in ("function", "declaration"):
            methods.append(b.any(part))
        elif part.data == "docstring" and index == 0:
            docstring = _docstring(b, part)
        elif part.data != "nothing":
            message = f"struct {name} holds fields (`name: type`) and methods"
            hint = "a field has a type: `name: type`" if part.data == "embedded" else None
            b.report(part, message, code="DANA141", hint=hint)
    return nodes.Struct(
        b.span(tree),
        python_name(str(name)),
        b.span(name),
        docstring,
        tuple(fields),
        tuple(methods),
        decorators,
    )


def _field(b: Builder, tree: TreeOf) -> nodes.Field:
    name, annotation, default, _ = tree.children
    return nodes.Field(b.span(tree), str(name), b.type(annotation), b.optional(default))


def _interface(b: Builder, tree: TreeOf) -> nodes.Interface:
    name, suite = tree.children
    docstring: str | None = None
    embedded: list[str] = []
    methods: list[nodes.MethodSignature] = []
    for index, part in enumerate(_members(cast(TreeOf, suite))):
        if part.data == "signature":
            methods.append(_signature(b, part))
        elif part.data == "embedded":
            embedded.append(python_name(str(part.children[0])))
        elif part.data == "docstring" and index == 0:
            docstring = _docstring(b, part)
        elif part.data != "nothing":
            message = f"interface {name} holds `method(parameters) -> type` and names of interfaces"
            b.report(part, message, code="DANA142")
    return nodes.Interface(
        b.span(tree),
        python_name(str(name)),
        b.span(name),
        docstring,
        tuple(embedded),
        tuple(methods),
    )


def _signature(b: Builder, tree: TreeOf) -> nodes.MethodSignature:
    name, parameters, returns, _ = tree.children
    parts = [] if parameters is None else cast("list[TreeOf]", cast(TreeOf, parameters).children)
    built = build_parameters(b, parts)
    return nodes.MethodSignature(b.span(tree), str(name), built, b.optional_type(returns))


def _members(suite: TreeOf) -> list[TreeOf]:
    return [child for child in suite.children if isinstance(child, Tree)]


def _docstring(b: Builder, tree: TreeOf) -> str:
    tokens = [cast(Token, child) for child in tree.children[:-1]]
    return "".join(string_value(str(token)) for token in tokens)


RULES: dict[str, Callable[[Builder, TreeOf], object]] = {
    "function": _function,
    "declaration": _declaration,
    "struct": _struct,
    "interface": _interface,
}
