"""What all tests share: the checkout's folders, and danac run as its users run it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).parent.parent


def pytest_configure() -> None:
    """Let Ctrl-C reach what the tests start, also where a shell runs them in the background.

    Such a shell ignores SIGINT, and whatever is started from there inherits that.
    """
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--update-golden",
        action="store_true",
        help="write what is expected anew; then read the difference before committing",
    )


@pytest.fixture(scope="session")
def checkout() -> Path:
    return CHECKOUT


@pytest.fixture
def clean_environment() -> dict[str, str]:
    """The environment less the variables that change what a Dana program does."""
    environment = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("DANA", "PYTHON")) and not name.lower().endswith("_proxy")
    }
    return environment | {"PYTHONUTF8": "1", "NO_COLOR": "1"}


Run = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def run_python(clean_environment: dict[str, str]) -> Run:
    """Run this Python in a process of its own: `run_python("-m", "danac", "run", path)`.

    With `measured=False` no coverage is taken of it: for tests of what a process loads or how long
    it takes to start, since the measuring imports a good deal itself.
    """

    def run(
        *arguments: str | Path,
        cwd: Path | None = None,
        env: Mapping[str, str] | None = None,
        stdin: str = "",
        python: str | Path = sys.executable,
        measured: bool = True,
    ) -> subprocess.CompletedProcess[str]:
        environment = clean_environment | dict(env or {})
        if not measured:
            environment = {k: v for k, v in environment.items() if not k.startswith("COVERAGE_")}
        return subprocess.run(
            [python, *arguments],
            cwd=cwd,
            env=environment,
            input=stdin,
            capture_output=True,
            encoding="utf-8",
            timeout=120,
            check=False,
        )

    return run


@pytest.fixture
def run_danac(run_python: Run) -> Run:
    """Run the command line in a process of its own: `run_danac("run", path)`."""

    def run(*arguments: str | Path, **options: object) -> subprocess.CompletedProcess[str]:
        return run_python("-m", "danac", *arguments, **options)

    return run
