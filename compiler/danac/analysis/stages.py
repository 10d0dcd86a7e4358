"""Expressions of a pipe → what is known of them at compile time: a function, data, or neither.

What is called known here never needs a look at run time: a pipe of known stages is compiled to the
nested calls that one would have written. Operators of objects may give anything, also a function: what
they give is data only if the operands are values of Python's own types.
"""

from __future__ import annotations

from typing import Literal, TypeAlias

from danac import nodes
from danac.analysis import builtins
from danac.analysis.names import Scope

Kind: TypeAlias = Literal["callable", "data", "unknown"]


def kind_of(expression: nodes.Expression, scope: Scope) -> Kind:
    """Return whether the value of `expression` is surely callable, surely data, or known only at run time."""
    match expression:
        case nodes.Constant() | nodes.FormattedText() | nodes.Comprehension():
            return "data"
        case nodes.ListDisplay() | nodes.TupleDisplay() | nodes.SetDisplay() | nodes.DictDisplay():
            return "data"
        case nodes.BinaryOperation() | nodes.UnaryOperation() | nodes.Comparison():
            return "data" if _is_plain_operation(expression, scope) else "unknown"
        case nodes.Lambda() | nodes.ParallelBlock():
            return "callable"
        case nodes.Name(id=name):
            is_function = is_known_function(name, scope) or is_known_coroutine(name, scope)
            return "callable" if is_function else "unknown"
        case nodes.Group(value=value):
            return kind_of(value, scope)
        case nodes.Conditional(body=body, otherwise=otherwise):
            kind = kind_of(body, scope)
            return kind if kind == kind_of(otherwise, scope) else "unknown"
        case nodes.Call(function=nodes.Name(id=name)):
            gives_data = name in builtins.GIVING_DATA and is_builtin(name, scope)
            return "data" if gives_data or _makes_data(name, scope) else "unknown"
        case nodes.Pipe(stages=(head, *_)):
            return "callable" if kind_of(head.value, scope) == "callable" else "unknown"
        case _:
            return "unknown"


def _is_plain_operation(
    node: nodes.BinaryOperation | nodes.UnaryOperation | nodes.Comparison, scope: Scope
) -> bool:
    """Whether the result is no function, whatever the operands: a struct's operators may give anything."""
    match node:
        case nodes.UnaryOperation(operator=operator, operand=operand):
            return operator == "not" or _is_plain(operand, scope)
        case nodes.Comparison(left=left, operators=operators, rest=rest):
            if _GIVING_TRUTH.issuperset(operators):
                return True
            return all(_is_plain(operand, scope) for operand in (left, *rest))
    # Long sums are deep on their left side.
    while isinstance(node, nodes.BinaryOperation):
        if node.operator == "+" and is_text_by_form(node):
            return True
        if not _is_plain(node.right, scope):
            return False
        if not isinstance(node.left, nodes.BinaryOperation):
            return _is_plain(node.left, scope)
        node = node.left
    return False


_GIVING_TRUTH = frozenset({"in", "not in", "is", "is not"})


def _is_plain(node: nodes.Expression, scope: Scope) -> bool:
    """Whether the value surely is of a type of Python's own, whose operators give such values again."""
    match node:
        case nodes.Group(value=value):
            return _is_plain(value, scope)
        case nodes.Conditional(body=body, otherwise=otherwise):
            return _is_plain(body, scope) and _is_plain(otherwise, scope)
        case nodes.Call(function=nodes.Name(id=name)) if is_struct(name, scope):
            return False
    return kind_of(node, scope) == "data"


def is_text_by_form(node: nodes.Expression) -> bool:
    """Whether `node` is text by its form: a literal, an f-string, or a `+` with one of those."""
    while isinstance(node, nodes.BinaryOperation) and node.operator == "+":
        if is_text_by_form(node.right):
            return True
        node = node.left
    if isinstance(node, nodes.FormattedText):
        return True
    return isinstance(node, nodes.Constant) and isinstance(node.value, str)


def _makes_data(name: str, scope: Scope) -> bool:
    """Whether `name` is a struct of this program whose instances cannot be called."""
    found = scope.lookup(name)
    if found is None or not is_struct(name, scope) or scope.lookup("__call__") is not None:
        return False
    struct = found[1].node
    assert isinstance(struct, nodes.Struct)
    return not any(method.name in ("__call__", "__new__") for method in struct.methods)


def is_known_function(name: str, scope: Scope) -> bool:
    """Whether `name` surely is one certain function or type here: a `def` or a struct that nothing rebinds.

    A decorated function is whatever its decorator made of it, and an async one needs a look at run time.
    """
    found = scope.lookup(name)
    if found is None:
        return is_builtin(name, scope) and name in builtins.CALLABLE
    scope, binding = found
    if binding.writes != 1:
        return False
    if scope.star_import is not None and binding.node.span < scope.star_import.span:
        return False
    match binding.node:
        case nodes.Function(decorators=(), is_async=False) | nodes.Declaration(decorators=()):
            return True
        case nodes.Struct(decorators=()):
            return True
        case _:
            return False


def is_known_coroutine(name: str, scope: Scope) -> bool:
    """Whether `name` surely is an `async def` of this program."""
    found = scope.lookup(name)
    if found is None or found[1].writes != 1:
        return False
    node = found[1].node
    return isinstance(node, nodes.Function) and node.is_async and not node.decorators


def is_struct(name: str, scope: Scope) -> bool:
    """Whether `name` surely is a struct of this program."""
    found = scope.lookup(name)
    return (
        found is not None
        and isinstance(found[1].node, nodes.Struct)
        and is_known_function(name, scope)
    )


def is_builtin(name: str, scope: Scope) -> bool:
    """Whether `name` means the built-in here: nothing binds it, and no star import could."""
    return name in builtins.NAMES and scope.lookup(name) is None and not sees_star_import(scope)


def sees_star_import(scope: Scope | None) -> bool:
    """Whether a star import may have bound any name that is not bound here otherwise."""
    while scope is not None:
        if scope.star_import is not None:
            return True
        scope = scope.parent
    return False


# Modules that are there without an import of their own.
_SUBMODULES = frozenset({"os.path"})


def is_module(expression: nodes.Expression, scope: Scope) -> bool:
    """Whether `expression` surely is a module: a name that only `import` binds, or a path that it has loaded.

    What `from m import name` gives may be anything.
    """
    names: list[str] = []
    while isinstance(expression, nodes.Attribute):
        names.append(expression.name)
        expression = expression.value
    if not isinstance(expression, nodes.Name):
        return False
    found = scope.lookup(expression.id)
    if found is None or found[1].writes != 1:
        return False
    path = ".".join([expression.id, *reversed(names)])
    return path in found[1].modules or (path in _SUBMODULES and expression.id in found[1].modules)


def is_module_member(expression: nodes.Expression, scope: Scope) -> bool:
    """Whether `expression` is an attribute of a module, such as `json.dumps`: to read it has no effect."""
    return isinstance(expression, nodes.Attribute) and is_module(expression.value, scope)
