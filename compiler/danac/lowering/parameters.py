"""Parameters, arguments by name and annotations."""

from __future__ import annotations

import ast
import keyword

from danac import nodes
from danac.identifiers import dana_name, renamed
from danac.lowering.context import Lowering, Surroundings
from danac.source import Span


def lower_parameters(
    low: Lowering,
    parameters: tuple[nodes.Parameter, ...],
    around: Surroundings,
    *,
    annotated: bool,
) -> ast.arguments:
    """Lower parameters; `around` is what their defaults see. Lambdas cannot carry annotations in Python."""
    lowered = ast.arguments(posonlyargs=[], args=[], kwonlyargs=[], kw_defaults=[], defaults=[])
    keyword_only = False
    for parameter in parameters:
        if parameter.kind == "/":
            lowered.posonlyargs, lowered.args = lowered.args, []
            continue
        if parameter.kind == "*" and parameter.name is None:
            keyword_only = True
            continue
        annotation = None
        if annotated and parameter.annotation is not None:
            annotation = lower_annotation(low, parameter.annotation)
        assert parameter.name is not None
        argument = low.at(parameter.span, ast.arg(parameter.name, annotation))
        default = low.optional(parameter.default, around)
        if parameter.kind == "*":
            lowered.vararg = argument
            keyword_only = True
        elif parameter.kind == "**":
            lowered.kwarg = argument
        elif keyword_only:
            lowered.kwonlyargs.append(argument)
            lowered.kw_defaults.append(default)
        else:
            lowered.args.append(argument)
            if default is not None:
                lowered.defaults.append(default)
    return lowered


def renaming(
    low: Lowering, node: nodes.Function | nodes.Declaration | nodes.Lambda, name: str | None
) -> ast.expr | None:
    """Return the decorator that gives a function `name` and parameters as Dana calls them, if they differ."""
    names = [parameter.name for parameter in node.parameters if parameter.name is not None]
    table = renamed(names)
    if name is not None and not isinstance(node, nodes.Lambda) and name != dana_name(node.name):
        table[name] = dana_name(node.name)
    if not table:
        return None
    span = node.span
    keys: list[ast.expr | None] = [low.constant(span, name) for name in table]
    values = [low.constant(span, name) for name in table.values()]
    return low.call(span, low.runtime(span, "named"), low.at(span, ast.Dict(keys, values)))


def keyword_argument(low: Lowering, span: Span, name: str | None, value: ast.expr) -> ast.keyword:
    """Return the argument `name=value`, or `**value` without a name; `name` is Dana's, as functions have it."""
    if name is not None and keyword.iskeyword(name):
        # Python cannot write such a name before a `=`, but it can pass it on.
        value = low.at(span, ast.Dict([low.constant(span, name)], [value]))
        name = None
    return low.at(span, ast.keyword(name, value))


def lower_annotation(low: Lowering, annotation: nodes.TypeExpression) -> ast.expr:
    """Lower an annotation: generated modules never evaluate theirs, so that any name may stand there."""
    low.has_annotations = True
    if any(_has_keyword(found) for found in nodes.walk(annotation)):
        # As text all of it is text twice over, which is read like all quoted annotations.
        return low.constant(annotation.span, low.source.text_of(annotation.span))
    return _lowered(low, annotation)


def _has_keyword(node: nodes.Node) -> bool:
    """Whether Python cannot write the name of a type: one part behind a dot is a keyword."""
    name = node.name if isinstance(node, nodes.TypeName) else None
    return name is not None and any(keyword.iskeyword(part) for part in name.split("."))


def _lowered(low: Lowering, annotation: nodes.TypeExpression) -> ast.expr:
    span = annotation.span
    match annotation:
        case nodes.TypeLiteral(value=value):
            return low.constant(span, value)
        case nodes.TypeUnion(members=members):
            first, *rest = (_lowered(low, member) for member in members)
            for member in rest:
                first = low.at(span, ast.BinOp(first, ast.BitOr(), member))
            return first
        case nodes.TypeName(name=None, arguments=arguments):
            items = [_lowered(low, argument) for argument in arguments]
            return low.at(span, ast.List(items, ast.Load()))
        case nodes.TypeName(name=path, arguments=arguments):
            head, *rest_of_path = (path or "").split(".")
            value = low.name(span, head)
            for part in rest_of_path:
                value = low.at(span, ast.Attribute(value, part, ast.Load()))
            if not arguments:
                return value
            items = [_lowered(low, argument) for argument in arguments]
            index = items[0] if len(items) == 1 else low.at(span, ast.Tuple(items, ast.Load()))
            return low.at(span, ast.Subscript(value, index, ast.Load()))
