"""Variables of functions whose attributes are read → one test that they hold no dict, not one a read.

def total(order):                          def total(order):
    return order.price * order.count           match order:
                                                   case {}:
                                                       return attribute(order, "price") * …
                                               return order.price * order.count

What follows the binding of such a variable is written twice: `case {}` takes dicts and other mappings,
and is the cheapest test that Python has. Where much follows, something in it is written twice
already, or closures read what a loop may assign anew, the `match` sets a flag instead, which the reads
look at: the flag changes when the variable does.

Only for variables that are bound in one place, and for the statements that this place leads to: what
is a dict stays one.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, Literal, TypeVar

from danac import nodes
from danac.analysis.names import BindingKind, Scope
from danac.lowering.context import Lowering, Surroundings
from danac.source import Span

# So many nodes are written twice at most; next to what more of them do, a flag costs nothing.
_MOST_TWICE = 250

N = TypeVar("N", bound=ast.AST)


@dataclass(slots=True)
class DictTest:
    """One variable whose attributes are read: the scope that binds it, and its reads as they are generated."""

    scope: Scope
    name: str
    reads: list[ast.IfExp] = field(default_factory=list)


# The attribute by which a read knows its test; copies of the read have it, too.
_TEST = "dana_test"


def note_read(low: Lowering, read: ast.IfExp, name: str, around: Surroundings) -> None:
    """Take note of `read`, an attribute of the variable `name`: its test may be made where that is bound."""
    found = around.scope.lookup(name)
    test = None if found is None else low.dict_tests.get((found[0], name))
    if test is not None:
        setattr(read, _TEST, test)
        test.reads.append(read)


def lower_statements(low: Lowering, body: nodes.Body, around: Surroundings) -> list[ast.stmt]:
    """Lower statements, each variable being tested behind the assignment that binds it."""
    lowered: list[ast.stmt] = []
    watched: list[tuple[int, Span, list[DictTest]]] = []
    for statement in body:
        lowered += low.statement(statement, around)
        target = _only_target(statement) if around.scope.kind == "function" else None
        if target is not None and (tests := _watch(low, _names_in(target), "assigned", around)):
            watched.append((len(lowered), target.span, tests))
    # From the last on: what stands behind one assignment may hold another.
    for position, place, tests in reversed(watched):
        lowered[position:] = _settled(low, place, tests, lowered[position:], around)
    return lowered


def lower_function_body(
    low: Lowering, node: nodes.Function, body: nodes.Body, around: Surroundings
) -> list[ast.stmt]:
    """Lower `body`, the statements of the function `node` behind its docstring, its parameters being tested."""
    names = [p.name for p in node.parameters if p.kind == "plain" and p.name is not None]
    tests = _watch(low, names, "parameter", around)
    place = Span(*node.span[:2], *node.span[:2])
    return _settled(low, place, tests, low.statements(body, around), around)


def lower_loop_body(low: Lowering, node: nodes.For, around: Surroundings) -> list[ast.stmt]:
    """Lower the body of a loop, its targets being tested in each round."""
    tests = _watch(low, _names_in(node.target), "assigned", around)
    return _settled(low, node.target.span, tests, low.statements(node.body, around), around)


def _only_target(statement: nodes.Statement) -> nodes.Expression | None:
    match statement:
        case nodes.Assignment(targets=(target,)) | nodes.TypedAssignment(target=target):
            return target
    return None


def _names_in(target: nodes.Expression) -> Iterator[str]:
    match target:
        case nodes.Name(id=name):
            yield name
        case nodes.TupleDisplay(items=items) | nodes.ListDisplay(items=items):
            for item in items:
                yield from _names_in(item)


def _watch(
    low: Lowering, names: Iterable[str], kind: BindingKind, around: Surroundings
) -> list[DictTest]:
    """Have the reads of those of `names` noted that this place alone binds."""
    scope = around.scope
    if scope.kind != "function":
        return []
    tests = []
    for name in names:
        binding = scope.bindings.get(name)
        if binding is None or binding.kind != kind or binding.writes != 1 or binding.is_deleted:
            continue
        test = low.dict_tests[scope, name] = DictTest(scope, name)
        tests.append(test)
    return tests


def _settled(
    low: Lowering, place: Span, tests: list[DictTest], body: list[ast.stmt], around: Surroundings
) -> list[ast.stmt]:
    """Return `body`, which follows the binding of the variables of `tests`, with these made at its start."""
    for test in tests:
        del low.dict_tests[test.scope, test.name]
    read = [test for test in tests if test.reads]
    if not read:
        return body
    if _may_be_written_twice(read, body):
        body = _written_twice(low, place, read, body)
    else:
        body = [*(_flag(low, place, test) for test in read), *body]
    for test in read:
        # No cycles: a tree goes when it is no longer needed, and not when garbage is looked for.
        for noted in test.reads:
            delattr(noted, _TEST)
        test.reads.clear()
    return body


def _flag(low: Lowering, place: Span, test: DictTest) -> ast.stmt:
    """Return the statement that sets a flag, which the reads now read."""
    name = low.fresh("is_dict")
    for read in test.reads:
        assert isinstance(read.test, ast.UnaryOp)
        read.test.operand = ast.copy_location(ast.Name(name, ast.Load()), read.test)

    def keep(value: bool) -> list[ast.stmt]:
        target = low.at(place, ast.Name(name, ast.Store()))
        return [low.at(place, ast.Assign([target], low.constant(place, value)))]

    return _match(low, place, test.name, keep(True), keep(False))


def is_dict(low: Lowering, span: Span, value: ast.expr, around: Surroundings) -> ast.expr:
    """Return the test that `value` is a dict."""
    kind = low.python(span, "dict", around)
    return low.call(span, low.python(span, "isinstance", around), value, kind)


# --- Twice ----------------------------------------------------------------------------------------


def _may_be_written_twice(tests: list[DictTest], body: list[ast.stmt]) -> bool:
    if len(tests) > 1 and not _is_left_at_its_end(body):
        return False
    # A parameter stays what it is; what is assigned in a loop is another value when a closure reads it.
    is_parameter = all(_is_parameter(test) for test in tests)
    todo: list[tuple[ast.AST, bool]] = [(statement, False) for statement in body]
    count = 0
    while todo:
        node, is_deferred = todo.pop()
        count += isinstance(node, ast.expr | ast.stmt)
        # `global x` must come before all uses of x, also before those in the other copy.
        if count > _MOST_TWICE or isinstance(node, ast.Match | ast.Global | ast.Nonlocal):
            return False
        if _test_of(node) in tests:
            if is_deferred:
                return False
            assert isinstance(node, ast.IfExp)
            node = node.body
        is_deferred |= not is_parameter and isinstance(node, _DEFERRING)
        todo.extend((child, is_deferred) for child in ast.iter_child_nodes(node))
    return True


# What is in them runs later, maybe.
_DEFERRING = ast.Lambda | ast.FunctionDef | ast.AsyncFunctionDef | ast.GeneratorExp


def _is_parameter(test: DictTest) -> bool:
    return test.scope.bindings[test.name].kind == "parameter"


def _test_of(node: ast.AST) -> DictTest | None:
    return getattr(node, _TEST, None)


def _written_twice(
    low: Lowering, place: Span, tests: list[DictTest], body: list[ast.stmt]
) -> list[ast.stmt]:
    """Return `body` for dicts, in `case {}`, and for all else.

    With several variables, what is for dicts stands behind: any of them may hold one.
    """
    for_dicts = [_chosen(statement, tests, "orelse") for statement in body]
    others = [_chosen(statement, tests, "body") for statement in body]
    if len(tests) > 1:
        for test in reversed(tests):
            skip = low.at(place, ast.Pass())
            others = [_match(low, place, test.name, [skip], others)]
        return [*others, *for_dicts]
    if _is_left_at_its_end(body):
        return [_match(low, place, tests[0].name, for_dicts, []), *others]
    return [_match(low, place, tests[0].name, for_dicts, others)]


def _match(
    low: Lowering, place: Span, name: str, for_mappings: list[ast.stmt], others: list[ast.stmt]
) -> ast.stmt:
    mapping = low.at(place, ast.MatchMapping(keys=[], patterns=[], rest=None))
    cases = [ast.match_case(mapping, None, for_mappings)]
    if others:
        anything = low.at(place, ast.MatchAs(pattern=None, name=None))
        cases.append(ast.match_case(anything, None, others))
    return low.at(place, ast.Match(low.name(place, name), cases))


def _is_left_at_its_end(body: list[ast.stmt]) -> bool:
    """Whether nothing that stands behind `body` is reached from its end."""
    match body[-1]:
        case ast.Return() | ast.Raise() | ast.Continue() | ast.Break():
            return True
        case ast.If(body=one, orelse=[_, *_] as other):
            return _is_left_at_its_end(one) and _is_left_at_its_end(other)
    return False


def _chosen(node: N, tests: list[DictTest], part: Literal["body", "orelse"]) -> N:
    """Return a copy of `node` in which each read that `tests` concern is its `part`."""
    parts: dict[str, Any] = {}
    for name, value in vars(node).items():
        if isinstance(value, list):
            parts[name] = [_chosen_part(item, tests, part) for item in value]
        else:
            parts[name] = _chosen_part(value, tests, part)
    # By now no node may be made without its fields.
    copied = type(node)(**{name: parts.pop(name) for name in node._fields if name in parts})
    for name, value in parts.items():
        setattr(copied, name, value)
    if (test := _test_of(copied)) is not None:
        assert isinstance(copied, ast.IfExp)
        test.reads.append(copied)
    return copied


def _chosen_part(value: Any, tests: list[DictTest], part: Literal["body", "orelse"]) -> Any:
    if not isinstance(value, ast.AST):
        return value
    if _test_of(value) in tests:
        value = getattr(value, part)
    return _chosen(value, tests, part)
