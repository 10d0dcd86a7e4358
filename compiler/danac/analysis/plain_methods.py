"""Nodes and scopes → a warning for each `f.map`, `f.amap` and `f.aio` of a plain function, which has none."""

from __future__ import annotations

from collections.abc import Iterator

from danac import nodes
from danac.analysis.names import Names, Scope
from danac.analysis.stages import is_known_coroutine, is_known_function
from danac.analysis.walking import with_scopes
from danac.diagnostics import Diagnostic
from danac.identifiers import dana_name

_OF_PIPELINES = frozenset({"map", "amap", "aio"})


def missing_methods(module: nodes.Module, names: Names) -> Iterator[Diagnostic]:
    """Yield a warning for each call of a pipeline's method on what surely is a plain `def`.

    No error: `hasattr` and `except AttributeError` are good reasons to ask.
    """
    defined = _defined_elsewhere(module)
    for node, scope in with_scopes(module, names):
        match node:
            case nodes.Call(
                function=nodes.Attribute(value=nodes.Name(id=name), name=method) as asked
            ):
                pass
            case _:
                continue
        if method in _OF_PIPELINES - defined and _is_plain_def(name, scope):
            name = dana_name(name)
            message = f"{name} is a plain function, which has no .{method}"
            hint = f"`noop | {name}` makes a pipeline, which has it: `(noop | {name}).{method}(…)`"
            yield Diagnostic("DANA227", message, "warning", asked.span, hint)


def _is_plain_def(name: str, scope: Scope) -> bool:
    found = scope.lookup(name)
    if found is None or not isinstance(found[1].node, nodes.Function):
        return False
    return is_known_function(name, scope) or is_known_coroutine(name, scope)


def _defined_elsewhere(module: nodes.Module) -> frozenset[str]:
    """Return the names that functions may have all the same: assigned to something, or methods by receiver."""
    found = set()
    for node in nodes.walk(module):
        match node:
            case nodes.Assignment():
                found |= {t.name for t in node.targets if isinstance(t, nodes.Attribute)}
            case nodes.Function() | nodes.Declaration() if node.receiver is not None:
                found.add(node.name)
    return frozenset(found)
