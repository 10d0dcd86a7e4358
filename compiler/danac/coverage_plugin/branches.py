"""Code object → arcs: from which line to which Python can go, where a line can be left in several ways.

Read off the bytecode, so that what Python optimises away is no branch that could be missed. Exceptions
are no arcs: where one can be raised is not known.
"""

from __future__ import annotations

import dis
from collections.abc import Callable, Iterator
from types import CodeType

from danac.coverage_plugin.statements import Statements, code_objects

_JUMPS = frozenset(dis.hasjrel) | frozenset(dis.hasjabs)
_RETURNS = frozenset({"RETURN_VALUE", "RETURN_CONST"})
_RAISES = frozenset({"RAISE_VARARGS", "RERAISE"})


def arcs_of(code: CodeType, statements: Statements) -> set[tuple[int, int]]:
    """Return (from, to) for the lines that branch; `to` is minus a function's first line for its exit."""
    ends: dict[int, set[int]] = {line: set() for line in statements.branching}
    for inner in code_objects(code):
        # Lambdas and comprehensions are part of the statement that they stand in.
        if inner.co_name == "<module>" or not inner.co_name.startswith("<"):
            for line, end in _Flow(inner, statements.first_line).arcs_from(statements.branching):
                ends[line].add(end)
    for suite in statements.final_suites:
        for line in suite:
            if line in ends:
                ends[line] = _with_one_way_out(ends[line], suite)
    return {(line, end) for line, found in ends.items() for end in found}


def _with_one_way_out(ends: set[int], suite: range) -> set[int]:
    """Leave out of the ways that lead out of a `finally:` all but the usual one.

    Python copies the suite to each place where its `try` is left, such as a `return`; a branch counts once.
    """
    inside = {end for end in ends if end in suite}
    behind = sorted(end for end in ends if end >= suite.stop)
    others = sorted(ends - inside, reverse=True)
    return inside | set(behind[:1] or others[:1])


class _Flow:
    """The flow of control through the instructions of one code object."""

    def __init__(self, code: CodeType, first_line: Callable[[int], int]) -> None:
        self._exit = -first_line(code.co_firstlineno)
        self._instructions = list(dis.get_instructions(code))
        self._index = {found.offset: index for index, found in enumerate(self._instructions)}
        # An instruction without a line is part of the way from one line to the next.
        self._lines = [
            None
            if found.positions is None or found.positions.lineno is None
            else first_line(found.positions.lineno)
            for found in self._instructions
        ]

    def arcs_from(self, branching: set[int]) -> set[tuple[int, int]]:
        arcs: set[tuple[int, int]] = set()
        for index, line in enumerate(self._lines):
            if line in branching:
                assert line is not None
                arcs |= {(line, end) for end in self._ends(index, line)}
        return arcs

    def _ends(self, start: int, line: int) -> set[int]:
        """Return the lines that come next after the instruction at `start`, which is on `line`."""
        ends: set[int] = set()
        todo, seen = [start], {start}
        while todo:
            current = todo.pop()
            name = self._instructions[current].opname
            if name in _RETURNS:
                ends.add(self._exit)
                continue
            for following in self._successors(current):
                other = self._lines[following]
                if other is not None and other != line:
                    ends.add(other)
                elif following not in seen:
                    seen.add(following)
                    todo.append(following)
        return ends

    def _successors(self, index: int) -> Iterator[int]:
        found = self._instructions[index]
        if found.opcode in _JUMPS and isinstance(found.argval, int):
            yield self._index[found.argval]
        is_unconditional = found.opname in _RAISES or found.opname.startswith(
            ("JUMP_FORWARD", "JUMP_BACKWARD", "JUMP_ABSOLUTE")
        )
        if not is_unconditional and index + 1 < len(self._instructions):
            yield index + 1
