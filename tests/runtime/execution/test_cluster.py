"""Branches on a real Dask cluster of two processes on this machine."""

from __future__ import annotations

import json
import os
import pickle
import signal
import socket
import subprocess
import sys
import threading
from pathlib import Path
from types import ModuleType

import pytest

import dana_runtime
from dana_runtime import Pipeline, fan_out, using
from dana_runtime.errors import BranchTimeout, RemoteError, WorkerDied
from dana_runtime.execution import cluster
from dana_runtime.execution.attempt import Attempt
from dana_runtime.execution.processes import in_worker
from dana_runtime.execution.settings import Settings
from dana_runtime.scopes import private_scope, public

distributed = pytest.importorskip("distributed")

PATIENCE = 60.0
NAME = "branch 2 of 3, charge (orders.dana:12:31), of pipeline report"


@pytest.fixture(scope="module")
def address():
    """The address of a scheduler with two workers, which are started anew when they die."""
    # The workers are started as the tests are: they import the runtime from where we did.
    root = str(Path(dana_runtime.__file__).parent.parent)
    kept = os.environ.get("PYTHONPATH")
    os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, [root, kept]))
    local = distributed.LocalCluster(
        n_workers=2,
        threads_per_worker=1,
        processes=True,
        host="127.0.0.1",
        dashboard_address=":0",
        silence_logs=50,
    )
    try:
        yield local.scheduler_address
    finally:
        cluster.shutdown()
        local.close()
        if kept is None:
            del os.environ["PYTHONPATH"]
        else:
            os.environ["PYTHONPATH"] = kept


@pytest.fixture
def start(address):
    def start(function, value=None, scheduler=address):
        over = threading.Event()
        attempt = Attempt(
            function,
            value,
            settings=Settings(executor="dask", scheduler=scheduler),
            name=NAME,
            on_end=lambda attempt: over.set(),
        )
        abandon = cluster.start(attempt)
        return attempt, over, abandon

    return start


def test_many_inputs_in_batches(address):
    def fail_once(x):
        if x == 300:
            raise ValueError("three hundred")
        return 2 * x

    settings = {"executor": "dask", "scheduler": address, "max_workers": 2, "on_error": "partial"}
    with using(**settings):
        results = list(Pipeline(("fail_once",), fail_once).map(range(1000)))
    assert isinstance(results[300].error, ValueError)
    results[300] = 600
    assert results == list(range(0, 2000, 2))


@pytest.fixture
def run(start):
    def run(function, value=None, **settings):
        attempt, over, _ = start(function, value, **settings)
        assert over.wait(PATIENCE), "the attempt has not ended"
        if attempt.error is not None:
            raise attempt.error
        return attempt.result

    return run


class TestRuns:
    def test_in_another_process(self, run):
        assert run(lambda x: (os.getpid(), x + 1), 1) != (os.getpid(), 2)

    def test_marked_as_a_worker(self, run):
        assert run(lambda x: in_worker()) is True
        assert run(lambda x: in_worker()) is True

    def test_begins_when_a_worker_begins(self, start):
        attempt, over, _ = start(lambda x: x)
        assert over.wait(PATIENCE)
        assert attempt.started is not None

    def test_large_values_both_ways(self, run):
        assert run(lambda x: x + b"!", bytes(3 << 20)) == bytes(3 << 20) + b"!"

    def test_with_the_scopes(self, run):
        public["rate"] = 3
        try:
            assert run(lambda x: public["rate"] * x, 2) == 6
        finally:
            del public["rate"]

    def test_functions_of_dana_modules_by_value(self, run, monkeypatch):
        """The workers have no .dana files: a module of that kind travels as what it holds."""
        module = ModuleType("only_here")
        monkeypatch.setitem(sys.modules, "only_here", module)
        exec(
            "from dana_runtime import private_scope, struct\n"
            "_dana_private = private_scope('only_here')\n"
            "_dana_private['unit'] = 10\n"
            "@struct(('x', int))\n"
            "class Point:\n"
            "    __slots__ = ('x',)\n"
            "def double(p): return Point(p.x * 2 * _dana_private['unit'])\n",
            vars(module),
        )
        module.__dana__ = True
        assert private_scope is not None
        point = run(module.double, module.Point(4))
        assert point == module.Point(80)
        assert type(point) is module.Point
        assert run(lambda x: module.double(module.Point(x)), 1) == module.Point(20)

    def test_on_the_current_client_without_an_address(self, run, address):
        with distributed.Client(address):
            assert run(lambda x: x + 1, 1, scheduler=None) == 2


class TestFaults:
    def test_raises(self, run):
        def charge(x):
            return 1 / x

        with pytest.raises(ZeroDivisionError) as caught:
            run(charge, 0)
        assert "return 1 / x" in str(caught.value.__cause__)

    def test_sys_exit(self, run):
        with pytest.raises(SystemExit) as caught:
            run(sys.exit, 3)
        assert caught.value.code == 3

    def test_cannot_be_pickled(self, run):
        with pytest.raises(pickle.PicklingError, match="its argument cannot be pickled"):
            run(lambda x: x, threading.Lock())
        with pytest.raises(pickle.PicklingError, match="its result cannot be pickled"):
            run(lambda x: threading.Lock())

    def test_exception_that_cannot_be_rebuilt(self, run):
        def charge(x):
            error = ValueError("no way")
            error.lock = threading.Lock()
            raise error

        with pytest.raises(RemoteError, match="ValueError: no way"):
            run(charge)

    @pytest.mark.parametrize(
        "die", [lambda path: os._exit(3), lambda path: os.kill(os.getpid(), signal.SIGKILL)]
    )
    def test_dies_once(self, run, tmp_path, die):
        log = tmp_path / "log"

        def charge(path):
            with open(path, "a") as file:
                file.write("x")
            die(path)

        with pytest.raises(WorkerDied, match="branch 2 of 3, charge"):
            run(charge, log)
        # What it had done already is not done again.
        assert log.read_text() == "x"
        assert run(lambda x: x + 1, 1) == 2

    def test_never_returns(self, start, run, tmp_path, wait_until):
        gate = tmp_path / "gate"

        def charge(path):
            import time

            for _ in range(6000):
                if path.exists():
                    break
                time.sleep(0.01)

        attempt, over, abandon = start(charge, gate)
        wait_until(lambda: attempt.started is not None)
        attempt.close()
        abandon()
        assert not over.is_set()
        # Until then the worker is lost, and Dask does not know it.
        gate.touch()
        assert run(lambda x: x + 1, 1) == 2
        assert not over.is_set()

    def test_another_python_is_refused(self, run, monkeypatch):
        from dana_runtime.execution.processes import envelope

        monkeypatch.setattr(envelope.sys, "version_info", (3, 2, 0, "final", 0))
        with pytest.raises(RuntimeError, match=r"pickled by Python 3\.2, and the worker is Python"):
            run(lambda x: x)

    def test_no_cluster(self, run):
        with pytest.raises(RuntimeError, match="executor='dask' needs a cluster: set scheduler="):
            run(lambda x: x, scheduler=None)

    def test_a_missing_library_names_the_extra(self, run, monkeypatch):
        monkeypatch.setitem(sys.modules, "distributed", None)
        with pytest.raises(ImportError, match=r"needs distributed: pip install danac\[dask\]"):
            run(lambda x: x)


def test_a_scheduler_that_does_not_answer_is_an_error(monkeypatch):
    monkeypatch.setattr("dana_runtime.execution.cluster.CONNECT_SECONDS", 0.2)
    with socket.socket() as taken:
        # Bound and not listening: whoever connects is refused.
        taken.bind(("127.0.0.1", 0))
        address = f"tcp://127.0.0.1:{taken.getsockname()[1]}"
        with (
            using(executor="dask", scheduler=address),
            pytest.raises(OSError, match=address) as caught,
        ):
            fan_out((len, str), "ab")
    assert "in branch 1 of 2" in caught.value.__notes__[0]


class TestTriedAgain:
    """With `retries`, which are off unless asked for: an attempt repeats what the one before has done."""

    @staticmethod
    def flaky(path, failures, fail):
        def charge(x):
            with open(path, "a") as file:
                file.write("x")
            if path.stat().st_size <= failures:
                fail()
            return x

        return charge

    def test_what_fails(self, address, tmp_path):
        def fail():
            raise OSError("down")

        charge = self.flaky(tmp_path / "log", 2, fail)
        with using(executor="dask", scheduler=address, retries=2, backoff=0):
            assert fan_out((charge, lambda x: x), 5) == [5, 5]

    def test_a_killed_worker_is_survived(self, address, tmp_path):
        charge = self.flaky(tmp_path / "log", 1, lambda: os._exit(3))
        with using(executor="dask", scheduler=address, retries=1, backoff=0):
            assert fan_out((charge, lambda x: x), 5) == [5, 5]
        assert (tmp_path / "log").read_text() == "xx"

    def test_until_the_last_failure(self, address, tmp_path):
        def fail():
            raise OSError("down")

        charge = self.flaky(tmp_path / "log", 9, fail)
        with using(executor="dask", scheduler=address, retries=1, backoff=0):
            with pytest.raises(OSError, match="down") as caught:
                fan_out((charge, lambda x: x), 5)
            with using(on_error="partial"):
                failure, result = fan_out((charge, lambda x: x), 5)
        assert any("after 2 attempts" in note for note in caught.value.__notes__)
        assert (failure.attempts, result) == (2, 5)


class Gated:
    """Branches that go on until a file is there, since nothing else ends them on a cluster."""

    SOURCE = """
def waiting(gate, begun):
    def wait(x):
        import os, time
        open(os.path.join(begun, os.urandom(8).hex()), "w").close()
        for _ in range(6000):
            if os.path.exists(gate): break
            time.sleep(0.01)
        return x
    return wait
"""

    def __init__(self, folder):
        self.gate, self.begun = folder / "gate", folder / "begun"
        self.begun.mkdir(parents=True)
        namespace = {}
        exec(self.SOURCE, namespace)
        self.function = namespace["waiting"](str(self.gate), str(self.begun))

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self.gate.touch()


def test_time_is_up_in_blocks_and_maps(address, tmp_path):
    settings = {"executor": "dask", "scheduler": address, "timeout": 1, "on_error": "partial"}
    # One at a time: what is stuck keeps its worker, and what Dask has put behind it waits.
    with Gated(tmp_path) as gated, using(**settings):
        (failure,) = fan_out((gated.function,), 5)
        assert isinstance(failure.error, BranchTimeout)
    with Gated(tmp_path / "map") as gated, using(**settings):
        wait = gated.function

        def wait_at_one(x):
            return wait(x) if x == 1 else x

        zero, failure = Pipeline(("wait",), wait_at_one).map(range(2), limit=1)
        assert zero == 0
        assert isinstance(failure.error, BranchTimeout)


@pytest.mark.parametrize("is_daemon", [True, False])
@pytest.mark.parametrize("how", ["scheduler=ADDRESS", ""])
def test_a_program_ends_while_branches_run(address, run_python, tmp_path, how, is_daemon):
    with Gated(tmp_path) as gated:
        ended = run_python(
            f"ADDRESS = {address!r}\n"
            "import distributed, os, threading, time\n"
            "from dana_runtime import fan_out, using\n"
            f"{'' if how else 'client = distributed.Client(ADDRESS)'}\n"
            f"{gated.SOURCE}\n"
            f"wait = waiting({str(gated.gate)!r}, {str(gated.begun)!r})\n"
            "def call():\n"
            f"    with using(executor='dask', timeout=None, {how}): fan_out((wait, wait), 1)\n"
            f"threading.Thread(target=call, daemon={is_daemon}).start()\n"
            "for _ in range(2000):\n"
            f"    if os.listdir({str(gated.begun)!r}): break\n"
            "    time.sleep(0.01)\n"
            "else: os._exit(3)\n"
            "print('end', flush=True)\n"
        )
    assert (ended.stdout, ended.returncode) == ("end\n", 0)
    if is_daemon:
        assert ended.stderr == ""
    else:
        # It is waited for, so it has to learn of it.
        assert "WorkerDied" in ended.stderr
        assert "it was ended with the program" in ended.stderr


def test_workers_have_tracks_in_a_timeline(address, tmp_path):
    pipeline = Pipeline(("basename",), os.path.basename)
    path = tmp_path / "out.json"
    with dana_runtime.tracing(path), using(executor="dask", scheduler=address):
        assert fan_out((os.path.basename, os.path.isabs), "a/b") == ["b", False]
        assert list(pipeline.map(["a/b"] * 20)) == ["b"] * 20
    events = json.loads(path.read_text())["traceEvents"]
    slices = [event for event in events if event["ph"] == "X"]
    (block,) = [event for event in slices if event["cat"] == "block"]
    elsewhere = [event for event in slices if event is not block]
    assert {event["cat"] for event in elsewhere} == {"branch", "input"}
    assert len(elsewhere) == 22
    assert os.getpid() not in {event["pid"] for event in elsewhere}
    named = {
        (event["pid"], event["tid"])
        for event in events
        if event["ph"] == "M" and event["name"] == "thread_name"
    }
    assert {(event["pid"], event["tid"]) for event in slices} <= named
    for event in elsewhere[:2]:
        assert (
            block["ts"] <= event["ts"] <= event["ts"] + event["dur"] <= block["ts"] + block["dur"]
        )


def test_a_branch_that_kills_the_last_worker_ends_in_its_time():
    with distributed.LocalCluster(
        n_workers=0, host="127.0.0.1", dashboard_address=":0", silence_logs=50
    ) as local:
        address = local.scheduler_address
        worker = subprocess.Popen(
            [
                *(sys.executable, "-m", "distributed.cli.dask_worker", address),
                *("--no-nanny", "--nthreads", "2", "--no-dashboard"),
            ],
            stderr=subprocess.DEVNULL,
        )
        try:
            local.wait_for_workers(1, timeout=30)
            kill = lambda value: os.kill(os.getpid(), signal.SIGKILL)  # noqa: E731
            with using(executor="dask", scheduler=address, timeout=1), pytest.raises(BranchTimeout):
                fan_out((kill,), 1)
        finally:
            cluster.shutdown()
            worker.kill()
            worker.wait()
