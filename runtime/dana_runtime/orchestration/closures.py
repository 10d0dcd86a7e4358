"""A function → what of it its signature depends on beside its code, to tell it in others with the same code.

A `def` or lambda that is run again gives a new function with the same code. Its plans are the same
if the number of its defaults, the names of its keyword defaults, its name and its annotations are:

    adders = [lambda x, k=k :: x + k for k in ks]      one signature for all of them
"""

from __future__ import annotations

import sys
from _weakref import ref

from dana_runtime.orchestration.fitting import is_lasting
from dana_runtime.values.type_expressions import WORDS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import FunctionType
    from typing import Any

# From 3.14 on annotations are evaluated when they are read, by a function that each function has.
_ARE_EVALUATED_LATE = sys.version_info >= (3, 14)


class Likeness:
    """What the functions of one code have in common that have the same signature.

    `runners` are theirs, and `count` is how many calls have found them so. Neither the function nor a
    class that could end is kept alive.
    """

    __slots__ = ("_annotations", "_defaults", "_keyword_defaults", "_name", "count", "runners")

    def __init__(self, function: FunctionType, annotations: dict[str, Any], runners: Any) -> None:
        self.runners = runners
        self.count = 0
        self._name = function.__name__
        self._defaults = len(function.__defaults__ or ())
        self._keyword_defaults = set(function.__kwdefaults__ or ())
        self._annotations = annotations

    @classmethod
    def of(cls, function: FunctionType, runners: Any) -> Likeness | None:
        """Return the likeness of a function; None where its signature depends on more than that."""
        if function.__dict__ or _has_late_annotations(function):
            return None
        marks = {}
        for name, annotation in function.__annotations__.items():
            mark = _mark(annotation, function)
            if mark is None:
                return None
            marks[name] = mark
        return cls(function, marks, runners)

    def is_of(self, function: FunctionType) -> bool:
        """Tell whether a function with the same code has the same signature."""
        defaults, by_keyword = function.__defaults__, function.__kwdefaults__
        if (0 if defaults is None else len(defaults)) != self._defaults:
            return False
        if by_keyword is None:
            if self._keyword_defaults:
                return False
        elif by_keyword.keys() != self._keyword_defaults:
            return False
        if function.__dict__ or function.__name__ != self._name:
            return False
        if _ARE_EVALUATED_LATE and _has_late_annotations(function):
            return False
        annotations = function.__annotations__
        if len(annotations) != len(self._annotations):
            return False
        for name, annotation in annotations.items():
            mark = self._annotations.get(name)
            if mark is None or not _is_marked(annotation, mark, function):
                return False
        return True


def _mark(annotation: Any, function: FunctionType) -> Any:
    """Return how the same annotation is told again; None if it cannot be.

    That is a class or a reference to it, and for a text the text with what its names mean.
    """
    # Not isinstance: `list[int]` passes for a class there.
    if issubclass(type(annotation), type):
        return annotation if is_lasting(annotation) else ref(annotation)
    if type(annotation) is not str or "." in annotation:
        return None
    meant = {}
    for name in _names_in(annotation):
        kind = function.__globals__.get(name)
        if kind is not None and not issubclass(type(kind), type):
            return None
        meant[name] = kind if kind is None or is_lasting(kind) else ref(kind)
    return annotation, meant


def _is_marked(annotation: Any, mark: Any, function: FunctionType) -> bool:
    if type(mark) is ref:
        return mark() is annotation
    if type(mark) is not tuple:
        return mark is annotation
    text, meant = mark
    if type(annotation) is not str or annotation != text:
        return False
    for name, kind in meant.items():
        if type(kind) is ref:
            kind = kind()
            if kind is None:
                return False
        if function.__globals__.get(name) is not kind:
            return False
    return True


def _names_in(text: str) -> list[str]:
    """Return the names in an annotation that mean what the function's globals say."""
    parts = "".join([char if char.isidentifier() or char.isdigit() else " " for char in text])
    return [name for name in parts.split() if name not in WORDS]


def _has_late_annotations(function: FunctionType) -> bool:
    return _ARE_EVALUATED_LATE and getattr(function, "__annotate__", None) is not None
