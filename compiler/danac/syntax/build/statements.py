"""Simple and compound statements: trees → nodes."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Literal, TypeAlias, cast

from lark import Token, Tree

from danac import nodes
from danac.identifiers import python_name
from danac.source import Span
from danac.syntax.build.targets import build_targets, check_target

if TYPE_CHECKING:
    from danac.syntax.build.builder import Builder

TreeOf: TypeAlias = Tree[Token]


def build_suite(b: Builder, tree: TreeOf) -> nodes.Body:
    """Return the statements of an indented or one-line suite; none where it holds only comments."""
    return b.statements(tree.children)


def _expression_statement(b: Builder, tree: TreeOf) -> nodes.Statement:
    return nodes.ExpressionStatement(b.span(tree), b.expression(tree.children[0]))


def _assignment(b: Builder, tree: TreeOf) -> nodes.Statement:
    parts = [child for child in tree.children if not _is(child, "EQUAL")]
    *targets, value = b.expressions(parts)
    for target in targets:
        check_target(b, target)
    return nodes.Assignment(b.span(tree), tuple(targets), value)


def _typed_assignment(b: Builder, tree: TreeOf) -> nodes.Statement:
    target, annotation, value = tree.children
    built = b.expression(target)
    check_target(b, built)
    if isinstance(built, nodes.TupleDisplay | nodes.ListDisplay):
        b.refuse(built.span, "only one target can have a type", code="DANA150")
    return nodes.TypedAssignment(b.span(tree), built, b.type(annotation), b.expression(value))


def _augmented_assignment(b: Builder, tree: TreeOf) -> nodes.Statement:
    target, operator, value = tree.children
    built = b.expression(target)
    check_target(b, built)
    if isinstance(built, nodes.TupleDisplay | nodes.ListDisplay | nodes.Starred):
        b.refuse(built.span, f"several targets cannot take `{operator}`", code="DANA151")
    return nodes.AugmentedAssignment(b.span(tree), built, str(operator)[:-1], b.expression(value))


def _return(b: Builder, tree: TreeOf) -> nodes.Statement:
    span = b.span(tree)
    is_deliver = b.source.text_of(span).startswith("deliver")
    return nodes.Return(span, b.optional(tree.children[0]), "deliver" if is_deliver else "return")


def _plain(kind: type[nodes.Statement]) -> Callable[[Builder, TreeOf], nodes.Statement]:
    return lambda b, tree: kind(b.span(tree))


def _assert(b: Builder, tree: TreeOf) -> nodes.Statement:
    test, message = tree.children
    return nodes.Assert(b.span(tree), b.expression(test), b.optional(message))


def _delete(b: Builder, tree: TreeOf) -> nodes.Statement:
    value = b.expression(tree.children[0])
    targets = value.items if isinstance(value, nodes.TupleDisplay) else (value,)
    for target in targets:
        check_target(b, target, deleting=True)
    return nodes.Delete(b.span(tree), targets)


def _raise(b: Builder, tree: TreeOf) -> nodes.Statement:
    error, cause = tree.children
    return nodes.Raise(b.span(tree), b.optional(error), b.optional(cause))


def _scope_declaration(
    kind: Literal["global", "nonlocal"],
) -> Callable[[Builder, TreeOf], nodes.Statement]:
    return lambda b, tree: nodes.ScopeDeclaration(
        b.span(tree), kind, tuple(python_name(str(name)) for name in tree.children)
    )


def _export(b: Builder, tree: TreeOf) -> nodes.Statement:
    return nodes.Export(b.span(tree), tuple(python_name(str(name)) for name in tree.children))


# --- Imports --------------------------------------------------------------------------------------


def _dotted(tree: TreeOf) -> tuple[str, bool]:
    """Return a dotted path without a final `.py`, and whether it had one: then it means the Python module."""
    names = [str(part) for part in tree.children if not _is(part, "DOT")]
    is_python = len(names) > 1 and names[-1] == "py"
    return ".".join(names[:-1] if is_python else names), is_python


def _import(b: Builder, tree: TreeOf) -> nodes.Statement:
    names = []
    for child in tree.children:
        path_tree, alias = cast(TreeOf, child).children
        path, is_python = _dotted(cast(TreeOf, path_tree))
        names.append(nodes.ImportedName(b.span(child), path, _optional_text(alias), is_python))
    return nodes.Import(b.span(tree), tuple(names))


def _from_import(b: Builder, tree: TreeOf) -> nodes.Statement:
    origin, imported = (cast(TreeOf, child) for child in tree.children)
    level = sum(len(str(part)) for part in origin.children if isinstance(part, Token))
    path_tree = origin.children[-1]
    path, is_python = _dotted(path_tree) if isinstance(path_tree, Tree) else ("", False)
    names = []
    for child in imported.children:
        if isinstance(child, Tree):
            name, alias = child.children
            names.append(
                nodes.ImportedName(
                    b.span(child), python_name(str(name)), _optional_text(alias), False
                )
            )
    return nodes.FromImport(b.span(tree), level, path, is_python, tuple(names))


def _optional_text(part: TreeOf | Token | None) -> str | None:
    return None if part is None else python_name(str(part))


def _is(part: object, kind: str) -> bool:
    return isinstance(part, Token) and part.type == kind


# --- Compound statements --------------------------------------------------------------------------


def _if(b: Builder, tree: TreeOf) -> nodes.Statement:
    test, suite, *rest = tree.children
    branches = [_if_branch(b, tree, test, cast(TreeOf, suite))]
    for child in rest[:-1]:
        elif_tree = cast(TreeOf, child)
        branches.append(
            _if_branch(b, elif_tree, elif_tree.children[0], cast(TreeOf, elif_tree.children[1]))
        )
    return nodes.If(b.span(tree), tuple(branches), _otherwise(b, rest[-1]))


def _if_branch(b: Builder, whole: TreeOf, test: TreeOf | Token, suite: TreeOf) -> nodes.IfBranch:
    condition = b.expression(test)
    body = build_suite(b, suite)
    start = b.span(whole)
    end = body[-1].span if body else condition.span
    return nodes.IfBranch(
        Span(start.line, start.column, end.end_line, end.end_column), condition, body
    )


def _otherwise(b: Builder, part: TreeOf | Token | None) -> nodes.Body:
    return () if part is None else build_suite(b, cast(TreeOf, cast(TreeOf, part).children[0]))


def _while(b: Builder, tree: TreeOf) -> nodes.Statement:
    test, suite, otherwise = tree.children
    body = build_suite(b, cast(TreeOf, suite))
    return nodes.While(b.span(tree), b.expression(test), body, _otherwise(b, otherwise))


def _for(b: Builder, tree: TreeOf) -> nodes.Statement:
    is_async, targets, iterable, suite, otherwise = tree.children
    target = build_targets(b, cast(TreeOf, targets))
    return nodes.For(
        b.span(tree),
        target,
        b.expression(iterable),
        build_suite(b, cast(TreeOf, suite)),
        _otherwise(b, otherwise),
        is_async is not None,
    )


def _try(b: Builder, tree: TreeOf) -> nodes.Statement:
    suites: dict[str, nodes.Body] = {}
    handlers: list[nodes.Handler] = []
    first, *rest = tree.children
    for child in rest:
        clause = cast("TreeOf | None", child)
        if clause is None:
            continue
        if clause.data == "except":
            if handlers and handlers[-1].kinds is None:
                b.refuse(clause, "`except:` for everything must be the last", code="DANA154")
            kinds, name, suite = clause.children
            body = build_suite(b, cast(TreeOf, suite))
            handlers.append(
                nodes.Handler(b.span(clause), b.optional(kinds), _optional_text(name), body)
            )
        else:
            suites[clause.data] = build_suite(b, cast(TreeOf, clause.children[0]))
    body = build_suite(b, cast(TreeOf, first))
    return nodes.Try(
        b.span(tree), body, tuple(handlers), suites.get("else", ()), suites.get("finally", ())
    )


def _with(b: Builder, tree: TreeOf) -> nodes.Statement:
    is_async, *items, suite = tree.children
    built = [_with_item(b, cast(TreeOf, item)) for item in items]
    if len(built) == 1 and built[0].target is None:
        built = _in_parentheses(built[0])
    return nodes.With(
        b.span(tree), tuple(built), build_suite(b, cast(TreeOf, suite)), is_async is not None
    )


def _in_parentheses(item: nodes.WithItem) -> list[nodes.WithItem]:
    """Return the items of `with (a as x, b as y):`, which reads like a tuple with captures in it."""
    manager = nodes.ungrouped(item.manager)
    parts = manager.items if isinstance(manager, nodes.TupleDisplay) else (manager,)
    found = []
    for part in parts:
        match nodes.ungrouped(part):
            case nodes.Pipe(stages=(nodes.Stage(value=value, policy=None, capture=capture),)):
                assert capture is not None
                target = nodes.Name(capture.span, capture.name)
                found.append(nodes.WithItem(part.span, value, target))
            case _:
                found.append(nodes.WithItem(part.span, part, None))
    return found if any(one.target is not None for one in found) else [item]


def _with_item(b: Builder, tree: TreeOf) -> nodes.WithItem:
    manager, target = tree.children
    built = b.optional(target)
    if built is not None:
        check_target(b, built)
    return nodes.WithItem(b.span(tree), b.expression(manager), built)


RULES: dict[str, Callable[[Builder, TreeOf], object]] = {
    "expression_statement": _expression_statement,
    "assignment": _assignment,
    "typed_assignment": _typed_assignment,
    "augmented_assignment": _augmented_assignment,
    "return": _return,
    "pass": _plain(nodes.Pass),
    "break": _plain(nodes.Break),
    "continue": _plain(nodes.Continue),
    "assert": _assert,
    "delete": _delete,
    "raise": _raise,
    "global": _scope_declaration("global"),
    "nonlocal": _scope_declaration("nonlocal"),
    "export": _export,
    "import": _import,
    "from_import": _from_import,
    "if": _if,
    "while": _while,
    "for": _for,
    "try": _try,
    "with": _with,
}
