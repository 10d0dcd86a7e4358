"""The runtime of compiled Dana programs: exactly what generated code and users may touch.

Each name is loaded from its module when it is first used, so a program that runs nothing in
parallel never loads the threads.
"""

from __future__ import annotations

# `from typing import TYPE_CHECKING` would load typing at the start of every program.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from dana_runtime.aio import awaited_call as awaited_call
    from dana_runtime.awaiting import awaited_head as awaited_head
    from dana_runtime.awaiting import awaited_stage as awaited_stage
    from dana_runtime.awaiting import completed as completed
    from dana_runtime.awaiting import settled as settled
    from dana_runtime.cases import case as case
    from dana_runtime.conditions import holds as holds
    from dana_runtime.conditions import no_case as no_case
    from dana_runtime.error_records import error_attribute as error_attribute
    from dana_runtime.error_records import exception_from as exception_from
    from dana_runtime.errors import BranchCancelled as BranchCancelled
    from dana_runtime.errors import BranchTimeout as BranchTimeout
    from dana_runtime.errors import CircuitOpen as CircuitOpen
    from dana_runtime.errors import EnforcementError as EnforcementError
    from dana_runtime.errors import LoopBlocked as LoopBlocked
    from dana_runtime.errors import MemoryLimitExceeded as MemoryLimitExceeded
    from dana_runtime.errors import OrchestrationError as OrchestrationError
    from dana_runtime.errors import RemoteError as RemoteError
    from dana_runtime.errors import SettingsError as SettingsError
    from dana_runtime.errors import WorkerDied as WorkerDied
    from dana_runtime.execution.block import Block as Block
    from dana_runtime.execution.cancellation import cancelled as cancelled
    from dana_runtime.execution.captures import Captured as Captured
    from dana_runtime.execution.ending import shutdown as shutdown
    from dana_runtime.execution.fan_out import fan_out as fan_out
    from dana_runtime.execution.fan_out import fan_out_capturing as fan_out_capturing
    from dana_runtime.execution.fan_out import run_in_order as run_in_order
    from dana_runtime.execution.fan_out import run_in_order_capturing as run_in_order_capturing
    from dana_runtime.execution.outcomes import Failure as Failure
    from dana_runtime.execution.outcomes import successes as successes
    from dana_runtime.execution.settings import configure as configure
    from dana_runtime.execution.settings import parallel_config as parallel_config
    from dana_runtime.execution.settings import policy as policy
    from dana_runtime.execution.settings import using as using
    from dana_runtime.execution.stages import run_stage as run_stage
    from dana_runtime.execution.stages import with_policy as with_policy
    from dana_runtime.execution.statistics import stats as stats
    from dana_runtime.execution.worker_setups import register_worker_setup as register_worker_setup
    from dana_runtime.execution.worker_setups import (
        unregister_worker_setup as unregister_worker_setup,
    )
    from dana_runtime.faults.breaker import Breaker as Breaker
    from dana_runtime.faults.breaker import BreakerPlace as BreakerPlace
    from dana_runtime.faults.poet import poet as poet
    from dana_runtime.faults.retry import Retry as Retry
    from dana_runtime.functions import add_four as add_four
    from dana_runtime.functions import add_one as add_one
    from dana_runtime.functions import add_three as add_three
    from dana_runtime.functions import add_two as add_two
    from dana_runtime.functions import capitalize_words as capitalize_words
    from dana_runtime.functions import factorial as factorial
    from dana_runtime.functions import is_even as is_even
    from dana_runtime.functions import is_odd as is_odd
    from dana_runtime.functions import noop as noop
    from dana_runtime.functions import repeat as repeat
    from dana_runtime.functions import semantic_bool as semantic_bool
    from dana_runtime.functions import sum_range as sum_range
    from dana_runtime.functions import title_case as title_case
    from dana_runtime.functions import validate_args as validate_args
    from dana_runtime.logs import log as log
    from dana_runtime.logs import log_calls as log_calls
    from dana_runtime.logs import log_level as log_level
    from dana_runtime.logs import log_with_prefix as log_with_prefix
    from dana_runtime.modules import import_names as import_names
    from dana_runtime.modules import import_path as import_path
    from dana_runtime.modules import import_python as import_python
    from dana_runtime.modules import import_python_names as import_python_names
    from dana_runtime.modules import import_python_star as import_python_star
    from dana_runtime.modules import import_star as import_star
    from dana_runtime.orchestration.branches import Orchestrated as Orchestrated
    from dana_runtime.orchestration.calls import orchestrate as orchestrate
    from dana_runtime.orchestration.calls import plan_for as plan_for
    from dana_runtime.orchestration.context import Context as Context
    from dana_runtime.orchestration.context import LocalNames as LocalNames
    from dana_runtime.orchestration.shapes import Shape as Shape
    from dana_runtime.pipelines import Pipeline as Pipeline
    from dana_runtime.pipelines import apply as apply
    from dana_runtime.pipelines import call_stage as call_stage
    from dana_runtime.pipelines import declared as declared
    from dana_runtime.pipelines import pipe as pipe
    from dana_runtime.pipelines import resolved as resolved
    from dana_runtime.pipelines import start as start
    from dana_runtime.scopes import lookup as lookup
    from dana_runtime.scopes import private_scope as private_scope
    from dana_runtime.scopes import public as public
    from dana_runtime.scopes import system as system
    from dana_runtime.trace.session import tracing as tracing
    from dana_runtime.trace.slices import TracedStage as TracedStage
    from dana_runtime.values.attributes import attribute as attribute
    from dana_runtime.values.attributes import attributes_of as attributes_of
    from dana_runtime.values.conversion import cast as cast
    from dana_runtime.values.conversion import convert as convert
    from dana_runtime.values.interfaces import interface as interface
    from dana_runtime.values.methods import bound as bound
    from dana_runtime.values.methods import call_method as call_method
    from dana_runtime.values.methods import method_of as method_of
    from dana_runtime.values.methods import receiver as receiver
    from dana_runtime.values.renaming import named as named
    from dana_runtime.values.structs import struct as struct
    from dana_runtime.values.subscripts import subscript_note as subscript_note
    from dana_runtime.values.texts import coerce_add as coerce_add
    from dana_runtime.values.texts import coerce_eq as coerce_eq
    from dana_runtime.values.texts import coerce_ge as coerce_ge
    from dana_runtime.values.texts import coerce_gt as coerce_gt
    from dana_runtime.values.texts import coerce_iadd as coerce_iadd
    from dana_runtime.values.texts import coerce_le as coerce_le
    from dana_runtime.values.texts import coerce_lt as coerce_lt
    from dana_runtime.values.texts import coerce_ne as coerce_ne
    from dana_runtime.values.texts import text as text
    from dana_runtime.values.type_expressions import annotated as annotated
    from dana_runtime.values.type_expressions import isinstance_of as isinstance_of
    from dana_runtime.values.type_expressions import type_named as type_named

# No module may have the name of something in it that is listed here: importing the module would
# put it in the place of that thing.
_MODULE_OF = {
    name: module
    for module, names in {
        "aio": "awaited_call",
        "awaiting": "awaited_head awaited_stage completed settled",
        "cases": "case",
        "conditions": "holds no_case",
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
        "faults.breaker": "Breaker BreakerPlace",
        "faults.poet": "poet",
        "faults.retry": "Retry",
        "functions": (
            "add_four add_one add_three add_two capitalize_words factorial is_even is_odd "
            "noop repeat semantic_bool sum_range title_case validate_args"
        ),
        "logs": "log log_calls log_level log_with_prefix",
        "modules": (
            "import_names import_path import_python import_python_names import_python_star "
            "import_star"
        ),
        "orchestration.branches": "Orchestrated",
        "orchestration.calls": "orchestrate plan_for",
        "orchestration.context": "Context LocalNames",
        "orchestration.shapes": "Shape",
        "pipelines": "Pipeline apply call_stage declared pipe resolved start",
        "scopes": "lookup private_scope public system",
        "trace.session": "tracing",
        "trace.slices": "TracedStage",
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
        "values.type_expressions": "annotated isinstance_of type_named",
    }.items()
    for name in names.split()
}

__all__ = [
    "Block",
    "BranchCancelled",
    "BranchTimeout",
    "Breaker",
    "BreakerPlace",
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
    "TracedStage",
    "WorkerDied",
    "add_four",
    "add_one",
    "add_three",
    "add_two",
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
    "import_star",
    "interface",
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
    "tracing",
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
