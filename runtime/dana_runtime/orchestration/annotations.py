"""An annotation, as an object or as text → the classes whose values it asks for.

    int, "int", "Int"               ──► int
    "int | Point | None"            ──► int, Point, NoneType
    list[int], "Annotated[int, …]"  ──► the head: list, int
    a type variable, Literal, `any` ──► everything
    a name that is not there        ──► everything, until it is there

Texts are read, not evaluated: an annotation that does something has no effect here.
"""

from __future__ import annotations

import builtins
import sys
from types import NoneType, UnionType

from dana_runtime.values.type_expressions import UNRESOLVED, WORDS, Deferred, members

TYPE_CHECKING = False
if TYPE_CHECKING:
    import ast
    from collections.abc import Callable, Mapping
    from typing import Any, TypeAlias

    Kinds: TypeAlias = tuple[type, ...]
    LookUp: TypeAlias = Callable[[str], Any]

EVERYTHING: Kinds = (object,)

_TEXT_LENGTH = 60


class UnresolvedError(Exception):
    """A name of an annotation that its function's globals do not have, or not yet."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name


def kinds_of(annotation: Any, names: Mapping[str, Any]) -> Kinds:
    """Return the classes that an annotation asks for; `object` stands for everything.

    `names` are those that a text can mention, beside type words and built-in classes. Raises
    UnresolvedError for a name that is none of these.
    """

    def look_up(name: str) -> Any:
        if name in WORDS:
            return WORDS[name]
        if name in names:
            return names[name]
        if hasattr(builtins, name):
            return getattr(builtins, name)
        try:
            # Dana's type words may be written in any case.
            return WORDS[name.lower()]
        except KeyError:
            raise UnresolvedError(name) from None

    return _from_object(annotation, look_up)


def annotation_text(annotation: Any) -> str:
    """Return an annotation as messages show it: without quotes around it, and not too long."""
    if isinstance(annotation, str):
        text = annotation.strip("'\"")
    elif isinstance(annotation, type) and not hasattr(annotation, "__origin__"):
        text = annotation.__name__
    else:
        text = getattr(annotation, "__forward_arg__", None) or repr(annotation)
        text = text.replace("typing.", "")
    return text if len(text) <= _TEXT_LENGTH else text[: _TEXT_LENGTH - 1] + "…"


def _typing(name: str) -> Any:
    """Return what typing has under `name`; nothing can be it where typing is not even loaded."""
    return getattr(sys.modules.get("typing"), name, _typing)


def _from_object(annotation: Any, look_up: LookUp) -> Kinds:
    if annotation is None:
        return (NoneType,)
    if isinstance(annotation, str):
        return _from_text(annotation, look_up)
    if isinstance(annotation, Deferred):
        try:
            return members(annotation)
        except UNRESOLVED:
            raise UnresolvedError(repr(annotation)) from None
    if isinstance(annotation, UnionType):
        return _together(annotation.__args__, look_up)
    # `list[int]` passes for a class.
    origin = getattr(annotation, "__origin__", None)
    if origin is not None:
        if origin is _typing("Union"):
            return _together(annotation.__args__, look_up)
        return _from_object(origin, look_up)
    if isinstance(annotation, type):
        return EVERYTHING if annotation is _typing("Any") else (annotation,)
    for attribute in ("__supertype__", "__value__", "__forward_arg__"):
        # Of typing.NewType, of `type Name = …`, and of a reference to a name that is not there.
        if hasattr(annotation, attribute):
            return _from_object(getattr(annotation, attribute), look_up)
    return EVERYTHING


def _together(annotations: tuple[Any, ...], look_up: LookUp) -> Kinds:
    return tuple([kind for member in annotations for kind in _from_object(member, look_up)])


def _from_text(text: str, look_up: LookUp) -> Kinds:
    first, *others = text.split(".")
    if first.isidentifier() and all(map(str.isidentifier, others)):
        return _from_object(_dotted(first, others, look_up), look_up)
    # Only for what is more than a name.
    import ast

    try:
        tree = ast.parse(text.strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError):
        return EVERYTHING
    return _from_tree(tree, look_up)


def _dotted(first: str, others: list[str], look_up: LookUp) -> Any:
    if first == "None":
        return None
    value = look_up(first)
    for name in others:
        # A module or class that lacks it will hardly get it later.
        value = getattr(value, name, object)
    return value


def _from_tree(node: ast.expr, look_up: LookUp) -> Kinds:
    import ast

    match node:
        case ast.Constant(value=None | str()):
            return _from_object(node.value, look_up)
        case ast.Name():
            return _from_object(look_up(node.id), look_up)
        case ast.Attribute():
            return _from_text(ast.unparse(node), look_up) if _is_dotted(node) else EVERYTHING
        case ast.BinOp(op=ast.BitOr()):
            return _from_tree(node.left, look_up) + _from_tree(node.right, look_up)
        case ast.Subscript():
            return _from_subscript(node, look_up)
    return EVERYTHING


def _is_dotted(node: ast.expr) -> bool:
    import ast

    while isinstance(node, ast.Attribute):
        node = node.value
    return isinstance(node, ast.Name)


def _from_subscript(node: ast.Subscript, look_up: LookUp) -> Kinds:
    import ast

    if not _is_dotted(node.value):
        return EVERYTHING
    first, *others = ast.unparse(node.value).split(".")
    head = _dotted(first, others, look_up)
    arguments = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
    if head is _typing("Optional"):
        return (*_from_tree(arguments[0], look_up), NoneType)
    if head is _typing("Union"):
        return tuple([kind for member in arguments for kind in _from_tree(member, look_up)])
    if head is _typing("Annotated"):
        return _from_tree(arguments[0], look_up)
    return _from_object(head, look_up)
