"""Waiting and fresh processes for the tests of the runtime.

No test measures time: WAIT only bounds how long a broken runtime can hang.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import dana_runtime
from dana_runtime.execution import history, settings

WAIT = 30.0


@pytest.fixture(autouse=True)
def fresh_start() -> Iterator[None]:
    """Let no test see what another one has set, or that its functions are known to be tiny."""
    history.forget()
    yield
    settings.forget()


@pytest.fixture
def wait_until() -> Callable[[Callable[[], object]], None]:
    """Wait for a condition that another thread brings about."""

    def wait(condition: Callable[[], object]) -> None:
        deadline = time.monotonic() + WAIT
        while not condition():
            assert time.monotonic() < deadline, "this never came true"
            time.sleep(0.001)

    return wait


@pytest.fixture
def run_python() -> Callable[..., subprocess.CompletedProcess[str]]:
    """Run a program in a Python of its own, which knows the runtime and nothing else of ours.

    With `measured=False` no coverage is taken of it: for programs that trace their threads themselves.
    """

    def run(program: str, *options: str, measured: bool = True) -> subprocess.CompletedProcess[str]:
        environment = {**os.environ, "PYTHONPATH": str(Path(dana_runtime.__file__).parent.parent)}
        if not measured:
            environment = {k: v for k, v in environment.items() if not k.startswith("COVERAGE_")}
        return subprocess.run(
            [sys.executable, *options, "-c", program],
            env=environment,
            capture_output=True,
            text=True,
            # Less than the time after which idle threads end by themselves.
            timeout=25,
            check=False,
        )

    return run
