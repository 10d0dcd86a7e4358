"""An attempt → the task that another process runs; its response → the end of the attempt.

    Attempt ─► Envelope(attempt) ─► Task ──► worker.serve ──► Response ─► deliver ─► Attempt

Tasks and responses are tuples of bytes, texts and numbers: what carries them (a pipe, a cluster)
cannot fail to pickle or to rebuild them. The branch's function and its value, its result and its
exception are pickled and rebuilt by us, and what fails in that fails that attempt only.

Branches of one block that run at the same time share one copy of the pickled value.
"""

from __future__ import annotations

import os
import pickle
import sys
from collections.abc import Sequence
from contextlib import suppress
from typing import Any, NamedTuple, TypeAlias

from dana_runtime.errors import MemoryLimitExceeded, RemoteError, WorkerDied
from dana_runtime.execution.attempt import Attempt
from dana_runtime.execution.processes.files import Chunks, SharedFile, Span, shared_file
from dana_runtime.execution.processes.pickling import Packed, Parcel, packed, rebuilt
from dana_runtime.execution.processes.scope_travel import Collected, collected, place
from dana_runtime.execution.processes.sharing import Shared, shared_by
from dana_runtime.execution.settings import current
from dana_runtime.execution.worker_setups import registered_setups
from dana_runtime.scopes import Scope, current_layer

# Of the form of tasks and responses: processes with different ones do not understand each other.
FORM = 2

RESULT, ERROR, UNPICKLABLE, NOT_REBUILT, OUT_OF_MEMORY, UNFIT, LOST = range(7)


class Task(NamedTuple):
    """What a worker gets: everything that it takes to run one attempt."""

    form: int
    python: tuple[int, int]
    setups: tuple[str, ...]
    # sys.path and the working directory of the sender; None leaves them as they are.
    path: tuple[str, ...] | None
    folder: str | None
    name: str
    thread_name: str
    depth: int
    memory_limit: int | None
    function: Parcel
    value: Parcel
    # The settings and what the branch sees of the scopes.
    surroundings: Parcel
    # The file for a large result, "" if there is none.
    results: str
    # Whether to say who has run it, and when.
    is_traced: bool = False


class Response(NamedTuple):
    """What a worker gives back: the kind of outcome, and a result or a description of an error."""

    kind: int
    parcel: Parcel | None = None
    type_name: str = ""
    text: str = ""
    traceback: str = ""
    # As `Attempt.ran` has it.
    ran: tuple[int, int, int, int] | None = None
    # The seconds that the function took, and how many of them were computing.
    cost: tuple[float, float] | None = None


class RemoteTraceback(Exception):  # noqa: N818 - it is none that is raised
    """The cause of an exception that came from another process: what Python prints of it there."""

    # Tracebacks name it by this, where a reader has no use for the place that it is defined in.
    __module__ = "dana_runtime"

    def __str__(self) -> str:
        return f'\n"""\n{self.args[0].rstrip()}\n"""'

    def __reduce__(self) -> Any:
        # It is found where it is defined, and not by the name above.
        return _remote_traceback, self.args


def _remote_traceback(text: str) -> RemoteTraceback:
    return RemoteTraceback(text)


class Envelope:
    """An attempt, pickled; `close` lets go of what it shares with others.

    Raises PicklingError, naming the branch, if it cannot be pickled. `by_value` is for processes
    without the program's Dana modules, `local` for those that can map files of this one.
    """

    __slots__ = ("_attempt", "_by_value", "_files", "_local", "_shared", "task")

    def __init__(self, attempt: Attempt, local: bool, by_value: bool = False) -> None:
        self._attempt = attempt
        self._local = local
        self._by_value = by_value
        self._files: list[SharedFile] = []
        self._shared: list[Shared[Any]] = []
        try:
            self.task = self._task()
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Let go of the files; call it once, when the attempt is over."""
        for file in self._files:
            file.close()
        for shared in self._shared:
            shared.leave()

    def _task(self) -> Task:
        attempt, local = self._attempt, self._local
        function = self._packed(attempt.function, "its function")
        value, value_scopes = self._common(attempt.value, "value").get(self._value)
        scopes = self._scopes([*function.scopes, *value_scopes])
        # Not those of this branch alone: they are for the blocks inside of it.
        settings = attempt.context.run(current)
        surroundings = (settings, scopes, place(attempt.context.get(current_layer)))
        return Task(
            FORM,
            sys.version_info[:2],
            # Another machine may lack what they set up, and has no use for it.
            () if self._by_value else registered_setups(),
            tuple(sys.path) if local else None,
            _working_folder() if local else None,
            attempt.name,
            attempt.thread_name,
            attempt.depth,
            attempt.settings.memory_limit if local else None,
            self._parcel(function, self._files),
            value,
            self._parcel(self._packed(surroundings, "its settings"), self._files),
            "",
            attempt.trace is not None,
        )

    def _common(self, about: object, kind: str) -> Shared[Any]:
        shared: Shared[Any] = shared_by(self._attempt, about, kind, self._local, self._by_value)
        self._shared.append(shared)
        return shared

    def _packed(self, what: object, called: str) -> Packed:
        try:
            return packed(what, self._by_value)
        except Exception as error:
            name = self._attempt.name
            text = f"{name}: {called} cannot be pickled to run in another process: {error}"
            raise pickle.PicklingError(text) from error

    def _value(self, files: list[SharedFile]) -> tuple[Parcel, list[Scope]]:
        value = self._packed(self._attempt.value, "its argument")
        return self._parcel(value, files), value.scopes

    def _scopes(self, seen: list[Scope]) -> Collected:
        """Return what the branch sees of the scopes, those in `seen` included."""
        layer = self._attempt.context.get(current_layer)

        def collect(files: list[SharedFile]) -> Collected:
            return collected(layer, seen, self._by_value)

        if layer is None or layer.names:
            return collect([])
        # It has written nothing yet: its siblings, over the same layer, see the same.
        known: Collected = self._common(layer.parent, "scopes").get(collect)
        return known if set(seen) <= {scope for scope, _ in known} else collect([])

    def _parcel(self, what: Packed, files: list[SharedFile]) -> Parcel:
        """Return the parcel of `what`; a file that it needs is put into `files`."""
        if self._local and what.is_large():
            # OSError: there is no room for a file, and it goes through the pipe.
            with suppress(OSError):
                return _in_file(what, files)
        return what.inline()


def _in_file(what: Packed, files: list[SharedFile]) -> Parcel:
    addresses = []

    def fill(buffers: Sequence[Chunks]) -> list[Span]:
        file, spans = shared_file(buffers)
        files.append(file)
        addresses.append(file.address)
        return spans

    parcel = what.in_file("", fill)
    return parcel._replace(address=addresses[0])


def _working_folder() -> str | None:
    try:
        return os.getcwd()
    except OSError:
        # It has been removed.
        return None


# A result and None, or anything and an error.
Outcome: TypeAlias = tuple[Any, BaseException | None]


def opened(attempt: Attempt, response: Response, results: SharedFile | None = None) -> Outcome:
    """Return what a response holds: the result of `attempt` and None, or the error it ends with.

    `results` is the file that a large result is in.
    """
    if response.ran is not None:
        attempt.ran = response.ran
    attempt.cost = response.cost
    try:
        return _outcome(attempt, response, results), None
    except BaseException as error:
        # The frames of this module are no part of what has happened.
        BaseException.with_traceback(error, None)
        return None, error


def deliver(attempt: Attempt, outcome: Outcome) -> None:
    """End `attempt` with `outcome`."""
    result, error = outcome
    if error is None:
        attempt.finish(result)
    else:
        attempt.fail(error)


def _outcome(attempt: Attempt, response: Response, results: SharedFile | None) -> Any:
    remote = RemoteTraceback(response.traceback) if response.traceback else None
    kind = response.kind
    if kind == RESULT:
        assert response.parcel is not None
        try:
            return _rebuilt(response.parcel, results)
        except Exception as error:
            text = f"{attempt.name}: its result cannot be rebuilt: {error}"
            raise pickle.PicklingError(text) from error
    if kind == ERROR:
        raise _error(response, results, remote)
    if kind == UNPICKLABLE:
        text = f"{attempt.name}: its result cannot be pickled: {response.text}"
        raise pickle.PicklingError(text) from remote
    if kind == NOT_REBUILT:
        text = f"{attempt.name}: it cannot be rebuilt in the other process: {response.text}"
        raise pickle.PicklingError(text) from remote
    if kind == OUT_OF_MEMORY:
        limit = attempt.settings.memory_limit
        text = f"{attempt.name} wanted more memory than memory_limit={limit} bytes allows"
        raise MemoryLimitExceeded(text) from remote
    if kind == LOST:
        raise WorkerDied(f"{attempt.name}: the worker that ran it has died")
    raise RuntimeError(f"{attempt.name} cannot run in another process: {response.text}")


def _rebuilt(parcel: Parcel, results: SharedFile | None) -> Any:
    if results is None:
        return rebuilt(parcel)[0]
    return rebuilt(parcel, lambda _, spans: results.take(spans))[0]


def _error(
    response: Response, results: SharedFile | None, remote: RemoteTraceback | None
) -> BaseException:
    """Return the exception of a branch, a RemoteError in its place if it cannot be rebuilt."""
    error: object = None
    if response.parcel is not None:
        try:
            error = _rebuilt(response.parcel, results)
        except Exception:
            error = None
    if not isinstance(error, BaseException):
        error = RemoteError(response.type_name, response.text, response.traceback)
    # Not `raise … from`: an exception may refuse assignments, as frozen dataclasses do.
    BaseException.__setattr__(error, "__cause__", remote)
    return error
