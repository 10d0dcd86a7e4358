"""One branch → its result: the context that it runs in, and what it is called."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from contextvars import Context, ContextVar
from functools import partial
from types import CoroutineType, FunctionType, MethodType
from typing import Any

from dana_runtime.execution import traced
from dana_runtime.execution.attempt import Attempt
from dana_runtime.execution.block import Block, thread_name
from dana_runtime.execution.cancellation import Group, current_group
from dana_runtime.orchestration.branches import Orchestrated
from dana_runtime.scopes import Layer, current_layer
from dana_runtime.wording import callable_text

Branch = Callable[[Any], Any]

_CO_COROUTINE = 0x80


def run_branch(
    branch: Branch, value: Any, group: Group, layer: Layer, index: int, block: Block | None
) -> Any:
    """Return what `branch` gives for `value`; to be called in the branch's own context.

    `layer` takes what it writes to the scopes.
    """
    current_group.set(group)
    current_layer.set(layer)
    if "decimal" in sys.modules:
        own_decimal_context()
    if (tracer := traced.tracer) is not None:
        with tracer.branch(branch, index, block):
            return _result_of(branch, value, index, block)
    result = branch(value)
    if type(result) is CoroutineType:
        where = callable_text(branch) if block is None else block.name(index)
        return completed(result, where)
    return result


def _result_of(branch: Branch, value: Any, index: int, block: Block | None) -> Any:
    result = branch(value)
    if type(result) is CoroutineType:
        return completed(result, callable_text(branch) if block is None else block.name(index))
    return result


def enter(group: Group, layer: Layer | None) -> None:
    """Make the running context that of a branch; without a `layer` it writes to the scopes that are there."""
    current_group.set(group)
    if layer is not None:
        current_layer.set(layer)
    if "decimal" in sys.modules:
        own_decimal_context()


def completed_value(attempt: Attempt) -> Any:
    """Return what the function of `attempt` gives; to be called in its context."""
    if attempt.trace is not None:
        with attempt.trace.begin():
            return _completed_value(attempt)
    return _completed_value(attempt)


def _completed_value(attempt: Attempt) -> Any:
    result = attempt.function(attempt.value)
    return completed(result, attempt.name) if type(result) is CoroutineType else result


def completed(coroutine: CoroutineType[Any, Any, Any], where: str) -> Any:
    """Run a coroutine that a plain call gave to its end."""
    # Imported late: most programs never load asyncio.
    from dana_runtime.awaiting import completed

    return completed(coroutine, where)


def own_decimal_context() -> None:
    """Give the running context a decimal context of its own; to be called if `decimal` is loaded."""
    # Decimal contexts are changed in place, so a copy of the context variables shares them.
    decimal: Any = sys.modules["decimal"]
    variable = _decimal_variable()
    if variable is not None:
        known = variable.get(None)
        # Where there is none, whoever asks for one first gets a fresh one.
        if known is not None:
            variable.set(known.copy())
    elif hasattr(decimal, "localcontext"):
        # Absent while another thread is still importing it.
        decimal.setcontext(decimal.getcontext().copy())


def has_decimal_context(context: Context) -> bool:
    """Tell whether copies of `context` would share a decimal context."""
    if "decimal" not in sys.modules:
        # Where it is loaded later, no branch has the decimal context of another.
        return False
    variable = _decimal_variable()
    return variable is None or variable in context


_known_variable: ContextVar[Any] | None = None


def _decimal_variable() -> ContextVar[Any] | None:
    """Return the variable that `decimal` keeps its context in, None where that cannot be known."""
    global _known_variable
    if _known_variable is None:
        get = getattr(sys.modules["decimal"], "getcontext", None)
        if get is not None:
            # It has no public name. Here it is the only one.
            empty = Context()
            empty.run(get)
            found = [variable for variable in empty if variable.name == "decimal_context"]
            _known_variable = found[0] if found else None
    return _known_variable


def name_of(branches: Sequence[Branch], index: int, block: Block | None) -> str:
    """Return the name of a branch as notes and errors have it."""
    if block is not None:
        return block.name(index)
    return f"branch {index + 1} of {len(branches)}, {callable_text(branches[index])}"


def note_of(branches: Sequence[Branch], index: int, block: Block | None) -> str:
    """Return the note for a failure of a branch."""
    return f"in {name_of(branches, index, block)}"


def thread_name_of(branch: Branch, index: int, block: Block | None) -> str:
    """Return the name of the thread that runs a branch."""
    if block is not None:
        return block.thread_names[index]
    return thread_name("fan_out", callable_text(branch))


def is_coroutine_function(function: Any) -> bool:
    """Tell whether a call of `function` gives a coroutine, as far as that shows beforehand.

    Partial and orchestrated functions are looked through; methods and objects with an `async def __call__` count.
    """
    while True:
        if isinstance(function, partial):
            function = function.func
        elif isinstance(function, Orchestrated):
            function = function.function
        else:
            break
    if type(function) is MethodType:
        function = function.__func__
    if type(function) is not FunctionType:
        function = getattr(type(function), "__call__", None)  # noqa: B004
        if type(function) is not FunctionType:
            return False
    if function.__code__.co_flags & _CO_COROUTINE:
        return True
    if hasattr(function, "_is_coroutine_mark"):
        import inspect

        return inspect.iscoroutinefunction(function)
    return False
