"""Type expressions as generated code writes them → the classes that they stand for.

A type expression is a class; None; a tuple of type expressions, for a union; `object`, for `any`
and for names that are no types; a text such as `"int | Point"`; or a `Deferred` one of these, for
names that may be defined later. A generic stands for its head.
"""

from __future__ import annotations

import sys
from types import FunctionType, GenericAlias, NoneType, UnionType

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from types import FrameType
    from typing import Any, TypeAlias

    TypeExpression: TypeAlias = Any

# The words for types, in lower case; programs may write them in any.
WORDS: dict[str, type] = {
    "int": int,
    "float": float,
    "str": str,
    "bool": bool,
    "list": list,
    "dict": dict,
    "tuple": tuple,
    "set": set,
    "none": NoneType,
    "null": NoneType,
    "any": object,
}

# What resolving a name that is not there, or not yet, raises: `Point`, or `shapes.Point`.
UNRESOLVED = (NameError, AttributeError)


class Deferred:
    """A type expression that is evaluated when it is first needed, by a function without parameters.

    A class of its own: a function that a program gives for a type is no type, and is not called.
    """

    __slots__ = ("evaluate",)

    def __init__(self, evaluate: FunctionType) -> None:
        self.evaluate = evaluate

    def __repr__(self) -> str:
        try:
            return type_text(members(self))
        except UNRESOLVED:
            return " | ".join([*self.evaluate.__code__.co_freevars])


def annotated(types: Mapping[str, FunctionType]) -> Callable[[FunctionType], FunctionType]:
    """Decorate a function whose annotations name types of the function around it.

    `types` has a function for each such parameter, which gives its type. What is not defined yet is
    looked for again when it is needed.
    """

    def decorate(function: FunctionType) -> FunctionType:
        for name, evaluate in types.items():
            annotation = Deferred(evaluate)
            try:
                kinds = members(annotation)
            except UNRESOLVED:
                function.__annotations__[name] = annotation
                continue
            function.__annotations__[name] = kinds[0] if len(kinds) == 1 else annotation
        return function

    return decorate


def deferred(expected: TypeExpression) -> TypeExpression:
    """Return a type expression of generated code, in which a function stands for what it gives."""
    return Deferred(expected) if isinstance(expected, FunctionType) else expected


def members(expected: TypeExpression) -> tuple[type, ...]:
    """Return the classes that a type expression stands for, in order; `object` takes every value.

    What is no type expression at all, such as the value of a name that is no type, is `object`.
    Raises NameError or AttributeError where a deferred one names something that is not defined.
    """
    if isinstance(expected, type):
        return (expected,)
    if expected is any:
        # The word `any` is Python's function where it stands for itself.
        return (object,)
    if expected is None:
        return (NoneType,)
    if isinstance(expected, tuple):
        return tuple([kind for member in expected for kind in members(member)])
    if isinstance(expected, Deferred):
        return members(expected.evaluate())
    if isinstance(expected, str):
        return tuple([WORDS.get(head.lower(), object) for head in heads(expected)])
    if isinstance(expected, UnionType):
        return members(expected.__args__)
    if isinstance(expected, GenericAlias):
        return members(expected.__origin__)
    return (object,)


def heads(text: str) -> list[str]:
    """Return the members of a type expression in text, generics by their heads.

    `"list[int | str] | None"` is `["list", "None"]`. Quotes around a part are left out.
    """
    found = []
    depth = 0
    head = ""
    for character in text + "|":
        if character == "|" and depth == 0:
            found.append(head.strip())
            head = ""
        elif character == "[":
            depth += 1
        elif character == "]":
            depth -= 1
        elif depth == 0 and character not in "'\"":
            head += character
    return found


def type_text(kinds: tuple[type, ...]) -> str:
    """Return how Dana writes a union of classes: `int | Point | None`."""
    return " | ".join([_SPECIAL.get(kind) or kind.__name__ for kind in kinds])


_SPECIAL: dict[type, str] = {NoneType: "None", object: "any"}


def named_like(kind: type, name: str) -> bool:
    """Tell whether `kind` or one of its base classes is what the text `name` means.

    A type word means its class; any other name, of which the last component counts, each class
    of that name.
    """
    word = WORDS.get(name.lower())
    if word is not None:
        return issubclass(kind, word)
    last = name.rpartition(".")[2]
    return any(base.__name__ == last for base in kind.__mro__)


def type_named(text: str) -> type:
    """Return the class that a type word means, in any case: `"int"`, `"Int"`, `"none"`, `"any"`.

    Raises TypeError for another text: a struct is not known by its name alone.
    """
    kind = WORDS.get(text.strip().lower())
    if kind is None:
        raise TypeError(f"unknown type: {text!r}")
    return kind


def isinstance_of(value: object, kinds: TypeExpression) -> bool:
    """Tell whether `value` is of a type: Dana's `isinstance(v, T)`.

    `kinds` is whatever Python's isinstance takes, interfaces among it, None for itself, `any` for
    every value, or the name of a type as text: `"int"`, `"Point"`, `"int | Point"`; or a tuple of
    such. A name means each class of that name that the value has, and what the calling code calls
    so, which finds interfaces; a name that is none of this is no type of the value. Raises
    TypeError for what is no type.
    """
    if isinstance(kinds, str) or (isinstance(kinds, tuple) and any(map(_is_text, kinds))):
        return _is_of_named(value, kinds, sys._getframe(1))
    if isinstance(kinds, type):
        return isinstance(value, kinds)
    if isinstance(kinds, tuple):
        return any(isinstance_of(value, kind) for kind in kinds)
    if kinds is None:
        return value is None
    if kinds is any:
        return True
    head: Any = kinds.__origin__ if isinstance(kinds, GenericAlias) else kinds
    return isinstance(value, head)


def _is_text(kind: object) -> bool:
    return isinstance(kind, (str, tuple))


def _is_of_named(value: object, kinds: TypeExpression, caller: FrameType) -> bool:
    if isinstance(kinds, tuple):
        return any(_is_of_named(value, kind, caller) for kind in kinds)
    if not isinstance(kinds, str):
        return isinstance_of(value, kinds)
    for head in heads(kinds):
        if named_like(type(value), head):
            return True
        found = _found(head, caller) if head.lower() not in WORDS else None
        if isinstance(found, type) and isinstance(value, found):
            return True
    return False


def _found(path: str, caller: FrameType) -> object:
    """Return what a dotted name means where `caller` stands; None if it means nothing there."""
    first, *rest = path.split(".")
    found: object = caller.f_locals.get(first, caller.f_globals.get(first))
    for name in rest:
        found = getattr(found, name, None)
    return found
