"""The settings of a branch → the backend that runs it; each is imported when it is first needed."""

from __future__ import annotations

import sys
from importlib import import_module
from typing import cast

from dana_runtime.execution import threads
from dana_runtime.execution.attempt import Backend, LoopBackend
from dana_runtime.execution.settings import Settings

_MODULES = {"process": "processes", "async": "loops", "dask": "cluster"}
_PACKAGE = "dana_runtime.execution"

_loops: LoopBackend | None = None
_has_loops = True


def backend_for(settings: Settings) -> Backend:
    """Return the backend for plain functions under `settings`.

    `"auto"`, `"inline"`, `"thread"` and `"async"` are threads: a plain function would block a loop.
    Raises ImportError naming the extra where the backend's packages are missing.
    """
    executor = settings.executor
    if not isinstance(executor, str):
        return _imported("foreign")
    if executor == "process" and is_worker():
        # A process of a process: its branches run on threads.
        return threads
    if executor in ("process", "dask"):
        return _imported(_MODULES[executor])
    return threads


def loop_backend() -> LoopBackend | None:
    """Return the backend for coroutine functions, None if there is none."""
    global _loops, _has_loops
    if _loops is None and _has_loops:
        try:
            _loops = cast(LoopBackend, import_module(f"{_PACKAGE}.loops"))
        except ModuleNotFoundError as error:
            if error.name != f"{_PACKAGE}.loops":
                raise
            _has_loops = False
    return _loops


def is_worker() -> bool:
    """Whether this process runs branches for another one."""
    state = sys.modules.get(f"{_PACKAGE}.processes.state")
    return state is not None and bool(state.in_worker())


def _imported(name: str) -> Backend:
    return cast(Backend, import_module(f"{_PACKAGE}.{name}"))
