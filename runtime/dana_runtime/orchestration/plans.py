"""What a plan is: where each argument of a stage comes from, and by which rule.

    WHOLE    stage(value)                     the value is the one argument
    SPREAD   stage(*value)                    its items are the arguments, in order
    PLACED   stage(value[1], k=value["k"])    each parameter has its source
    REFUSED  OrchestrationError               two assignments fit, or nothing can be given at all

In the first two, what is required by keyword comes from the context.
"""

from __future__ import annotations

from dana_runtime.orchestration.parameters import KEYWORD_ONLY, POSITIONAL_ONLY

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, TypeAlias

    from dana_runtime.orchestration.parameters import Signature

    # How a source is found, and which one it is.
    Source: TypeAlias = tuple[str, Any]

WHOLE, SPREAD, PLACED, REFUSED = "whole", "spread", "placed", "refused"
VALUE, ITEM, FIELD, CONTEXT = "value", "item", "field", "context"

THE_VALUE: Source = (VALUE, None)


class Plan:
    """How a value of one shape meets a signature.

    `rule` is the number of the rule that decided, as docs/orchestration.md counts them; `way` is
    one of the words above; `sources` has, by parameter in order, where its argument comes from.
    """

    __slots__ = ("problem", "rule", "sources", "way")

    def __init__(
        self, rule: int, way: str, sources: dict[str, Source] | None = None, problem: str = ""
    ) -> None:
        self.rule = rule
        self.way = way
        self.sources = sources or {}
        self.problem = problem

    @property
    def text(self) -> str:
        """The plan in one line: `rule 2: count = item 1, status = item 4`."""
        if self.way == REFUSED:
            return f"rule {self.rule}: refused, {self.problem}"
        parts = [f"{name} = {_source_text(source)}" for name, source in self.sources.items()]
        if self.way == WHOLE and not self.uses(VALUE):
            parts.insert(0, "the value is the argument")
        return f"rule {self.rule}: {', '.join(parts)}"

    def uses(self, how: str) -> bool:
        """Tell whether an argument has a source of this kind: VALUE, ITEM, FIELD or CONTEXT."""
        return any(kind == how for kind, _ in self.sources.values())

    def __repr__(self) -> str:
        return f"<Plan {self.text}>"


def _source_text(source: Source) -> str:
    how, key = source
    if how == VALUE:
        return "the value"
    if how == ITEM:
        return f"item {key + 1}" if isinstance(key, int) else key
    return f"field {key}" if how == FIELD else f"context {key}"


class Arrangement:
    """A plan as a call: `stage(*arguments[:count], **dict(zip(names, arguments[count:])))`.

    `sources` are those of `arguments`, the ones by position first; `names` are the keywords of the
    others. Where the plan is WHOLE or SPREAD, the value gives those by position, and `count` is 0.
    """

    __slots__ = ("count", "names", "plan", "sources")

    def __init__(self, plan: Plan, signature: Signature | None) -> None:
        self.plan = plan
        positional: list[Source] = []
        keywords: dict[str, Source] = {}
        unbroken = True
        for parameter in signature.parameters if signature is not None else ():
            source = plan.sources.get(parameter.name)
            if source is None:
                # What follows it cannot be given by position, so a parameter that can only be
                # given so keeps its default as this one does.
                unbroken = False
            elif plan.way != PLACED:
                if source[0] == CONTEXT:
                    keywords[parameter.name] = source
            elif unbroken and parameter.kind != KEYWORD_ONLY:
                positional.append(source)
            elif parameter.kind != POSITIONAL_ONLY:
                keywords[parameter.name] = source
        self.count = len(positional)
        self.names = tuple(keywords)
        self.sources = (*positional, *keywords.values())

    def keys(self, how: str) -> tuple[Any, ...]:
        """Return the keys of the sources of one kind, in the order of the arguments."""
        return tuple([key for kind, key in self.sources if kind == how])
