"""F-strings: as Python's f-strings where every supported Python can list them, else piece by piece.

Before Python 3.12 the expressions of an f-string can hold no backslash and no quote of the string's own
kind. Where one could be needed, each field becomes `"{0!r:{1}}".format(value, spec)` and the pieces are
joined: evaluation and formatting happen in the same order as in the f-string.
"""

from __future__ import annotations

import ast

from danac import nodes
from danac.lowering.class_names import class_name
from danac.lowering.context import LowerExpression, Lowering, Surroundings

_CONVERSIONS = {None: -1, "s": ord("s"), "r": ord("r"), "a": ord("a")}


def _formatted_text(low: Lowering, node: nodes.FormattedText, around: Surroundings) -> ast.expr:
    is_plain = all(isinstance(part, str) or _fits_old_fstrings(part) for part in node.parts)
    pieces: list[ast.expr] = []
    for part in node.parts:
        if isinstance(part, str):
            pieces.append(low.constant(node.span, part))
            continue
        if part.label is not None:
            pieces.append(low.constant(part.span, part.label))
        pieces.append(_field(low, part, around) if is_plain else _formatted(low, part, around))
    merged = _merged(low, node, pieces)
    if is_plain:
        return low.at(node.span, ast.JoinedStr(merged))
    join = low.at(node.span, ast.Attribute(low.constant(node.span, ""), "join", ast.Load()))
    return low.call(node.span, join, low.at(node.span, ast.Tuple(merged, ast.Load())))


def _merged(low: Lowering, node: nodes.FormattedText, pieces: list[ast.expr]) -> list[ast.expr]:
    """Join neighbouring constants, as Python's own parser does: a listing reads back as the same tree."""
    merged: list[ast.expr] = []
    for piece in pieces:
        last = merged[-1] if merged else None
        if isinstance(piece, ast.Constant) and isinstance(last, ast.Constant):
            merged[-1] = low.constant(node.span, str(last.value) + str(piece.value))
        else:
            merged.append(piece)
    return merged


def _field(low: Lowering, part: nodes.Replacement, around: Surroundings) -> ast.expr:
    value = _value(low, part, around)
    spec = None if part.format_spec is None else low.expression(part.format_spec, around)
    return low.at(part.span, ast.FormattedValue(value, _CONVERSIONS[part.conversion], spec))


def _value(low: Lowering, part: nodes.Replacement, around: Surroundings) -> ast.expr:
    value = low.expression(part.value, around)
    is_shown = part.conversion in (None, "s")
    return class_name(low, part.value, value, around) if is_shown else value


def _formatted(low: Lowering, part: nodes.Replacement, around: Surroundings) -> ast.expr:
    conversion = "" if part.conversion is None else f"!{part.conversion}"
    arguments = [_value(low, part, around)]
    spec = ""
    if part.format_spec is not None:
        spec = ":{1}"
        arguments.append(low.expression(part.format_spec, around))
    template = low.constant(part.span, f"{{0{conversion}{spec}}}")
    method = low.at(part.span, ast.Attribute(template, "format", ast.Load()))
    return low.call(part.span, method, *arguments)


def _fits_old_fstrings(part: nodes.Replacement) -> bool:
    """Whether the field's source needs neither a backslash nor nested quotes, whoever prints it."""
    is_nested = False
    for found in nodes.walk(part.value):
        if isinstance(found, nodes.FormattedText):
            is_nested = True
        elif isinstance(found, nodes.Constant) and isinstance(found.value, str):
            text = found.value
            if (
                is_nested
                or not text.isprintable()
                or not text.isascii()
                or set(text) & set("\\'\"{}")
            ):
                return False
    if part.format_spec is None:
        return not is_nested
    for spec_part in part.format_spec.parts:
        if isinstance(spec_part, str):
            if not spec_part.isprintable() or set(spec_part) & set("\\'\"{}"):
                return False
        elif not _fits_old_fstrings(spec_part):
            return False
    return not is_nested


EXPRESSIONS: dict[type[nodes.Node], LowerExpression] = {nodes.FormattedText: _formatted_text}
