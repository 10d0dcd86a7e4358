"""`type(v)` where text is made of it → the class's name: `print(type(v))` prints `int`, as Dana has it.

print(type(v))              print(type(v).__name__)         also in str(…), format(…, spec), log(…)
f"{kind:>8}"                f"{kind.__name__:>8}"           `kind = type(v)`, which nothing rebinds
"a " + type(v)              "a " + type(v).__name__
[type(v)], repr(type(v))    as in Python                    everywhere else it is the class itself

What is a class is told by its form, so that no other text costs a look at run time.
"""

from __future__ import annotations

import ast

from danac import nodes
from danac.analysis import stages
from danac.lowering.context import Lowering, Surroundings
from danac.lowering.tracing import untraced
from danac.source import Span

# The built-ins that make text of their arguments: of how many of them, from the first on.
_TEXTS_MADE = {"print": 1 << 30, "str": 1, "format": 1, "log": 1}


def is_type_call(node: nodes.Expression, around: Surroundings) -> bool:
    """Whether `node` is `type(v)` with Python's `type`."""
    if not isinstance(node, nodes.Call) or not isinstance(node.function, nodes.Name):
        return False
    is_single = len(node.positional) == 1 and not node.keywords
    is_plain = is_single and not isinstance(node.positional[0], nodes.Starred)
    return node.function.id == "type" and is_plain and stages.is_builtin("type", around.scope)


def class_name(
    low: Lowering, node: nodes.Expression, value: ast.expr, around: Surroundings
) -> ast.expr:
    """Return `value`, which `node` was lowered to, as text is made of it: of a type its name."""
    if isinstance(node, nodes.Group):
        return class_name(low, node.value, value, around)
    if isinstance(node, nodes.Pipe):
        # Applied it gives a type; composed it is no call of `type`, and stays as it is.
        return _named(low, node.span, value) if _ends_with_type(node, around) else value
    if isinstance(node, nodes.Conditional) and isinstance(value, ast.IfExp):
        body = class_name(low, node.body, value.body, around)
        otherwise = class_name(low, node.otherwise, value.orelse, around)
        if body is value.body and otherwise is value.orelse:
            return value
        return low.at(node.span, ast.IfExp(value.test, body, otherwise))
    if is_type_call(node, around) or _is_bound_to_type(node, around):
        return low.at(node.span, ast.Attribute(value, "__name__", ast.Load()))
    return value


def _is_bound_to_type(node: nodes.Expression, around: Surroundings) -> bool:
    """Whether `node` is a name that is bound to a `type(v)` and to nothing else."""
    if not isinstance(node, nodes.Name) or node.id in around.captures:
        return False
    found = around.scope.lookup(node.id)
    if found is None or found[1].writes != 1 or found[1].value is None:
        return False
    return is_type_call(found[1].value, around.within(scope=found[0]))


def _ends_with_type(node: nodes.Pipe, around: Surroundings) -> bool:
    last = node.stages[-1].value
    is_name = isinstance(last, nodes.Name) and last.id == "type" and last.id not in around.captures
    return is_name and stages.is_builtin("type", around.scope)


def texts_made(function: nodes.Expression, around: Surroundings) -> int:
    """Return of how many arguments, from the first on, the called `function` surely makes text."""
    if not isinstance(function, nodes.Name) or function.id in around.captures:
        return 0
    return _TEXTS_MADE.get(function.id, 0) if stages.is_builtin(function.id, around.scope) else 0


def flowing_class_name(
    low: Lowering, function: nodes.Expression, value: ast.expr, around: Surroundings
) -> ast.expr:
    """Return the `value` that flows into the stage `function`, which may make text of a type."""
    if texts_made(function, around) == 0 or not stages.is_builtin("type", around.scope):
        return value
    return _named(low, function.span, value)


def _named(low: Lowering, span: Span, value: ast.expr) -> ast.expr:
    if isinstance(value, ast.IfExp):
        body, otherwise = _named(low, span, value.body), _named(low, span, value.orelse)
        return low.at(span, ast.IfExp(value.test, body, otherwise))
    plain = untraced(value)
    is_type = (
        isinstance(plain, ast.Call) and isinstance(plain.func, ast.Name) and plain.func.id == "type"
    )
    return low.at(span, ast.Attribute(value, "__name__", ast.Load())) if is_type else value
