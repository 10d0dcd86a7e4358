"""Parameters whose attributes are read several times → one test at the start of the function, not one a read.

def f(order):
    _dana_is_dict_1 = isinstance(order, dict)
    return (order.price if not _dana_is_dict_1 else attribute(order, "price")) * (… order.count …)

Only for parameters that nothing binds anew; what is a dict stays one.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass, field

from danac import nodes
from danac.analysis.names import Scope
from danac.lowering.context import Lowering, Surroundings
from danac.source import Span


@dataclass(slots=True)
class DictTest:
    """The test of one parameter: the name of its result, and where that is read."""

    flag: str
    parameter: str
    reads: list[ast.UnaryOp] = field(default_factory=list)
    places: set[Span] = field(default_factory=set)
    """Where the program reads it: generated code may say the same thing twice."""
    is_in_loop: bool = False
    """Whether a comprehension in the function reads it, perhaps many times."""


def dict_test(low: Lowering, span: Span, value: ast.Name, around: Surroundings) -> ast.expr:
    """Return a test that the name `value` is no dict, which the function around may have made before."""
    test = low.at(span, ast.UnaryOp(ast.Not(), _is_dict(low, span, value.id)))
    found = around.scope.lookup(value.id)
    if found is None:
        return test
    owner, binding = found
    is_fixed = binding.kind == "parameter" and binding.writes == 1
    if is_fixed and isinstance(owner.node, nodes.Function):
        tests = low.dict_tests.setdefault(owner, {})
        if value.id not in tests:
            tests[value.id] = DictTest(low.fresh("is_dict"), value.id)
        known = tests[value.id]
        known.reads.append(test)
        known.places.add(span)
        known.is_in_loop |= around.scope.kind == "comprehension"
    return test


def made_at_start(low: Lowering, node: nodes.Function, scope: Scope) -> list[ast.stmt]:
    """Return the tests that the function `node` makes at its start; its reads now read their results."""
    made: list[ast.stmt] = []
    span = Span(*node.span[:2], *node.span[:2])
    for test in low.dict_tests.pop(scope, {}).values():
        if len(test.places) == 1 and not test.is_in_loop:
            continue
        for read in test.reads:
            read.operand = ast.copy_location(ast.Name(test.flag, ast.Load()), read)
        target = low.at(span, ast.Name(test.flag, ast.Store()))
        made.append(low.at(span, ast.Assign([target], _is_dict(low, span, test.parameter))))
    return made


def _is_dict(low: Lowering, span: Span, name: str) -> ast.expr:
    return low.call(
        span, low.name(span, "isinstance"), low.name(span, name), low.name(span, "dict")
    )
