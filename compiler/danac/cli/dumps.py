"""The lark tree, Dana nodes, the Python tree and bytecode → text that a person can read."""

from __future__ import annotations

import ast
import dis
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from types import CodeType
from typing import Any

from danac.source import Source, Span

_INDENT = "  "
_WIDTH = 100


def dump_tree(tree: Any) -> str:
    """Return a lark tree, a rule or token a line; rules that hold one token stand on its line.

    Line ends, and what the grammar leaves out, are left out.
    """
    return "\n".join(_tree_lines(tree, ""))


def _tree_lines(item: Any, indent: str) -> Iterator[str]:
    if not hasattr(item, "children"):
        yield f"{indent}{_token(item)}"
        return
    inner = [
        child for child in item.children if child is not None and _type(child) not in _LINE_ENDS
    ]
    if len(inner) == 1 and not hasattr(inner[0], "children"):
        yield f"{indent}{item.data}  {_token(inner[0])}"
        return
    yield f"{indent}{item.data}"
    for child in inner:
        yield from _tree_lines(child, indent + _INDENT)


_LINE_ENDS = frozenset({"NEWLINE", "INDENT", "DEDENT"})


def _type(item: Any) -> str:
    return str(getattr(item, "type", ""))


def _token(token: Any) -> str:
    text = token.replace("\n", "\\n")
    return f"{_type(token)} {text} @{token.line}:{token.column}"


def dump_ast(tree: ast.Module, source: Source) -> str:
    """Return a Python tree as the expression that makes it: what fits stands on one line.

    As in Python 3.13's own `ast.dump`, `ctx=Load()` and empty lists are left out. Behind each statement
    there is a comment with its position, if it stands for any text.
    """
    return "\n".join(_ast_lines(tree, "", "", "", source))


def _ast_lines(value: object, label: str, end: str, indent: str, source: Source) -> Iterator[str]:
    """Yield the lines of a field or an item: `label` stands before it, `end` behind it."""
    note = _statement_position(value, source)
    room = _WIDTH - len(indent) - len(label) - len(end)
    flat = None if _holds_statements(value) else _flat(value, room)
    if flat is not None:
        yield f"{indent}{label}{flat}{end}{note}"
        return
    inner = indent + _INDENT * 2
    if isinstance(value, ast.AST):
        yield f"{indent}{label}{type(value).__name__}({note}"
        given = list(_told_fields(value))
        for number, (name, item) in enumerate(given, 1):
            last = number == len(given)
            yield from _ast_lines(item, f"{name}=", f"){end}" if last else ",", inner, source)
    elif isinstance(value, list) and value:
        yield f"{indent}{label}["
        for number, item in enumerate(value, 1):
            last = number == len(value)
            yield from _ast_lines(item, "", f"]{end}" if last else ",", inner, source)
    else:
        yield f"{indent}{label}{value!r}{end}"


def _holds_statements(value: object) -> bool:
    if isinstance(value, list):
        return any(isinstance(item, ast.stmt | ast.ExceptHandler) for item in value)
    return isinstance(value, ast.AST) and any(
        isinstance(item, list) and _holds_statements(item) for _, item in ast.iter_fields(value)
    )


def _flat(value: object, room: int) -> str | None:
    """Return `value` on one line, or `None` where that takes more than `room` characters."""
    if isinstance(value, ast.AST):
        inner: list[tuple[str, object]] = [(f"{name}=", item) for name, item in _told_fields(value)]
        start, end = f"{type(value).__name__}(", ")"
    elif isinstance(value, list):
        inner, start, end = [("", item) for item in value], "[", "]"
    else:
        start, end, inner = repr(value), "", []
    pieces: list[str] = []
    room -= len(start) + len(end)
    for label, item in inner:
        room -= len(label) + 2 * bool(pieces)
        piece = _flat(item, room) if room > 0 else None
        if piece is None:
            return None
        room -= len(piece)
        pieces.append(label + piece)
    return start + ", ".join(pieces) + end if room >= 0 else None


def _told_fields(node: ast.AST) -> Iterator[tuple[str, object]]:
    for name, item in ast.iter_fields(node):
        is_constant = isinstance(node, ast.Constant) and name == "value"
        if is_constant or not (item is None or item == [] or isinstance(item, ast.Load)):
            yield name, item


def _statement_position(statement: object, source: Source) -> str:
    if not isinstance(statement, ast.stmt):
        return ""
    place = _position(
        dis.Positions(
            statement.lineno,
            statement.end_lineno,
            statement.col_offset,
            statement.end_col_offset,
        ),
        source,
    )
    return f"  # {place}" if place else ""


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
    line = 0
    for instruction in dis.get_instructions(code):
        position = _position(instruction.positions, source)
        if position and (now := _line(instruction.positions)) != line:
            line = now
            yield f"  {line} | {source.line(line)}".rstrip()
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
    if (line, positions.col_offset) == (end_line, positions.end_col_offset):
        # What the compiler adds stands for no text.
        return ""
    start = source.column(line, positions.col_offset)
    end = source.column(end_line, positions.end_col_offset)
    return f"{line}:{start}-{end}" if line == end_line else f"{line}:{start}-{end_line}:{end}"


def _line(positions: dis.Positions | None) -> int:
    return 0 if positions is None else positions.lineno or 0
