"""A callable → what of its signature counts for the value that flows into it, or None.

    functions, also as methods (without `self`)    by their code, which takes no import
    functions for receivers of several types       by what these have in common
    structs                                        by their fields
    pipelines                                      by the stage that they begin with
    classes, partials, decorated ones, the others  by inspect.signature

None is for built-ins that do not tell their signature, and for pipelines whose first stage is not
known. What a partial has given is no parameter any more. A signature keeps nothing of its callable
alive: no defaults, no annotations.
"""

from __future__ import annotations

import functools
import sys
from importlib import import_module
from types import FunctionType, MethodType

from dana_runtime.orchestration.annotations import (
    EVERYTHING,
    UnresolvedError,
    annotation_text,
    kinds_of,
)
from dana_runtime.orchestration.fields import from_class
from dana_runtime.orchestration.fitting import Expected
from dana_runtime.orchestration.parameters import (
    EITHER,
    KEYWORD_ONLY,
    POSITIONAL_ONLY,
    Parameter,
    Signature,
)
from dana_runtime.orchestration.receivers import joined_functions, joined_signature
from dana_runtime.values.struct_types import is_struct
from dana_runtime.wording import callable_text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

# CO_VARARGS
_VARARGS = 0x04


def signature_of(stage: Any) -> Signature | None:
    """Return the signature of a callable; None where it cannot be told."""
    kind = type(stage)
    if kind is FunctionType and not _says_more(stage):
        joined = joined_functions(stage)
        if joined:
            return joined_signature(callable_text(stage), joined, signature_of)
        return _of_function(stage, 0)
    if kind is MethodType and type(stage.__func__) is FunctionType:
        function = stage.__func__
        if not _says_more(function) and function.__code__.co_argcount:
            return _of_function(function, 1)
    if isinstance(stage, functools.partial) and hasattr(stage, "first"):
        # A Pipeline, whose module needs this one.
        first = stage.first
        return signature_of(first) if callable(first) else None
    if isinstance(stage, type) and is_struct(stage):
        struct: Any = stage
        if struct.__init__ is getattr(struct, "_dana_init", None):
            return _of_struct(struct)
    call = call_of(stage)
    if call is not None and not _says_more(call) and call.__code__.co_argcount:
        return _of_function(call, 1, kind.__name__)
    return _inspected(stage)


def call_of(stage: Any) -> FunctionType | None:
    """Return the function `__call__` in the class of an object, if that has the object's signature."""
    call = from_class(type(stage), "__call__")
    if type(call) is not FunctionType or isinstance(stage, type):
        return None
    says_more = hasattr(stage, "__signature__") or hasattr(stage, "__wrapped__")
    return None if says_more else call


def names_around(stage: Any) -> dict[str, Any]:
    """Return the globals in which the annotations of a callable are meant."""
    # What is wrapped may be wrapped itself; only a loop would go deeper than this.
    for _ in range(100):
        if isinstance(stage, functools.partial):
            stage = stage.func
        elif isinstance(stage, MethodType):
            stage = stage.__func__
        elif not isinstance(stage, type) and hasattr(stage, "__wrapped__"):
            stage = stage.__wrapped__
        else:
            break
    if not hasattr(stage, "__globals__") and not isinstance(stage, type):
        stage = from_class(type(stage), "__call__") or stage
    around: dict[str, Any] | None = getattr(stage, "__globals__", None)
    if around is None:
        module = sys.modules.get(getattr(stage, "__module__", None) or "")
        around = {} if module is None else vars(module)
    return _with_type_parameters(stage, around)


def is_outdated(stage: Any, signature: Signature) -> bool:
    """Tell whether a name is there by now that was not when the signature was made."""
    if isinstance(stage, type) and is_struct(stage):
        struct: Any = stage
        fields = struct._dana_struct.declared
        return any(fields[name].resolve() and fields[name].kinds for name in signature.unresolved)
    names = names_around(stage)
    return any(name in names for name in signature.unresolved)


def _with_type_parameters(stage: Any, names: dict[str, Any]) -> dict[str, Any]:
    """Add the names that `def f[T](…)` declares, which are no globals."""
    own = getattr(stage, "__type_params__", None)
    return {**names, **{str(p.__name__): p for p in own}} if own else names


def _says_more(function: FunctionType) -> bool:
    """Tell whether inspect.signature takes something else than the code for the signature."""
    return "__wrapped__" in vars(function) or "__signature__" in vars(function)


class _Reader:
    """Reads annotations, and notes the names that are not there."""

    __slots__ = ("_names", "unresolved")

    def __init__(self, names: Mapping[str, Any]) -> None:
        self._names = names
        self.unresolved: list[str] = []

    def expected(self, annotation: Any) -> Expected:
        try:
            kinds = kinds_of(annotation, self._names)
        except UnresolvedError as error:
            self.unresolved.append(error.name)
            kinds = EVERYTHING
        return Expected(annotation_text(annotation), kinds)


def _of_function(function: FunctionType, skipped: int, name: str = "") -> Signature:
    """Return the signature of a plain function, less its first `skipped` parameters."""
    code = function.__code__
    by_position = code.co_argcount
    named = by_position + code.co_kwonlyargcount
    names = code.co_varnames
    first_default = by_position - len(function.__defaults__ or ())
    keyword_defaults = function.__kwdefaults__ or {}
    annotations = {} if _is_built_in(function) else _annotations(function)
    reader = _Reader(_with_type_parameters(function, function.__globals__))
    parameters = []
    for index in range(skipped, named):
        parameter = names[index]
        if index >= by_position:
            kind, required = KEYWORD_ONLY, parameter not in keyword_defaults
        else:
            kind = POSITIONAL_ONLY if index < code.co_posonlyargcount else EITHER
            required = index < first_default
        expected = None
        if parameter in annotations:
            expected = reader.expected(annotations[parameter])
        parameters.append(Parameter(parameter, kind, required, expected))
    rest = names[named] if code.co_flags & _VARARGS else ""
    return Signature(name or callable_text(function), parameters, rest, reader.unresolved)


def _is_built_in(function: FunctionType) -> bool:
    """Tell whether it is one of Dana's own functions: like Python's built-ins, they just get the value.

    What their annotations say is for those who read them.
    """
    return str(function.__globals__.get("__name__")).startswith("dana_runtime.")


def _annotations(function: FunctionType) -> Mapping[str, Any]:
    if sys.version_info >= (3, 14):
        if function.__annotate__ is None:
            return function.__annotations__
        # There, reading them evaluates them, and a name that is not there yet would raise.
        library = import_module("annotationlib")
        return library.get_annotations(function, format=library.Format.FORWARDREF)
    return function.__annotations__


def _of_struct(struct: Any) -> Signature:
    parameters = []
    unresolved = []
    for field in struct._dana_struct.declared.values():
        kinds = field.resolve()
        if not field.kinds:
            unresolved.append(field.name)
        expected = Expected(field.text(), kinds)
        parameters.append(Parameter(field.name, EITHER, field.default is None, expected))
    return Signature(struct.__name__, parameters, unresolved=unresolved)


def _inspected(stage: Any) -> Signature | None:
    # Importing it takes longer than most programs run.
    import inspect

    options: dict[str, Any] = {}
    if sys.version_info >= (3, 14):
        options["annotation_format"] = import_module("annotationlib").Format.FORWARDREF
    try:
        found = inspect.signature(stage, **options).parameters.values()
    except (RecursionError, MemoryError):
        # That says nothing about the stage, and what is found here is kept.
        raise
    except Exception:
        # ValueError for built-ins that do not tell; anything at all from a program's own
        # `__signature__`. Calling the stage will show whether something is wrong with it.
        return None
    kinds = {
        inspect.Parameter.POSITIONAL_ONLY: POSITIONAL_ONLY,
        inspect.Parameter.POSITIONAL_OR_KEYWORD: EITHER,
        inspect.Parameter.KEYWORD_ONLY: KEYWORD_ONLY,
    }
    given = stage.keywords if isinstance(stage, functools.partial) else ()
    reader = _Reader(names_around(stage))
    parameters = []
    rest = ""
    for parameter in found:
        if parameter.kind is inspect.Parameter.VAR_POSITIONAL:
            rest = parameter.name
        elif parameter.kind in kinds and parameter.name not in given:
            annotation = parameter.annotation
            expected = None if annotation is parameter.empty else reader.expected(annotation)
            required = parameter.default is parameter.empty
            kind = kinds[parameter.kind]
            parameters.append(Parameter(parameter.name, kind, required, expected))
    return Signature(callable_text(stage), parameters, rest, reader.unresolved)
