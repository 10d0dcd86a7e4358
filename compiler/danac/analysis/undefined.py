"""Nodes and scopes → the names that nothing can supply, with the nearest known one suggested."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from difflib import get_close_matches

from danac import nodes
from danac.analysis import builtins
from danac.analysis.names import Names, Scope
from danac.analysis.stages import sees_star_import
from danac.analysis.walking import with_scopes
from danac.diagnostics import Diagnostic, Severity
from danac.identifiers import dana_name


def undefined_names(module: nodes.Module, names: Names) -> list[Diagnostic]:
    """Return a finding for each read of a name that no definition, import or scoped assignment supplies.

    It is an error, or only a warning where the program imports modules that may set `public:` names.
    """
    scoped = {found.id for found in nodes.walk(module) if isinstance(found, nodes.ScopedName)}
    severity: Severity = "warning" if imports_other_programs(module) else "error"
    findings = []
    for name, scope in reads(module, names):
        if _is_known(name.id, scope) or name.id in scoped:
            continue
        message = f"name {dana_name(name.id)!r} is not defined"
        findings.append(Diagnostic("DANA201", message, severity, name.span, _hint(name.id, scope)))
    return [*findings, *_receivers(module, names)]


def _receivers(module: nodes.Module, names: Names) -> Iterator[Diagnostic]:
    """Yield a finding for each receiver whose type nothing defines: it would be a method of everything."""
    for found in nodes.walk(module):
        if not isinstance(found, nodes.Function | nodes.Declaration | nodes.Lambda):
            continue
        if found.receiver is None:
            continue
        scope = names.scope_of(found).parent or names.module
        for annotation in _type_names(found.receiver.annotation):
            head = annotation.name.partition(".")[0] if annotation.name is not None else ""
            is_word = head.lower() in _TYPE_WORDS or head in builtins.TYPES
            if head and not is_word and scope.lookup(head) is None and not sees_star_import(scope):
                message = f"type {annotation.name!r} is not defined"
                hint = _hint(head, scope)
                yield Diagnostic("DANA201", message, "error", annotation.span, hint)


_TYPE_WORDS = builtins.TYPE_WORDS.keys() | {"any", "none", "null"}


def _type_names(annotation: nodes.TypeExpression | None) -> Iterator[nodes.TypeName]:
    if isinstance(annotation, nodes.TypeName):
        yield annotation
    elif isinstance(annotation, nodes.TypeUnion):
        for member in annotation.members:
            yield from _type_names(member)


def _is_known(name: str, scope: Scope) -> bool:
    if scope.lookup(name) is not None or name in scope.nonlocals or sees_star_import(scope):
        return True
    if name in scope.bindings:
        # A parameter that is declared `global`, which is an error of its own.
        return True
    if name in scope.module.mentioned:
        return True
    return name in builtins.REACHABLE | builtins.REFUSED | builtins.OUTSIDE


def _hint(name: str, scope: Scope) -> str | None:
    known = sorted({*scope.visible(), *builtins.NAMES})
    nearest = get_close_matches(name, known, n=1)
    return f"did you mean `{dana_name(nearest[0])}`?" if nearest else None


def imports_other_programs(module: nodes.Module) -> bool:
    """Whether a program imports modules outside of Python's own, which may set `public:` names."""
    for found in nodes.walk(module, lambda node: not isinstance(node, nodes.Expression)):
        if isinstance(found, nodes.Import):
            paths = [item.path for item in found.names]
        elif isinstance(found, nodes.FromImport):
            paths = [found.path] if not found.level else [""]
        else:
            continue
        if any(path.partition(".")[0] not in sys.stdlib_module_names for path in paths):
            return True
    return False


def reads(module: nodes.Module, names: Names) -> Iterator[tuple[nodes.Name, Scope]]:
    """Yield each name that is read, with the scope that it is read in."""
    for node, scope in with_scopes(module, names):
        if isinstance(node, nodes.Name):
            yield node, scope
