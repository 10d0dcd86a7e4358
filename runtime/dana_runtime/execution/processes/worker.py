"""What runs in the other process: a task → the branch's call → the response.

    serve(task) ─► fit? ─► set up ─► rebuild function, value, scopes ─► call ─► pack ─► Response

`serve` is the one function that executors and clusters are given to call. It does not raise: what
goes wrong, at any step, is a response.
"""

from __future__ import annotations

import importlib
import os
import sys
import threading
import time
import traceback
from contextvars import Context
from time import perf_counter, thread_time
from types import CoroutineType
from typing import Any

from dana_runtime.execution.cancellation import Group, current_group
from dana_runtime.execution.processes import state
from dana_runtime.execution.processes.envelope import (
    ERROR,
    FORM,
    NOT_REBUILT,
    OUT_OF_MEMORY,
    RESULT,
    UNFIT,
    UNPICKLABLE,
    Response,
    Task,
)
from dana_runtime.execution.processes.files import fill_at
from dana_runtime.execution.processes.limits import MemoryLimit, die_with, ignore_interrupts
from dana_runtime.execution.processes.pickling import Packed, Parcel, packed, rebuilt
from dana_runtime.execution.processes.scope_travel import laid_over
from dana_runtime.execution.settings import Settings, using
from dana_runtime.execution.worker_setups import set_up
from dana_runtime.scopes import current_layer
from dana_runtime.tracebacks import without_runtime_frames

# Of a worker of ours; None in processes that belong to somebody else.
_limit: MemoryLimit | None = None


def begin_worker(parent: int) -> None:
    """Make this process a worker of the process with the id `parent`."""
    global _limit
    ignore_interrupts()
    die_with(parent)
    state.become_worker()
    # loky ends workers that have grown, and would start another one unseen by their slot; ours
    # have a memory_limit instead.
    sys.modules["loky.process_executor"].__dict__["_MAX_MEMORY_LEAK_SIZE"] = sys.maxsize
    _limit = MemoryLimit()


def ready() -> int:
    """Return the id of this process: it has started, and waits for tasks."""
    return os.getpid()


def serve(task: Task) -> Response:
    """Run the branch of a task and return what came of it."""
    begun = time.perf_counter_ns()
    response = _outcome(task)
    if task[0] == FORM and task.is_traced:
        ids = os.getpid(), threading.get_native_id()
        response = response._replace(ran=(*ids, begun, time.perf_counter_ns()))
    return response


def _outcome(task: Task) -> Response:
    if task[0] != FORM or tuple(task[1]) != sys.version_info[:2]:
        return _unfit(task)
    try:
        return _served(task)
    except MemoryError as error:
        return _described(OUT_OF_MEMORY if task.memory_limit is not None else ERROR, error)
    except BaseException as error:
        return _described(NOT_REBUILT, error)
    finally:
        if _limit is not None:
            _limit.set(None)


def _unfit(task: Task) -> Response:
    ours = ".".join(map(str, sys.version_info[:2]))
    theirs = ".".join(map(str, task[1]))
    text = f"it was pickled by Python {theirs}, and the worker is Python {ours}"
    if ours == theirs:
        text = "its worker has another version of dana_runtime"
    return Response(UNFIT, text=text)


def _served(task: Task) -> Response:
    _come_to(task)
    set_up(task.setups)
    if _limit is not None:
        _limit.set(task.memory_limit)
    function, _ = rebuilt(task.function)
    value, _ = rebuilt(task.value)
    (settings, scopes, places), _ = rebuilt(task.surroundings)
    context = Context()
    context.run(_enter, task, settings)
    # Last: the modules that function and value need have filled their scopes by now.
    context.run(current_layer.set, laid_over(scopes, places))
    thread = threading.current_thread()
    name, thread.name = thread.name, task.thread_name
    begun, computing = perf_counter(), thread_time()
    try:
        result = context.run(_called, function, value, task)
    except BaseException as error:
        return _failed(task, error)
    finally:
        thread.name = name
    cost = perf_counter() - begun, thread_time() - computing
    del function, value
    return result_of(result, task.results)._replace(cost=cost)


def result_of(result: Any, results: str = "") -> Response:
    """Return the response for a result; `results` is the address of the file for large ones."""
    try:
        return Response(RESULT, _parcel(packed(result), results))
    except MemoryError:
        raise
    except Exception as error:
        return _described(UNPICKLABLE, error)


def _come_to(task: Task) -> None:
    """Go where the sender is: its search path, its working directory."""
    if task.path is not None and tuple(sys.path) != task.path:
        sys.path[:] = task.path
        importlib.invalidate_caches()
    if task.folder is not None and os.getcwd() != task.folder:
        os.chdir(task.folder)


def _enter(task: Task, settings: Settings) -> None:
    group = Group(None)
    # It counts the blocks around the block of this branch.
    group.depth = task.depth - 1
    current_group.set(group)
    state.in_branch.set(True)
    # For as long as the context lasts.
    using(**{name: getattr(settings, name) for name in settings.explicit}).__enter__()


def _called(function: Any, value: Any, task: Task) -> Any:
    result = function(value)
    if type(result) is CoroutineType:
        # Imported late: most programs never load asyncio.
        from dana_runtime.awaiting import completed

        return completed(result, task.name)
    return result


def _failed(task: Task, error: BaseException) -> Response:
    """Return the response for what the branch has raised."""
    if isinstance(error, MemoryError) and task.memory_limit is not None and _limit is not None:
        return _described(OUT_OF_MEMORY, error)
    return failure_of(error, task.results)


def failure_of(error: BaseException, results: str = "") -> Response:
    """Return the response for an exception; `results` is the address of the file for large ones."""
    BaseException.with_traceback(error, without_runtime_frames(error.__traceback__))
    response = _described(ERROR, error)
    try:
        return response._replace(parcel=_parcel(packed(error), results))
    except Exception:
        # Its description stands for it.
        return response


def _described(kind: int, error: BaseException) -> Response:
    if _limit is not None:
        # What follows needs some memory.
        _limit.set(None)
    cls = type(error)
    name = cls.__qualname__
    if cls.__module__ not in ("builtins", "__main__"):
        name = f"{cls.__module__}.{name}"
    try:
        text = str(error)
    except Exception:
        text = "<its str() fails>"
    try:
        lines = "".join(traceback.format_exception(error))
    except Exception:
        lines = f"{name}: {text}\n"
    return Response(kind, None, name, text, lines)


def _parcel(what: Packed, address: str) -> Parcel:
    if address and what.is_large():
        try:
            return what.in_file(address, lambda buffers: fill_at(address, buffers))
        except OSError:
            # There is no room: it goes through the pipe.
            pass
    return what.inline()
