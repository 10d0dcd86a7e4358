"""The table of faults: what each ends in, wherever the branch runs, raised and as a partial result.

No cell may hang: every wait is bounded, and a test that takes too long shows where each thread stands.
"""

from __future__ import annotations

import asyncio
import faulthandler
import os
import pickle
import signal
import subprocess
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path

import pytest

import dana_runtime
from dana_runtime import (
    BranchTimeout,
    Failure,
    MemoryLimitExceeded,
    RemoteError,
    WorkerDied,
    fan_out,
    using,
)
from dana_runtime.execution import cluster

distributed = pytest.importorskip("distributed")
pytest.importorskip("loky")

WAIT = 30.0
WATCHDOG = 80.0
EXECUTORS = ("thread", "process", "async", "dask")
HERE = ("thread", "async")
ROOT = str(Path(dana_runtime.__file__).parent.parent)

pytestmark = [
    pytest.mark.timeout(90),
    pytest.mark.skipif(sys.platform == "win32", reason="kills by signals"),
]
each_executor = pytest.mark.parametrize("executor", EXECUTORS)
each_mode = pytest.mark.parametrize("mode", ["raise", "partial"])


@pytest.fixture(autouse=True)
def watchdog():
    faulthandler.dump_traceback_later(WATCHDOG)
    yield
    faulthandler.cancel_dump_traceback_later()


@pytest.fixture(scope="module")
def scheduler():
    """The address of a cluster on this machine; its nannies end a worker that takes 600 MB."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", ROOT)
        local = distributed.LocalCluster(
            n_workers=2,
            threads_per_worker=4,
            processes=True,
            memory_limit="600MB",
            host="127.0.0.1",
            dashboard_address=":0",
            silence_logs=50,
        )
    with local:
        yield local.scheduler_address
        cluster.shutdown()


@pytest.fixture
def gate(tmp_path):
    """A file that does not exist until the test is over: what waits for it never returns."""
    path = tmp_path / "gate"
    yield path
    path.touch()


@pytest.fixture
def block(request, wait_until):
    """Run a block of two branches of which the second has the fault; then a block without one."""
    used = []

    def run(executor, mode, fault, value=None, **settings):
        # Nothing else needs a cluster, which takes a while to start.
        address = request.getfixturevalue("scheduler") if executor == "dask" else None
        settings = {"executor": executor, "scheduler": address, **settings}
        used.append({**settings, "timeout": WAIT})
        with using(on_error=mode, **settings):
            return fan_out((suited(executor, str), suited(executor, fault)), value)

    yield run
    # Nothing is used if the test has failed before.
    for last in used[-1:]:
        with using(**last):
            branch = suited(last["executor"], lambda value: value + 1)
            assert fan_out((branch, branch), 1) == [2, 2]


def suited(executor, function):
    """Return the branch for it: coroutines are what runs on event loops."""
    if executor != "async" or asyncio.iscoroutinefunction(function):
        return function

    async def branch(value):
        return function(value)

    return branch


def error_of(expected, mode, run, executor, fault, value=None, dies=False, **settings):
    """Return the error, of the type `expected`, of the branch with the fault, which the block ends in.

    A worker of Dask that `dies` may take the other branch with it, or the result that it holds.
    """
    is_shared = dies and executor == "dask"
    if mode == "partial":
        results = run(executor, mode, fault, value, **settings)
        assert isinstance(results[1], Failure)
        error = results[1].error
        if not (is_shared and isinstance(results[0], Failure)):
            assert results[0] == str(value)
    else:
        with pytest.raises(expected) as caught:
            run(executor, mode, fault, value, **settings)
        error = caught.value
    names = ["branch 2 of 2", "branch 1 of 2"][: 1 + is_shared]
    texts = [str(error), *getattr(error, "__notes__", ())]
    assert type(error) is expected
    assert any(name in text for name in names for text in texts)
    return error


def never(gate):
    """Return a function that says who runs it, and then waits for the gate."""

    def wait(value):
        Path(f"{gate}.new").write_text(str(os.getpid()))
        os.replace(f"{gate}.new", f"{gate}.pid")
        for _ in range(12_000):
            if gate.exists():
                break
            time.sleep(0.01)

    return wait


def is_gone(pid):
    with suppress(OSError):
        os.kill(pid, 0)
        stat = Path(f"/proc/{pid}/stat")
        return stat.exists() and stat.read_text().rpartition(")")[2].split()[0] == "Z"
    return True


@each_mode
@each_executor
class TestTable:
    def test_raises(self, block, executor, mode):
        def divide(value):
            return 1 / value

        error = error_of(ZeroDivisionError, mode, block, executor, divide, 0)
        assert (executor in HERE) == (error.__cause__ is None)
        assert executor in HERE or "return 1 / value" in str(error.__cause__)

    def test_sys_exit(self, block, executor, mode):
        """It ends the block in both modes."""
        with pytest.raises(SystemExit) as caught:
            block(executor, mode, sys.exit, 3)
        assert caught.value.code == 3

    @pytest.mark.parametrize("how", ["leaves", "is killed"])
    def test_the_process_ends(self, block, program, executor, mode, how):
        if executor in HERE:
            ended = program(executor, mode, f"DIE[{how!r}]")
            assert (ended.stdout, ended.returncode) == ("", 7 if how == "leaves" else -9)
            # There is nothing left of it to run a next block.
            block(executor, mode, str)
            return
        if how == "leaves":
            fault = lambda value: os._exit(7)  # noqa: E731
        else:
            fault = lambda value: os.kill(os.getpid(), signal.SIGKILL)  # noqa: E731
        error_of(WorkerDied, mode, block, executor, fault, dies=True)

    def test_an_argument_that_cannot_be_pickled(self, block, executor, mode):
        lock = threading.Lock()
        if executor in HERE:
            assert block(executor, mode, lambda value: value, lock) == [str(lock), lock]
            return
        if mode == "raise":
            with pytest.raises(pickle.PicklingError, match=r"branch 1 of 2.*its argument"):
                block(executor, mode, str, lock)
            return
        failures = block(executor, mode, str, lock)
        assert [type(failure.error) for failure in failures] == [pickle.PicklingError] * 2

    def test_a_result_that_cannot_be_pickled(self, block, executor, mode):
        def locked(value):
            return threading.Lock()

        if executor in HERE:
            assert type(block(executor, mode, locked)[1]) is type(threading.Lock())
        else:
            error = error_of(pickle.PicklingError, mode, block, executor, locked)
            assert "branch 2 of 2" in str(error)
            assert "its result" in str(error)

    def test_an_exception_that_cannot_be_pickled(self, block, executor, mode):
        def fail(value):
            error = ValueError("no way")
            error.lock = threading.Lock()
            raise error

        expected = ValueError if executor in HERE else RemoteError
        error = error_of(expected, mode, block, executor, fail)
        assert "no way" in str(error)

    @pytest.mark.skipif(sys.platform != "linux", reason="only Linux limits memory")
    def test_out_of_memory(self, block, gate, executor, mode):
        wait = never(gate)
        if executor == "dask":
            # A nanny ends the worker that has it all.
            fault = lambda value: (bytearray(b"x") * (1 << 30), wait(value))  # noqa: E731
        elif executor == "process":
            fault = lambda value: bytearray(1 << 28)  # noqa: E731
        else:
            fault = lambda value: bytearray(1 << 62)  # noqa: E731
        expected = {"process": MemoryLimitExceeded, "dask": WorkerDied}.get(executor, MemoryError)
        error_of(expected, mode, block, executor, fault, dies=True, memory_limit=1 << 26)

    def test_never_returns(self, block, gate, wait_until, executor, mode):
        error_of(BranchTimeout, mode, block, executor, never(gate), timeout=1)
        pid = int(Path(f"{gate}.pid").read_text())
        # Nobody can end a task of Dask; that worker is left alone.
        wait_until(lambda: (executor == "process") == is_gone(pid))

    def test_ctrl_c(self, program, gate, block, wait_until, executor, mode):
        """It ends the block in both modes, and the next one works."""
        ended = program(executor, mode, "never", gate)
        assert (ended.stdout, ended.stderr) == ("KeyboardInterrupt\n[2, 2]\n", "")
        assert ended.returncode == 0
        pid = int(Path(f"{gate}.pid").read_text())
        wait_until(lambda: (executor != "dask") == is_gone(pid))
        block(executor, mode, str)


@each_mode
def test_a_coroutine_that_never_returns_is_cancelled(block, mode):
    cancelled = threading.Event()

    async def wait(value):
        try:
            await asyncio.sleep(3600)
        finally:
            cancelled.set()

    error_of(BranchTimeout, mode, block, "async", wait, timeout=0.1)
    assert cancelled.wait(WAIT)


# A program that runs the block of one cell. For Ctrl-C it interrupts itself when the branch runs.
PROGRAM = """
import asyncio, os, signal, sys, threading, time
from pathlib import Path
from dana_runtime import fan_out, using
gate = Path(sys.argv[4])
def never(value):
    Path(f"{gate}.new").write_text(str(os.getpid()))
    os.replace(f"{gate}.new", f"{gate}.pid")
    for _ in range(3000):
        if gate.exists():
            break
        time.sleep(0.01)
def interrupt():
    for _ in range(3000):
        if Path(f"{gate}.pid").exists():
            os.kill(os.getpid(), signal.SIGINT)
            return
        time.sleep(0.01)
DIE = {
    "leaves": lambda value: os._exit(7),
    "is killed": lambda value: os.kill(os.getpid(), signal.SIGKILL),
}
def suited(function):
    async def branch(value):
        return function(value)
    return branch if executor == "async" else function
def main():
    with using(executor=executor, scheduler=sys.argv[3] or None):
        with using(on_error=sys.argv[2]):
            try:
                fan_out((suited(str), suited(fault)), 1)
            except KeyboardInterrupt as error:
                print(type(error).__name__)
        branch = suited(lambda value: value + 1)
        print(fan_out((branch, branch), 1))
executor = sys.argv[1]
fault = FAULT
if fault is never:
    threading.Thread(target=interrupt).start()
main()
"""


@pytest.fixture
def program(request, tmp_path):
    def run(executor, mode, fault, gate=None):
        address = request.getfixturevalue("scheduler") if executor == "dask" else ""
        return subprocess.run(
            [
                *(sys.executable, "-c", PROGRAM.replace("FAULT", fault)),
                *(executor, mode, address, str(gate or tmp_path / "gate")),
            ],
            env={**os.environ, "PYTHONPATH": ROOT},
            capture_output=True,
            text=True,
            timeout=2 * WAIT,
            check=False,
        )

    return run
