"""How blocks run: the settings of one block or stage, and those that are in force here."""

from __future__ import annotations

from contextvars import ContextVar, Token
from typing import Any, Self

_DEFAULTS: dict[str, Any] = {
    "timeout": 30.0,
    "memory_limit": 1024**3,
    "executor": "auto",
    "scheduler": None,
}


class Settings:
    """How a block or stage runs; `explicit` are the names of those that somebody has set."""

    timeout: float | None
    memory_limit: int | None
    executor: Any
    scheduler: str | None

    def __init__(self, **settings: Any) -> None:
        vars(self).update(_DEFAULTS | settings)
        self.explicit = frozenset(settings)

    def __reduce__(self) -> tuple[Any, ...]:
        values = {name: getattr(self, name) for name in self.explicit}
        if not isinstance(self.executor, str):
            # It serves the process and the block that it was given to.
            values["executor"] = "auto"
        return _settings, (values,)


def _settings(values: dict[str, Any]) -> Settings:
    return Settings(**values)


_innermost: ContextVar[dict[str, Any] | None] = ContextVar("dana_settings", default=None)


class using:  # noqa: N801 - it is read as a statement: with using(timeout=5):
    """Settings for the blocks that begin within a `with` statement, in its own context only."""

    def __init__(self, **settings: Any) -> None:
        self._values = settings
        self._tokens: list[Token[dict[str, Any] | None]] = []

    def __enter__(self) -> Self:
        self._tokens.append(_innermost.set({**(_innermost.get() or {}), **self._values}))
        return self

    def __exit__(self, *exception: object) -> None:
        _innermost.reset(self._tokens.pop())


def current() -> Settings:
    """Return the settings in force here."""
    return Settings(**(_innermost.get() or {}))
