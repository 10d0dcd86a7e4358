"""Tables from classes to what was found out about them, which keep no class alive.

A look-up is one of a dict, since every method call may need one. (`weakref.WeakKeyDictionary`
takes ten times as long, and importing it a good part of a program's start.)
"""

from __future__ import annotations

from _weakref import ref

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class ClassTable:
    """What is kept for each class, by identity, until that class is gone.

    A value may refer to its class only where the table goes when the class does. A copied or
    unpickled table is empty: it holds nothing that cannot be found out again.
    """

    __slots__ = ("_references", "found")

    def __init__(self) -> None:
        # id(class) → value. An entry goes before its class does, so no other class has that id.
        # Look-ups that must be fast read it themselves.
        self.found: dict[int, Any] = {}
        self._references: dict[int, ref[type]] = {}

    def __getitem__(self, kind: type) -> Any:
        """Return what is kept for `kind`, or None."""
        return self.found.get(id(kind))

    def __setitem__(self, kind: type, value: Any) -> None:
        key = id(kind)
        found, references = self.found, self._references

        def forget(_: object) -> None:
            found.pop(key, None)
            references.pop(key, None)

        references[key] = ref(kind, forget)
        found[key] = value

    def __len__(self) -> int:
        return len(self.found)

    def __reduce__(self) -> tuple[type[ClassTable], tuple[()]]:
        return ClassTable, ()
