"""What of a signature counts for the value that flows in: parameters, each with its name, kind and annotation."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from dana_runtime.orchestration.fitting import Expected

POSITIONAL_ONLY, EITHER, KEYWORD_ONLY = range(3)


class Parameter:
    """One parameter: `expected` is None where it has no annotation."""

    __slots__ = ("expected", "kind", "name", "required")

    def __init__(self, name: str, kind: int, required: bool, expected: Expected | None) -> None:
        self.name = name
        self.kind = kind
        self.required = required
        self.expected = expected

    def __str__(self) -> str:
        text = self.name
        if self.expected is not None:
            text += f": {self.expected.text}"
        if not self.required:
            text += "=…" if self.expected is None else " = …"
        return text


class Signature:
    """The parameters of a callable, `*args` and `**options` aside.

    `rest` is the name of its `*args`, `""` without. `unresolved` are the names in annotations that
    its globals lack; of a struct, the fields with such annotations.
    """

    __slots__ = (
        "name",
        "parameters",
        "positional",
        "required",
        "required_by_keyword",
        "rest",
        "unresolved",
    )

    def __init__(
        self,
        name: str,
        parameters: Sequence[Parameter],
        rest: str = "",
        unresolved: Sequence[str] = (),
    ) -> None:
        self.name = name
        self.parameters = tuple(parameters)
        self.rest = rest
        self.unresolved = tuple(unresolved)
        self.positional = tuple([p for p in parameters if p.kind != KEYWORD_ONLY])
        # Those that can be given by position.
        self.required = tuple([p for p in self.positional if p.required])
        self.required_by_keyword = tuple(
            [p for p in parameters if p.required and p.kind == KEYWORD_ONLY]
        )

    def takes_a_value(self) -> bool:
        """Tell whether it can be called with anything by position."""
        return bool(self.positional or self.rest)

    def is_plain(self) -> bool:
        """Tell whether every value is its one argument, whatever it is."""
        if self.required_by_keyword or len(self.required) > 1 or not self.takes_a_value():
            return False
        return not self.required or (
            self.required[0] is self.positional[0] and self.required[0].expected is None
        )

    def __str__(self) -> str:
        parts = []
        for index, parameter in enumerate(self.parameters):
            before = self.parameters[index - 1].kind if index else EITHER
            if parameter.kind != POSITIONAL_ONLY and index and before == POSITIONAL_ONLY:
                parts.append("/")
            if parameter.kind == KEYWORD_ONLY and (not index or before != KEYWORD_ONLY):
                parts.append(f"*{self.rest}")
            parts.append(str(parameter))
        if self.parameters and self.parameters[-1].kind == POSITIONAL_ONLY:
            parts.append("/")
        if self.rest and not any(p.kind == KEYWORD_ONLY for p in self.parameters):
            parts.append(f"*{self.rest}")
        return f"{self.name}({', '.join(parts)})"
