"""Spans → a file in the trace-event format, for Perfetto and chrome://tracing.

ended ─► waiting, in memory ─► a temporary file, piece by piece ─► close: renamed to the file

Format: https://docs.google.com/document/d/1CvAClvFfyA5R-PhYUmn5OOQtYMH4h6I0nSsKchNAySU. Calls are complete
events (`X`), what can be suspended is asynchronous (`b` and `e`, one `id` a lane), arrows are flow events
(`s` and `f`), names are metadata (`M`). Times are in microseconds since the timeline began.
"""

from __future__ import annotations

import json
import os
import stat
import tempfile
from collections import deque
from contextlib import suppress
from itertools import count
from threading import Lock
from time import perf_counter_ns
from typing import Any

from dana_runtime.trace.spans import Span, Track

# Spans that are kept in memory before they are written.
BUFFERED = 4096

_HEAD = '{"displayTimeUnit": "ms", "traceEvents": [\n'
_BETWEEN = ",\n"
_TAIL = "\n]}\n"


class ChromeFile:
    """A timeline in a file, which appears when it is closed, and then is whole.

    Raises OSError if nothing can be written where `path` says.
    """

    def __init__(self, path: str | os.PathLike[str], title: str) -> None:
        self.path = os.path.realpath(path)
        self._title = title
        self._pid = os.getpid()
        self._began = perf_counter_ns()
        # Atomic, and so open to all threads; emptied by whoever gets the lock.
        self._waiting: deque[Span] = deque()
        self._lock = Lock()
        self._arrows = count(1)
        self._failure: OSError | None = None
        self._is_closed = False
        # By the ids of process and thread, which a later thread may have again.
        self._named: dict[tuple[int, int], Track] = {}
        # A device or a pipe is not replaced, but written to in the end.
        self._is_replaced = not os.path.exists(self.path) or stat.S_ISREG(
            os.stat(self.path).st_mode
        )
        if os.path.isdir(self.path):
            raise IsADirectoryError(21, "Is a directory", os.fspath(path))
        self._descriptor, self._temporary = self._new_file()
        self._write(_HEAD + json.dumps(self._metadata(0, "process_name", title)))

    def _new_file(self) -> tuple[int, str]:
        if not self._is_replaced:
            with open(self.path, "wb"):
                return tempfile.mkstemp(suffix=".json")
        name = f"{self.path}.{self._pid}.tmp"
        return os.open(name, os.O_CREAT | os.O_TRUNC | os.O_WRONLY, 0o666), name

    # --- What comes in ----------------------------------------------------------------------------

    def began(self, span: Span) -> None:
        """Nothing is written before a span has ended."""

    def left(self, span: Span) -> None:
        """Contexts are no matter here."""

    def ended(self, span: Span) -> None:
        """Take in a span; now and then the thread that does so writes what there is."""
        if self._failure is not None:
            return
        self._waiting.append(span)
        if len(self._waiting) >= BUFFERED and self._lock.acquire(blocking=False):
            try:
                if not self._is_closed:
                    self._drain()
            except OSError as error:
                # The program goes on; it is told in the end.
                self._failure = error
            finally:
                self._lock.release()

    def _drain(self) -> None:
        spans = []
        try:
            while self._waiting:
                spans.append(self._waiting.popleft())
            self._write("".join(_BETWEEN + json.dumps(event) for event in self._events(spans)))
        except BaseException:
            # Such as the end of a branch whose time is up: the next one writes them.
            self._waiting.extendleft(reversed(spans))
            # Who has been named with them is named anew.
            self._named.clear()
            raise

    def close(self) -> None:
        """Write the rest, and put the file in its place; raises OSError."""
        with self._lock:
            self._is_closed = True
            try:
                try:
                    if self._failure is not None:
                        raise self._failure
                    self._drain()
                    self._write(_TAIL)
                finally:
                    os.close(self._descriptor)
                self._put_in_place()
            except BaseException:
                with suppress(OSError):
                    os.unlink(self._temporary)
                raise

    def _put_in_place(self) -> None:
        if self._is_replaced:
            os.replace(self._temporary, self.path)
            return
        with open(self._temporary, "rb") as written, open(self.path, "wb") as target:
            while piece := written.read(1 << 20):
                target.write(piece)
        os.unlink(self._temporary)

    def _write(self, text: str) -> None:
        data = text.encode()
        while data:
            data = data[os.write(self._descriptor, data) :]

    # --- What goes out ----------------------------------------------------------------------------

    def _events(self, spans: list[Span]) -> list[dict[str, Any]]:
        events: list[dict[str, Any]] = []
        for span in spans:
            events += self._names_of(span.track)
            if span.lane:
                events += self._in_lane(span)
            else:
                events.append(self._slice(span))
                events += self._arrow_to(span)
        return events

    def _slice(self, span: Span) -> dict[str, Any]:
        event = {
            "ph": "X",
            "name": span.name,
            "cat": span.kind,
            "pid": span.track.pid,
            "tid": span.track.tid,
            "ts": self._time(span.begun),
            "dur": (span.ended - span.begun) / 1000,
            "args": span.args,
        }
        if "error" in span.args:
            # What chrome://tracing has for red.
            event["cname"] = "terrible"
        return event

    def _in_lane(self, span: Span) -> list[dict[str, Any]]:
        common = {
            "name": span.name,
            "cat": "async",
            "id": f"{self._pid:x}.{span.lane:x}",
            "pid": span.track.pid,
            "tid": span.track.tid,
        }
        args = {"kind": span.kind, **span.args}
        return [
            {"ph": "b", **common, "ts": self._time(span.begun), "args": args},
            {"ph": "e", **common, "ts": self._time(span.ended)},
        ]

    def _arrow_to(self, span: Span) -> list[dict[str, Any]]:
        """Return the arrow from a block to a branch of it that runs elsewhere."""
        block = span.parent
        if block is None or block.lane or block.track is span.track or block.kind == "map":
            return []
        common = {"name": "branch", "cat": "flow", "id": next(self._arrows)}
        names = self._names_of(block.track)
        # A little later: viewers look for the slice that is open, in the order of times.
        begun = self._time(block.begun + 1)
        source = {"pid": block.track.pid, "tid": block.track.tid, "ts": begun}
        target = {"pid": span.track.pid, "tid": span.track.tid, "ts": self._time(span.begun)}
        return [
            *names,
            {"ph": "s", **common, **source},
            {"ph": "f", "bp": "e", **common, **target},
        ]

    def _names_of(self, track: Track) -> list[dict[str, Any]]:
        """Return how a track and its process are called, once."""
        row = track.pid, track.tid
        if self._named.get(row) is track:
            return []
        self._named[row] = track
        names = [
            {**self._metadata(track.tid, "thread_name", track.name), "pid": track.pid},
            {
                **self._metadata(track.tid, "thread_sort_index", ""),
                "pid": track.pid,
                "args": {"sort_index": track.number},
            },
        ]
        if track.pid != self._pid:
            title = self._metadata(track.tid, "process_name", f"worker process {track.pid}")
            names.append({**title, "pid": track.pid})
        return names

    def _metadata(self, tid: int, what: str, name: str) -> dict[str, Any]:
        return {"ph": "M", "name": what, "pid": self._pid, "tid": tid, "args": {"name": name}}

    def _time(self, nanoseconds: int) -> float:
        return (nanoseconds - self._began) / 1000
