"""Types at run time: typed assignment, `isinstance`, and how an annotation is handed to the runtime."""

from __future__ import annotations

import ast

from danac import nodes
from danac.analysis import builtins, stages
from danac.analysis.names import Scope
from danac.identifiers import is_renamed, python_name
from danac.lowering.class_names import is_type_call
from danac.lowering.context import Lowering, Surroundings, Take
from danac.lowering.temporaries import bind
from danac.source import Span


def type_value(
    low: Lowering, annotation: nodes.TypeExpression, around: Surroundings
) -> ast.expr | None:
    """Return what the runtime checks values against; None for `any` and unknown names, which take everything.

    A class, `None`, or a tuple of those for a union; generics are their head.
    """
    span = annotation.span
    match annotation:
        case nodes.TypeLiteral(value=None):
            return low.constant(span, None)
        case nodes.TypeLiteral(value=str(text)):
            return _quoted(low, span, text, around)
        case nodes.TypeUnion(members=members):
            lowered = [type_value(low, member, around) for member in members]
            if any(member is None for member in lowered):
                return None
            return low.at(span, ast.Tuple([item for item in lowered if item], ast.Load()))
        case nodes.TypeName(name=str(name)):
            return _named(low, span, name, around)
        case _:
            return None


def _quoted(low: Lowering, span: Span, text: str, around: Surroundings) -> ast.expr | None:
    """Return the type of a quoted annotation: names, perhaps with generics, joined by `|`."""
    members: list[ast.expr] = []
    for part in text.split("|"):
        name = part.partition("[")[0].strip()
        if name.lower() in ("none", "null"):
            members.append(low.constant(span, None))
            continue
        head, dot, rest = name.partition(".")
        name = python_name(head) + dot + rest
        member = _named(low, span, name, around) if name.replace(".", "").isidentifier() else None
        if member is None:
            return None
        members.append(member)
    return members[0] if len(members) == 1 else low.at(span, ast.Tuple(members, ast.Load()))


def _named(low: Lowering, span: Span, name: str, around: Surroundings) -> ast.expr | None:
    head, *path = name.split(".")
    if around.scope.lookup(head) is None:
        kind = builtins.TYPE_WORDS.get(name.lower())
        return None if kind is None else low.name(span, kind.__name__)
    value = low.name(span, head)
    for part in path:
        if is_renamed(part):
            value = low.call(span, low.runtime(span, "attribute"), value, low.constant(span, part))
        else:
            value = low.at(span, ast.Attribute(value, part, ast.Load()))
    return value


def local_annotations(
    low: Lowering, node: nodes.Function | nodes.Declaration, around: Surroundings
) -> ast.expr | None:
    """Return the decorator for parameters whose annotations name what a function around has bound, if any.

    Annotations are texts, which whoever reads them looks up in the module: there these names are not.
    """
    keys: list[ast.expr | None] = []
    values: list[ast.expr] = []
    for parameter in node.parameters:
        if parameter.name is None or parameter.annotation is None:
            continue
        expected = type_value(low, parameter.annotation, around)
        if expected is None or not _names_locals(expected, around.scope):
            continue
        keys.append(low.constant(parameter.span, parameter.name))
        values.append(low.function(parameter.span, [], expected))
    if not keys:
        return None
    table = low.at(node.span, ast.Dict(keys, values))
    return low.call(node.span, low.runtime(node.span, "annotated"), table)


def _names_locals(expected: ast.expr, scope: Scope) -> bool:
    names = [found.id for found in ast.walk(expected) if isinstance(found, ast.Name)]
    owners = [found[0] for name in names if (found := scope.lookup(name)) is not None]
    return any(owner.kind != "module" for owner in owners)


def word_of(annotation: nodes.TypeExpression, around: Surroundings) -> type | None:
    """Return the built-in type that `annotation` simply is, if it is one."""
    if not isinstance(annotation, nodes.TypeName) or annotation.name is None:
        return None
    kind = builtins.TYPE_WORDS.get(annotation.name.lower())
    if kind is None or around.scope.lookup(annotation.name) is not None:
        return None
    return kind if around.scope.lookup(kind.__name__) is None else None


def converted(
    low: Lowering,
    label: str,
    annotation: nodes.TypeExpression,
    value: nodes.Expression,
    around: Surroundings,
) -> ast.expr:
    """Return `value` as a typed assignment stores it: tested in place, converted by the runtime if need be."""
    lowered = low.expression(value, around)
    expected = type_value(low, annotation, around)
    word = word_of(annotation, around)
    if expected is None or (word is not None and _is_proved(value, word)):
        return lowered

    def convert(argument: ast.expr) -> ast.expr:
        function = low.runtime(annotation.span, "convert")
        return low.call(value.span, function, argument, expected, low.constant(value.span, label))

    if word is None or not around.has_room:
        return convert(lowered)

    def test_first(take: Take, around: Surroundings) -> ast.expr:
        span = value.span
        kind = low.call(span, low.python(span, "type", around), take())
        is_exact = low.at(span, ast.Compare(kind, [ast.Is()], [low.name(span, word.__name__)]))
        return low.at(span, ast.IfExp(is_exact, take(), convert(take())))

    return bind(low, value.span, "value", lowered, around, test_first, is_first=True)


def _is_proved(value: nodes.Expression, word: type) -> bool:
    """Whether `value` surely is exactly of the built-in type `word`."""
    match value:
        case nodes.Constant(value=constant):
            return type(constant) is word
        case nodes.FormattedText():
            return word is str
        case nodes.ListDisplay() | nodes.Comprehension(kind="list"):
            return word is list
        case nodes.DictDisplay() | nodes.Comprehension(kind="dict"):
            return word is dict
        case nodes.SetDisplay() | nodes.Comprehension(kind="set"):
            return word is set
        case nodes.TupleDisplay():
            return word is tuple
        case nodes.Comparison():
            return False
        case _:
            return False


# --- isinstance -----------------------------------------------------------------------------------


def is_plain_isinstance(node: nodes.Call, around: Surroundings) -> bool:
    """Whether `node` is an `isinstance(v, T)` for which Python's suffices: Dana's takes names of types too."""
    if not isinstance(node.function, nodes.Name) or node.function.id != "isinstance":
        return False
    if not stages.is_builtin("isinstance", around.scope):
        return False
    if len(node.positional) != 2 or node.keywords:
        return False
    kinds = node.positional[1]
    items = kinds.items if isinstance(kinds, nodes.TupleDisplay) else (kinds,)
    return all(_is_class(item, around) for item in items)


def _is_class(node: nodes.Expression, around: Surroundings) -> bool:
    """Whether Python's `isinstance` takes `node` as it is: a built-in type, a struct, an imported class."""
    if isinstance(node, nodes.Attribute):
        return stages.is_module_member(node, around.scope)
    if not isinstance(node, nodes.Name):
        return is_type_call(node, around)
    found = around.scope.lookup(node.id)
    if found is None:
        return node.id in builtins.TYPES and stages.is_builtin(node.id, around.scope)
    return found[1].kind in ("struct", "import") and found[1].writes == 1
