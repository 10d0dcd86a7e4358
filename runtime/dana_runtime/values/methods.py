"""Functions with a receiver → methods, and the calls `o.m(…)` that may mean them.

def (p: Point) scale(k)  ──► receiver(Point)(scale): an attribute of Point, and the function
o.scale(2)               ──► call_method(o, "scale", scale, 2), where such a function is in scope
v | o.scale(2)           ──► method_of(o, "scale", scale)(v, 2)
"""

from __future__ import annotations

from types import FunctionType, MethodType

from dana_runtime.values.class_tables import ClassTable
from dana_runtime.values.conversion import mismatch
from dana_runtime.values.interfaces import InterfaceType, methods_changed
from dana_runtime.values.struct_types import is_struct
from dana_runtime.values.type_expressions import UNRESOLVED, WORDS, heads, members, named_like

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, TypeAlias

    from dana_runtime.values.type_expressions import TypeExpression

    # A class, and the function that is its method.
    Entry: TypeAlias = tuple[type, FunctionType]

# The name under which a function keeps its Receivers.
_KEY = "_dana_receivers"

_ABSENT = object()


class Receivers:
    """What a function is as a method: `owner` is the function, `entries` are its receivers.

    Functions that are no methods have one too, without entries, for their `plans`.
    """

    __slots__ = ("chosen", "entries", "owner", "plans")

    def __init__(self, owner: FunctionType, entries: tuple[Entry, ...]) -> None:
        self.owner = owner
        self.entries = entries
        # Class of a value → the function that is its method.
        self.chosen = ClassTable()
        # Class of a value → what call_method does, see _plan.
        self.plans = ClassTable()

    def choose(self, value: object) -> FunctionType | None:
        """Return the function that is the method of `value`; None if there is none.

        The nearest class of the value counts; interfaces are asked after all classes, in order.
        """
        kind = type(value)
        found: FunctionType | None = self.chosen[kind]
        if found is not None:
            return found
        for base in kind.__mro__:
            for entry, function in self.entries:
                if entry is base:
                    self.chosen[kind] = function
                    return function
        for entry, function in self.entries:
            # Not kept: an instance may fit an interface by what its fields hold.
            if isinstance(entry, InterfaceType) and isinstance(value, entry):
                return function
        return None

    def is_structural(self) -> bool:
        """Tell whether a receiver is an interface."""
        return any(isinstance(entry, InterfaceType) for entry, _ in self.entries)

    def __reduce__(self) -> tuple[Any, ...]:
        return Receivers, (self.owner, self.entries)


def receiver(
    types: TypeExpression, previous: object = None, name: str | None = None
) -> Callable[[Callable[..., Any]], FunctionType]:
    """Decorate a function, whose first parameter is the receiver, to be a method of `types`.

    It becomes an attribute of the structs among them, and stays a function. If `previous`, what
    its name meant before, is a method of other types, the result is a function that chooses
    between them by the type of its first argument. `name` names a lambda. Raises TypeError if a
    struct has a field of the function's name, NameError if a type is not defined.
    """

    def decorate(function: Callable[..., Any]) -> FunctionType:
        method = _as_function(function)
        if name is not None:
            method.__qualname__ = method.__qualname__.removesuffix(method.__name__) + name
            method.__name__ = name
        kinds = members(types)
        structs: list[Any] = [kind for kind in kinds if is_struct(kind)]
        for kind in structs:
            if method.__name__ in kind._dana_struct.declared:
                raise TypeError(
                    f"method {method.__name__!r} of {kind.__name__}: "
                    f"{kind.__name__} has a field {method.__name__!r}"
                )
        for kind in structs:
            setattr(kind, method.__name__, method)
        methods_changed()
        entries = tuple([(kind, method) for kind in kinds])
        setattr(method, _KEY, Receivers(method, entries))
        return _joined(previous, method, entries)

    return decorate


def _as_function(function: Callable[..., Any]) -> FunctionType:
    """Return a callable as what Python binds to instances: a function."""
    if isinstance(function, FunctionType):
        return function
    from functools import wraps

    @wraps(function)
    def method(*args: Any, **kwargs: Any) -> Any:
        return function(*args, **kwargs)

    return method  # type: ignore[return-value]


def _joined(previous: object, function: FunctionType, entries: tuple[Entry, ...]) -> FunctionType:
    """Return one function for `function` and the methods of other types that were there before."""
    before = _receivers_of(previous)
    if before is None:
        return function
    kinds = [kind for kind, _ in entries]
    kept = tuple([entry for entry in before.entries if entry[0] not in kinds])
    if not kept:
        return function

    def dispatch(*args: Any, **kwargs: Any) -> Any:
        value = args[0] if args else _named_receiver(receivers, kwargs)
        chosen = found.get(id(type(value))) or receivers.choose(value)
        if chosen is None:
            known = tuple([kind for kind, _ in receivers.entries])
            raise mismatch(function.__name__, known, value)
        return chosen(*args, **kwargs)

    dispatch.__name__ = function.__name__
    dispatch.__qualname__ = function.__qualname__
    dispatch.__module__ = function.__module__
    dispatch.__doc__ = function.__doc__ or getattr(previous, "__doc__", None)
    receivers = Receivers(dispatch, (*kept, *entries))  # type: ignore[arg-type]
    found = receivers.chosen.found
    setattr(dispatch, _KEY, receivers)
    return dispatch  # type: ignore[return-value]


def _named_receiver(receivers: Receivers, kwargs: dict[str, Any]) -> Any:
    """Return the receiver of a call without arguments by position."""
    for _, function in receivers.entries:
        name = _first_parameter(function)
        if name in kwargs:
            return kwargs[name]
    raise TypeError(f"{receivers.owner.__name__}: missing the value whose method it is")


def _first_parameter(function: FunctionType) -> str | None:
    code = function.__code__
    return code.co_varnames[0] if code.co_argcount else None


def _receivers_of(function: object) -> Receivers | None:
    """Return the record of a function that is a method; None for everything else."""
    if not isinstance(function, FunctionType):
        return None
    receivers: Receivers | None = vars(function).get(_KEY)
    # functools.wraps copies attributes: this one counts only on the function it was made for.
    if receivers is None or receivers.owner is not function or not receivers.entries:
        return None
    return receivers


# Calls ------------------------------------------------------------------------------------------


def call_method(obj: Any, name: str, function: Any, /, *args: Any, **kwargs: Any) -> Any:
    """Call `obj.name(…)` where `function`, called `name`, is in scope.

    What is called is the first of: `function` as a method of obj's type; obj's own attribute; one
    it delegates; `function` if its first parameter is annotated with obj's type, or if obj is a
    struct. Raises Python's AttributeError if there is none.
    """
    if type(function) is not FunctionType:
        return getattr(obj, name)(*args, **kwargs)
    receivers: Receivers | None = function.__dict__.get(_KEY)
    if receivers is None or receivers.owner is not function:
        receivers = _new_receivers(function)
    plan = receivers.plans.found.get(id(type(obj)))
    if plan is None:
        plan = _plan(receivers, obj)
    comes_first, called = plan
    if comes_first:
        return called(obj, *args, **kwargs)
    if called is None:
        return getattr(obj, name)(*args, **kwargs)
    # With a default, because an AttributeError that nobody sees takes ten times as long.
    own: Any = getattr(obj, name, _ABSENT)
    if own is not _ABSENT:
        return own(*args, **kwargs)
    if hasattr(type(obj), name):
        # It is there, and failed.
        return getattr(obj, name)(*args, **kwargs)
    return called(obj, *args, **kwargs)


def method_of(obj: Any, name: str, function: Any) -> Any:
    """Return what `call_method(obj, name, function, …)` calls, bound to `obj`: for what is called later.

    Raises Python's AttributeError if there is none.
    """
    if type(function) is FunctionType:
        receivers: Receivers | None = function.__dict__.get(_KEY)
        if receivers is None or receivers.owner is not function:
            receivers = _new_receivers(function)
        comes_first, called = receivers.plans[type(obj)] or _plan(receivers, obj)
        is_absent = called is not None and not hasattr(obj, name) and not hasattr(type(obj), name)
        if comes_first or is_absent:
            return MethodType(called, obj)
    return getattr(obj, name)


def bound(read: Callable[[], Any]) -> Any:
    """Return what `read` gives, which does nothing but read a name; None if the name has no value yet."""
    try:
        return read()
    except NameError:
        return None


def _new_receivers(function: FunctionType) -> Receivers:
    receivers = function.__dict__[_KEY] = Receivers(function, ())
    return receivers


def _plan(receivers: Receivers, obj: object) -> tuple[bool, Any]:
    """Return whether a function comes before obj's own attribute, and that function.

    Kept for the class of `obj`, unless what that class is like does not decide.
    """
    kind = type(obj)
    chosen = receivers.choose(obj)
    if receivers.entries:
        # A method of other types than this is nothing that obj could be given to.
        plan = chosen is not None, chosen
        lasting = not receivers.is_structural()
    else:
        annotated = [_named(receivers.owner, head) for head in _annotation(receivers.owner)]
        fits = is_struct(kind) or any(_is_of(obj, named) for named in annotated)
        plan = False, receivers.owner if fits else None
        lasting = is_struct(kind) or not any(isinstance(n, InterfaceType) for n in annotated)
    if lasting:
        receivers.plans[kind] = plan
    return plan


def _annotation(function: FunctionType) -> list[Any]:
    """Return the members of the annotation of the first parameter, as texts or classes."""
    inner: Any = function
    while hasattr(inner, "__wrapped__"):
        # What is wrapped may have any parameters; functools.wraps copies the annotations.
        inner = inner.__wrapped__
    first = _first_parameter(inner) if isinstance(inner, FunctionType) else None
    annotation = function.__annotations__.get(first or "")
    if isinstance(annotation, str):
        return list(heads(annotation))
    try:
        return [] if annotation is None else list(members(annotation))
    except UNRESOLVED:
        return []


def _named(function: FunctionType, head: Any) -> Any:
    """Return the class that a member of an annotation of `function` names, else the name."""
    if not isinstance(head, str) or head.lower() in WORDS:
        return WORDS[head.lower()] if isinstance(head, str) else head
    first, *others = head.split(".")
    value = function.__globals__.get(first)
    for other in others:
        value = getattr(value, other, None)
    return value if isinstance(value, type) else head


def _is_of(obj: object, named: Any) -> bool:
    """Tell whether a value is of a class, or of a class that has the given name."""
    if isinstance(named, str):
        return named_like(type(obj), named)
    # `any` is an annotation that says nothing, not the type of everything.
    return named is not object and isinstance(obj, named)
