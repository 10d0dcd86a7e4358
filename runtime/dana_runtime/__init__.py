"""The runtime of compiled Dana programs: exactly what generated code and users may touch.

Each name is loaded from its module when it is first used, so a program that runs nothing in
parallel never loads the threads.
"""

from __future__ import annotations

# `from typing import TYPE_CHECKING` would load typing at the start of every program.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from dana_runtime.blocks import Block
    from dana_runtime.cancellation import cancelled
    from dana_runtime.composition import Pipeline, apply, call_stage, pipe, start
    from dana_runtime.errors import BranchCancelled
    from dana_runtime.functions import (
        add_four,
        add_one,
        add_three,
        add_two,
        capitalize_words,
        factorial,
        is_even,
        is_odd,
        noop,
        repeat,
        semantic_bool,
        sum_range,
        title_case,
        validate_args,
    )
    from dana_runtime.logs import log, log_calls, log_level, log_with_prefix
    from dana_runtime.modules import import_python
    from dana_runtime.parallel import (
        Captured,
        fan_out,
        fan_out_capturing,
        run_in_order,
        run_in_order_capturing,
    )

# No module may have the name of something in it that is listed here: importing the module would
# put it in the place of that thing.
_MODULE_OF = {
    name: module
    for module, names in {
        "blocks": "Block",
        "cancellation": "cancelled",
        "composition": "Pipeline apply call_stage pipe start",
        "errors": "BranchCancelled",
        "functions": (
            "add_four add_one add_three add_two capitalize_words factorial is_even is_odd noop "
            "repeat semantic_bool sum_range title_case validate_args"
        ),
        "logs": "log log_calls log_level log_with_prefix",
        "modules": "import_python",
        "parallel": ("Captured fan_out fan_out_capturing run_in_order run_in_order_capturing"),
    }.items()
    for name in names.split()
}

__all__ = [
    "Block",
    "BranchCancelled",
    "Captured",
    "Pipeline",
    "add_four",
    "add_one",
    "add_three",
    "add_two",
    "apply",
    "call_stage",
    "cancelled",
    "capitalize_words",
    "factorial",
    "fan_out",
    "fan_out_capturing",
    "import_python",
    "is_even",
    "is_odd",
    "log",
    "log_calls",
    "log_level",
    "log_with_prefix",
    "noop",
    "pipe",
    "repeat",
    "run_in_order",
    "run_in_order_capturing",
    "semantic_bool",
    "start",
    "sum_range",
    "title_case",
    "validate_args",
]


def __getattr__(name: str) -> object:
    try:
        module = _MODULE_OF[name]
    except KeyError:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}") from None
    from importlib import import_module

    value = getattr(import_module(f"{__name__}.{module}"), name)
    # The next use finds it without coming here.
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
