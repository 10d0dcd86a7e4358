"""A batch of inputs in another process → a log of their outcomes, written while they run.

    Batch(values) ─► run one ─► frame ─► the log, a shared file ─► Log.frames ─► outcome
                      └──────── the next one ────────┘

The log outlives the process that writes it. So of a batch whose process has died it is known which
inputs had ended, and with what, which one was running, and which had not begun. Where there is no
common memory the frames are what the batch returns.

A log is the time at which the batch began, and one frame for each input that has ended: length,
time, kind, content. Times are those of `time.monotonic`, in seconds, which processes share.
"""

from __future__ import annotations

import pickle
from contextvars import copy_context
from io import FileIO
from struct import Struct
from time import monotonic
from types import CoroutineType
from typing import Any, NamedTuple

from dana_runtime.execution.attempt import Attempt
from dana_runtime.execution.branches import (
    Branch,
    completed,
    has_decimal_context,
    own_decimal_context,
)
from dana_runtime.execution.outcomes import ends_block
from dana_runtime.execution.processes.files import SharedFile
from dana_runtime.scopes import Layer, current_layer

_TIME = Struct("<d")
_HEAD = Struct("<Qdc")
_PLAIN = b"p"
_RESPONSE = b"r"

# What every pickler pickles alike.
_SIMPLE = frozenset((int, float, complex, bool, str, bytes, type(None)))


class Batch:
    """Calls a function with each of many values; the one argument of a call is their list.

    `address` is where the log is, "" for none; `stops` says that the first failure ends the batch.
    """

    __slots__ = ("address", "function", "name", "stops")

    def __init__(self, function: Branch, name: str, address: str, stops: bool) -> None:
        self.function = function
        self.name = name
        self.address = address
        self.stops = stops

    def __reduce__(self) -> tuple[Any, ...]:
        return Batch, (self.function, self.name, self.address, self.stops)

    def __call__(self, values: list[Any]) -> bytes:
        """Run the batch; return its log unless that is in a file."""
        if not self.address:
            log = bytearray()
            self._run(values, log.extend)
            return bytes(log)
        with FileIO(self.address, "r+") as file:
            self._run(values, file.write)
        return b""

    def _run(self, values: list[Any], write: Any) -> None:
        layer, function = current_layer.get(), self.function
        set_layer, common = current_layer.set, copy_context()
        has_decimal = has_decimal_context(common)
        write(_TIME.pack(monotonic()))
        for index in range(len(values)):
            value, values[index] = values[index], None
            goes_on = True
            try:
                # What `run_branch` does, in fewer steps: inputs of a batch are small.
                own: Any = common.copy()
                own.run(set_layer, Layer(layer, None, index))
                if has_decimal:
                    own.run(own_decimal_context)
                result = own.run(function, value)
                if type(result) is CoroutineType:
                    result = own.run(completed, result, self.name)
            except MemoryError:
                # It may be that of the memory_limit, and ends the process.
                raise
            except BaseException as error:
                kind, content = _RESPONSE, _failure(error)
                goes_on = not (self.stops or ends_block(error))
            else:
                kind, content = _content(result)
                del result
            del value
            # In one piece, so that who reads it finds either nothing of it or all.
            write(_HEAD.pack(len(content), monotonic(), kind) + content)
            if not goes_on:
                return


def _content(result: Any) -> tuple[bytes, bytes]:
    if type(result) in _SIMPLE:
        return _PLAIN, pickle.dumps(result, 5)
    from dana_runtime.execution.processes.worker import result_of

    return _RESPONSE, pickle.dumps(tuple(result_of(result)), 5)


def _failure(error: BaseException) -> bytes:
    from dana_runtime.execution.processes.worker import failure_of

    return pickle.dumps(tuple(failure_of(error)), 5)


class Frame(NamedTuple):
    """What has become of one input: when it had ended, and with what."""

    ended: float
    kind: bytes
    content: bytes

    def outcome(self, attempt: Attempt) -> tuple[Any, BaseException | None]:
        """Return the result, or the error; `attempt` says how the input is called in it."""
        if self.kind == _PLAIN:
            return pickle.loads(self.content), None
        from dana_runtime.execution.processes.envelope import Response, opened

        return opened(attempt, Response(*pickle.loads(self.content)))


class Log:
    """The log of a batch as the process reads it that has started the batch."""

    __slots__ = ("_content", "_file", "_offset", "begun", "frames")

    def __init__(self, has_file: bool) -> None:
        """Make an empty log; raises OSError where no file can be made."""
        self._file = SharedFile() if has_file else None
        self._offset = 0
        self._content = b""
        # When the batch began; None until it has.
        self.begun: float | None = None
        self.frames: list[Frame] = []

    @property
    def address(self) -> str:
        """Where another process can write it."""
        return "" if self._file is None else self._file.address

    def read(self, returned: bytes = b"") -> None:
        """Read what has been written by now, or what the batch has returned."""
        content = self._content + (returned if self._file is None else self._new())
        position = 0
        if self.begun is None and len(content) >= _TIME.size:
            (self.begun,) = _TIME.unpack_from(content)
            position = _TIME.size
        while len(content) >= position + _HEAD.size:
            length, ended, kind = _HEAD.unpack_from(content, position)
            begin = position + _HEAD.size
            if len(content) < begin + length:
                break
            self.frames.append(Frame(ended, kind, content[begin : begin + length]))
            position = begin + length
        self._content = content[position:]

    def _new(self) -> bytes:
        assert self._file is not None
        new = self._file.read(self._offset)
        self._offset += len(new)
        return new

    def running_since(self) -> float | None:
        """Return when the input that runs has begun."""
        return self.frames[-1].ended if self.frames else self.begun

    def seconds(self) -> float | None:
        """Return how long the inputs took that have ended, None if there are none."""
        if self.begun is None or not self.frames:
            return None
        return self.frames[-1].ended - self.begun

    def is_plain(self) -> bool:
        """Tell whether all that has ended has a simple result: none of it failed."""
        return all(frame.kind == _PLAIN for frame in self.frames)

    def close(self) -> None:
        """Let the file go."""
        if self._file is not None:
            self._file.close()
