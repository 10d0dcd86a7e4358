"""What the runtime tells of a running program → spans, handed to exporters when they have ended.

    begin ─► Span, the current one of its context, open on its thread's track ─► end ─► exporters

On a track spans enclose each other, since they belong to calls. What can be suspended, a coroutine or a
generator, has a lane of its own.
"""

from __future__ import annotations

import os
import sys
import threading
from collections import deque
from contextlib import suppress
from itertools import count
from time import perf_counter_ns
from types import CodeType, FrameType
from typing import Any, Protocol
from weakref import WeakKeyDictionary

from dana_runtime.errors import BranchCancelled
from dana_runtime.execution.abandonment import Flight, current_flight, unshield
from dana_runtime.trace.spans import Span, Track, current_span
from dana_runtime.wording import REPR_LENGTH

_COROUTINE = 0x80
_GENERATOR = 0x20 | 0x200

# Spans that have failed, and of whose errors nothing is known yet, at most.
MOST_UNEXPLAINED = 256

UNSEEN = "an exception that was caught inside"


class Exporter(Protocol):
    """Where spans go."""

    def began(self, span: Span) -> None:
        """Take in a span that has begun in the running context."""

    def left(self, span: Span) -> None:
        """Take in that the running context is in the span no more."""

    def ended(self, span: Span) -> None:
        """Take in a span that has ended, from any thread; nothing of it changes any more."""

    def close(self) -> None:
        """Write what there is; nothing comes after this."""


class Recorder:
    """One timeline. All of it may be called by any thread."""

    def __init__(self, exporters: list[Exporter]) -> None:
        self.pid = os.getpid()
        self._exporters = exporters
        self._local = threading.local()
        self._tracks: list[Track] = []
        self._workers = count(1)
        self._lanes = count(1)
        # A finalizer may begin a span in a thread that holds it.
        self._lock = threading.RLock()
        self._lane_of_task: WeakKeyDictionary[Any, int] = WeakKeyDictionary()
        self._open_in_lanes: dict[int, Span] = {}
        # Failed spans by the thread and the instruction that they have failed at.
        self._unexplained: dict[tuple[int, CodeType, int], list[Span]] = {}
        self._order: deque[tuple[int, CodeType, int]] = deque()
        self.is_closed = False

    # --- Where ------------------------------------------------------------------------------------

    def track(self) -> Track:
        """Return the track of the running thread."""
        try:
            track: Track = self._local.track
        except AttributeError:
            thread = threading.current_thread()
            name = thread.name
            if name.startswith("dana:") and not name.startswith("dana:loop"):
                # It is called after what it runs, which the spans say.
                name = f"worker {next(self._workers)}"
            track = self._local.track = self.new_track(self.pid, threading.get_native_id(), name)
        return track

    def new_track(self, pid: int, tid: int, name: str) -> Track:
        """Return a new track, behind the others."""
        with self._lock:
            track = Track(pid, tid, name, len(self._tracks))
            self._tracks.append(track)
        return track

    def lane_of(self, flags: int) -> int:
        """Return the lane for a call whose code has these `flags`: 0 if it cannot be suspended."""
        if flags & _COROUTINE:
            return self.lane_of_task()
        return next(self._lanes) if flags & _GENERATOR else 0

    def lane_of_task(self) -> int:
        """Return the lane of the running asyncio task; one for a single span where there is none."""
        asyncio = sys.modules.get("asyncio")
        try:
            task = None if asyncio is None else asyncio.current_task()
        except RuntimeError:
            task = None
        if task is None:
            return next(self._lanes)
        with self._lock:
            lane = self._lane_of_task.get(task)
            if lane is None:
                lane = self._lane_of_task[task] = next(self._lanes)
        return lane

    def current(self) -> Span | None:
        """Return the span that the running context is in; one of another timeline does not count."""
        span = current_span.get()
        return span if span is not None and span.recorder is self else None

    # --- Begin and end ----------------------------------------------------------------------------

    def begin(
        self, name: str, kind: str, args: dict[str, Any], lane: int = 0, is_current: bool = True
    ) -> Span:
        """Begin a span here and now; with `is_current` the running context is in it."""
        span = None
        flight = _held()
        try:
            span = self._begun(name, kind, args, lane, is_current)
        finally:
            if flight is not None:
                self._let_go(flight, span)
        return span

    def _let_go(self, flight: Flight, begun: Span | None = None) -> None:
        """Let the thread be struck again; where it has been meanwhile, what has begun ends with that."""
        try:
            unshield(flight)
        except BaseException:
            if begun is not None:
                self._finish(begun)
                self.export(begun)
            raise

    def _begun(
        self, name: str, kind: str, args: dict[str, Any], lane: int, is_current: bool
    ) -> Span:
        parent = self.current()
        track = self.track()
        span = Span(self, name, kind, args, parent, track, lane)
        outer = parent
        if not lane:
            outer = track.open[-1] if track.open else None
        # Later than what is around it, so that viewers need not guess what encloses what.
        span.begun = max(perf_counter_ns(), 0 if outer is None else outer.begun + 1)
        if lane:
            self._open_in_lanes[id(span)] = span
        else:
            track.open.append(span)
        if is_current:
            self.enter(span)
        return span

    def enter(self, span: Span) -> None:
        """Have the running context be in `span`."""
        current_span.set(span)
        for exporter in self._exporters:
            exporter.began(span)

    def end(self, span: Span, error: BaseException | None = None) -> None:
        """End a span, and what was begun in it and has not ended; only the first call counts."""
        if span.ended or self.is_closed:
            return
        flight = _held()
        try:
            if error is not None:
                self.explain(error, span.begun)
                span.args.setdefault("error", error_text(error))
                span.error = error
            self._finish(span)
            self.export(span)
        finally:
            if flight is not None:
                self._let_go(flight)

    def end_unexplained(self, span: Span, frame: FrameType) -> None:
        """End a span that fails at this moment in `frame`, nobody knows with what."""
        if span.ended or self.is_closed:
            return
        flight = _held()
        try:
            self._finish(span)
            key = threading.get_ident(), frame.f_code, frame.f_lasti
            with self._lock:
                # Another thread may give up on this key meanwhile.
                self._unexplained.setdefault(key, []).append(span)
                self._order.append(key)
                is_full = len(self._order) > MOST_UNEXPLAINED
                oldest = self._order.popleft() if is_full else None
            if oldest is not None:
                self._give_up(oldest)
        finally:
            if flight is not None:
                # It cannot be raised here, where something is being taken down. The next entry into
                # the runtime raises it.
                with suppress(BranchCancelled):
                    unshield(flight)

    def explain(self, error: BaseException, since: int = 0) -> None:
        """Tell the spans that have failed in this thread with `error` what it is.

        Those that began before `since` have failed at the same place with another one.
        """
        entry = error.__traceback__
        ident = threading.get_ident()
        while entry is not None and self._unexplained:
            key = ident, entry.tb_frame.f_code, entry.tb_lasti
            for span in self._unexplained.pop(key, ()):
                if span.begun >= since:
                    span.error = error
                span.args["error"] = UNSEEN if span.begun < since else error_text(error)
                self.export(span)
            entry = entry.tb_next

    def _give_up(self, key: tuple[int, CodeType, int]) -> None:
        with self._lock:
            spans = self._unexplained.pop(key, [])
        for span in spans:
            span.args.setdefault("error", UNSEEN)
            self.export(span)

    def _finish(self, span: Span) -> None:
        now = perf_counter_ns()
        if span.lane:
            self._open_in_lanes.pop(id(span), None)
        elif span in span.track.open:
            while (inner := span.track.open.pop()) is not span:
                inner.ended = max(now, inner.begun)
                self.export(inner)
        span.ended = max(now, span.begun)
        # The running context may be in something that began in it and has not ended.
        around = current_span.get()
        while around is not None and around is not span:
            around = around.parent
        if around is span:
            current_span.set(span.parent)
            for exporter in self._exporters:
                exporter.left(span)

    def export(self, span: Span) -> None:
        """Hand a span that has ended to the exporters."""
        for exporter in self._exporters:
            exporter.ended(span)
        # Its frames, and what they hold, are the program's.
        span.error = None

    def close(self) -> None:
        """End what is open, with a word that it had not ended, and close the exporters."""
        for key in list(self._unexplained):
            self._give_up(key)
        now = perf_counter_ns()
        left = [*self._open_in_lanes.copy().values()]
        left += [span for track in self._tracks.copy() for span in reversed(track.open.copy())]
        self.is_closed = True
        for span in left:
            if not span.ended:
                span.args["unfinished"] = True
                span.ended = max(now, span.begun)
                self.export(span)
        for exporter in self._exporters:
            exporter.close()


def _held() -> Flight | None:
    """Let the running thread not be struck while it is in here; to be given to `unshield`.

    None where no strike can come: in threads that are not ours, and within the runtime.
    """
    flight = current_flight()
    if flight is not None:
        try:
            flight.permit.pop()
        except IndexError:
            return None
    return flight


def error_text(error: BaseException) -> str:
    """Return an error on one short line."""
    try:
        text = str(error)
    except Exception:
        text = "<its str() fails>"
    name = type(error).__name__
    line = " ".join(f"{name}: {text}".split()) if text else name
    return line if len(line) <= 2 * REPR_LENGTH else line[: 2 * REPR_LENGTH - 1] + "…"
