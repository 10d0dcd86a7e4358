"""Inputs of a `map` whose time is up while the program is busy with an earlier result."""

from __future__ import annotations

import asyncio
import gc
import os
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from tests.runtime.stuck import turn_until_cancelled

from dana_runtime import BranchTimeout, Pipeline, cancelled, shutdown, using
from dana_runtime.execution import timekeeper

WAIT = 20.0


def pipeline(function: Callable[..., Any]) -> Pipeline:
    return Pipeline((function.__name__,), function)


def thread_names() -> list[str]:
    return [thread.name for thread in threading.enumerate()]


class Told:
    """A function that gets stuck at input 1 until it is told to end."""

    def __init__(self) -> None:
        self.begun, self.told = threading.Event(), threading.Event()

    def plain(self, x: int) -> int:
        if x == 1:
            self.begun.set()
            try:
                turn_until_cancelled(WAIT)
            finally:
                # By `cancelled` or by the exception, whichever comes first.
                if cancelled():
                    self.told.set()
        return x

    async def waiting(self, x: int) -> int:
        if x == 1:
            self.begun.set()
            try:
                await asyncio.sleep(WAIT)
            except asyncio.CancelledError:
                self.told.set()
                raise
        return x


@pytest.mark.parametrize("ordered", [True, False])
@pytest.mark.parametrize("executor", ["thread", "async", "foreign"])
def test_a_branch_is_told_while_the_program_does_something_else(executor, ordered):
    function = Told()
    with ThreadPoolExecutor(2) as threads:
        chosen = threads if executor == "foreign" else executor
        run = function.waiting if executor == "async" else function.plain
        with using(timeout=0.1, max_workers=2, executor=chosen):
            results = pipeline(run).map(range(2), ordered=ordered)
            assert next(results) == 0
            # Nobody waits for the results now.
            assert function.told.wait(WAIT)
            with pytest.raises(BranchTimeout, match="input 2 of"):
                next(results)


@pytest.mark.parametrize("executor", ["thread", "async"])
def test_one_is_told_while_an_async_program_does_something_else(executor):
    function = Told()

    async def consume() -> None:
        run = function.waiting if executor == "async" else function.plain
        with using(timeout=0.1, max_workers=2):
            results = pipeline(run).amap(range(2))
        assert await anext(results) == 0
        if executor == "thread":
            # The loop may even stand still.
            assert function.told.wait(WAIT)
        else:
            await asyncio.wait_for(asyncio.to_thread(function.told.wait, WAIT), WAIT)
        with pytest.raises(BranchTimeout, match="input 2 of"):
            await anext(results)

    asyncio.run(consume())
    assert function.told.is_set()


def test_a_process_is_killed_while_the_program_does_something_else(tmp_path: Path, wait_until):
    pytest.importorskip("loky")
    place = str(tmp_path / "pid")

    def hang(x: int) -> int:
        if x == 1:
            with open(place + ".new", "w") as file:
                file.write(str(os.getpid()))
            os.rename(place + ".new", place)
            threading.Event().wait(60)
        return x

    def is_alive() -> bool:
        try:
            # A zombie counts as ended: who reads it ends with the map.
            status = Path(f"/proc/{int(Path(place).read_text())}/stat").read_text()
        except OSError:
            return False
        return status.rpartition(")")[2].split()[0] != "Z"

    with using(executor="process", max_workers=2, timeout=1):
        results = pipeline(hang).map(range(2), limit=2)
        assert next(results) == 0
        wait_until(lambda: os.path.exists(place))
        wait_until(lambda: not is_alive())
        with pytest.raises(BranchTimeout, match="input 2 of hang"):
            next(results)


def test_one_is_told_while_the_next_input_is_waited_for():
    function = Told()

    def inputs():
        yield 0
        yield 1
        assert function.begun.wait(WAIT)
        assert function.told.wait(WAIT)
        yield 2

    with using(timeout=0.1, max_workers=2, on_error="partial"):
        first, second, third = pipeline(function.plain).map(inputs())
    assert (first, third) == (0, 2)
    assert isinstance(second.error, BranchTimeout)


class TestTheKeeper:
    def test_is_one_for_all(self):
        with using(timeout=30):
            streams = [pipeline(lambda x: x).map(range(9)) for _ in range(20)]
            assert [next(stream) for stream in streams] == [0] * 20
        assert thread_names().count("dana:time") == 1
        assert len(timekeeper._state.streams) == 20
        for stream in streams:
            stream.close()
        assert not timekeeper._state.streams

    def test_keeps_nothing_alive(self):
        with using(timeout=30):
            stream = pipeline(lambda x: x).map(range(9))
            assert next(stream) == 0
        del stream
        gc.collect()
        assert not timekeeper._state.streams

    def test_is_not_needed_without_a_limit(self, monkeypatch):
        monkeypatch.setattr(timekeeper, "_state", timekeeper._State())
        with using(timeout=None):
            assert list(pipeline(lambda x: x).map(range(9))) == list(range(9))
        assert timekeeper._state.thread is None

    def test_ends_with_the_runtime_s_threads(self, wait_until):
        assert list(pipeline(lambda x: x).map(range(9))) == list(range(9))
        shutdown()
        wait_until(lambda: "dana:time" not in thread_names())

    def test_stays_while_there_is_something_to_do(self):
        function = Told()
        with using(timeout=0.3, max_workers=2):
            results = pipeline(function.plain).map(range(2))
            assert next(results) == 0
            shutdown(wait=False)
            assert function.told.wait(WAIT)

    def test_ends_when_idle(self, monkeypatch, wait_until):
        monkeypatch.setattr(timekeeper, "_state", timekeeper._State())
        monkeypatch.setattr(timekeeper, "IDLE_SECONDS", 0.01)
        assert list(pipeline(lambda x: x).map(range(9))) == list(range(9))
        wait_until(lambda: timekeeper._state.thread is None)
        # The next one has one again.
        self.test_stays_while_there_is_something_to_do()

    def test_where_it_cannot_be_started(self, monkeypatch):
        def refuse(thread):
            if thread.name == "dana:time":
                raise RuntimeError("can't start new thread")
            start(thread)

        start = threading.Thread.start
        monkeypatch.setattr(timekeeper, "_state", timekeeper._State())
        monkeypatch.setattr(threading.Thread, "start", refuse)
        function = Told()
        with using(timeout=0.1, max_workers=2), pytest.raises(BranchTimeout):
            list(pipeline(function.plain).map(range(2)))

    @pytest.mark.skipif(not hasattr(os, "fork"), reason="needs os.fork")
    def test_a_forked_child_has_one_of_its_own(self, run_python):
        ended = run_python(
            "import os\n"
            "from dana_runtime import BranchTimeout, Pipeline, cancelled, using\n"
            "def slow(x):\n"
            "    while x and not cancelled(): pass\n"
            "    return x\n"
            "def run():\n"
            "    with using(timeout=0.1, max_workers=2):\n"
            "        results = Pipeline(('slow',), slow).map(range(2))\n"
            "        assert next(results) == 0\n"
            "        return results\n"
            "kept = run()\n"
            "child = os.fork()\n"
            "for results in (run(), kept):\n"
            "    try:\n"
            "        next(results)\n"
            "    except BranchTimeout:\n"
            "        os.write(1, b'in time\\n')\n"
            "    if not child: os._exit(0)\n"
            "assert os.waitpid(child, 0)[1] == 0\n",
            # Coverage's lock, in another thread's hands at the fork, would never be given back in the child.
            measured=False,
        )
        assert ended.returncode == 0, ended.stderr
        assert ended.stdout.split("\n") == ["in time"] * 3 + [""]

    @pytest.mark.skipif(not hasattr(os, "fork"), reason="needs os.fork")
    def test_a_forked_child_waits_for_nobody_at_a_stream_of_its_parent(self, run_python):
        ended = run_python(
            """
import os, signal, threading
from dana_runtime import BranchTimeout, Pipeline, using
from dana_runtime.execution import timekeeper

gate, begun = threading.Event(), threading.Event()
looking, may_go = threading.Event(), threading.Event()

def wait(x):
    if x:
        begun.set()
        gate.wait(20)
    return x

with using(timeout=0.3, max_workers=2):
    results = Pipeline(("wait",), wait).map(range(2))
    assert next(results) == 0
assert begun.wait(20)

def stay():
    with results._stream.lock:
        looking.set()
        may_go.wait(20)

other = threading.Thread(target=stay)
other.start()
assert looking.wait(20)
child = os.fork()
if not child:
    # One that hangs ends.
    signal.alarm(10)
    assert not timekeeper._held
    try:
        next(results)
    except BranchTimeout:
        os._exit(7)
    os._exit(1)
assert not timekeeper._held
may_go.set()
print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
gate.set()
""",
            measured=False,
        )
        assert (ended.returncode, ended.stdout) == (0, "7\n"), ended.stderr

    @pytest.mark.skipif(not hasattr(os, "fork"), reason="needs os.fork")
    def test_a_fork_waits_for_the_end_of_a_look(self, run_python):
        """Else a branch could be given up in the child and nobody know of it."""
        ended = run_python(
            """
import os, signal, threading
from dana_runtime import BranchTimeout, Pipeline, using
from dana_runtime.execution import crew

gate, looking, abandon = threading.Event(), threading.Event(), crew.abandon

def abandoned_slowly(flight):
    # What comes of it is told after this.
    done = abandon(flight)
    if threading.current_thread().name == "dana:time":
        looking.set()
        threading.Event().wait(0.2)
    return done

crew.abandon = abandoned_slowly
with using(timeout=0.1, max_workers=2):
    results = Pipeline(("wait",), lambda x: x and gate.wait(20)).map(range(2))
    assert next(results) == 0
assert looking.wait(20)
child = os.fork()
signal.alarm(10)
try:
    next(results)
except BranchTimeout:
    if not child:
        os._exit(7)
print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
gate.set()
""",
            measured=False,
        )
        assert (ended.returncode, ended.stdout) == (0, "7\n"), ended.stderr
