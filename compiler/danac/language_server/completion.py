"""A place in a text that is being written → the words that could stand there."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Literal, NamedTuple, TypeAlias

from danac import nodes
from danac.analysis import builtins
from danac.analysis.names import Binding
from danac.language_server.definition import module_of
from danac.language_server.documents import Program
from danac.language_server.hover import describe_builtin
from danac.language_server.members import TypeNode
from danac.language_server.modules import Modules
from danac.language_server.policies import SETTINGS
from danac.language_server.scoped_nodes import contains, scope_at
from danac.language_server.signatures import docstring_of, signature_of
from danac.source import Source
from danac.syntax.keywords import KEYWORDS, LITERAL_WORDS

Kind: TypeAlias = Literal[
    "function", "struct", "interface", "class", "variable", "module", "field", "method", "keyword",
    "setting", "built-in",
]  # fmt: skip

_CHAIN = re.compile(r"((?:[^\W\d]\w*\.)*[^\W\d]\w*)\s*\.\s*\w*\Z")
_AFTER_DOT = re.compile(r"\.\s*\w*\Z")
_IN_NUMBER = re.compile(r"(?<![\w.])\d[\d_]*\.\d*\Z")
_OUTSIDE = {"resource", "workflow", "agent", "agent_blueprint"}

_STRUCT_MEMBERS = {
    "replace": "replace(**changes)",
    "to_dict": "to_dict()",
    "_type": "_type",
}


class Completion(NamedTuple):
    """A word to offer: what it is, and its signature and docstring where there are any."""

    label: str
    kind: Kind
    detail: str = ""
    docstring: str = ""


def completions_at(
    program: Program | None,
    source: Source,
    modules: Modules,
    folder: str,
    line: int,
    column: int,
) -> list[Completion]:
    """Return what could stand at a place of `source`; `program` is what is known of it by now."""
    before = source.line(line)[: column - 1]
    if _IN_NUMBER.search(before):
        return []
    if _AFTER_DOT.search(before):
        chain = _CHAIN.search(before)
        if program is None or chain is None:
            return []
        return list(_members(program, source, modules, folder, chain[1].split("."), (line, column)))
    found = list(_settings()) if _is_in_policy(source, line, column) else []
    found += _names(program, source, line, column)
    return list({entry.label: entry for entry in reversed(found)}.values())[::-1]


# --- Names ----------------------------------------------------------------------------------------


def _names(program: Program | None, source: Source, line: int, column: int) -> Iterator[Completion]:
    if program is not None:
        scope = scope_at(program.names, source, line, column)
        for name in scope.visible():
            found = scope.lookup(name)
            if found is not None:
                yield _of_binding(program, name, found[1])
        yield from _captures(program, line, column)
    for name in sorted(builtins.CALLABLE):
        yield Completion(name, "built-in", *describe_builtin(name))
    for word in sorted((KEYWORDS | LITERAL_WORDS.keys()) - _OUTSIDE):
        yield Completion(word, "keyword")


def _of_binding(program: Program, name: str, binding: Binding) -> Completion:
    kinds: dict[type[nodes.Node], Kind] = {
        nodes.Function: "function",
        nodes.Declaration: "function",
        nodes.Struct: "struct",
        nodes.Interface: "interface",
    }
    kind = kinds.get(type(binding.node), "module" if binding.modules else "variable")
    signature = signature_of(binding.node, program.source)
    return Completion(name, kind, signature.partition("\n")[0], docstring_of(binding.node))


def _captures(program: Program, line: int, column: int) -> Iterator[Completion]:
    """Yield what the pipe at the place has captured by then."""
    for entry in program.occurrences:
        pipe = entry.symbol.owner
        if isinstance(entry.node, nodes.Capture) and isinstance(pipe, nodes.Pipe):
            reaches = contains((*entry.span[2:], *pipe.span[2:]), line, column)
            if reaches:
                yield Completion(entry.symbol.name, "variable", "captured with `as`")


# --- After a dot ----------------------------------------------------------------------------------


def _members(
    program: Program,
    source: Source,
    modules: Modules,
    folder: str,
    chain: list[str],
    place: tuple[int, int],
) -> Iterator[Completion]:
    scope = scope_at(program.names, source, *place)
    value: nodes.Expression = nodes.Name(program.module.span, chain[0])
    for name in chain[1:]:
        value = nodes.Attribute(program.module.span, value, name)
    owner = program.members.type_of(value, scope)
    if owner is not None:
        yield from _of_type(program, owner)
        return
    module = module_of(program, modules, folder, value, scope)
    for name, definition in ({} if module is None else module.definitions).items():
        yield Completion(
            name, definition.kind, definition.signature.partition("\n")[0], definition.docstring
        )


def _of_type(program: Program, owner: TypeNode) -> Iterator[Completion]:
    for name, member in program.members.table(owner).items():
        kind: Kind = "field" if isinstance(member, nodes.Field) else "method"
        yield Completion(name, kind, signature_of(member, program.source), docstring_of(member))
    if isinstance(owner, nodes.Struct):
        for name, detail in _STRUCT_MEMBERS.items():
            yield Completion(name, "field" if detail == name else "method", detail)


# --- Policies -------------------------------------------------------------------------------------


def _settings() -> Iterator[Completion]:
    for name, meaning in SETTINGS.items():
        yield Completion(name, "setting", meaning)


_MOST_LINES_BACK = 20


def _is_in_policy(source: Source, line: int, column: int) -> bool:
    """Whether a place is where a setting's name can stand, in the `with (…)` of a stage."""
    lines = source.lines[max(0, line - 1 - _MOST_LINES_BACK) : line - 1]
    text = "\n".join([*lines, source.line(line)[: column - 1]])
    depth = 0
    for index in range(len(text) - 1, -1, -1):
        character = text[index]
        if character in ")]}":
            depth += 1
        elif character in "([{":
            if depth == 0:
                return character == "(" and _opens_policy(text[:index], text[index + 1 :])
            depth -= 1
    return False


def _opens_policy(before: str, inside: str) -> bool:
    # At the start of a line `with (` begins a statement.
    if re.search(r"\S[^\n]*\bwith\s*\Z", before) is None:
        return False
    return re.search(r"(?:\A|,)\s*\w*\Z", inside) is not None
