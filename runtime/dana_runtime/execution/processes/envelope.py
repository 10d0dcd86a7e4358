"""An attempt → the task that another process runs; its response → the end of the attempt.

    Attempt ─► Envelope(attempt) ─► Task ──► worker.serve ──► Response ─► open_response ─► Attempt

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
from threading import Lock
from typing import Any, NamedTuple

from dana_runtime.errors import MemoryLimitExceeded, RemoteError
from dana_runtime.execution.attempt import Attempt
from dana_runtime.execution.cancellation import current_group
from dana_runtime.execution.processes.files import SharedFile, Span, shared
from dana_runtime.execution.processes.pickling import Packed, Parcel, packed, rebuilt
from dana_runtime.execution.processes.scope_travel import Collected, collected, place
from dana_runtime.execution.worker_setups import registered_setups
from dana_runtime.scopes import Layer, Scope, current_layer

# Of the form of tasks and responses: processes with different ones do not understand each other.
FORM = 1

RESULT, ERROR, UNPICKLABLE, NOT_REBUILT, OUT_OF_MEMORY, UNFIT = range(6)


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


class Response(NamedTuple):
    """What a worker gives back: the kind of outcome, and a result or a description of an error."""

    kind: int
    parcel: Parcel | None = None
    type_name: str = ""
    text: str = ""
    traceback: str = ""


class RemoteTraceback(Exception):  # noqa: N818 - it is none that is raised
    """The cause of an exception that came from another process: what Python prints of it there."""

    def __str__(self) -> str:
        return f'\n"""\n{self.args[0].rstrip()}\n"""'


class Envelope:
    """An attempt, pickled; `close` lets go of what it shares with others.

    Raises PicklingError, naming the branch, if it cannot be pickled. `by_value` is for processes
    without the program's Dana modules, `local` for those that can map files of this one.
    """

    __slots__ = ("_files", "_load", "attempt", "task")

    def __init__(self, attempt: Attempt, local: bool, by_value: bool = False) -> None:
        self.attempt = attempt
        self._files: list[SharedFile] = []
        self._load = _load_of(attempt, by_value)
        try:
            self.task = self._task(attempt, local, by_value)
        except BaseException:
            self.close()
            raise

    def _task(self, attempt: Attempt, local: bool, by_value: bool) -> Task:
        try:
            function = packed(attempt.function, by_value)
        except Exception as error:
            raise _unpicklable(attempt, "its function", error) from error
        value, value_scopes = self._load.value(attempt, local)
        layer = attempt.context.get(current_layer)
        scopes = self._load.scopes(layer, [*function.scopes, *value_scopes])
        try:
            surroundings = packed((attempt.settings, scopes, place(layer)), by_value)
        except Exception as error:
            raise _unpicklable(attempt, "its settings", error) from error
        return Task(
            FORM,
            sys.version_info[:2],
            # Another machine may lack what they set up, and has no use for it.
            () if by_value else registered_setups(),
            tuple(sys.path) if local else None,
            _working_folder() if local else None,
            attempt.name,
            attempt.thread_name,
            attempt.depth,
            getattr(attempt.settings, "memory_limit", None) if local else None,
            self._parcel(function, local),
            value,
            self._parcel(surroundings, local),
            "",
        )

    def _parcel(self, what: Packed, local: bool) -> Parcel:
        parcel, file = _sealed(what, local)
        if file is not None:
            self._files.append(file)
        return parcel

    def close(self) -> None:
        """Let go of the files; call it once the attempt is over."""
        for file in self._files:
            file.close()
        self._files.clear()
        self._load.leave()


class _Load:
    """What the attempts of one block that are on their way have in common: value and scopes."""

    __slots__ = ("_by_value", "_collected", "_files", "_key", "_lock", "_values", "group", "users")

    def __init__(self, key: tuple[int, bool], group: object, by_value: bool) -> None:
        self._key = key
        self._by_value = by_value
        # Held so that no other group can have its identity.
        self.group = group
        self.users = 0
        self._lock = Lock()
        # By the identity of the value, which is held for the same reason.
        self._values: dict[tuple[int, bool], tuple[object, Parcel, list[Scope]]] = {}
        self._collected: Collected | None = None
        self._files: list[SharedFile] = []

    def value(self, attempt: Attempt, local: bool) -> tuple[Parcel, list[Scope]]:
        """Return the value of `attempt` as a parcel, and the scopes it refers to."""
        key = id(attempt.value), local
        with self._lock:
            if key not in self._values:
                try:
                    what = packed(attempt.value, self._by_value)
                except Exception as error:
                    raise _unpicklable(attempt, "its argument", error) from error
                parcel, file = _sealed(what, local)
                if file is not None:
                    self._files.append(file)
                self._values[key] = attempt.value, parcel, what.scopes
            return self._values[key][1:]

    def scopes(self, layer: Layer | None, seen: Sequence[Scope]) -> Collected:
        """Return what a branch with `layer` sees of the scopes, those in `seen` included."""
        # What its siblings see is the same: a branch has written nothing before it begins.
        with self._lock:
            known = self._collected
            if known is None or not set(seen) <= {scope for scope, _ in known}:
                known = self._collected = collected(layer, seen, self._by_value)
            return known

    def leave(self) -> None:
        """Let go of it on behalf of one attempt; the last one closes the files."""
        with _loads_lock:
            self.users -= 1
            if self.users:
                return
            if _loads.get(self._key) is self:
                del _loads[self._key]
        for file in self._files:
            file.close()


_loads: dict[tuple[int, bool], _Load] = {}
_loads_lock = Lock()


def _load_of(attempt: Attempt, by_value: bool) -> _Load:
    """Return the load that `attempt` shares; outside of blocks it is its own."""
    group = attempt.context.get(current_group)
    key = id(group), by_value
    with _loads_lock:
        load = None if group is None else _loads.get(key)
        if load is None:
            load = _Load(key, group, by_value)
            if group is not None:
                _loads[key] = load
        load.users += 1
        return load


def _sealed(what: Packed, local: bool) -> tuple[Parcel, SharedFile | None]:
    """Return the parcel of `what`, and the file that it needs."""
    if local and what.is_large():
        files: list[SharedFile] = []

        def fill(buffers: Sequence[Sequence[bytes | bytearray | memoryview]]) -> list[Span]:
            found = shared(buffers)
            if found is None:
                raise OSError("no room for a shared file")
            files.append(found[0])
            return found[1]

        try:
            parcel = what.in_file("", fill)
        except OSError:
            # It goes through the pipe.
            return what.inline(), None
        return parcel._replace(address=files[0].address), files[0]
    return what.inline(), None


def _working_folder() -> str | None:
    try:
        return os.getcwd()
    except OSError:
        # It has been removed.
        return None


def _unpicklable(attempt: Attempt, what: str, error: BaseException) -> pickle.PicklingError:
    text = f"{attempt.name}: {what} cannot be pickled to run in another process: {error}"
    return pickle.PicklingError(text)


def open_response(attempt: Attempt, response: Response, results: SharedFile | None = None) -> None:
    """End `attempt` as `response` says; `results` is the file that a large result is in."""
    try:
        outcome = _outcome(attempt, response, results)
    except BaseException as error:
        attempt.fail(error)
    else:
        attempt.finish(outcome)


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
        limit = getattr(attempt.settings, "memory_limit", None)
        text = f"{attempt.name} wanted more memory than memory_limit={limit} bytes allows"
        raise MemoryLimitExceeded(text) from remote
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


def forget() -> None:
    """Begin anew in a process that was forked: other threads are gone, and so is what they held."""
    global _loads_lock
    _loads_lock = Lock()
    _loads.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=forget)
