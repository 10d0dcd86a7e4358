"""Calls: of functions, of methods by receiver, of built-ins that are Dana's own; in pipes and elsewhere alike.

f(a)                  f(a)
o.m(a)                o.m(a)                             see `methods` for `m` in scope
isinstance(v, T)      isinstance_of(v, T)                `T` may be the name of a type as text
print(type(v))        print(type(v).__name__)            see `class_names`
"""

from __future__ import annotations

import ast

from danac import nodes
from danac.lowering.attributes import plain_attribute
from danac.lowering.class_names import class_name, texts_made
from danac.lowering.context import Lowering, Surroundings
from danac.lowering.methods import is_method_candidate, looked_at
from danac.lowering.parameters import keyword_argument
from danac.lowering.types import is_plain_isinstance


def lower_call(low: Lowering, node: nodes.Call, around: Surroundings) -> ast.expr:
    """Lower a call that stands for itself: its callee, then its arguments."""
    if isinstance(node.function, nodes.Attribute) and is_method_candidate(node.function, around):
        first = looked_at(low, node.function, around)
        positional, keywords = lower_arguments(low, node, around)
        function = low.runtime(node.span, "call_method")
        return low.at(node.span, ast.Call(function, [*first, *positional], keywords))
    if is_plain_isinstance(node, around):
        function = low.name(node.function.span, "isinstance")
    else:
        function = lower_called(low, node.function, around)
    positional, keywords = lower_arguments(low, node, around)
    return low.at(node.span, ast.Call(function, positional, keywords))


def lower_called(low: Lowering, node: nodes.Expression, around: Surroundings) -> ast.expr:
    """Lower what is called, as a value: of `o.m` the method that the call `o.m(…)` means.

    An attribute that is called is Python's, whatever it belongs to: of a dict, no key.
    """
    if not isinstance(node, nodes.Attribute):
        return low.expression(node, around)
    if not is_method_candidate(node, around):
        return plain_attribute(low, node, around)
    return low.call(node.span, low.runtime(node.span, "method_of"), *looked_at(low, node, around))


def lower_arguments(
    low: Lowering, node: nodes.Call, around: Surroundings
) -> tuple[list[ast.expr], list[ast.keyword]]:
    """Lower the arguments of a call."""
    positional = low.expressions(node.positional, around)
    for index in range(min(texts_made(node.function, around), len(positional))):
        positional[index] = class_name(low, node.positional[index], positional[index], around)
    keywords = [
        keyword_argument(low, argument.span, argument.name, low.expression(argument.value, around))
        for argument in node.keywords
    ]
    return positional, keywords
