"""Attributes: where Dana asks more than Python, and only there.

x.name        x.name if not isinstance(x, dict) else attribute(x, "name")    a dict's key comes first
json.dumps    json.dumps                                                    what surely is no dict
"""

from __future__ import annotations

import ast

from danac import nodes
from danac.analysis.names import Binding, Scope
from danac.analysis.stages import is_module, is_struct, kind_of
from danac.identifiers import is_renamed
from danac.lowering.class_names import is_type_call
from danac.lowering.context import LowerExpression, Lowering, Surroundings, Take
from danac.lowering.dict_tests import is_dict, note_read
from danac.lowering.runtime_names import RuntimeName
from danac.lowering.temporaries import bind

# What the record of a caught error offers beside the exception's own attributes.
_RECORD = frozenset(
    "type message traceback filename line column source_line original".split()  # noqa: SIM905
)


def _attribute(low: Lowering, node: nodes.Attribute, around: Surroundings) -> ast.expr:
    if _is_error_record(node, around):
        return _by_runtime(low, node, around, "error_attribute")
    if is_renamed(node.name):
        return _by_runtime(low, node, around, "attribute")
    if is_no_dict(node.value, around.scope) or is_type_call(node.value, around):
        return plain_attribute(low, node, around)
    value = low.expression(node.value, around)
    if isinstance(value, ast.Name):
        return _tested(low, node, lambda: low.name(node.value.span, value.id), around)
    if around.has_room:
        return bind(
            low,
            node.value.span,
            "value",
            value,
            around,
            lambda take, inner: _tested(low, node, take, inner),
            is_first=True,
        )
    name = low.constant(node.span, node.name)
    return low.call(node.span, low.runtime(node.span, "attribute"), value, name)


def plain_attribute(low: Lowering, node: nodes.Attribute, around: Surroundings) -> ast.expr:
    """Return Python's attribute access: what a method call does, and what objects that are no dicts need."""
    if is_renamed(node.name):
        return view_of_attribute(low, node, around, ast.Load())
    value = low.expression(node.value, around)
    return low.at(node.span, ast.Attribute(value, node.name, ast.Load()))


def view_of_attribute(
    low: Lowering, node: nodes.Attribute, around: Surroundings, context: ast.expr_context
) -> ast.expr:
    """Return the attribute of a name that Python cannot write behind a dot, or that modules call differently."""
    view = low.runtime(node.span, "attributes_of")
    view = low.call(node.span, view, low.expression(node.value, around))
    return low.at(node.span, ast.Subscript(view, low.constant(node.span, node.name), context))


def _tested(low: Lowering, node: nodes.Attribute, take: Take, around: Surroundings) -> ast.expr:
    span = node.span
    value = take()
    test = is_dict(low, span, value, around)
    no_dict = low.at(span, ast.UnaryOp(ast.Not(), test))
    plain = low.at(span, ast.Attribute(take(), node.name, ast.Load()))
    name = low.constant(span, node.name)
    keyed = low.call(span, low.runtime(span, "attribute"), take(), name)
    read = low.at(span, ast.IfExp(no_dict, plain, keyed))
    if isinstance(value, ast.Name):
        note_read(low, read, value.id, around)
    return read


def _by_runtime(
    low: Lowering,
    node: nodes.Attribute,
    around: Surroundings,
    function: RuntimeName,
) -> ast.expr:
    value = low.expression(node.value, around)
    name = low.constant(node.span, node.name)
    return low.call(node.span, low.runtime(node.span, function), value, name)


def is_no_dict(node: nodes.Expression, scope: Scope) -> bool:
    """Whether the value of `node` surely is no dict, so that an attribute of it is Python's."""
    match node:
        case nodes.Name(id=name):
            if is_module(node, scope) or kind_of(node, scope) == "callable":
                return True
            found = scope.lookup(name)
            return found is not None and _holds_struct(found[1], found[0])
        case nodes.Attribute():
            return is_module(node, scope)
        case nodes.Constant() | nodes.FormattedText() | nodes.ListDisplay() | nodes.TupleDisplay():
            return True
        case nodes.Call(function=nodes.Name(id=name)):
            return is_struct(name, scope)
        case _:
            return False


def _holds_struct(binding: Binding, scope: Scope) -> bool:
    """Whether the name surely is a struct: a method's `self`, or bound once, to what a struct made."""
    if binding.writes != 1:
        return False
    if binding.node in scope.instance_parameters:
        return True
    made = binding.value
    return (
        isinstance(made, nodes.Call)
        and isinstance(made.function, nodes.Name)
        and is_struct(made.function.id, scope)
    )


def _is_error_record(node: nodes.Attribute, around: Surroundings) -> bool:
    if node.name not in _RECORD or not isinstance(node.value, nodes.Name):
        return False
    found = around.scope.lookup(node.value.id)
    return found is not None and found[1].is_error


EXPRESSIONS: dict[type[nodes.Node], LowerExpression] = {nodes.Attribute: _attribute}
