"""The one list of what generated code may take from `dana_runtime`, and under which names.

Generated code says `_dana_fan_out`; programs cannot, since names that begin with `_dana_` are refused.
"""

from __future__ import annotations

from typing import Literal, TypeAlias

RuntimeName: TypeAlias = Literal[
    "Block",
    "Pipeline",
    "apply",
    "call_stage",
    "fan_out",
    "fan_out_capturing",
    "import_python",
    "is_callable",
    "pipe",
    "run_in_order",
    "run_in_order_capturing",
    "start",
]

PREFIX = "_dana_"


def generated(name: str) -> str:
    """Return the name that `name` has in generated code."""
    return PREFIX + name
