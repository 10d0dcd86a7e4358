"""Text of one cell after the other → its value, in a namespace that they share."""

from __future__ import annotations

from typing import Any, Final

from danac.cells import RESULT
from danac.compilation import Cell, compile_cell
from danac.options import DEFAULT, Options
from danac.source import Source


class _Nothing:
    def __repr__(self) -> str:
        return "NOTHING"


NOTHING: Final = _Nothing()
"""The value of a cell that does not end in an expression."""


class Session:
    """The names of a conversation, and how many cells it had."""

    def __init__(self, namespace: dict[str, Any], options: Options = DEFAULT) -> None:
        """Let cells share `namespace`, which others may change in between."""
        self.namespace = namespace
        self.options = options
        self.latest: Cell | None = None
        """The cell that was compiled last."""
        self._count = 0

    def compile(self, text: str, filename: str, name: str | None = None) -> Cell:
        """Compile one cell; raises `DanaSyntaxError`.

        `filename` is what tracebacks show: their lines must be known under it to `linecache`. Notes on
        failures show `name`, where the file name is nothing that a reader knows.
        """
        self._count += 1
        source = Source(text, filename, name)
        self.latest = compile_cell(source, self.namespace, self._count, self.options)
        return self.latest

    def run(self, cell: Cell) -> Any:
        """Run a cell and return the value of its last expression, or `NOTHING`; raises what it raises."""
        try:
            exec(cell.code, self.namespace)
            return self.namespace[RESULT] if cell.has_result else NOTHING
        finally:
            self.namespace.pop(RESULT, None)
