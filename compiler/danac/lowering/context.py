"""What lowering knows while it works: the program at large, and the surroundings of one expression."""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any, Literal, NoReturn, TypeAlias

from danac import nodes
from danac.analysis.names import Names, Scope
from danac.analysis.purity import Purity
from danac.analysis.stages import is_builtin
from danac.diagnostics import DanaSyntaxError, Diagnostic
from danac.lowering.located import Locator
from danac.lowering.runtime_names import PREFIX, RuntimeName, generated
from danac.options import Options
from danac.source import Source, Span

Lifted: TypeAlias = Literal["function", "loop"]
"""A generated lambda, which cannot await, yield or bind names for others; a comprehension, which can await."""

Take: TypeAlias = Callable[[], ast.expr]
"""Gives the Python expression for one occurrence of `$$` or of a capture: a new node each time."""


LowerExpression: TypeAlias = "Callable[[Lowering, Any, Surroundings], ast.expr]"
LowerStage: TypeAlias = (
    "Callable[[Lowering, Any, int, ast.expr, Surroundings, str | None], ast.expr]"
)
LowerSuite: TypeAlias = "Callable[[Lowering, nodes.Body, Surroundings], list[ast.stmt]]"
LowerStatement: TypeAlias = "Callable[[Lowering, Any, Surroundings], list[ast.stmt]]"


# The statements that hold others, whose errors are those others' own.
_COMPOUND = (
    nodes.If | nodes.While | nodes.For | nodes.Try | nodes.With | nodes.Function | nodes.Struct
)


@dataclass(slots=True)
class Callees:
    """The stage callables of a composed pipe, which are evaluated once, when it is composed."""

    names: list[str] = field(default_factory=list)
    values: list[ast.expr] = field(default_factory=list)

    def bind(self, low: Lowering, span: Span, value: ast.expr) -> ast.expr:
        """Have `value` evaluated when the pipe is composed; return how the pipe's runs read it."""
        name = low.fresh("stage")
        self.names.append(name)
        self.values.append(value)
        return low.name(span, name)


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What one expression sees around itself."""

    scope: Scope
    has_room: bool = False
    """Whether a temporary may be bound with `:=` here: in functions, but not in iterables of comprehensions."""
    may_bind: bool = False
    """Whether Python would let one be bound, although the parts of a generator could disturb each other."""
    in_iterable: bool = False
    flow: Take | None = None
    captures: Mapping[str, Take] = field(default_factory=lambda: MappingProxyType({}))
    callees: Callees | None = None
    pipe_depth: int = 0
    awaits: bool = False
    """Whether the stages of the pipe at hand are awaited: it stands in `await (…)`."""
    lifted: Lifted | None = None
    """What has been generated around code that is written straight in a function."""

    def within(self, **changes: Any) -> Surroundings:
        """Return these surroundings with some changes."""
        return replace(self, **changes)

    def capture(self, name: str, take: Take) -> Surroundings:
        """Return these surroundings with one more capture in sight."""
        return replace(self, captures=MappingProxyType({**self.captures, name: take}))

    def inside_function(self, scope: Scope) -> Surroundings:
        """Return the surroundings of the body of a function or lambda that stands here."""
        return replace(
            self,
            scope=scope,
            has_room=not self.in_iterable,
            may_bind=not self.in_iterable,
            callees=None,
            awaits=False,
            lifted=None,
        )


class Lowering:
    """Lowers the nodes of one program: its source, its names, and what the generated module needs."""

    def __init__(
        self,
        source: Source,
        names: Names,
        options: Options,
        expressions: Mapping[type[nodes.Node], LowerExpression],
        statements: Mapping[type[nodes.Node], LowerStatement],
        stage: LowerStage,
        suite: LowerSuite,
        errors: list[Diagnostic],
    ) -> None:
        """Lower nodes of `source`, whose scopes are `names`, each with the function of the tables.

        `errors` are those that are known already, and those found are added.
        """
        self.errors = errors
        self._misplaced = [error.span for error in errors]
        self._expressions = expressions
        self._statements = statements
        self._stage = stage
        self._suite = suite
        self.source = source
        self.names = names
        self.purity = Purity(names)
        self.options = options.for_program(source.line(1))
        self.at = Locator(source)
        self.runtime_names: set[RuntimeName] = set()
        self.dana_functions: set[str] = set()
        self.shadowed_functions: set[str] = set()
        self.python_names: set[str] = set()
        """Python's built-ins that generated code uses where the program may call something else so."""
        self.has_annotations = False
        self.rebound: set[str] = set()
        """The temporaries that are bound with `:=`, each time anew."""
        self.has_private_scope = False
        self.dict_tests: dict[tuple[Scope, str], Any] = {}
        """The variables that are bound where lowering is at, and may be tested there (see `dict_tests`)."""
        self.needs_variables = False
        """Whether stages may ask for the module's own variables by name."""
        self.blocks: list[ast.stmt] = []
        self.descriptions: dict[tuple[object, ...], str] = {}
        """The descriptions of blocks that are among these, by what they say."""
        self.pipeline = ""
        """The name of the declarative function that is being lowered, if any."""
        self._counters: dict[str, int] = {}
        self.latest: nodes.Node | None = None

    def expression(self, node: nodes.Expression, around: Surroundings) -> ast.expr:
        """Lower one expression."""
        self.latest = node
        return self._expressions[type(node)](self, node, around)

    def optional(self, node: nodes.Expression | None, around: Surroundings) -> ast.expr | None:
        """Lower an expression that may be missing."""
        return None if node is None else self.expression(node, around)

    def expressions(
        self, found: Sequence[nodes.Expression], around: Surroundings
    ) -> list[ast.expr]:
        """Lower one expression after the other."""
        return [self.expression(node, around) for node in found]

    def statements(self, body: nodes.Body, around: Surroundings) -> list[ast.stmt]:
        """Lower statements; an empty body stays empty."""
        return self._suite(self, body, around)

    def statement(self, statement: nodes.Statement, around: Surroundings) -> list[ast.stmt]:
        """Lower one statement; its errors are added to `errors`, and it becomes a `pass`."""
        self.latest = statement
        try:
            return self._statements[type(statement)](self, statement, around)
        except DanaSyntaxError as error:
            found = error.diagnostic
            if isinstance(statement, _COMPOUND) or not self._is_misplaced(statement):
                self.report(found.span, found.message, found.code, found.hint)
        except (AssertionError, KeyError):
            # What stands in the wrong place may break any promise; all else is a bug.
            if not self._is_misplaced(statement):
                raise
        return [self.at(statement.span, ast.Pass())]

    def _is_misplaced(self, statement: nodes.Statement) -> bool:
        """Whether an error in `statement` has been told already."""
        first, last = statement.span[:2], statement.span[2:]
        return any(first <= span[:2] and span[2:] <= last for span in self._misplaced)

    def stage(
        self,
        line: Any,
        index: int,
        value: ast.expr,
        around: Surroundings,
        alias: str | None = None,
    ) -> ast.expr:
        """Apply stage `index` of a `Line` to `value`; `alias` is the capture that names the same value."""
        return self._stage(self, line, index, value, around, alias)

    def runtime(self, span: Span, name: RuntimeName) -> ast.expr:
        """Return the runtime function `name`, which the module then imports."""
        self.runtime_names.add(name)
        return self.at(span, ast.Name(generated(name), ast.Load()))

    def name(self, span: Span, name: str) -> ast.expr:
        """Return a read of the generated or user name `name`."""
        return self.at(span, ast.Name(name, ast.Load()))

    def python(self, span: Span, name: str, around: Surroundings) -> ast.expr:
        """Return Python's built-in `name`, whatever the program or a star import may call so."""
        if is_builtin(name, around.scope):
            return self.name(span, name)
        self.python_names.add(name)
        return self.name(span, generated(name))

    def constant(self, span: Span, value: Any) -> ast.expr:
        """Return a constant."""
        return self.at(span, ast.Constant(value))

    def call(self, span: Span, function: ast.expr, *arguments: ast.expr) -> ast.expr:
        """Return a call with positional arguments."""
        return self.at(span, ast.Call(function, list(arguments), []))

    def function(self, span: Span, parameters: Sequence[str], body: ast.expr) -> ast.expr:
        """Return a lambda with plain parameters."""
        arguments = ast.arguments(
            posonlyargs=[],
            args=[self.at(span, ast.arg(name)) for name in parameters],
            kwonlyargs=[],
            kw_defaults=[],
            defaults=[],
        )
        return self.at(span, ast.Lambda(arguments, body))

    def fresh(self, purpose: str) -> str:
        """Return a new generated name, such as `_dana_value_1`."""
        count = self._counters[purpose] = self._counters.get(purpose, 0) + 1
        return f"{PREFIX}{purpose}_{count}"

    def report(self, span: Span, message: str, code: str, hint: str | None = None) -> None:
        """Add an error at `span`, if it is the first one there, and go on: what is made of it matters no more."""
        if all(known.span != span for known in self.errors):
            self.errors.append(Diagnostic(code, message, "error", span, hint))

    def refuse(self, place: Span, message: str, *, code: str, hint: str | None = None) -> NoReturn:
        """Raise the error of `place`: the statement around it is given up."""
        raise DanaSyntaxError(message, self.source, place, code=code, hint=hint)
