"""Type expressions as generated code writes them → the classes that they stand for.

A type expression is a class; None; a tuple of type expressions, for a union; `object`, for `any`
and for names that are no types; a text such as `"int | Point"`; or a function without parameters
that gives one of these, for names that may be defined later. A generic stands for its head.
"""

from __future__ import annotations

from types import FunctionType, GenericAlias, NoneType, UnionType

TYPE_CHECKING = False
if TYPE_CHECKING:
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


def members(expected: TypeExpression) -> tuple[type, ...]:
    """Return the classes that a type expression stands for, in order; `object` takes every value.

    What is no type expression at all, such as the value of a name that is no type, is `object`.
    Raises NameError or AttributeError where a function gives a name that is not defined.
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
    if isinstance(expected, FunctionType):
        return members(expected())
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

    `kinds` is whatever Python's isinstance takes, interfaces among it, None for itself, or the
    name of a type as text: `"int"`, `"Point"`, `"int | Point"`; or a tuple of such. A name that is
    neither a type word nor that of one of the value's classes is no type of it. Raises TypeError
    for what is no type.
    """
    if isinstance(kinds, type):
        return isinstance(value, kinds)
    if isinstance(kinds, str):
        word = WORDS.get(kinds.lower())
        if word is not None:
            return isinstance(value, word)
        return any(named_like(type(value), head) for head in heads(kinds))
    if isinstance(kinds, tuple):
        return any(isinstance_of(value, kind) for kind in kinds)
    if kinds is None:
        return value is None
    head: Any = kinds.__origin__ if isinstance(kinds, GenericAlias) else kinds
    return isinstance(value, head)
