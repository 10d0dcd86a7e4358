"""A name and a new one → the places to change in one file, or the reason why that is not certain.

Refused is whatever can be named from where the file does not show: other files, texts, values whose type is
known only at run time, and what orchestration matches by name.
"""

from __future__ import annotations

from danac import nodes
from danac.analysis import builtins
from danac.analysis.names import Binding, Scope
from danac.language_server import spelling
from danac.language_server.definition import binding_of
from danac.language_server.documents import Program
from danac.language_server.symbols import Occurrence, Symbol
from danac.source import Span
from danac.syntax.keywords import RESERVED_PREFIX, RESERVED_WORDS

_KINDS = {
    "member": "fields and methods may be named where their struct is not known",
    "built-in": "it is built in",
    "scoped": "other files may use names of this scope",
    "unknown": "it is not known what it names",
}


class RenameError(Exception):
    """The reason why a name is not renamed, for the user."""


def references(program: Program, occurrence: Occurrence) -> list[Span]:
    """Return each place that names the same thing; of an unknown name none but itself."""
    if occurrence.symbol.kind == "unknown":
        return [occurrence.span]
    return [entry.span for entry in program.occurrences if entry.symbol == occurrence.symbol]


def check_renamable(program: Program, occurrence: Occurrence) -> None:
    """Raise `RenameError` if it is not certain that all places that name the thing are known."""
    symbol = occurrence.symbol
    if symbol.kind in _KINDS:
        raise RenameError(f"{symbol.name} cannot be renamed: {_KINDS[symbol.kind]}")
    if symbol.kind == "lexical":
        reason = _reason_against(program, symbol)
        if reason is not None:
            raise RenameError(f"{symbol.name} cannot be renamed: {reason}")


def rename(program: Program, occurrence: Occurrence, new: str) -> list[Span]:
    """Return the places to replace by `new`; raises `RenameError`."""
    check_renamable(program, occurrence)
    _check_new_name(new)
    renamed = Symbol(occurrence.symbol.kind, occurrence.symbol.owner, new)
    if (reason := _reason_of_context(program, renamed)) is not None:
        raise RenameError(f"{occurrence.symbol.name} cannot be renamed to {new}: {reason}")
    places = references(program, occurrence)
    if any(spelling.means(new, name) for name in _names_in_the_way(program, occurrence)):
        raise RenameError(f"{new} already means something where {occurrence.symbol.name} is used")
    return places


def check_user(program: Program, name: str, new: str) -> None:
    """Raise `RenameError` if `name`, which `program` imports, cannot be renamed to `new` there."""
    file = program.source.basename
    if program.is_mended:
        raise RenameError(f"{name} cannot be renamed: {file}, which imports it, has errors")
    taken = {entry.symbol.name for entry in program.occurrences}
    if any(spelling.means(new, other) for other in taken):
        raise RenameError(f"{new} already means something in {file}, which imports {name}")


def _reason_against(program: Program, symbol: Symbol) -> str | None:
    binding, scope = binding_of(symbol), symbol.owner
    if binding is None or not isinstance(scope, Scope):
        return "it is not known what it names"
    node, name = binding.node, symbol.name
    if name.startswith("__") and name.endswith("__"):
        return "its name has a meaning of its own"
    if isinstance(node, nodes.ImportedName) and node.alias is None:
        return "it is defined in another file"
    if any(
        isinstance(found, nodes.TypeLiteral) and name in str(found.value)
        for found in nodes.walk(program.module)
    ):
        return "a quoted annotation mentions it"
    if scope.kind == "module" and _is_exported(program, name):
        return "it is exported"
    if scope is program.names.module and any(
        isinstance(found, nodes.FromImport) and not found.names
        for found in nodes.walk(program.module)
    ):
        return "a star import may bind it, too"
    if _is_function(binding) and name in _method_names(program):
        return f"`.{name}(…)` on some value may mean it"
    if _is_method(program, symbol, node):
        return "it is a method, which other files may call"
    if scope.kind == "module" and name in builtins.NAMES:
        return "before it is bound, its name means the built-in"
    if binding.kind == "parameter" and not isinstance(scope.node, nodes.Lambda):
        reason = _reason_against_parameter(program, scope)
        if reason is not None:
            return reason
    return _reason_of_context(program, symbol)


def _reason_against_parameter(program: Program, scope: Scope) -> str | None:
    function = scope.node
    assert isinstance(function, nodes.Function | nodes.Declaration)
    if program.members.owner_of(function) is not None:
        is_first = len(function.parameters) == 1
        return None if is_first else "calls of a method may pass it by name"
    if function.name == "__main__":
        return "`danac run` passes it by name"
    if _required(function) > 1 and _escapes(program, function):
        return f"{function.name} is also used as a value, and values are matched to it by name"
    if _is_called_with_unpacking(program, function):
        return f"a call of {function.name} unpacks a dict into its parameters"
    return None


def _reason_of_context(program: Program, symbol: Symbol) -> str | None:
    """Variables supply missing parameters of stages by name: then the name is more than a name."""
    for found in nodes.walk(program.module):
        if (
            isinstance(found, nodes.Function | nodes.Declaration)
            and any(parameter.name == symbol.name for parameter in found.parameters)
            and _required(found) > 1
            and _escapes(program, found)
            and symbol.owner is not program.names.scope_of(found)
        ):
            return f"as a stage, {found.name} may take it by name"
    return None


def _required(function: nodes.Function | nodes.Declaration) -> int:
    return sum(
        parameter.kind == "plain" and parameter.default is None and parameter.name is not None
        for parameter in function.parameters
    )


def _escapes(program: Program, function: nodes.Function | nodes.Declaration) -> bool:
    """Whether `function` is named otherwise than to call it with its own arguments."""
    called = {
        found.function for found in nodes.walk(program.module) if isinstance(found, nodes.Call)
    }
    own = next(e.symbol for e in program.occurrences if e.node is function)
    return bool(function.decorators) or any(
        entry.symbol == own and entry.node is not function and entry.node not in called
        for entry in program.occurrences
    )


def _is_called_with_unpacking(
    program: Program, function: nodes.Function | nodes.Declaration
) -> bool:
    return any(
        isinstance(found, nodes.Call)
        and isinstance(found.function, nodes.Name)
        and found.function.id == function.name
        and any(keyword.name is None for keyword in found.keywords)
        for found in nodes.walk(program.module)
    )


def _is_exported(program: Program, name: str) -> bool:
    return any(
        isinstance(found, nodes.Export) and name in found.names
        for found in nodes.walk(program.module)
    )


def _is_function(binding: Binding | None) -> bool:
    return binding is not None and (
        binding.kind == "function" or isinstance(binding.value, nodes.Lambda)
    )


def _is_method(program: Program, symbol: Symbol, node: nodes.Node) -> bool:
    """Whether any definition of the name has a receiver: a function's, or that of an assigned lambda."""
    if isinstance(node, nodes.Assignment):
        return True
    return any(
        isinstance(entry.node, nodes.Function | nodes.Declaration)
        and entry.node.receiver is not None
        for entry in program.occurrences
        if entry.symbol == symbol
    )


def _method_names(program: Program) -> set[str]:
    """Return the names of methods that are called on values whose type is not known."""
    called = {f.function for f in nodes.walk(program.module) if isinstance(f, nodes.Call)}
    return {
        entry.symbol.name
        for entry in program.occurrences
        if entry.symbol.kind == "unknown" and entry.node in called and _is_attribute(entry)
    }


def _is_attribute(entry: Occurrence) -> bool:
    return isinstance(entry.node, nodes.Attribute)


def _check_new_name(new: str) -> None:
    if not spelling.is_identifier(new):
        raise RenameError(f"{new!r} is no name")
    if new in RESERVED_WORDS:
        raise RenameError(f"{new} is a reserved word")
    if new.startswith(RESERVED_PREFIX):
        raise RenameError(f"names that begin with {RESERVED_PREFIX} are the compiler's own")
    if new in builtins.NAMES | builtins.REFUSED | builtins.OUTSIDE:
        raise RenameError(f"{new} is built in, and would be hidden")


def _names_in_the_way(program: Program, occurrence: Occurrence) -> set[str]:
    """Return the names that the new one must not be.

    Those are what can be read where the thing is named, and what is bound in any scope inside its own:
    an inner binding of the new name would take reads of the thing for its own.
    """
    taken: set[str] = set()
    owner = occurrence.symbol.owner
    for entry in program.occurrences:
        if entry.symbol == occurrence.symbol:
            taken |= set(entry.scope.visible())
        if entry.symbol.kind == "capture":
            taken.add(entry.symbol.name)
        is_bare = entry.symbol.kind == "lexical" or (
            entry.symbol.kind == "unknown" and not _is_attribute(entry)
        )
        if is_bare and (not isinstance(owner, Scope) or _is_inside(entry.scope, owner)):
            taken.add(entry.symbol.name)
    if _is_function(binding_of(occurrence.symbol)):
        taken |= _method_names(program)
    return taken


def _is_inside(scope: Scope | None, outer: Scope) -> bool:
    while scope is not None and scope is not outer:
        scope = scope.parent
    return scope is not None
