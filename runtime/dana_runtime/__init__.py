"""The runtime of compiled Dana programs: exactly what generated code and users may touch.

Each name is loaded from its module when it is first used, so a program that runs nothing in
parallel never loads the threads.
"""

from __future__ import annotations

# `from typing import TYPE_CHECKING` would load typing at the start of every program.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from dana_runtime.awaiting import awaited_stage as awaited_stage
    from dana_runtime.awaiting import completed as completed
    from dana_runtime.awaiting import settled as settled
    from dana_runtime.cases import case as case
    from dana_runtime.conditions import holds as holds
    from dana_runtime.conditions import is_callable as is_callable
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
    from dana_runtime.errors import WorkerDied as WorkerDied
    from dana_runtime.execution.block import Block as Block
    from dana_runtime.execution.cancellation import cancelled as cancelled
    from dana_runtime.execution.fan_out import Captured as Captured
    from dana_runtime.execution.fan_out import fan_out as fan_out
    from dana_runtime.execution.fan_out import fan_out_capturing as fan_out_capturing
    from dana_runtime.execution.fan_out import run_in_order as run_in_order
    from dana_runtime.execution.fan_out import run_in_order_capturing as run_in_order_capturing
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
    from dana_runtime.modules import import_python as import_python
    from dana_runtime.modules import import_python_names as import_python_names
    from dana_runtime.modules import import_python_star as import_python_star
    from dana_runtime.pipelines import Pipeline as Pipeline
    from dana_runtime.pipelines import apply as apply
    from dana_runtime.pipelines import call_stage as call_stage
    from dana_runtime.pipelines import pipe as pipe
    from dana_runtime.pipelines import start as start
    from dana_runtime.scopes import lookup as lookup
    from dana_runtime.scopes import private_scope as private_scope
    from dana_runtime.scopes import public as public
    from dana_runtime.scopes import system as system
    from dana_runtime.values.attributes import attribute as attribute
    from dana_runtime.values.attributes import attributes_of as attributes_of
    from dana_runtime.values.conversion import cast as cast
    from dana_runtime.values.conversion import convert as convert
    from dana_runtime.values.interfaces import interface as interface
    from dana_runtime.values.methods import call_method as call_method
    from dana_runtime.values.methods import receiver as receiver
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
    from dana_runtime.values.type_expressions import isinstance_of as isinstance_of
    from dana_runtime.values.type_expressions import type_named as type_named
    from dana_runtime.values.type_views import type_of as type_of

# No module may have the name of something in it that is listed here: importing the module would
# put it in the place of that thing.
_MODULE_OF = {
    name: module
    for module, names in {
        "values.attributes": "attribute attributes_of",
        "awaiting": "awaited_stage completed settled",
        "execution.block": "Block",
        "execution.cancellation": "cancelled",
        "cases": "case",
        "pipelines": "Pipeline apply call_stage pipe start",
        "conditions": "holds is_callable no_case",
        "values.conversion": "cast convert",
        "error_records": "error_attribute exception_from",
        "errors": (
            "BranchCancelled BranchTimeout CircuitOpen EnforcementError LoopBlocked "
            "MemoryLimitExceeded OrchestrationError RemoteError WorkerDied"
        ),
        "functions": (
            "add_four add_one add_three add_two capitalize_words factorial is_even is_odd noop "
            "repeat semantic_bool sum_range title_case validate_args"
        ),
        "values.interfaces": "interface",
        "logs": "log log_calls log_level log_with_prefix",
        "values.methods": "call_method receiver",
        "modules": "import_names import_python import_python_names import_python_star",
        "execution.fan_out": (
            "Captured fan_out fan_out_capturing run_in_order run_in_order_capturing"
        ),
        "scopes": "lookup private_scope public system",
        "values.structs": "struct",
        "values.subscripts": "subscript_note",
        "values.texts": (
            "coerce_add coerce_eq coerce_ge coerce_gt coerce_iadd coerce_le coerce_lt coerce_ne text"
        ),
        "values.type_expressions": "isinstance_of type_named",
        "values.type_views": "type_of",
    }.items()
    for name in names.split()
}

__all__ = sorted(_MODULE_OF)


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
