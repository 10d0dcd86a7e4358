"""Declarative functions → an error for each whose first stage cannot take the parameters that it is given.

All parameters go to the first stage, in order. Where the program itself defines that stage, their number
is right or wrong before anything runs.
"""

from __future__ import annotations

from collections.abc import Iterator

from danac import nodes
from danac.analysis.names import Names, Scope
from danac.analysis.signatures import Signature, signature_of
from danac.diagnostics import Diagnostic
from danac.identifiers import dana_name


def wrong_first_stages(module: nodes.Module, names: Names) -> list[Diagnostic]:
    """Return an error for each first stage of a declarative function that every call of it would end in."""
    return [
        finding
        for node in nodes.walk(module)
        if isinstance(node, nodes.Declaration) and _is_counted(node)
        for finding in _of_declaration(node, names.scope_of(node))
    ]


def _is_counted(node: nodes.Declaration) -> bool:
    """Whether it is known how many arguments the first stage gets, all of them by position."""
    return node.receiver is None and all(
        parameter.kind == "plain" or parameter.kind == "/" for parameter in node.parameters
    )


def _of_declaration(node: nodes.Declaration, scope: Scope) -> Iterator[Diagnostic]:
    given = [dana_name(found.name) for found in node.parameters if found.name is not None]
    for value in _first_values(node.pipe.stages[0].value, is_spread=len(given) != 1):
        signature = signature_of(value, scope)
        if signature is None:
            continue
        problem = _problem(signature, len(given))
        if problem is not None:
            hint = _hint(value, signature, given, node.name)
            yield Diagnostic("DANA220", problem, "error", value.span, hint)


def _first_values(value: nodes.Expression, *, is_spread: bool) -> list[nodes.Expression]:
    """Return what is called with all parameters: the stage, or each branch of a block.

    On a single parameter a block runs as behind any pipe: how that meets a branch is decided elsewhere.
    """
    if not isinstance(value, nodes.ParallelBlock):
        return [value]
    return [branch.stages[0].value for branch in value.branches] if is_spread else []


def _problem(signature: Signature, given: int) -> str | None:
    needed, most = len(signature.required), len(signature.positional)
    if given > most and signature.rest is None:
        return f"the first stage gets {_arguments(given)}, and takes {most or 'none'}"
    if given < needed:
        return f"the first stage gets {_arguments(given)}, and needs {needed}"
    if missing := [repr(taken.name) for taken in signature.required_keywords]:
        return f"nothing gives this stage its {', '.join(missing)}"
    return None


def _arguments(count: int) -> str:
    return f"{count or 'no'} argument{'s' * (count != 1)}"


def _hint(value: nodes.Expression, signature: Signature, given: list[str], name: str) -> str:
    everything = f"all parameters of `{name}` go to its first stage"
    most = len(signature.positional)
    if 0 < most < len(given) and isinstance(value, nodes.Name):
        wanted = [taken.name for taken in signature.positional]
        fitting = wanted if set(wanted) <= set(given) else given[:most]
        return f"{everything}; write `{dana_name(value.id)}({', '.join(fitting)})` for some of them"
    return everything
