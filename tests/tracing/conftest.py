"""A timeline as the tests see it: read from its file, and held against the rules of its format."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

import dana_runtime
import danac

# Microseconds that are lost in arithmetic.
NOTHING = 0.002


class Slice(NamedTuple):
    """Something that takes time, on a track, or in a lane of what can be suspended."""

    name: str
    kind: str
    place: tuple[Any, ...]
    begun: float
    ended: float
    args: dict[str, Any]

    def encloses(self, other: Slice) -> bool:
        return (
            self is not other
            and self.begun <= other.begun + NOTHING
            and other.ended <= self.ended + NOTHING
        )

    def holds(self, other: Slice) -> bool:
        return self.place == other.place and self.encloses(other)


class Timeline:
    """The slices of a file in the order of their beginnings, its arrows, and the names of its tracks."""

    def __init__(self, events: list[dict[str, Any]]) -> None:
        self.events = events
        self.names = {
            (event["pid"], event["tid"]): event["args"]["name"]
            for event in events
            if event["ph"] == "M" and event["name"] == "thread_name"
        }
        self.processes = {
            event["pid"]: event["args"]["name"]
            for event in events
            if event["ph"] == "M" and event["name"] == "process_name"
        }
        on_tracks = [
            Slice(
                event["name"],
                event["cat"],
                (event["pid"], event["tid"]),
                event["ts"],
                event["ts"] + event["dur"],
                event["args"],
            )
            for event in events
            if event["ph"] == "X"
        ]
        self.slices = sorted([*on_tracks, *self._in_lanes()], key=lambda found: found.begun)
        self.arrows = self._paired_arrows()
        self._hold_rules()

    def one(self, name: str, kind: str | None = None) -> Slice:
        (found,) = self.all(name, kind)
        return found

    def all(self, name: str | None = None, kind: str | None = None) -> list[Slice]:
        return [
            found
            for found in self.slices
            if name in (None, found.name) and kind in (None, found.kind)
        ]

    def inside(self, outer: Slice, kind: str | None = None) -> list[str]:
        """The names of what lies in `outer`, on the same track."""
        return [
            found.name for found in self.slices if outer.holds(found) and kind in (None, found.kind)
        ]

    def track(self, found: Slice) -> str:
        return self.names[found.place]

    def _in_lanes(self) -> Iterator[Slice]:
        open_in: dict[tuple[Any, ...], list[dict[str, Any]]] = defaultdict(list)
        events = [event for event in self.events if event["ph"] in "be"]
        # As viewers do: by time, else in the order of the file.
        for event in sorted(events, key=lambda event: event["ts"]):
            lane = event["cat"], event["id"]
            if event["ph"] == "b":
                open_in[lane].append(event)
                continue
            begun = open_in[lane].pop()
            assert begun["name"] == event["name"], "lanes nest"
            args = dict(begun["args"])
            kind = args.pop("kind")
            yield Slice(event["name"], kind, lane, begun["ts"], event["ts"], args)
        assert not any(open_in.values()), "what begins ends"

    def _paired_arrows(self) -> list[tuple[dict[str, Any], dict[str, Any]]]:
        begins = {event["id"]: event for event in self.events if event["ph"] == "s"}
        ends = {event["id"]: event for event in self.events if event["ph"] == "f"}
        assert begins.keys() == ends.keys()
        return [(begins[number], ends[number]) for number in begins]

    def _hold_rules(self) -> None:
        assert {event["ph"] for event in self.events} <= set("XMbesf")
        for event in self.events:
            assert isinstance(event["name"], str)
            assert event["name"]
            assert type(event["pid"]) is int
            assert type(event["tid"]) is int
            if event["ph"] != "M":
                assert type(event["ts"]) is float
                assert event["ts"] >= 0
                assert (event["pid"], event["tid"]) in self.names, "tracks have names"
                assert event["pid"] in self.processes
            if event["ph"] == "X":
                assert event["dur"] >= 0
        for place in self.names:
            self._hold_nesting([found for found in self.slices if found.place == place])
        for source, target in self.arrows:
            assert source["ts"] <= target["ts"] + NOTHING
            starts = [
                found.begun
                for found in self.slices
                if found.place == (target["pid"], target["tid"])
            ]
            assert target["ts"] in starts, "arrows end where a slice begins"
            assert target["bp"] == "e"
            around = [
                found
                for found in self.slices
                if found.place == (source["pid"], source["tid"])
                and found.begun < source["ts"] <= found.ended + NOTHING
            ]
            assert around, "arrows begin in a slice"

    @staticmethod
    def _hold_nesting(on_track: list[Slice]) -> None:
        starts = Counter(found.begun for found in on_track)
        assert all(times == 1 for times in starts.values()), "what encloses what is plain to see"
        around: list[Slice] = []
        for found in on_track:
            while around and around[-1].ended <= found.begun + NOTHING:
                around.pop()
            assert not around or around[-1].encloses(found), (around[-1], found)
            around.append(found)


def read_timeline(path: Path) -> Timeline:
    document = json.loads(path.read_text("utf-8"))
    assert document["displayTimeUnit"] == "ms"
    return Timeline(document["traceEvents"])


@pytest.fixture
def read() -> Callable[[Path], Timeline]:
    return read_timeline


@pytest.fixture
def timeline(tmp_path) -> Callable[..., Timeline]:
    """Run what is given, a program in Dana or a Python function, and return its timeline."""

    def run(what: str | Callable[[], object], error: Any = None) -> Timeline:
        path = tmp_path / "out.json"

        def traced() -> None:
            with dana_runtime.tracing(path):
                if callable(what):
                    what()
                else:
                    danac.run_source(what, "orders.dana", trace=True)

        if error is None:
            traced()
        else:
            with pytest.raises(error):
                traced()
        assert [found.name for found in tmp_path.iterdir()] == ["out.json"], "nothing is left over"
        return read_timeline(path)

    return run
