"""Functions, structs and modules whose names Python reserves → the same under their Dana names.

A variable that Dana calls `class` is `class_` in generated code. What others see of it is not:

    @named({"class_": "class"})         ──► a function of a parameter `class`, or called `class`
    python_name(schools, "class")       ──► the global `class_` of a Dana module, `class` of others
"""

from __future__ import annotations

from types import ModuleType

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from inspect import Signature
    from types import CodeType, FunctionType
    from typing import Any


def named(names: Mapping[str, str]) -> Callable[[FunctionType], FunctionType]:
    """Decorate a function, to be called as Dana does: `names` are the Dana names by Python's.

    Its `__name__` and its parameters get them; `__qualname__` stays, since pickle looks by it for
    the variable that holds the function.
    """

    def rename(function: FunctionType) -> FunctionType:
        signature = _signature(function, names)
        function.__name__ = names.get(function.__name__, function.__name__)
        function.__code__ = _renamed_code(function.__code__, names)
        if function.__kwdefaults__:
            function.__kwdefaults__ = _renamed_keys(function.__kwdefaults__, names)
        function.__annotations__ = _renamed_keys(function.__annotations__, names)
        setattr(function, "__signature__", signature)  # noqa: B010
        return function

    return rename


def _signature(function: FunctionType, names: Mapping[str, str]) -> Signature:
    """Return what `inspect.signature` should show, since it refuses to make parameters of such names."""
    # Only here, because importing inspect takes longer than most programs.
    import inspect

    signature = inspect.signature(function)
    parameters = []
    for parameter in signature.parameters.values():
        # A copy, whose name is then set behind the back of the check.
        renamed: Any = parameter.replace()
        renamed._name = names.get(parameter.name, parameter.name)
        parameters.append(renamed)
    return signature.replace(parameters=parameters)


def _renamed_code(code: CodeType, names: Mapping[str, str]) -> CodeType:
    # The instructions refer to variables by number; a parameter that a closure reads has two.
    return code.replace(
        co_name=names.get(code.co_name, code.co_name),
        co_varnames=tuple([names.get(name, name) for name in code.co_varnames]),
        co_cellvars=tuple([names.get(name, name) for name in code.co_cellvars]),
    )


def _renamed_keys(table: dict[str, Any], names: Mapping[str, str]) -> dict[str, Any]:
    return {names.get(name, name): value for name, value in table.items()}


def python_name(obj: object, name: str) -> str:
    """Return what the attribute `name` of `obj` is called in Python: another name only in Dana modules."""
    if isinstance(obj, ModuleType):
        names: Mapping[str, str] = vars(obj).get("_dana_names", {})
        for here, there in names.items():
            if there == name:
                return here
    return name
