"""A place in a program → what is shown about the name there: signature, docstring, its part in a pipe."""

from __future__ import annotations

import builtins as python
import inspect
from typing import NamedTuple

import dana_runtime
from danac import nodes
from danac.analysis import builtins
from danac.analysis.names import Scope
from danac.analysis.plan_words import in_words
from danac.analysis.stages import is_known_coroutine, kind_of
from danac.language_server.definition import binding_of, imported_definition
from danac.language_server.documents import Program
from danac.language_server.modules import Definition, ModuleFile, Modules
from danac.language_server.scoped_nodes import contains, nodes_in_scopes
from danac.language_server.signatures import docstring_of, signature_of
from danac.language_server.symbols import Occurrence
from danac.source import Span

_STAGES = {
    "callable": "a function that is known when the program is compiled: the pipe calls it directly",
    "data": "a value that is known to be no function",
    "unknown": "looked at when the pipe runs: it may be any callable",
}
_BLOCKS = {
    "list": "a parallel block: its branches run at the same time and make a list",
    "keyed": "a parallel block: its branches run at the same time and make a dict",
    "in order": "a block whose branches run one after the other and make a list",
}


class Hover(NamedTuple):
    """Dana or Python text to show as code, paragraphs below it, and the place that they are about."""

    code: str
    paragraphs: list[str]
    span: Span


def hover_at(
    program: Program, modules: Modules, folder: str, line: int, column: int
) -> Hover | None:
    """Return what is known of the thing that is named at a place, or `None` if nothing is."""
    occurrence = program.occurrence_at(line, column)
    stage = _stage_at(program, line, column)
    if occurrence is None:
        return None if stage is None else Hover("", [stage[0]], stage[1])
    code, docstring = _describe(program, modules, folder, occurrence)
    paragraphs = [docstring] if docstring else []
    if stage is not None and stage[1] == occurrence.span:
        paragraphs.append(stage[0])
    if not code and not paragraphs:
        return None
    return Hover(code, paragraphs, occurrence.span)


def _describe(
    program: Program, modules: Modules, folder: str, occurrence: Occurrence
) -> tuple[str, str]:
    symbol = occurrence.symbol
    imported = imported_definition(program, modules, folder, occurrence)
    if isinstance(imported, ModuleFile):
        return f"module {symbol.name}", imported.path
    if isinstance(imported, Definition):
        return imported.signature or symbol.name, imported.docstring
    if symbol.kind == "built-in":
        return describe_builtin(symbol.name)
    if symbol.kind == "capture":
        return symbol.name, "kept by `as` further left in the pipe"
    if symbol.kind == "scoped":
        return f"{symbol.owner}:{symbol.name}", ""
    if symbol.kind == "member":
        member = program.members.table(symbol.owner)[symbol.name]  # type: ignore[arg-type]
        return signature_of(member, program.source), docstring_of(member)
    binding = binding_of(symbol)
    if binding is None:
        return "", ""
    signature = signature_of(binding.node, program.source)
    if not signature and binding.value is not None and binding.writes == 1:
        signature = program.source.text_of(binding.value.span).partition("\n")[0]
        signature = f"{symbol.name} = {signature}"
    return signature or symbol.name, docstring_of(binding.node)


def describe_builtin(name: str) -> tuple[str, str]:
    """Return signature and first paragraph of the docstring of one of the names that all programs have."""
    home = dana_runtime if name in builtins.DANA_NAMES else python
    value = getattr(home, name, None)
    if value is None:
        return name, ""
    try:
        signature = f"{name}{inspect.signature(value)}"
    except (TypeError, ValueError):
        signature = name
    return signature, (inspect.getdoc(value) or "").partition("\n\n")[0]


def _stage_at(program: Program, line: int, column: int) -> tuple[str, Span] | None:
    """Return what is known of the innermost stage that begins with the word or bracket at a place."""
    found: tuple[str, Span] | None = None
    plans = {decision.stage.value: decision for decision in program.decisions}
    for node, scope in nodes_in_scopes(program.names):
        if not isinstance(node, nodes.Pipe):
            continue
        for number, stage in enumerate(node.stages, 1):
            for inner, part in _parts(stage, f"Stage {number} of {len(node.stages)}"):
                head = _head(inner)
                if contains(head.span, line, column):
                    said = f"{part}: {_kind(inner, scope, is_head=number == 1)}."
                    if inner in plans:
                        said += f" Its arguments: {in_words(plans[inner])}."
                    found = said, head.span
    return found


def _parts(stage: nodes.Stage, name: str) -> list[tuple[nodes.Expression, str]]:
    parts = [(stage.value, name)]
    if isinstance(stage.value, nodes.ParallelBlock):
        for number, branch in enumerate(stage.value.branches, 1):
            for inner in branch.stages:
                parts += _parts(inner, f"Branch {number} of {len(stage.value.branches)}")
    return parts


def _head(value: nodes.Expression) -> nodes.Node:
    """Return the part of a stage that names it: the function of a call."""
    return value.function if isinstance(value, nodes.Call) else value


def _kind(value: nodes.Expression, scope: Scope, *, is_head: bool) -> str:
    if isinstance(value, nodes.ParallelBlock):
        return _BLOCKS[value.form]
    if isinstance(value, nodes.Call) and not is_head:
        flows = any(isinstance(found, nodes.FlowValue) for found in nodes.walk(value))
        where = "where `$$` stands" if flows else "as its first argument"
        return (
            f"a call that gets the flowing value {where}; {_STAGES[kind_of(value.function, scope)]}"
        )
    if isinstance(value, nodes.Name) and is_known_coroutine(value.id, scope):
        return "a coroutine function"
    if is_head and kind_of(value, scope) != "callable":
        return "the value that flows, unless it is a function: then the pipe is a new function"
    if is_head:
        return "a function, so the pipe is a new function"
    return _STAGES[kind_of(value, scope)]
