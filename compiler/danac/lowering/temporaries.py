"""Values that are used more than once, or after something else: how they get a name in an expression.

Python's own order of evaluation is used where it suffices; else, from cheapest to most general:

    f((_dana_value_1 := v), _dana_value_1)          the first use is evaluated first
    (_dana_value_1 := v, f(g(), _dana_value_1))[1]  something stands before the first use
    _dana_apply(v, lambda _dana_value_1: …)         where Python has no room for a temporary, or where a
                                                    function made here keeps the value for later
    [… for _dana_value_1 in (v,)][0]                where there is no room, and the rest awaits
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Collection, Iterable, Iterator
from typing import Literal, TypeAlias

from danac import nodes
from danac.analysis.captures import captures_of
from danac.lowering.context import Lowering, Surroundings, Take
from danac.lowering.runtime_names import PREFIX
from danac.source import Span

Body: TypeAlias = Callable[[Take, Surroundings], ast.expr]


def bind(
    low: Lowering,
    span: Span,
    purpose: str,
    value: ast.expr,
    around: Surroundings,
    body: Body,
    *,
    is_first: bool = False,
    is_deferred: bool = False,
    is_suspending: bool = False,
) -> ast.expr:
    """Return `body` with `value` bound to a temporary for it.

    `is_first` promises that what the first `take()` gives is evaluated always, and before all else in
    the body. `is_deferred` says that a function made in the body may use the value after the body is done,
    `is_suspending` that the body awaits, which no lambda can.
    """
    # A temporary of a function is bound anew in every round of a loop: a function that keeps it needs its own.
    is_kept = is_deferred and isinstance(value, ast.Name) and value.id in low.rebound
    if not is_kept and is_repeatable(value, around):
        return body(lambda: _copy(low, span, value), around)
    name = value.target.id if isinstance(value, ast.NamedExpr) else low.fresh(purpose)

    def read() -> ast.expr:
        return low.name(span, name)

    if around.has_room and not is_deferred:
        low.rebound.add(name)
        if not isinstance(value, ast.NamedExpr):
            value = low.at(span, ast.NamedExpr(low.at(span, ast.Name(name, ast.Store())), value))
        if is_first:
            pending = [value]
            return body(lambda: pending.pop() if pending else read(), around)
        return in_order(low, span, value, body(read, around))
    if is_suspending:
        inside = around.within(lifted=around.lifted or "loop")
        return _bound_by_loop(low, span, name, value, body(read, inside))
    inside = around.within(has_room=not around.in_iterable, lifted="function")
    run = low.function(span, [name], body(read, inside))
    return low.call(span, low.runtime(span, "apply"), value, run)


def _bound_by_loop(
    low: Lowering, span: Span, name: str, value: ast.expr, body: ast.expr
) -> ast.expr:
    """Return `[body for name in (value,)][0]`: a comprehension binds a name anywhere, and may await."""
    target = low.at(span, ast.Name(name, ast.Store()))
    only = low.at(span, ast.Tuple([value], ast.Load()))
    results = low.at(span, ast.ListComp(body, [ast.comprehension(target, only, [], 0)]))
    return low.at(span, ast.Subscript(results, low.constant(span, 0), ast.Load()))


def in_order(low: Lowering, span: Span, first: ast.expr, then: ast.expr) -> ast.expr:
    """Return an expression that evaluates `first`, and then `then` for its value."""
    both = low.at(span, ast.Tuple([first, then], ast.Load()))
    return low.at(span, ast.Subscript(both, low.constant(span, 1), ast.Load()))


def is_repeatable(value: ast.expr, around: Surroundings) -> bool:
    """Whether `value` may be evaluated several times, and at any time.

    A constant may, a temporary of ours, and a parameter that nothing ever binds anew.
    """
    if not isinstance(value, ast.Name):
        return isinstance(value, ast.Constant)
    if value.id.startswith(PREFIX):
        return True
    found = around.scope.lookup(value.id)
    return found is not None and found[1].kind == "parameter" and found[1].writes == 1


def _copy(low: Lowering, span: Span, value: ast.expr) -> ast.expr:
    if isinstance(value, ast.Name):
        return low.name(span, value.id)
    assert isinstance(value, ast.Constant)
    return low.constant(span, value.value)


# --- What mentions what ---------------------------------------------------------------------------


def mentions_flow(node: nodes.Node) -> bool:
    """Whether `node` mentions the `$$` of the stage that it stands in."""
    return count_flow(node, None) > 0


def count_flow(node: nodes.Node, alias: str | None) -> int:
    """Count how often `node` mentions its stage's `$$`, or the capture `alias` that stands for it too."""
    return sum(
        isinstance(found, nodes.FlowValue)
        or (isinstance(found, nodes.CaptureRead) and found.name == alias)
        for found in _own_level(node)
    )


def _own_level(node: nodes.Node) -> Iterable[nodes.Node]:
    """Yield the nodes whose `$$` is that of the stage around `node`: of an inner pipe, only its head's."""
    todo: list[nodes.Node] = [node]
    while todo:
        current = todo.pop()
        yield current
        if isinstance(current, nodes.Pipe):
            todo.append(current.stages[0].value)
        elif not isinstance(current, nodes.ParallelBlock):
            todo.extend(nodes.children(current))


def mentions_name(node: nodes.Node, names: Collection[str]) -> bool:
    """Whether `node` reads one of `names` from outside: parameters of lambdas and targets hide them."""
    if not names:
        return False
    todo: list[tuple[nodes.Node, frozenset[str]]] = [(node, frozenset(names))]
    while todo:
        current, wanted = todo.pop()
        if isinstance(current, nodes.Name) and current.id in wanted:
            return True
        if isinstance(current, nodes.Lambda):
            # Defaults and first iterables are evaluated outside.
            todo.extend((parameter, wanted) for parameter in current.parameters)
            wanted -= {parameter.name for parameter in current.parameters}
            todo.append((current.body, wanted))
        elif isinstance(current, nodes.Comprehension):
            todo.append((current.clauses[0].iterable, wanted))
            targets = [node for clause in current.clauses for node in nodes.walk(clause.target)]
            wanted -= {target.id for target in targets if isinstance(target, nodes.Name)}
            todo.extend((inner, wanted) for inner in inside_comprehension(current))
        else:
            todo.extend((child, wanted) for child in nodes.children(current))
    return False


def inside_comprehension(node: nodes.Comprehension) -> Iterator[nodes.Node]:
    """Yield what a comprehension evaluates in its own scope: all but its first iterable."""
    for index, clause in enumerate(node.clauses):
        if index:
            yield clause.iterable
        yield from clause.conditions
    if node.key is not None:
        yield node.key
    yield node.element


def reads_capture(node: nodes.Node, names: Collection[str]) -> bool:
    """Whether `node` reads one of the captures `names` that were made outside of it.

    Pipes in it may make captures of the same names; behind those their own ones are meant.
    """
    if not names:
        return False
    todo: list[tuple[nodes.Node, frozenset[str]]] = [(node, frozenset(names))]
    while todo:
        current, wanted = todo.pop()
        if isinstance(current, nodes.CaptureRead) and current.name in wanted:
            return True
        if isinstance(current, nodes.Pipe | nodes.Branch):
            if isinstance(current, nodes.Branch) and current.key is not None:
                todo.append((current.key, wanted))
            for stage in current.stages:
                todo.append((stage, wanted))
                wanted -= {capture.name for capture in captures_of(stage)}
        elif wanted:
            todo.extend((child, wanted) for child in nodes.children(current))
    return False


def keeps_for_later(node: nodes.Node, names: Collection[str]) -> bool:
    """Whether a function made in `node` may read the captures `names` (or `$$`, for the empty name) later."""
    for found in nodes.walk(node):
        is_generator = isinstance(found, nodes.Comprehension) and found.kind == "generator"
        if not is_generator and not isinstance(found, nodes.Lambda | nodes.Pipe):
            continue
        if reads_capture(found, names) or ("" in names and mentions_flow(found)):
            return True
    return False


def contains_suspension(node: nodes.Node) -> bool:
    """Whether `node` awaits or yields in the function that it stands in."""
    for found in nodes.walk(node, lambda inner: not isinstance(inner, nodes.Lambda)):
        if isinstance(found, nodes.Await | nodes.Yield | nodes.YieldFrom):
            return True
        if isinstance(found, nodes.ComprehensionClause) and found.is_async:
            return True
    return False


# --- What is evaluated first ----------------------------------------------------------------------

Verdict: TypeAlias = Literal["found", "clean", "effect"]


def is_evaluated_first(
    parts: Iterable[nodes.Node], alias: str | None, captures: Collection[str]
) -> bool:
    """Whether `$$` (or `alias`) is evaluated in `parts`, always, and before anything that may have an effect.

    Other captures count as effects: they may get their value together with the one that flows.
    """
    return _scan(parts, alias, captures) == "found"


def _scan(parts: Iterable[nodes.Node], alias: str | None, captures: Collection[str]) -> Verdict:
    for part in parts:
        verdict = _judge(part, alias, captures)
        if verdict != "clean":
            return verdict
    return "clean"


def _judge(node: nodes.Node, alias: str | None, captures: Collection[str]) -> Verdict:
    match node:
        case nodes.FlowValue():
            return "found"
        case nodes.CaptureRead(name=name):
            return "found" if name == alias else "effect"
        case nodes.Name() | nodes.Constant():
            return "clean"
        case nodes.Lambda(parameters=parameters):
            is_plain = not mentions_flow(node) and not reads_capture(node, captures)
            return "clean" if is_plain and not any(p.default for p in parameters) else "effect"
        case nodes.Group(value=inner) | nodes.Keyword(value=inner):
            return _judge(inner, alias, captures)
        case nodes.ListDisplay(items=items) | nodes.TupleDisplay(items=items):
            return _scan(items, alias, captures)
        case nodes.DictItem(key=key, value=value) if key is not None:
            return _scan((key, value), alias, captures)
        case nodes.DictDisplay(items=pairs):
            return _scan(pairs, alias, captures)
        case nodes.Comparison(left=left) | nodes.Attribute(value=left) | nodes.Starred(value=left):
            return _only_if_found(_judge(left, alias, captures))
        case nodes.BooleanOperation(values=(left, *_)) | nodes.UnaryOperation(operand=left):
            return _only_if_found(_judge(left, alias, captures))
        case nodes.BinaryOperation(left=left, right=right):
            return _only_if_found(_scan((left, right), alias, captures))
        case nodes.Subscript(value=value, index=index):
            return _only_if_found(_scan((value, index), alias, captures))
        case nodes.Call(function=function, positional=positional, keywords=keywords):
            return _only_if_found(_scan((function, *positional, *keywords), alias, captures))
        case nodes.Conditional(test=test):
            return _only_if_found(_judge(test, alias, captures))
        case nodes.FormattedText(parts=parts):
            fields = [part.value for part in parts if isinstance(part, nodes.Replacement)]
            return _only_if_found(_scan(fields[:1], alias, captures))
        case nodes.Pipe(stages=(head, *_)):
            return _only_if_found(_judge(head.value, alias, captures))
        case _:
            return "effect"


def _only_if_found(verdict: Verdict) -> Verdict:
    """Return `verdict` for a node that may itself have an effect once its operands are there."""
    return "found" if verdict == "found" else "effect"


# --- Texts for people -----------------------------------------------------------------------------

_LONGEST_TEXT = 60


def _without_comment(line: str) -> str:
    before = line.partition("#")[0]
    is_in_text = before.count('"') % 2 or before.count("'") % 2
    return line if is_in_text else before


def stage_text(low: Lowering, node: nodes.Node) -> str:
    """Return the source text of `node` on one line, shortened, for names and messages."""
    lines = low.source.text_of(node.span).split("\n")
    if len(lines) > 1:
        lines = [_without_comment(line) for line in lines]
    text = re.sub(r"\s+", " ", " ".join(lines))
    return text if len(text) <= _LONGEST_TEXT else text[: _LONGEST_TEXT - 1] + "…"
