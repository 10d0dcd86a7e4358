"""Programs that tell what they do: a Dana program and its Python twin must tell the same story.

The module `tracing`, which exists for these tests only, is what both import:

    call(name, …)   logs the call and returns it as text: `call("f", 1, k=2)` is "f(1, k=2)"
    make(name)      logs that it makes one, and returns a function that calls `call(name, …)`
    note(value)     logs the value and returns it
    watched.name    logs that it was read, and is a function as `make` makes them
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import ModuleType
from typing import Any, NamedTuple

import pytest

import danac

# Valid in both languages.
PRELUDE = """\
from tracing import call, make, note, watched
def f(*args, **options): return call("f", *args, **options)
def g(*args, **options): return call("g", *args, **options)
def h(*args, **options): return call("h", *args, **options)
def noted(x): return note(x)
"""


@pytest.fixture(scope="session")
def prelude() -> str:
    return PRELUDE


class Story(NamedTuple):
    """What came of a run: its `result` and what was done on the way, in order."""

    result: Any
    log: list[str]


def _shown(value: object) -> str:
    if callable(value):
        return "<function>"
    return value if isinstance(value, str) else repr(value)


class _Tracing(ModuleType):
    def __init__(self) -> None:
        super().__init__("tracing")
        self.log: list[str] = []
        self.watched = _Watched(self)

    def call(self, name: str, *args: object, **options: object) -> str:
        shown = [_shown(value) for value in args]
        shown += [f"{key}={_shown(value)}" for key, value in options.items()]
        text = f"{name}({', '.join(shown)})"
        self.log.append(text)
        return text

    def make(self, name: str) -> Callable[..., str]:
        self.log.append(f"make {name}")
        return lambda *args, **options: self.call(name, *args, **options)

    def note(self, value: Any) -> Any:
        self.log.append(f"note {_shown(value)}")
        return value


class _Watched:
    def __init__(self, tracing: _Tracing) -> None:
        self._tracing = tracing

    def __getattr__(self, name: str) -> Callable[..., str]:
        self._tracing.log.append(f"read {name}")
        return lambda *args, **options: self._tracing.call(name, *args, **options)


@pytest.fixture
def story_of(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Story]:
    """Run a program and return its story: `story_of(text)` for Dana, `python=True` for Python."""

    def run(text: str, *, python: bool = False) -> Story:
        tracing = _Tracing()
        monkeypatch.setitem(sys.modules, "tracing", tracing)
        if python:
            namespace: dict[str, Any] = {"__name__": "twin"}
            exec(compile(text, "<twin>", "exec"), namespace)
        else:
            namespace = danac.run_source(text)
        return Story(namespace["result"], tracing.log)

    return run


@pytest.fixture
def tell_the_same(story_of: Callable[..., Story]) -> Callable[[str, str], None]:
    """Compare a Dana program with its Python twin: result, and order and number of evaluations.

    What the branches of a `{ … }` block do has no order, so there the logs are sorted.
    """

    def compare(dana: str, python: str) -> None:
        told = story_of(dana)
        expected = story_of(python, python=True)
        if "fan_out" in danac.to_python(dana):
            told.log.sort()
            expected.log.sort()
        assert told == expected

    return compare
