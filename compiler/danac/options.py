"""What a compilation can be asked for besides its text."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

# The option as a program's own first line says it.
_FIRST_LINE = re.compile(r"#\s*dana:\s*coerce\s*$")


@dataclass(frozen=True, slots=True)
class Options:
    """The compile options: `coerce` makes operators join and compare texts with numbers throughout."""

    coerce: bool = False

    def for_program(self, first_line: str) -> Options:
        """Return these options with what the program's first line asks for."""
        return replace(self, coerce=True) if _FIRST_LINE.match(first_line) else self

    @property
    def key(self) -> str:
        """A short text that differs for different options: caches of bytecode carry it."""
        return "coerce" if self.coerce else ""


DEFAULT = Options()
