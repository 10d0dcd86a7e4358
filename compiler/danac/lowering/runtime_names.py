"""The one list of what generated code may take from `dana_runtime`, and under which names.

Generated code says `_dana_fan_out`; programs cannot, since names that begin with `_dana_` are refused.
"""

from __future__ import annotations

from typing import Literal, TypeAlias

RuntimeName: TypeAlias = Literal[
    "Block",
    "BreakerPlace",
    "LocalNames",
    "Orchestrated",
    "Pipeline",
    "TracedStage",
    "annotated",
    "apply",
    "attribute",
    "attributes_of",
    "awaited_call",
    "awaited_head",
    "awaited_stage",
    "bound",
    "call_method",
    "call_stage",
    "coerce_add",
    "coerce_eq",
    "coerce_ge",
    "coerce_gt",
    "coerce_iadd",
    "coerce_le",
    "coerce_lt",
    "coerce_ne",
    "completed",
    "convert",
    "declared",
    "error_attribute",
    "exception_from",
    "fan_out",
    "fan_out_capturing",
    "holds",
    "import_names",
    "import_path",
    "import_python",
    "import_python_names",
    "import_python_star",
    "import_star",
    "interface",
    "isinstance_of",
    "lookup",
    "method_of",
    "named",
    "no_case",
    "pipe",
    "policy",
    "private_scope",
    "public",
    "receiver",
    "resolved",
    "run_in_order",
    "run_in_order_capturing",
    "run_stage",
    "settled",
    "start",
    "struct",
    "system",
    "text",
    "with_policy",
]

PREFIX = "_dana_"


def generated(name: str) -> str:
    """Return the name that `name` has in generated code."""
    return PREFIX + name
