"""The runtime of compiled Dana programs: exactly what generated code and users may touch.

Each name is loaded from its module when it is first used, so a program that runs nothing in
parallel never loads the threads.
"""

from __future__ import annotations

# `from typing import TYPE_CHECKING` would load typing at the start of every program.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from dana_runtime.aio import awaited_call
    from dana_runtime.awaiting import awaited_head, awaited_stage, completed, settled
    from dana_runtime.cases import case
    from dana_runtime.conditions import holds, is_callable, no_case
    from dana_runtime.error_records import error_attribute, exception_from
    from dana_runtime.errors import (
        BranchCancelled,
        BranchTimeout,
        CircuitOpen,
        EnforcementError,
        LoopBlocked,
        MemoryLimitExceeded,
        OrchestrationError,
        RemoteError,
        SettingsError,
        WorkerDied,
    )
    from dana_runtime.execution.block import Block
    from dana_runtime.execution.cancellation import cancelled
    from dana_runtime.execution.captures import Captured
    from dana_runtime.execution.ending import shutdown
    from dana_runtime.execution.fan_out import (
        fan_out,
        fan_out_capturing,
        run_in_order,
        run_in_order_capturing,
    )
    from dana_runtime.execution.outcomes import Failure, successes
    from dana_runtime.execution.settings import configure, parallel_config, policy, using
    from dana_runtime.execution.stages import run_stage, with_policy
    from dana_runtime.execution.statistics import stats
    from dana_runtime.execution.worker_setups import register_worker_setup, unregister_worker_setup
    from dana_runtime.faults.breaker import Breaker
    from dana_runtime.faults.poet import poet
    from dana_runtime.faults.retry import Retry
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
    from dana_runtime.modules import (
        import_names,
        import_path,
        import_python,
        import_python_names,
        import_python_star,
    )
    from dana_runtime.orchestration.branches import Orchestrated
    from dana_runtime.orchestration.calls import orchestrate, plan_for
    from dana_runtime.orchestration.context import Context, LocalNames
    from dana_runtime.orchestration.shapes import Shape
    from dana_runtime.pipelines import Pipeline, apply, call_stage, declared, pipe, resolved, start
    from dana_runtime.scopes import lookup, private_scope, public, system
    from dana_runtime.values.attributes import attribute, attributes_of
    from dana_runtime.values.conversion import cast, convert
    from dana_runtime.values.interfaces import interface
    from dana_runtime.values.methods import bound, call_method, method_of, receiver
    from dana_runtime.values.renaming import named
    from dana_runtime.values.structs import struct
    from dana_runtime.values.subscripts import subscript_note
    from dana_runtime.values.texts import (
        coerce_add,
        coerce_eq,
        coerce_ge,
        coerce_gt,
        coerce_iadd,
        coerce_le,
        coerce_lt,
        coerce_ne,
        text,
    )
    from dana_runtime.values.type_expressions import isinstance_of, type_named

# No module may have the name of something in it that is listed here: importing the module would
# put it in the place of that thing.
_MODULE_OF = {
    name: module
    for module, names in {
        "aio": "awaited_call",
        "awaiting": "awaited_head awaited_stage completed settled",
        "cases": "case",
        "conditions": "holds is_callable no_case",
        "error_records": "error_attribute exception_from",
        "errors": (
            "BranchCancelled BranchTimeout CircuitOpen EnforcementError LoopBlocked "
            "MemoryLimitExceeded OrchestrationError RemoteError SettingsError WorkerDied"
        ),
        "execution.block": "Block",
        "execution.cancellation": "cancelled",
        "execution.captures": "Captured",
        "execution.ending": "shutdown",
        "execution.fan_out": "fan_out fan_out_capturing run_in_order run_in_order_capturing",
        "execution.outcomes": "Failure successes",
        "execution.settings": "configure parallel_config policy using",
        "execution.stages": "run_stage with_policy",
        "execution.statistics": "stats",
        "execution.worker_setups": "register_worker_setup unregister_worker_setup",
        "faults.breaker": "Breaker",
        "faults.poet": "poet",
        "faults.retry": "Retry",
        "functions": (
            "add_four add_one add_three add_two capitalize_words factorial is_even is_odd "
            "noop repeat semantic_bool sum_range title_case validate_args"
        ),
        "logs": "log log_calls log_level log_with_prefix",
        "modules": "import_names import_path import_python import_python_names import_python_star",
        "orchestration.branches": "Orchestrated",
        "orchestration.calls": "orchestrate plan_for",
        "orchestration.context": "Context LocalNames",
        "orchestration.shapes": "Shape",
        "pipelines": "Pipeline apply call_stage declared pipe resolved start",
        "scopes": "lookup private_scope public system",
        "values.attributes": "attribute attributes_of",
        "values.conversion": "cast convert",
        "values.interfaces": "interface",
        "values.methods": "bound call_method method_of receiver",
        "values.renaming": "named",
        "values.structs": "struct",
        "values.subscripts": "subscript_note",
        "values.texts": (
            "coerce_add coerce_eq coerce_ge coerce_gt coerce_iadd coerce_le coerce_lt "
            "coerce_ne text"
        ),
        "values.type_expressions": "isinstance_of type_named",
    }.items()
    for name in names.split()
}

__all__ = [
    "Block",
    "BranchCancelled",
    "BranchTimeout",
    "Breaker",
    "Captured",
    "CircuitOpen",
    "Context",
    "EnforcementError",
    "Failure",
    "LocalNames",
    "LoopBlocked",
    "MemoryLimitExceeded",
    "Orchestrated",
    "OrchestrationError",
    "Pipeline",
    "RemoteError",
    "Retry",
    "SettingsError",
    "Shape",
    "WorkerDied",
    "add_four",
    "add_one",
    "add_three",
    "add_two",
    "apply",
    "attribute",
    "attributes_of",
    "awaited_call",
    "awaited_head",
    "awaited_stage",
    "bound",
    "call_method",
    "call_stage",
    "cancelled",
    "capitalize_words",
    "case",
    "cast",
    "coerce_add",
    "coerce_eq",
    "coerce_ge",
    "coerce_gt",
    "coerce_iadd",
    "coerce_le",
    "coerce_lt",
    "coerce_ne",
    "completed",
    "configure",
    "convert",
    "declared",
    "error_attribute",
    "exception_from",
    "factorial",
    "fan_out",
    "fan_out_capturing",
    "holds",
    "import_names",
    "import_path",
    "import_python",
    "import_python_names",
    "import_python_star",
    "interface",
    "is_callable",
    "is_even",
    "is_odd",
    "isinstance_of",
    "log",
    "log_calls",
    "log_level",
    "log_with_prefix",
    "lookup",
    "method_of",
    "named",
    "no_case",
    "noop",
    "orchestrate",
    "parallel_config",
    "pipe",
    "plan_for",
    "poet",
    "policy",
    "private_scope",
    "public",
    "receiver",
    "register_worker_setup",
    "repeat",
    "resolved",
    "run_in_order",
    "run_in_order_capturing",
    "run_stage",
    "semantic_bool",
    "settled",
    "shutdown",
    "start",
    "stats",
    "struct",
    "subscript_note",
    "successes",
    "sum_range",
    "system",
    "text",
    "title_case",
    "type_named",
    "unregister_worker_setup",
    "using",
    "validate_args",
    "with_policy",
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
