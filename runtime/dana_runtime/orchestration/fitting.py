"""A value, or only its class, and an annotation → does it fit.

`bool` does not satisfy `int`, `int` satisfies `float`; for the rest it is `isinstance`. What cannot be
told fits, since annotations are hints and nothing enforces them.
"""

from __future__ import annotations

from _weakref import ref
from abc import ABCMeta

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

# Py_TPFLAGS_HEAPTYPE. A class without it is part of the interpreter and never goes away.
_HEAP_TYPE = 1 << 9

ABSENT: Any = object()


class Expected:
    """What the annotation of one parameter asks for.

    `text` is the annotation as messages show it. The classes are not kept alive: a class leads to
    its methods, these to their module, and that to the function whose annotation this is.
    """

    __slots__ = ("_kinds", "text")

    def __init__(self, text: str, kinds: tuple[type, ...]) -> None:
        self.text = text
        self._kinds = tuple([kind if is_lasting(kind) else ref(kind) for kind in kinds])

    @classmethod
    def any_of(cls, several: Sequence[Expected]) -> Expected:
        """Return what asks for any of the classes that several ask for."""
        text = " | ".join(dict.fromkeys(one.text for one in several))
        return cls(text, tuple([kind for one in several for kind in one._alive()]))

    def takes(self, kind: type, value: Any = ABSENT) -> bool:
        """Tell whether a value of the class `kind` fits; `value` is that value, if there is one."""
        return any(_takes(expected, kind, value) for expected in self._alive())

    def asks_class(self, kind: type) -> bool:
        """Tell whether all values of the class `kind` fit, or none does."""
        return _shows_its_class(kind) and all(map(_asks_class, self._alive()))

    def _alive(self) -> list[type]:
        kinds = [kind if isinstance(kind, type) else kind() for kind in self._kinds]
        return [kind for kind in kinds if kind is not None]


def is_lasting(kind: type) -> bool:
    """Tell whether a class lasts as long as the interpreter."""
    return not kind.__flags__ & _HEAP_TYPE


def _takes(expected: type, kind: type, value: Any) -> bool:
    if expected is object:
        return True
    if kind is bool and (expected is int or expected is float):
        return False
    try:
        if expected is float and _is_of(int, kind, value):
            return True
        return _is_of(expected, kind, value)
    except (RecursionError, MemoryError):
        # That says nothing about the class, and plans that follow from it are kept.
        raise
    except Exception:
        # A protocol that cannot be checked at run time, an interface that embeds what is not there.
        return True


def _is_of(expected: type, kind: type, value: Any) -> bool:
    return issubclass(kind, expected) if value is ABSENT else isinstance(value, expected)


def _asks_class(expected: type) -> bool:
    """Tell whether `isinstance(…, expected)` looks at nothing but the class of a value.

    Interfaces and protocols look at the value itself. What is registered with an abstract class
    later is not seen by plans that there are.
    """
    check = type(expected).__instancecheck__
    return check is type.__instancecheck__ or check is ABCMeta.__instancecheck__


def _shows_its_class(kind: type) -> bool:
    """Tell whether the instances of a class say themselves of what class they are, as mocks do."""
    return not any("__class__" in vars(base) for base in kind.__mro__ if base is not object)
