"""Dana nodes, and bytecode → text that a person can read."""

from __future__ import annotations

import dis
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from types import CodeType

from danac.source import Source, Span

_INDENT = "  "


def dump_nodes(node: object) -> str:
    """Return a tree of dataclasses, a node a line with its span, its fields indented below."""
    return "\n".join(_node_lines(node, "", ""))


def _node_lines(value: object, label: str, indent: str) -> Iterator[str]:
    inner = indent + _INDENT
    if is_dataclass(value) and not isinstance(value, type):
        # Plain values stand on the node's own line, which keeps leaves to one line each.
        plain, nested = [], []
        span = ""
        for field in fields(value):
            item = getattr(value, field.name)
            if isinstance(item, Span):
                span = f" @{item.line}:{item.column}-{item.end_line}:{item.end_column}"
            elif _has_nodes(item):
                nested.append((field.name, item))
            elif item not in (None, ()):
                plain.append(f" {field.name}={item!r}")
        yield f"{indent}{label}{type(value).__name__}{''.join(plain)}{span}"
        for name, item in nested:
            yield from _node_lines(item, f"{name}: ", inner)
    elif isinstance(value, tuple | list):
        yield f"{indent}{label.rstrip()}"
        for item in value:
            yield from _node_lines(item, "- ", inner)
    else:
        yield f"{indent}{label}{value!r}"


def _has_nodes(value: object) -> bool:
    if isinstance(value, tuple | list) and not isinstance(value, Span):
        return any(_has_nodes(item) for item in value)
    return is_dataclass(value)


def dump_bytecode(code: CodeType, source: Source) -> str:
    """Return the instructions of `code` and of all code inside it, each with the text it is for."""
    return "\n".join(_code_lines(code, source))


def _code_lines(code: CodeType, source: Source) -> Iterator[str]:
    yield f"{code.co_qualname} (line {code.co_firstlineno})"
    previous = ""
    for instruction in dis.get_instructions(code):
        position = _position(instruction.positions, source)
        # A position is told once for the run of instructions that share it.
        shown = position if position != previous else ""
        previous = position
        mark = ">>" if instruction.is_jump_target else "  "
        argument = _argument(instruction)
        row = f"  {shown:14} {mark} {instruction.offset:4} {instruction.opname:28} {argument}"
        yield row.rstrip()
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield ""
            yield from _code_lines(constant, source)


def _argument(instruction: dis.Instruction) -> str:
    if isinstance(instruction.argval, CodeType):
        # Its own text holds an address, which is another in each run.
        return f"<code of {instruction.argval.co_qualname}>"
    return instruction.argrepr if instruction.arg is not None else ""


def _position(positions: dis.Positions | None, source: Source) -> str:
    """Return line and columns, counted in characters from 1 as everywhere in danac."""
    # Line 0 is the entry into a module, which stands for no text.
    if positions is None or not positions.lineno:
        return ""
    line, end_line = positions.lineno, positions.end_lineno
    if positions.col_offset is None or positions.end_col_offset is None or end_line is None:
        return str(line)
    start = source.column(line, positions.col_offset)
    end = source.column(end_line, positions.end_col_offset)
    return f"{line}:{start}-{end}" if line == end_line else f"{line}:{start}-{end_line}:{end}"
