"""Timelines where several threads come at once."""

from __future__ import annotations

import contextlib
import sys
import threading

import pytest

from dana_runtime import tracing
from dana_runtime.execution import traced
from dana_runtime.trace import session
from dana_runtime.trace.recorder import Recorder

WAIT = 30.0


@pytest.fixture
def in_threads():
    """Run a function in many threads, which are changed as often as can be."""

    def run(function, count=8):
        threads = [threading.Thread(target=function, args=(n,), daemon=True) for n in range(count)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(WAIT)
        assert not any(thread.is_alive() for thread in threads)

    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield run
    sys.setswitchinterval(interval)


def test_one_of_those_that_begin_together_traces(tmp_path, in_threads, monkeypatch):
    barrier, outcomes = threading.Barrier(2), []

    class Slow(session.ChromeFile):
        def __init__(self, *args):
            # Both come here only if both were let in.
            with contextlib.suppress(threading.BrokenBarrierError):
                barrier.wait(0.2)
            super().__init__(*args)

    monkeypatch.setattr(session, "ChromeFile", Slow)

    def begin(number):
        tracer = tracing(tmp_path / f"{number}.json")
        try:
            tracer.__enter__()
        except RuntimeError as error:
            outcomes.append(str(error))
        else:
            outcomes.append(tracer)

    in_threads(begin, 2)
    began = [outcome for outcome in outcomes if isinstance(outcome, tracing)]
    for each in began:
        each.__exit__(None, None, None)
    assert traced.tracer is None
    assert len(began) == 1
    assert "the program is traced already" in outcomes
    assert len(list(tmp_path.iterdir())) == 1


def test_tracks_have_numbers_of_their_own(in_threads):
    recorder = Recorder([])

    def add(number):
        for index in range(300):
            recorder.new_track(1, number * 1000 + index, "worker")

    in_threads(add)
    assert sorted(track.number for track in recorder._tracks) == list(range(2400))
