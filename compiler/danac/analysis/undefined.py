"""Nodes and scopes → the names that nothing can supply, with the nearest known one suggested."""

from __future__ import annotations

import sys
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from difflib import get_close_matches

from danac import nodes
from danac.analysis import builtins
from danac.analysis.captures import captures_of
from danac.analysis.names import Names, Scope
from danac.analysis.stages import sees_star_import
from danac.analysis.walking import with_scopes
from danac.diagnostics import Diagnostic, Fix, Severity
from danac.identifiers import dana_name
from danac.source import Span


def undefined_names(
    module: nodes.Module, names: Names, missing: frozenset[str] = frozenset()
) -> list[Diagnostic]:
    """Return a finding for each read of a name that no definition, import or scoped assignment supplies.

    `missing` are words in what the nodes leave out: they may be defined there.
    It is an error, or only a warning where the program imports modules that may set `public:` names.
    """
    scoped = {found.id for found in nodes.walk(module) if isinstance(found, nodes.ScopedName)}
    severity: Severity = "warning" if imports_other_programs(module) else "error"
    findings = []
    hints = _Hints(module)
    for name, scope in reads(module, names):
        if _is_known(name.id, scope) or name.id in scoped or dana_name(name.id) in missing:
            continue
        message = f"name {dana_name(name.id)!r} is not defined"
        hint = hints.of(name, scope)
        findings.append(
            Diagnostic("DANA201", message, severity, name.span, hint, _renaming(name, hint))
        )
    receivers = [found for found in _receivers(module, names) if not missing]
    return [*findings, *receivers]


# Each hint compares a name with all that are in sight: for more than so many names there are none, since
# a long program, most of whose names are missing, has no slips of the pen.
MOST_HINTS = 200


class _Hints:
    """The hints for the names of a module that are not defined; nothing is looked for before the first."""

    def __init__(self, module: nodes.Module) -> None:
        self._module = module
        self._captures: _Captures | None = None
        self._known: dict[tuple[str, int, tuple[str, ...]], str | None] = {}

    def of(self, name: nodes.Name, scope: Scope) -> str | None:
        """Return what may be meant by `name`, which is read in `scope`."""
        if self._captures is None:
            self._captures = _Captures(self._module)
        captures = self._captures.at(name.span)
        key = (name.id, id(scope), captures)
        if key not in self._known:
            if len(self._known) >= MOST_HINTS:
                return None
            self._known[key] = _hint(name.id, scope, captures)
        return self._known[key]


class _Captures:
    """The captures of all pipes, found by a place in the text: outermost pipes do not overlap."""

    def __init__(self, module: nodes.Module) -> None:
        # Outer pipes come first, and those that begin earlier.
        found = (node for node in nodes.walk(module) if isinstance(node, nodes.Pipe))
        pipes = sorted(found, key=lambda pipe: (pipe.span[:2], [-end for end in pipe.span[2:]]))
        self._starts: list[tuple[int, ...]] = []
        self._inside: list[list[tuple[Span, str]]] = []
        outermost: Span | None = None
        for pipe in pipes:
            if outermost is None or not _is_inside(pipe.span, outermost):
                outermost = pipe.span
                self._starts.append(pipe.span[:2])
                self._inside.append([])
            for stage in pipe.stages:
                for capture in captures_of(stage):
                    # It can be read from itself to its pipe's end.
                    self._inside[-1].append((capture.span.to(pipe.span), capture.name))

    def at(self, place: Span) -> tuple[str, ...]:
        """Return the names that can be read at `place`."""
        index = bisect_right(self._starts, place[:2]) - 1
        if index < 0:
            return ()
        return tuple(name for where, name in self._inside[index] if _is_inside(place, where))


def _is_inside(inner: Span, outer: Span) -> bool:
    return outer[:2] <= inner[:2] and inner[2:] <= outer[2:]


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


def _renaming(name: nodes.Name, hint: str | None) -> Fix | None:
    """Return the fix that a hint speaks of, `did you mean …`, if it can hardly mean something else."""
    if hint is None or not hint.startswith("did you mean"):
        return None
    other = hint.split("`")[1]
    if not _is_one_slip(dana_name(name.id), other):
        return None
    return Fix.replace(f"write `{other}`", name.span, other)


def _is_one_slip(written: str, meant: str) -> bool:
    """Whether one letter too many, missing, wrong or exchanged with the next one parts two longer names."""
    if min(len(written), len(meant)) < 4 or abs(len(written) - len(meant)) > 1:
        return False
    start = 0
    while start < min(len(written), len(meant)) and written[start] == meant[start]:
        start += 1
    one, other = written[start:], meant[start:]
    is_exchanged = one[:2] == other[:2][::-1] and one[2:] == other[2:]
    return one[1:] == other[1:] or one[1:] == other or one == other[1:] or is_exchanged


def _is_known(name: str, scope: Scope) -> bool:
    if scope.lookup(name) is not None or name in scope.nonlocals or sees_star_import(scope):
        return True
    if name in scope.bindings:
        # A parameter that is declared `global`, which is an error of its own.
        return True
    if name in scope.module.mentioned:
        return True
    return name in builtins.REACHABLE | builtins.REFUSED | builtins.OUTSIDE


# What the names of other languages are called here.
_ELSEWHERE = {
    **dict.fromkeys(["nil", "undefined", "nothing", "NIL", "Null"], "write `none`"),
    **dict.fromkeys(["this", "self"], "a method of a struct has `self` as its first parameter"),
    **dict.fromkeys(["println", "echo", "puts", "printf", "console"], "write `print(…)`"),
    **dict.fromkeys(["raw_input", "readline", "prompt"], "write `input(…)`"),
    **dict.fromkeys(["xrange"], "write `range(…)`"),
    **dict.fromkeys(["sizeof", "length", "count", "size"], "write `len(…)`"),
    **dict.fromkeys(["string", "String", "unicode", "basestring", "toString"], "write `str`"),
    **dict.fromkeys(["integer", "Integer", "long"], "write `int`"),
    **dict.fromkeys(["double", "Double", "Float"], "write `float`"),
    **dict.fromkeys(["boolean", "Boolean"], "write `bool`"),
    **dict.fromkeys(["array", "Array", "vector", "List"], "write `list`"),
    **dict.fromkeys(["object", "Object", "hash_map", "Map", "Dict"], "write `dict`"),
    **dict.fromkeys(["end", "fi", "done", "endif"], "a block ends where its indentation does"),
    **dict.fromkeys(["super"], "structs have no base; they delegate to fields that begin with `_`"),
}


def _hint(name: str, scope: Scope, captures: Sequence[str] = ()) -> str | None:
    near_by = {*scope.visible(), *captures}
    known = sorted({*near_by, *builtins.NAMES})
    nearest = get_close_matches(name, sorted(near_by), n=1)
    if not nearest and name in _ELSEWHERE:
        return _ELSEWHERE[name]
    nearest = nearest or get_close_matches(name, known, n=1)
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
