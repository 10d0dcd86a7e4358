"""One attempt of one branch, started on a backend and awaited."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextvars import copy_context
from types import ModuleType
from typing import Any

import pytest

from dana_runtime.errors import BranchTimeout
from dana_runtime.execution import processes
from dana_runtime.execution.attempt import Attempt
from dana_runtime.execution.settings import Settings

# How long a test waits for what should come at once.
PATIENCE = 60.0

NAME = "branch 2 of 3, charge (orders.dana:12:31), of pipeline report"


class Started:
    """An attempt that a backend has started; `result()` gives what comes of it."""

    def __init__(
        self, backend: ModuleType, function: Callable[[Any], Any], value: Any, **settings: Any
    ) -> None:
        self.over = threading.Event()
        self.attempt = Attempt(
            function,
            value,
            settings=Settings(**settings),
            name=NAME,
            thread_name="dana:report:charge",
            context=copy_context(),
            depth=1,
            on_end=lambda attempt: self.over.set(),
        )
        self.abandon_it = backend.start(self.attempt)

    def result(self) -> Any:
        assert self.over.wait(PATIENCE), "the attempt has not ended"
        if self.attempt.error is not None:
            raise self.attempt.error
        return self.attempt.result

    def abandon(self) -> BranchTimeout:
        """Do what a block does when the time of the attempt is up."""
        self.attempt.close()
        self.abandon_it()
        return BranchTimeout(NAME)


Start = Callable[..., Started]
Run = Callable[..., Any]


@pytest.fixture
def start() -> Start:
    """Start a branch in a process: `start(function, value, memory_limit=…).result()`."""

    def start(function: Callable[[Any], Any], value: Any = None, **settings: Any) -> Started:
        return Started(processes, function, value, **settings)

    return start


@pytest.fixture
def run(start: Start) -> Run:
    """Run a branch in a process and return its result, or raise what it raises."""

    def run(function: Callable[[Any], Any], value: Any = None, **settings: Any) -> Any:
        return start(function, value, **settings).result()

    return run


@pytest.fixture(scope="session", autouse=True)
def _no_processes_at_the_end():
    yield
    processes.shutdown(wait=True, cancel=True)
