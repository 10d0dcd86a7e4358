"""Lists of methods → interfaces: classes whose `isinstance` looks for these methods.

    on the class, with a fitting number of parameters    ──► it is
    on the class, with another number                    ──► it is not
    elsewhere: a field that can be called, a delegate's  ──► each instance is looked at

What was found on a class is kept; a method that a struct gets later makes it be looked at again.
"""

from __future__ import annotations

import sys
from types import (
    ClassMethodDescriptorType,
    FunctionType,
    MethodDescriptorType,
    WrapperDescriptorType,
)

from dana_runtime.values.class_tables import ClassTable
from dana_runtime.values.type_expressions import deferred, members

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, TypeAlias

    from dana_runtime.values.type_expressions import TypeExpression

    # A method's name, and the least and the greatest number of arguments that it must take by
    # position, `self` not counted; None is any number.
    Method: TypeAlias = tuple[str, int, int | None]

_ABSENT = object()

_METHOD_TYPES = (
    FunctionType,
    classmethod,
    staticmethod,
    MethodDescriptorType,
    ClassMethodDescriptorType,
    WrapperDescriptorType,
)

# Raised by one when a struct gets a method; what was found before counts no more.
_changes = 0


def interface(
    name: str,
    doc: str | None,
    embedded: tuple[TypeExpression, ...],
    *methods: Method,
    variable: str | None = None,
) -> InterfaceType:
    """Return the interface `name`: its own methods and those of the interfaces it embeds.

    `variable` is what holds it, for pickle, where that is called differently. Raises TypeError,
    when it is first used, if it embeds something that is no interface.
    """
    # The module of the caller, as `class` has it, so that the interface can be pickled.
    module = sys._getframe(1).f_globals.get("__name__", __name__)
    contract = Contract(name, embedded, methods)
    body = {"__slots__": (), "__doc__": doc, "__module__": module, "_dana_interface": contract}
    if variable is not None:
        body["__qualname__"] = variable
    return InterfaceType(name, (), body)


def methods_changed() -> None:
    """Note that a class has got a method."""
    global _changes
    _changes += 1


class InterfaceType(type):
    """The class of interfaces. A Python class derived from one is an ordinary class."""

    def __call__(cls, *args: Any, **kwargs: Any) -> Any:
        """Make an instance of a derived class; raise TypeError for an interface itself."""
        if "_dana_interface" in vars(cls):
            raise TypeError(f"{cls.__name__} is an interface: it has no instances of its own")
        return super().__call__(*args, **kwargs)

    def __instancecheck__(cls, value: object) -> bool:
        contract: Contract | None = vars(cls).get("_dana_interface")
        if contract is None:
            return super().__instancecheck__(value)
        elsewhere = contract.not_on_class(type(value))
        if elsewhere is None:
            return False
        return all(_fits_on_instance(value, method) for method in elsewhere)

    def __subclasscheck__(cls, kind: type) -> bool:
        contract: Contract | None = vars(cls).get("_dana_interface")
        if contract is None:
            return super().__subclasscheck__(kind)
        other: Contract | None = vars(kind).get("_dana_interface")
        if other is not None:
            return other.includes(contract)
        return contract.not_on_class(kind) == ()


class Contract:
    """What an interface asks of a value."""

    __slots__ = ("_all_methods", "_embedded", "_methods", "_name", "_on_classes")

    def __init__(
        self, name: str, embedded: tuple[TypeExpression, ...], methods: tuple[Method, ...]
    ) -> None:
        self._name = name
        self._embedded = tuple([deferred(kind) for kind in embedded])
        self._methods = methods
        self._all_methods: dict[str, Method] | None = None
        self._on_classes = ClassTable()

    def methods(self) -> dict[str, Method]:
        """Return all methods by name; an own one stands for an embedded one of its name.

        Raises NameError if an embedded interface is not defined yet.
        """
        if self._all_methods is None:
            found: dict[str, Method] = {}
            self._collect(found, set())
            self._all_methods = found
        return self._all_methods

    def _collect(self, found: dict[str, Method], seen: set[int]) -> None:
        """Add the methods to `found`; what embeds itself is met once."""
        seen.add(id(self))
        for method in self._methods:
            found.setdefault(method[0], method)
        for kind in members(self._embedded):
            contract: Contract | None = vars(kind).get("_dana_interface")
            if contract is None:
                raise TypeError(f"{self._name}: embeds {kind.__name__}, which is no interface")
            if id(contract) not in seen:
                contract._collect(found, seen)

    def includes(self, other: Contract) -> bool:
        """Tell whether what fits this interface fits the other one."""
        return all(
            name in self.methods() and _covers(self.methods()[name], method)
            for name, method in other.methods().items()
        )

    def not_on_class(self, kind: type) -> tuple[Method, ...] | None:
        """Return the methods to look for on instances of `kind`; None if one of its own misfits."""
        known = self._on_classes[kind]
        if known is not None and known[0] == _changes:
            found: tuple[Method, ...] | None = known[1]
            return found
        changes = _changes
        found = self._look_at(kind)
        self._on_classes[kind] = changes, found
        return found

    def _look_at(self, kind: type) -> tuple[Method, ...] | None:
        elsewhere = []
        for name, method in self.methods().items():
            attribute = _from_class(kind, name)
            # What a field, a property or another object gives is seen on the instance.
            if attribute is _ABSENT or not _is_method(attribute):
                elsewhere.append(method)
            elif not _takes(attribute, method, bound=isinstance(attribute, staticmethod)):
                return None
        return tuple(elsewhere)


def _from_class(kind: type, name: str) -> Any:
    """Return what instances of `kind` get their attribute `name` from, not bound."""
    for base in kind.__mro__:
        if name in vars(base):
            return vars(base)[name]
    return _ABSENT


def _is_method(attribute: object) -> bool:
    """Tell whether this, in a class, is a method by what it is, whatever instances hold."""
    return isinstance(attribute, _METHOD_TYPES)


def _fits_on_instance(value: object, method: Method) -> bool:
    attribute = getattr(value, method[0], _ABSENT)
    return callable(attribute) and _takes(attribute, method, bound=True)


def _takes(function: Any, method: Method, bound: bool) -> bool:
    """Tell whether `function` can be called with the arguments of `method`, and `self` or not."""
    _, minimum, maximum = method
    accepted = _accepted(function)
    if accepted is None:
        return True
    least, most = accepted
    own = 0 if bound else 1
    # `self` may have to come from *args.
    return least - own <= minimum and (
        most is None or (maximum is not None and maximum <= most - own)
    )


def _covers(method: Method, other: Method) -> bool:
    """Tell whether all that `other` must take is taken by what fits `method`."""
    _, minimum, maximum = other
    return method[1] <= minimum and (
        method[2] is None or (maximum is not None and maximum <= method[2])
    )


def _accepted(function: Any) -> tuple[int, int | None] | None:
    """Return the least and the greatest number of arguments by position; None if unknown.

    The least is infinite for a function with a required parameter by keyword.
    """
    if isinstance(function, (staticmethod, classmethod)):
        function = function.__func__
    if type(function) is FunctionType and not hasattr(function, "__wrapped__"):
        return _accepted_by_code(function)
    # Only for what is no plain function: importing inspect takes longer than most programs.
    import inspect

    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):
        # A builtin that does not tell.
        return None
    required = [p for p in parameters if p.default is p.empty]
    if any(p.kind is p.KEYWORD_ONLY for p in required):
        return sys.maxsize, None
    positional = [p for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    endless = any(p.kind is p.VAR_POSITIONAL for p in parameters)
    least = sum(p.default is p.empty for p in positional)
    return least, None if endless else len(positional)


def _accepted_by_code(function: FunctionType) -> tuple[int, int | None]:
    code = function.__code__
    names = code.co_varnames[code.co_argcount : code.co_argcount + code.co_kwonlyargcount]
    if any(name not in (function.__kwdefaults__ or ()) for name in names):
        return sys.maxsize, None
    # CO_VARARGS
    endless = bool(code.co_flags & 0x04)
    least = code.co_argcount - len(function.__defaults__ or ())
    return least, None if endless else code.co_argcount
