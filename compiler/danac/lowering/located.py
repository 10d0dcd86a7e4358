"""Where every Python node is born: a node, and the span that it gets.

Full positions are what lets Python's own tracebacks, debuggers and profilers point into the program.
"""

from __future__ import annotations

import ast
from typing import TypeVar

from danac.source import Source, Span

_WITH_TYPE_PARAMETERS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)

N = TypeVar("N", bound=ast.AST)


class Locator:
    """Gives Python nodes the positions of one source."""

    def __init__(self, source: Source) -> None:
        """Locate nodes in `source`."""
        self._source = source

    def __call__(self, span: Span, node: N) -> N:
        """Return `node` with the position that `span` has for Python."""
        position = self._source.python_position(span)
        # Not every node class declares positions; `ast` ignores them where they mean nothing.
        node.lineno = position.lineno  # type: ignore[attr-defined]
        node.col_offset = position.col_offset  # type: ignore[attr-defined]
        node.end_lineno = position.end_lineno  # type: ignore[attr-defined]
        node.end_col_offset = position.end_col_offset  # type: ignore[attr-defined]
        if isinstance(node, _WITH_TYPE_PARAMETERS) and "type_params" in node._fields:
            # Python 3.12 has the field and, unlike later ones, does not supply it.
            vars(node).setdefault("type_params", [])
        return node
