"""What the compiler knows of values and signatures → the same in the runtime's terms, for its rules.

A class stands for each struct of the program. Where a rule asks for what is not known, UndecidedError is
raised: then nothing is decided before the program runs.
"""

from __future__ import annotations

import builtins as python
from collections.abc import Collection, Iterator
from types import NoneType
from typing import Any

from dana_runtime.orchestration import parameters, shapes
from dana_runtime.orchestration.fitting import ABSENT, Expected
from dana_runtime.values.type_expressions import WORDS
from danac import nodes
from danac.analysis import builtins
from danac.analysis.names import Scope
from danac.analysis.shapes import Shape
from danac.analysis.signatures import Signature, Taken
from danac.analysis.stages import is_struct, sees_star_import


class UndecidedError(Exception):
    """A rule asks for something that is known only when the program runs."""


class _Unknown:
    """The class of a value of which nothing is known."""


class _UnknownFields(Collection[str]):
    """Names of fields that are known only when the program runs."""

    def __contains__(self, name: object) -> bool:
        raise UndecidedError

    def __iter__(self) -> Iterator[str]:
        raise UndecidedError

    def __len__(self) -> int:
        raise UndecidedError


class _Asked(Expected):
    """What an annotation asks for, as far as that is known: `kinds` are its classes, None if it is not."""

    __slots__ = ("kinds",)

    def __init__(self, text: str, kinds: tuple[type, ...] | None) -> None:
        super().__init__(text, kinds or ())
        self.kinds = kinds

    def takes(self, kind: type, value: Any = ABSENT) -> bool:
        """Tell whether values of a class fit; raises UndecidedError where that is not known."""
        if self.kinds is not None and object in self.kinds:
            return True
        if self.kinds is None or kind is _Unknown:
            raise UndecidedError
        return super().takes(kind, value)


class KnownTypes:
    """Tells shapes and signatures in the runtime's terms, with the same classes for the same structs."""

    def __init__(self, scope: Scope) -> None:
        """Start with no struct; annotations mean what their names mean in `scope`."""
        self._scope = scope
        self._structs: dict[nodes.Node, type] = {}

    def signature(self, signature: Signature) -> parameters.Signature:
        """Return a signature with what its annotations ask for."""
        found = [
            self._parameter(
                taken, parameters.POSITIONAL_ONLY if taken.is_positional_only else parameters.EITHER
            )
            for taken in signature.positional
        ]
        found += [
            self._parameter(taken, parameters.KEYWORD_ONLY) for taken in signature.keyword_only
        ]
        return parameters.Signature("", found, signature.rest.name if signature.rest else "")

    def shape(self, shape: Shape) -> shapes.Shape:
        """Return the shape of a value; what is unknown of it raises UndecidedError when it is asked for."""
        fields: Collection[str] = shape.keys
        is_open = shape.type_name == "dict" and shape.kind != "fields"
        if shape.kind == "unknown" or is_open:
            fields = _UnknownFields()
        items = tuple(map(self._kind, shape.items)) if shape.kind == "items" else None
        if shape.type_name == "tuple" and items is None:
            # A tuple of an unknown number of items.
            return shapes.Shape(_Unknown, None, _UnknownFields())
        return shapes.Shape(self._kind(shape), items, fields)

    def _kind(self, shape: Shape) -> type:
        if shape.struct is not None:
            return self._class_of(shape.struct)
        if shape.type_name == "NoneType":
            return NoneType
        kind: type = getattr(python, shape.type_name) if shape.type_name is not None else _Unknown
        return kind

    def _class_of(self, struct: nodes.Struct) -> type:
        """Return the class that stands for a struct."""
        kind = self._structs.get(struct)
        if kind is None:
            # A copy of the name: who else refers to the text would show in the marshalled code.
            name = struct.name.encode().decode()
            kind = self._structs[struct] = type(name, (), {})
        return kind

    def _parameter(self, taken: Taken, kind: int) -> parameters.Parameter:
        expected = None
        if taken.annotation is not None:
            expected = _Asked("", self._kinds(taken.annotation))
        return parameters.Parameter(taken.name, kind, taken.is_required, expected)

    def _kinds(self, annotation: nodes.TypeExpression) -> tuple[type, ...] | None:
        """Return the classes that an annotation asks for; None if they are not known."""
        match annotation:
            case nodes.TypeLiteral(value=None):
                return (NoneType,)
            case nodes.TypeUnion(members=members):
                found = [self._kinds(member) for member in members]
                known = [kinds for kinds in found if kinds is not None]
                if len(known) < len(found):
                    return None
                return tuple(kind for kinds in known for kind in kinds)
            case nodes.TypeName(name=str(name)):
                return self._named(name)
            case _:
                return None

    def _named(self, name: str) -> tuple[type, ...] | None:
        found = self._scope.lookup(name)
        if found is not None:
            # The runtime finds it among the globals, or takes everything.
            if found[0].kind != "module" or not is_struct(name, self._scope):
                return None
            node = found[1].node
            if not isinstance(node, nodes.Struct):
                return None
            return (self._class_of(node),)
        if name in WORDS:
            return (WORDS[name],)
        if sees_star_import(self._scope):
            return None
        if name in builtins.TYPES:
            kind: type = getattr(python, name)
            return (kind,)
        return (WORDS[name.lower()],) if name.lower() in WORDS else None
