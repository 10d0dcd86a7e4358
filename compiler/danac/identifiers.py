"""Dana's names ↔ Python's: what Python reserves is called differently in generated code, visibly and reversibly.

class       class_          Dana does not reserve it
class_      class__         so that the two stay two, and so on
if          _dana_if        only `import` can bind it; programs cannot write the other name

Renamed are variables, that is to say what stands in generated code without a dot before it. What
others see keeps its Dana name: attributes, fields and methods, arguments and parameters, `__name__`.
The globals of a module are both: `_dana_names` in it says which of them have other names.
"""

from __future__ import annotations

import keyword

# Python's keywords that Dana does not reserve.
_PYTHON_ONLY = frozenset({"class"})
_RESERVED_IN_BOTH = "_dana_"


def python_name(name: str) -> str:
    """Return the name in generated code of the variable, function or parameter that Dana calls `name`."""
    if name.rstrip("_") in _PYTHON_ONLY:
        return name + "_"
    return _RESERVED_IN_BOTH + name if keyword.iskeyword(name) else name


def dana_name(name: str) -> str:
    """Return the Dana name of the variable that is called `name` in generated code."""
    if name.rstrip("_") in _PYTHON_ONLY:
        return name.removesuffix("_")
    bare = name.removeprefix(_RESERVED_IN_BOTH)
    return bare if keyword.iskeyword(bare) else name


def method_variable(name: str) -> str:
    """Return what generated code calls a method in the body of a struct, where fields keep their Dana names."""
    meant = dana_name(name)
    return name if meant == name else _RESERVED_IN_BOTH + meant


def is_renamed(name: str) -> bool:
    """Whether a variable that Dana calls `name` is called differently in generated code."""
    return python_name(name) != name


def renamed(names: list[str]) -> dict[str, str]:
    """Return which of these names of generated code Dana calls differently, and how."""
    return {name: dana_name(name) for name in names if dana_name(name) != name}
