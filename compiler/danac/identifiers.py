"""Dana's names → Python's: what is a keyword of Python alone gets an underscore, visibly and reversibly."""

from __future__ import annotations

import keyword

# Python's keywords that Dana does not reserve. `class_` in a program becomes `class__`, and so on.
_PYTHON_ONLY = frozenset({"class"})


def python_name(name: str) -> str:
    """Return the name of a variable, function or parameter in generated code."""
    if name.rstrip("_") in _PYTHON_ONLY or keyword.iskeyword(name):
        return name + "_"
    return name
