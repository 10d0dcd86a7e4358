"""Calls: of functions, of methods by receiver, of built-ins that are Dana's own; in pipes and elsewhere alike.

f(a)                  f(a)
o.m(a)                o.m(a)                             see `methods` for `m` in scope
isinstance(v, T)      isinstance_of(v, T)                `T` may be the name of a type as text
print(type(v))        print(type(v).__name__)            see `class_names`
"""

from __future__ import annotations

import ast
import keyword

from danac import nodes
from danac.identifiers import python_name
from danac.lowering.attributes import plain_attribute
from danac.lowering.class_names import class_name, texts_made
from danac.lowering.context import Lowering, Surroundings
from danac.lowering.methods import is_method_candidate, looked_at
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
    keywords = []
    for argument in node.keywords:
        name, value = argument.name, low.expression(argument.value, around)
        if name is not None and keyword.iskeyword(name) and _takes(node, python_name(name), around):
            name = python_name(name)
        elif name is not None and keyword.iskeyword(name):
            # Python cannot write such a name before a `=`, but it can pass it on.
            value = low.at(argument.span, ast.Dict([low.constant(argument.span, name)], [value]))
            name = None
        keywords.append(low.at(argument.span, ast.keyword(name, value)))
    return positional, keywords


def _takes(node: nodes.Call, parameter: str, around: Surroundings) -> bool:
    """Whether the call surely is of a function of this program with a parameter of that name."""
    found = None
    if isinstance(node.function, nodes.Name):
        found = around.scope.lookup(node.function.id)
    if found is None or not isinstance(found[1].node, nodes.Function | nodes.Declaration):
        return False
    return any(parameter == known.name for known in found[1].node.parameters)
