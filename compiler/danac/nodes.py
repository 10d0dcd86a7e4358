"""The Dana nodes: what the tree is built into, and what analysis and lowering read.

Every node is a frozen dataclass whose first field is its span. Nodes are compared and hashed by
identity, so that analysis can keep what it learned about one in a dictionary.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields, replace
from typing import Any, Literal, TypeAlias, TypeVar, dataclass_transform

from danac.source import Span

T = TypeVar("T")
N = TypeVar("N", bound="Node")


@dataclass_transform(frozen_default=True, eq_default=False)
def _node(cls: type[T]) -> type[T]:
    return dataclass(frozen=True, slots=True, eq=False)(cls)


@_node
class Node:
    """What all nodes share: the stretch of source text that they stand for."""

    span: Span


# --- Expressions ----------------------------------------------------------------------------------


@_node
class Expression(Node):
    """Anything that has a value."""


@_node
class Constant(Expression):
    """`None`, a truth value, a number, a text or `...`."""

    value: object


@_node
class Name(Expression):
    """A bare name."""

    id: str


@_node
class CaptureRead(Expression):
    """A bare name that stands for what `as name` has kept further left in the pipe."""

    name: str


@_node
class ScopedName(Expression):
    """`private:x`, `public:x` or `system:x` (`local:x` is a plain `Name`)."""

    scope: Literal["private", "public", "system"]
    id: str


@_node
class FlowValue(Expression):
    """`$$`, the value that flows into the innermost enclosing stage."""


@_node
class Replacement(Node):
    """`{value!r:spec}` in an f-string; `label` is the text that `{value=}` prints before the value."""

    value: Expression
    conversion: Literal["r", "s", "a"] | None
    format_spec: FormattedText | None
    label: str | None


@_node
class FormattedText(Expression):
    """An f-string, or the format spec of a replacement field."""

    parts: tuple[str | Replacement, ...]


@_node
class Attribute(Expression):
    """`value.name`."""

    value: Expression
    name: str


@_node
class Subscript(Expression):
    """`value[index]`."""

    value: Expression
    index: Expression


@_node
class Slice(Expression):
    """`lower:upper:step` between the brackets of a subscript."""

    lower: Expression | None
    upper: Expression | None
    step: Expression | None


@_node
class Keyword(Node):
    """`name=value` in a call or a policy; without a name it is `**value`."""

    name: str | None
    value: Expression


@_node
class Call(Expression):
    """`function(*positional, **keywords)`; a positional argument may be `Starred`."""

    function: Expression
    positional: tuple[Expression, ...]
    keywords: tuple[Keyword, ...]


@_node
class UnaryOperation(Expression):
    """`-x`, `+x` or `not x`."""

    operator: Literal["-", "+", "not"]
    operand: Expression


@_node
class BinaryOperation(Expression):
    """`left operator right` for `+ - * / // % **`."""

    operator: str
    left: Expression
    right: Expression


@_node
class Comparison(Expression):
    """`left < a <= b …`: as many operators as `rest` has operands."""

    left: Expression
    operators: tuple[str, ...]
    rest: tuple[Expression, ...]


@_node
class BooleanOperation(Expression):
    """`a and b and …` or `a or b or …`."""

    operator: Literal["and", "or"]
    values: tuple[Expression, ...]


@_node
class Conditional(Expression):
    """`body if test else otherwise`."""

    test: Expression
    body: Expression
    otherwise: Expression


@_node
class Lambda(Expression):
    """`lambda parameters :: body`; a receiver `(p: Point)` is the first parameter and is named here too."""

    parameters: tuple[Parameter, ...]
    body: Expression
    receiver: Parameter | None


@_node
class Group(Expression):
    """`(value)`, kept where the parentheses mean something to a pipe: around calls, pipes and conditionals."""

    value: Expression


@_node
class Starred(Expression):
    """`*value` in a display, a call or a target."""

    value: Expression


@_node
class ListDisplay(Expression):
    """`[a, *b]`."""

    items: tuple[Expression, ...]


@_node
class TupleDisplay(Expression):
    """`a, b` or `(a, b)`."""

    items: tuple[Expression, ...]


@_node
class SetDisplay(Expression):
    """`{a, b}` where it is no parallel block."""

    items: tuple[Expression, ...]


@_node
class DictItem(Node):
    """`key: value`; without a key it is `**value`."""

    key: Expression | None
    value: Expression


@_node
class DictDisplay(Expression):
    """`{a: b, **c}` where it is no parallel block."""

    items: tuple[DictItem, ...]


@_node
class ComprehensionClause(Node):
    """`for target in iterable if condition if condition …`."""

    target: Expression
    iterable: Expression
    conditions: tuple[Expression, ...]
    is_async: bool


@_node
class Comprehension(Expression):
    """A list, set, dict or generator comprehension; `key` is there for dicts only."""

    kind: Literal["list", "set", "dict", "generator"]
    key: Expression | None
    element: Expression
    clauses: tuple[ComprehensionClause, ...]


@_node
class NamedExpression(Expression):
    """`(target := value)`."""

    target: Name
    value: Expression


@_node
class Await(Expression):
    """`await value`."""

    value: Expression


@_node
class Yield(Expression):
    """`yield value`."""

    value: Expression | None


@_node
class YieldFrom(Expression):
    """`yield from value`."""

    value: Expression


# --- Pipes ----------------------------------------------------------------------------------------


@_node
class Capture(Node):
    """`as name` after a stage."""

    name: str


@_node
class Policy(Node):
    """`with (timeout=5, …)` after a stage."""

    settings: tuple[Keyword, ...]


@_node
class Branch(Node):
    """One branch of a block: a stage, or a pipe of stages; `key` names its result in a keyed block."""

    key: Expression | None
    stages: tuple[Stage, ...]


@_node
class ParallelBlock(Expression):
    """`{ f, g }`, `{ "a": f, "b": g }` or, one after the other, `[ f, g ]` as a stage."""

    form: Literal["list", "keyed", "in order"]
    branches: tuple[Branch, ...]


@_node
class Stage(Node):
    """One step of a pipe with its suffixes: `value with (policy) as capture`."""

    value: Expression
    policy: Policy | None
    capture: Capture | None


@_node
class Pipe(Expression):
    """`head | stage | …`: the head is the first of the stages."""

    stages: tuple[Stage, ...]


# --- Annotations ----------------------------------------------------------------------------------


@_node
class TypeName(Node):
    """`int`, `Point`, `shapes.Point`, `list[int]` (with arguments), `[int, str]` (without a name)."""

    name: str | None
    arguments: tuple[TypeExpression, ...]


@_node
class TypeLiteral(Node):
    """`None`, `...`, a number, or a quoted form in an annotation."""

    value: object


@_node
class TypeUnion(Node):
    """`A | B`."""

    members: tuple[TypeExpression, ...]


TypeExpression: TypeAlias = TypeName | TypeLiteral | TypeUnion


@_node
class Parameter(Node):
    """A parameter; the bare `*` and `/` are parameters without a name."""

    name: str | None
    kind: Literal["plain", "*", "**", "/"]
    annotation: TypeExpression | None
    default: Expression | None


# --- Statements -----------------------------------------------------------------------------------


@_node
class Statement(Node):
    """Anything that stands on a line of its own."""


Body: TypeAlias = tuple[Statement, ...]


@_node
class ExpressionStatement(Statement):
    """An expression for its effect, or the implicit result of a function."""

    value: Expression


@_node
class Assignment(Statement):
    """`a = b = value`."""

    targets: tuple[Expression, ...]
    value: Expression


@_node
class TypedAssignment(Statement):
    """`target: annotation = value`, which converts or rejects."""

    target: Expression
    annotation: TypeExpression
    value: Expression


@_node
class AugmentedAssignment(Statement):
    """`target += value` and its kin; `operator` has no `=`."""

    target: Expression
    operator: str
    value: Expression


@_node
class Return(Statement):
    """`return value`, `deliver value`, with the word that says it."""

    value: Expression | None
    word: Literal["return", "deliver"] = "return"


@_node
class Pass(Statement):
    """`pass`."""


@_node
class Break(Statement):
    """`break`."""


@_node
class Continue(Statement):
    """`continue`."""


@_node
class Assert(Statement):
    """`assert test, message`."""

    test: Expression
    message: Expression | None


@_node
class Delete(Statement):
    """`del a, b`."""

    targets: tuple[Expression, ...]


@_node
class Raise(Statement):
    """`raise error from cause`."""

    error: Expression | None
    cause: Expression | None


@_node
class ScopeDeclaration(Statement):
    """`global a, b` or `nonlocal a, b`."""

    kind: Literal["global", "nonlocal"]
    names: tuple[str, ...]


@_node
class Export(Statement):
    """`export f, g`."""

    names: tuple[str, ...]


@_node
class ImportedName(Node):
    """`path as alias`; `is_python` where the path was written with a final `.py`."""

    path: str
    alias: str | None
    is_python: bool


@_node
class Import(Statement):
    """`import a.b as x, c`."""

    names: tuple[ImportedName, ...]


@_node
class FromImport(Statement):
    """`from ..path import f, g as h`; `names` is empty for `*`, `level` counts the leading dots."""

    level: int
    path: str
    is_python: bool
    names: tuple[ImportedName, ...]


@_node
class IfBranch(Node):
    """`if test:` or `elif test:` with its body."""

    test: Expression
    body: Body


@_node
class If(Statement):
    """`if … elif … else`."""

    branches: tuple[IfBranch, ...]
    otherwise: Body


@_node
class While(Statement):
    """`while test: … else: …`."""

    test: Expression
    body: Body
    otherwise: Body


@_node
class For(Statement):
    """`for target in iterable: … else: …`."""

    target: Expression
    iterable: Expression
    body: Body
    otherwise: Body
    is_async: bool


@_node
class Handler(Node):
    """`except kinds as name:` with its body."""

    kinds: Expression | None
    name: str | None
    body: Body


@_node
class Try(Statement):
    """`try … except … else … finally`."""

    body: Body
    handlers: tuple[Handler, ...]
    otherwise: Body
    final: Body


@_node
class WithItem(Node):
    """`manager as target` in the head of a `with`."""

    manager: Expression
    target: Expression | None


@_node
class With(Statement):
    """`with a as x, b as y:`."""

    items: tuple[WithItem, ...]
    body: Body
    is_async: bool


@_node
class Function(Statement):
    """`def name(parameters) -> returns:` with its decorators; `receiver` for `def (p: Point) name(…)`."""

    name: str
    name_span: Span
    parameters: tuple[Parameter, ...]
    returns: TypeExpression | None
    body: Body
    decorators: tuple[Expression, ...]
    receiver: Parameter | None
    is_async: bool


@_node
class Declaration(Statement):
    """`def name(parameters) = stage | stage …`, a declarative function."""

    name: str
    name_span: Span
    parameters: tuple[Parameter, ...]
    returns: TypeExpression | None
    pipe: Pipe
    decorators: tuple[Expression, ...]
    receiver: Parameter | None


@_node
class Field(Node):
    """`name: annotation = default` in a struct."""

    name: str
    annotation: TypeExpression
    default: Expression | None


@_node
class Struct(Statement):
    """`struct name:` with its fields and methods."""

    name: str
    name_span: Span
    docstring: str | None
    fields: tuple[Field, ...]
    methods: tuple[Function | Declaration, ...]
    decorators: tuple[Expression, ...]


@_node
class MethodSignature(Node):
    """`name(parameters) -> returns` in an interface."""

    name: str
    parameters: tuple[Parameter, ...]
    returns: TypeExpression | None


@_node
class Interface(Statement):
    """`interface name:` with its method signatures and the interfaces that it embeds."""

    name: str
    name_span: Span
    docstring: str | None
    embedded: tuple[str, ...]
    methods: tuple[MethodSignature, ...]


@_node
class Wrong(Statement):
    """What stands for a statement with an error in it, where the others are looked at all the same.

    Any of `names`, which it mentions, may be one that it would have bound.
    """

    names: tuple[str, ...]


@_node
class Module(Node):
    """A whole program."""

    body: Body


# --- Walking --------------------------------------------------------------------------------------


def ungrouped(expression: Expression) -> Expression:
    """Return `expression` without the parentheses around it."""
    while isinstance(expression, Group):
        expression = expression.value
    return expression


class _FieldNames(dict[type[Node], tuple[str, ...]]):
    """The names of the fields of each kind of node that may hold nodes, found when first asked for."""

    def __missing__(self, kind: type[Node]) -> tuple[str, ...]:
        names = [field.name for field in fields(kind) if field.name not in ("span", "name_span")]
        found = self[kind] = tuple(names)
        return found


_FIELD_NAMES = _FieldNames()


def children(parent: Node) -> Iterator[Node]:
    """Yield the nodes directly below `parent`, in source order but for `Conditional` and `Comprehension`."""
    for name in _FIELD_NAMES[type(parent)]:
        value = getattr(parent, name)
        if isinstance(value, Node):
            yield value
        elif isinstance(value, tuple):
            for item in value:
                if isinstance(item, Node):
                    yield item


def field_names(node: Node) -> tuple[str, ...]:
    """Return the names of the fields of `node` that may hold nodes."""
    return _FIELD_NAMES[type(node)]


def rebuilt(node: N, **changes: Any) -> N:
    """Return `node` with some fields changed, or `node` itself where they are what they were."""
    if all(_is_same(getattr(node, name), value) for name, value in changes.items()):
        return node
    return replace(node, **changes)


def _is_same(old: object, new: object) -> bool:
    if isinstance(old, tuple) and isinstance(new, tuple):
        return len(old) == len(new) and all(map(operator.is_, old, new))
    return old is new


def walk(root: Node, enter: Callable[[Node], bool] = lambda _: True) -> Iterator[Node]:
    """Yield `root` and all nodes below it; where `enter(node)` is false the node's children are left out.

    The walk keeps its own stack, so that depth is no matter.
    """
    stack: list[Any] = [root]
    while stack:
        current = stack.pop()
        yield current
        if enter(current):
            stack.extend(reversed(list(children(current))))
