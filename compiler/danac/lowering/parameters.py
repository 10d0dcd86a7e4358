"""Parameters and annotations of functions and lambdas."""

from __future__ import annotations

import ast

from danac import nodes
from danac.lowering.context import Lowering, Surroundings


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


def lower_annotation(low: Lowering, annotation: nodes.TypeExpression) -> ast.expr:
    """Lower an annotation: generated modules never evaluate theirs, so that any name may stand there."""
    span = annotation.span
    low.has_annotations = True
    match annotation:
        case nodes.TypeLiteral(value=value):
            return low.constant(span, value)
        case nodes.TypeUnion(members=members):
            first, *rest = (lower_annotation(low, member) for member in members)
            for member in rest:
                first = low.at(span, ast.BinOp(first, ast.BitOr(), member))
            return first
        case nodes.TypeName(name=None, arguments=arguments):
            items = [lower_annotation(low, argument) for argument in arguments]
            return low.at(span, ast.List(items, ast.Load()))
        case nodes.TypeName(name=path, arguments=arguments):
            head, *rest_of_path = (path or "").split(".")
            value = low.name(span, head)
            for part in rest_of_path:
                value = low.at(span, ast.Attribute(value, part, ast.Load()))
            if not arguments:
                return value
            items = [lower_annotation(low, argument) for argument in arguments]
            index = items[0] if len(items) == 1 else low.at(span, ast.Tuple(items, ast.Load()))
            return low.at(span, ast.Subscript(value, index, ast.Load()))
