"""The classes of the errors that the runtime itself raises."""

from __future__ import annotations


class BranchCancelled(BaseException):
    """A branch goes on although its block is over: another branch failed, time is up, or Ctrl-C came.

    Not an Exception, so that a branch's `except Exception` does not take it for a failure.
    The runtime raises it where a cancelled branch would enter it; a branch may raise it
    too once `cancelled()` is true.
    """


class BranchTimeout(TimeoutError):
    """A branch, or a stage with a timeout of its own, has not ended in its time."""


class WorkerDied(RuntimeError):
    """The process that ran a branch has ended: it was killed, left by `os._exit`, or crashed."""


class RemoteError(RuntimeError):
    """What a branch raised in another process, where that exception cannot be rebuilt in this one.

    `type_name` is the name of its class, `text` what `str()` gave for it, and `traceback_text` its
    traceback as Python prints it.
    """

    def __init__(self, type_name: str, text: str, traceback_text: str = "") -> None:
        super().__init__(type_name, text, traceback_text)
        self.type_name = type_name
        self.text = text
        self.traceback_text = traceback_text

    def __str__(self) -> str:
        return f"{self.type_name}: {self.text}" if self.text else self.type_name


class LoopBlocked(RuntimeError):
    """A coroutine branch was on an event loop that another one blocked; that loop was given up."""


class MemoryLimitExceeded(MemoryError):
    """A branch in a process wanted more memory than `memory_limit` allows."""


class OrchestrationError(TypeError):
    """A value does not meet the signature of the stage that it flows into."""


class EnforcementError(ValueError):
    """The result of a stage does not pass its gate."""


class CircuitOpen(RuntimeError):
    """A function has failed too often of late and is not called for now."""


class SettingsError(ValueError):
    """The environment or a pyproject.toml holds a setting that is misspelt or wrong."""


_PUBLIC: tuple[type[BaseException], ...] = (
    BranchCancelled,
    BranchTimeout,
    CircuitOpen,
    EnforcementError,
    LoopBlocked,
    MemoryLimitExceeded,
    OrchestrationError,
    RemoteError,
    SettingsError,
    WorkerDied,
)
for _class in _PUBLIC:
    # Tracebacks name them as programs do.
    _class.__module__ = "dana_runtime"
