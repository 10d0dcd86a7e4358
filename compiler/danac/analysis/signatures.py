"""A stage's callable → its signature, where the program itself defines it."""

from __future__ import annotations

from dataclasses import dataclass

from danac import nodes
from danac.analysis.names import Scope
from danac.analysis.stages import is_known_coroutine, is_known_function
from danac.identifiers import dana_name


@dataclass(frozen=True, slots=True)
class Taken:
    """One parameter as a caller sees it."""

    name: str
    annotation: nodes.TypeExpression | None
    is_required: bool
    is_positional_only: bool = False


@dataclass(frozen=True, slots=True)
class Signature:
    """What a function of the program takes."""

    definition: nodes.Node
    positional: tuple[Taken, ...]
    keyword_only: tuple[Taken, ...] = ()
    rest: Taken | None = None
    has_options: bool = False

    @property
    def required(self) -> tuple[Taken, ...]:
        """The positional parameters without a default."""
        return tuple(taken for taken in self.positional if taken.is_required)

    @property
    def required_keywords(self) -> tuple[Taken, ...]:
        """The keyword-only parameters without a default."""
        return tuple(taken for taken in self.keyword_only if taken.is_required)

    @property
    def may_be_open(self) -> frozenset[str]:
        """The names of the parameters that some value leaves to the names around."""
        required = self.required
        # The only one by position always has something: the value.
        named = (
            self.required_keywords if len(required) == 1 else (*required, *self.required_keywords)
        )
        return frozenset(taken.name for taken in named)


def signature_of(callee: nodes.Expression, scope: Scope) -> Signature | None:
    """Return the signature of what `callee` surely is: a function, struct or lambda of this program."""
    callee = nodes.ungrouped(callee)
    if isinstance(callee, nodes.Lambda):
        return _of_parameters(callee, callee.parameters)
    if not isinstance(callee, nodes.Name):
        return None
    found = scope.lookup(callee.id)
    if found is None:
        return None
    if not (is_known_function(callee.id, scope) or is_known_coroutine(callee.id, scope)):
        return None
    match found[1].node:
        case nodes.Function() | nodes.Declaration() as function:
            return _of_parameters(function, function.parameters)
        case nodes.Struct() as struct:
            return _of_struct(struct)
        case _:
            return None


def _of_parameters(definition: nodes.Node, parameters: tuple[nodes.Parameter, ...]) -> Signature:
    positional: list[Taken] = []
    keyword_only: list[Taken] = []
    rest: Taken | None = None
    has_options = is_behind_star = False
    slash = next((i for i, parameter in enumerate(parameters) if parameter.kind == "/"), 0)
    for index, parameter in enumerate(parameters):
        if parameter.kind == "**":
            has_options = True
        elif parameter.kind == "*":
            is_behind_star = True
            if parameter.name is not None:
                rest = Taken(dana_name(parameter.name), parameter.annotation, False)
        elif parameter.name is not None:
            taken = Taken(
                dana_name(parameter.name),
                parameter.annotation,
                parameter.default is None,
                is_positional_only=index < slash,
            )
            (keyword_only if is_behind_star else positional).append(taken)
    return Signature(definition, tuple(positional), tuple(keyword_only), rest, has_options)


def _of_struct(struct: nodes.Struct) -> Signature | None:
    if any(method.name in ("__init__", "__new__") for method in struct.methods):
        return None
    fields = [Taken(field.name, field.annotation, field.default is None) for field in struct.fields]
    return Signature(struct, tuple(fields))
