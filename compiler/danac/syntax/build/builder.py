"""One lark tree → one `nodes.Module`: the builder that hands each tree to the function for its rule."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, NoReturn, TypeAlias

from lark import Token, Tree

from danac import nodes
from danac.diagnostics import DanaSyntaxError, Diagnostic, InternalError
from danac.identifiers import python_name
from danac.source import Source, Span
from danac.syntax.automaton import Node
from danac.syntax.build import atoms, definitions, expressions, pipes, statements
from danac.syntax.build.annotations import build_type

Part: TypeAlias = Tree[Token] | Token


def build(
    tree: Tree[Token], source: Source, errors: list[Diagnostic] | None = None
) -> nodes.Module:
    """Return the nodes of the program whose tree is `tree`.

    Raises `DanaSyntaxError` for what the grammar alone cannot refuse. With a list for `errors` they are
    added to it, and a `nodes.Wrong` stands for each innermost statement with an error; only a program
    that is too deeply nested still raises.
    """
    builder = Builder(source, errors)
    try:
        body = builder.statements(tree.children)
    except RecursionError:
        raise builder.error(builder.latest, "too deeply nested", code="DANA190") from None
    last = len(source.lines)
    return nodes.Module(Span(1, 1, last, len(source.line(last)) + 1), body)


class Builder:
    """Builds nodes of one source; the functions of this package's other modules do the work per rule."""

    _RULES: dict[str, Callable[[Builder, Any], Any]] = (
        expressions.RULES | atoms.RULES | pipes.RULES | statements.RULES | definitions.RULES
    )

    def __init__(self, source: Source, errors: list[Diagnostic] | None = None) -> None:
        """Build nodes of `source`; errors are raised, or added to `errors`."""
        self.source = source
        self._errors = errors
        self.latest: Part | None = None
        self.parameters: frozenset[str] = frozenset()
        """The parameters of the declarative function that is being built."""

    def expression(self, part: Part) -> nodes.Expression:
        """Build an expression from a tree or from a token that is one by itself."""
        self.latest = part
        if isinstance(part, Token):
            return atoms.TOKENS[part.type](self, part)
        built = self._rule(part)
        if not isinstance(built, nodes.Expression):
            raise InternalError(f"rule {part.data} is no expression", built)
        return built

    def optional(self, part: Part | None) -> nodes.Expression | None:
        """Build an expression that may be missing."""
        return None if part is None else self.expression(part)

    def expressions(self, parts: Iterable[Part]) -> tuple[nodes.Expression, ...]:
        """Build one expression after the other."""
        return tuple([self.expression(part) for part in parts])

    def statements(self, parts: Iterable[Part]) -> nodes.Body:
        """Build statements; a line of several simple ones gives several."""
        built: list[nodes.Statement] = []
        for part in parts:
            if not isinstance(part, Tree):
                continue
            self.latest = part
            if part.data == "simple_line":
                found = [child for child in part.children if isinstance(child, Tree)]
                built += [self._statement(child) for child in found]
            else:
                built.append(self._statement(part))
        return tuple(built)

    def _statement(self, part: Tree[Token]) -> nodes.Statement:
        outer = self.parameters
        try:
            statement: nodes.Statement = self._rule(part)
        except DanaSyntaxError as error:
            if self._errors is None:
                raise
            self._errors.append(error.diagnostic)
            self.parameters = outer
            mentioned = part.scan_values(lambda value: isinstance(value, Token))
            names = dict.fromkeys([str(token) for token in mentioned if str(token).isidentifier()])
            return nodes.Wrong(self.span(part), tuple(map(python_name, names)))
        return statement

    def type(self, part: Part) -> nodes.TypeExpression:
        """Build an annotation."""
        return build_type(self, part)

    def optional_type(self, part: Part | None) -> nodes.TypeExpression | None:
        """Build an annotation that may be missing."""
        return None if part is None else build_type(self, part)

    def any(self, part: Tree[Token]) -> Any:
        """Build whatever node the rule of `part` stands for."""
        return self._rule(part)

    def span(self, part: Part | None) -> Span:
        """Return where `part` stands."""
        if part is None:
            return Span(1, 1, 1, 1)
        first, last = (part.first, part.last) if isinstance(part, Node) else (part, part)
        if not isinstance(first, Token) or not isinstance(last, Token):
            return Span(1, 1, 1, 1)
        return Span(first.line or 1, first.column or 1, last.end_line or 1, last.end_column or 1)

    def error(
        self, place: Part | Span | None, message: str, *, code: str, hint: str | None = None
    ) -> DanaSyntaxError:
        """Return the error to raise at `place`."""
        span = place if isinstance(place, Span) else self.span(place)
        return DanaSyntaxError(message, self.source, span, code=code, hint=hint)

    def refuse(
        self, place: Part | Span | None, message: str, *, code: str, hint: str | None = None
    ) -> NoReturn:
        """Raise the error of `place`."""
        raise self.error(place, message, code=code, hint=hint)

    def report(self, place: Part, message: str, *, code: str, hint: str | None = None) -> None:
        """Keep the error of `place`, which what is built goes on without; raise it where none are kept."""
        error = self.error(place, message, code=code, hint=hint)
        if self._errors is None:
            raise error
        self._errors.append(error.diagnostic)

    def _rule(self, tree: Tree[Token]) -> Any:
        try:
            rule = self._RULES[tree.data]
        except KeyError:
            raise InternalError(f"no builder for the rule {tree.data}", tree) from None
        return rule(self, tree)
