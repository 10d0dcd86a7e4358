"""Nodes and scopes → warnings of what was hardly meant: code that is never reached, built-ins that are hidden."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from danac import nodes
from danac.analysis import builtins
from danac.analysis.names import Names
from danac.analysis.stages import kind_of
from danac.analysis.walking import with_scopes
from danac.diagnostics import Diagnostic, Related
from danac.identifiers import dana_name

# --- What is never reached ------------------------------------------------------------------------


def unreachable(module: nodes.Module) -> Iterator[Diagnostic]:
    """Yield a warning for the first statement of each stretch that nothing leads to."""
    for node in nodes.walk(module, lambda node: not isinstance(node, nodes.Expression)):
        for body in _bodies(node):
            for statement, following in pairwise(body):
                if _ends(statement):
                    if not _makes_generator(following):
                        yield _never_reached(statement, following)
                    break


def _never_reached(statement: nodes.Statement, following: nodes.Statement) -> Diagnostic:
    last = Related(statement.span, "nothing comes behind this")
    message = "this is never reached"
    return Diagnostic("DANA213", message, "warning", following.span, related=(last,))


def _bodies(node: nodes.Node) -> Iterator[nodes.Body]:
    for name in ("body", "otherwise", "final"):
        body = getattr(node, name, None)
        if isinstance(body, tuple):
            yield body


def _ends(statement: nodes.Statement) -> bool:
    """Whether what stands behind `statement`, in the same block, is surely never reached."""
    match statement:
        case nodes.Return() | nodes.Raise() | nodes.Break() | nodes.Continue():
            return True
        case nodes.If(branches=branches, otherwise=otherwise):
            return _block_ends(otherwise) and all(_block_ends(branch.body) for branch in branches)
        case nodes.While(test=nodes.Constant(value=True), body=body):
            return not any(_leaves_loop(inner) for inner in body)
    return False


def _block_ends(body: nodes.Body) -> bool:
    return any(_ends(statement) for statement in body)


def _leaves_loop(statement: nodes.Statement) -> bool:
    """Whether a `break` of the loop that `statement` stands in is somewhere in it."""
    match statement:
        case nodes.Break():
            return True
        case nodes.While(otherwise=otherwise) | nodes.For(otherwise=otherwise):
            return any(_leaves_loop(inner) for inner in otherwise)
        case nodes.Function() | nodes.Struct():
            return False
    children = nodes.children(statement)
    return any(
        _leaves_loop(child) if isinstance(child, nodes.Statement) else _holds_break(child)
        for child in children
    )


def _holds_break(node: nodes.Node) -> bool:
    """The same for clauses, which are no statements but hold some."""
    body = getattr(node, "body", ())
    return isinstance(body, tuple) and any(_leaves_loop(inner) for inner in body)


def _makes_generator(statement: nodes.Statement) -> bool:
    """Whether it is a `yield` that is there to make a generator of its function."""
    value = statement.value if isinstance(statement, nodes.ExpressionStatement) else None
    return isinstance(value, nodes.Yield | nodes.YieldFrom)


# --- What is hidden -------------------------------------------------------------------------------


def hidden_builtins(module: nodes.Module, names: Names) -> Iterator[Diagnostic]:
    """Yield a warning for each call of a built-in's name that surely holds a value instead."""
    for node, scope in with_scopes(module, names):
        if isinstance(node, nodes.Call):
            function = node.function
        elif isinstance(node, nodes.Stage):
            function = node.value
        else:
            continue
        if not isinstance(function, nodes.Name) or function.id not in builtins.CALLABLE:
            continue
        found = scope.lookup(function.id)
        if found is None:
            continue
        owner, binding = found
        is_sure = binding.kind == "assigned" and binding.writes == 1 and binding.value is not None
        if not is_sure or binding.value is None or kind_of(binding.value, owner) != "data":
            continue
        if isinstance(node, nodes.Stage) and function.span == binding.node.span:
            continue
        name = dana_name(function.id)
        message = f"`{name}` is a value here: it hides the built-in function"
        hint = "give the value another name"
        place = Related(binding.node.span, "hidden here")
        yield Diagnostic("DANA214", message, "warning", function.span, hint, None, None, (place,))
