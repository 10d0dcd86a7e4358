"""`o.m` that is called → the function of the program that may be its method.

o.m(1)    o.m(1)                                    no `m` in scope: Python's call
o.m(1)    call_method(o, "m", m, 1)                 `m` may be a method by receiver
o.m(1)    call_method(o, "m", bound(lambda: m), 1)  and may not be there yet
v | o.m   method_of(o, "m", m)(v)                   what is called later, or in a stage
"""

from __future__ import annotations

import ast

from danac import nodes
from danac.analysis.bound import is_surely_bound
from danac.analysis.names import Scope
from danac.analysis.stages import is_module, is_struct
from danac.identifiers import python_name
from danac.lowering.context import Lowering, Surroundings
from danac.source import Span


def is_method_candidate(node: nodes.Attribute, around: Surroundings) -> bool:
    """Whether a function in scope may be the method meant where `node`, `o.m`, is called.

    Structs carry their receiver functions as attributes, which Python finds by itself. A look at run
    time is needed for receivers of other types, for functions whose first parameter is annotated, for
    what was imported by its name, and for all functions of programs that may meet structs.
    """
    if is_module(node.value, around.scope) or python_name(node.name) in around.captures:
        return False
    found = around.scope.lookup(python_name(node.name))
    if found is None:
        return False
    scope, binding = found
    if binding.is_from_import:
        return True
    if binding.receivers:
        return not all(_is_struct(receiver, scope) for receiver in binding.receivers)
    function = binding.value or binding.node
    if not isinstance(function, nodes.Function | nodes.Declaration | nodes.Lambda):
        return False
    parameters = function.parameters
    is_annotated = bool(parameters) and parameters[0].annotation is not None
    return is_annotated or around.scope.module.meets_structs


def _is_struct(receiver: nodes.TypeExpression, scope: Scope) -> bool:
    if isinstance(receiver, nodes.TypeUnion):
        return all(_is_struct(member, scope) for member in receiver.members)
    if not isinstance(receiver, nodes.TypeName) or receiver.name is None:
        return False
    return is_struct(receiver.name, scope)


def looked_at(low: Lowering, node: nodes.Attribute, around: Surroundings) -> list[ast.expr]:
    """Return what the runtime has to know to find the method: the object, the name, the function."""
    owner = low.expression(node.value, around)
    function = if_bound(low, python_name(node.name), node.span, around)
    return [owner, low.constant(node.span, node.name), function]


def if_bound(low: Lowering, name: str, span: Span, around: Surroundings) -> ast.expr:
    """Return a read of `name` that gives None where the name has no value yet."""
    value = low.name(span, name)
    if is_surely_bound(name, span, around.scope):
        return value
    return low.call(span, low.runtime(span, "bound"), low.function(span, [], value))
