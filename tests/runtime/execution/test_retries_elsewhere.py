"""Branches that are tried again in processes and on executors of the program; on a cluster see test_cluster."""

from __future__ import annotations

import threading
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import pytest

from dana_runtime import BranchTimeout, WorkerDied, fan_out, using


def flaky(path: Path, failures: int, how: str):
    """Return a function that travels by value, and fails so often; the file counts its calls."""
    place = str(path)

    def charge(x):
        import os
        import time

        with open(place, "a") as file:
            file.write("x")
        if os.path.getsize(place) <= failures:
            if how == "dies":
                os._exit(3)
            if how == "hangs":
                time.sleep(60)
            raise OSError("down")
        return x

    return charge


@pytest.mark.parametrize("how", ["fails", "dies", "hangs"])
def test_in_processes(tmp_path, how):
    pytest.importorskip("loky")
    charge = flaky(tmp_path / "log", 1, how)
    with using(executor="process", retries=1, backoff=0, timeout=1.5):
        assert fan_out((charge, lambda x: x), 5) == [5, 5]
    assert (tmp_path / "log").read_text() == "xx"


@pytest.mark.parametrize(("how", "error"), [("fails", OSError), ("dies", WorkerDied)])
def test_in_processes_until_the_last_failure(tmp_path, how, error):
    pytest.importorskip("loky")
    charge = flaky(tmp_path / "log", 9, how)
    with using(executor="process", retries=1, backoff=0, on_error="partial"):
        failure, result = fan_out((charge, lambda x: x), 5)
    assert isinstance(failure.error, error)
    assert (failure.attempts, result) == (2, 5)


@pytest.mark.parametrize("kind", ["threads", "processes"])
def test_on_an_executor_of_the_program(tmp_path, kind):
    charge = flaky(tmp_path / "log", 2, "fails")
    make = ThreadPoolExecutor
    if kind == "processes":
        pytest.importorskip("cloudpickle")

        def make(count):
            return ProcessPoolExecutor(count, mp_context=get_context("spawn"))

    with make(2) as executor, using(executor=executor, retries=2, backoff=0):
        assert fan_out((charge, lambda x: x), 5) == [5, 5]
    assert (tmp_path / "log").read_text() == "xxx"


@pytest.mark.parametrize("is_idempotent", [True, False])
def test_what_ran_out_of_time_there_goes_on(is_idempotent):
    gate, calls = threading.Event(), []

    def stuck_once(x):
        calls.append(x)
        if len(calls) == 1:
            gate.wait(20)
        return x

    with ThreadPoolExecutor(2) as executor:
        settings = {"timeout": 0.1, "retries": 1, "backoff": 0, "idempotent": is_idempotent}
        with using(executor=executor, on_error="partial", **settings):
            (result,) = fan_out((stuck_once,), 5)
        gate.set()
    assert result == 5 if is_idempotent else isinstance(result.error, BranchTimeout)
    assert len(calls) == 1 + is_idempotent
