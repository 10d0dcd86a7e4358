"""Definitions → what an editor shows of them: the signature as it is written, and the docstring."""

from __future__ import annotations

import inspect

from danac import nodes
from danac.source import Source

_MOST_FIELDS = 12


def signature_of(node: nodes.Node, source: Source) -> str:
    """Return the head of what `node` defines, as Dana text; empty for what has none."""
    match node:
        case nodes.Function() | nodes.Declaration():
            return _function(node, source)
        case nodes.MethodSignature(name=name):
            return f"{name}({_parameters(node.parameters, source)}){_result(node.returns, source)}"
        case nodes.Struct(name=name, fields=fields):
            lines = [f"    {source.text_of(field.span)}".rstrip() for field in fields]
            return "\n".join([f"struct {name}:", *_shortened(lines)])
        case nodes.Interface(name=name, methods=methods):
            lines = [f"    {signature_of(method, source)}" for method in methods]
            lines[:0] = [f"    {embedded}" for embedded in node.embedded]
            return "\n".join([f"interface {name}:", *_shortened(lines)])
        case nodes.Field() | nodes.Parameter():
            return source.text_of(node.span).strip()
    return ""


def docstring_of(node: nodes.Node) -> str:
    """Return the docstring of what `node` defines, without its indentation; empty if it has none."""
    text: object = None
    match node:
        case nodes.Struct(docstring=docstring) | nodes.Interface(docstring=docstring):
            text = docstring
        case nodes.Function(
            body=(nodes.ExpressionStatement(value=nodes.Constant(value=value)), *_)
        ):
            text = value
    return inspect.cleandoc(text) if isinstance(text, str) else ""


def _function(node: nodes.Function | nodes.Declaration, source: Source) -> str:
    plain = [parameter for parameter in node.parameters if parameter is not node.receiver]
    receiver = "" if node.receiver is None else f"{source.text_of(node.receiver.span)} "
    modifier = "async " if isinstance(node, nodes.Function) and node.is_async else ""
    head = f"{modifier}def {receiver}{node.name}({_parameters(tuple(plain), source)})"
    head += _result(node.returns, source)
    if isinstance(node, nodes.Declaration):
        head += f" = {source.text_of(node.pipe.span)}"
    return head


def _parameters(parameters: tuple[nodes.Parameter, ...], source: Source) -> str:
    return ", ".join(source.text_of(parameter.span) for parameter in parameters)


def _result(returns: nodes.TypeExpression | None, source: Source) -> str:
    return "" if returns is None else f" -> {source.text_of(returns.span)}"


def _shortened(lines: list[str]) -> list[str]:
    return lines if len(lines) <= _MOST_FIELDS else [*lines[:_MOST_FIELDS], "    …"]
