"""Processes are kept for the next branch, end with the program, and leave nothing behind."""

from __future__ import annotations

import gc
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from dana_runtime.execution import processes
from dana_runtime.execution.processes import slots

psutil = pytest.importorskip("psutil")

# How the programs below run branches; a program's own functions travel by value.
PRELUDE = """
import os, sys, threading, time
from contextvars import copy_context
from dana_runtime.execution import processes
from dana_runtime.execution.attempt import Attempt

def start(function, value=None):
    over = threading.Event()
    attempt = Attempt(function, value, on_end=lambda attempt: over.set())
    abandon = processes.start(attempt)
    return attempt, over, abandon

def run(function, value=None):
    attempt, over, _ = start(function, value)
    assert over.wait(60)
    if attempt.error:
        raise attempt.error
    return attempt.result
"""


@pytest.fixture
def program(tmp_path, clean_environment):
    """Run a program, which starts with PRELUDE, in a Python of its own."""

    def command(text, *options):
        path = tmp_path / "program.py"
        path.write_text(PRELUDE + text, "utf-8")
        root = str(Path(processes.__file__).parents[3])
        environment = clean_environment | {"PYTHONPATH": root, "COVERAGE_PROCESS_START": ""}
        return [sys.executable, "-X", "faulthandler", "-W", "error", *options, path], environment

    def run(text, *options):
        arguments, environment = command(text, *options)
        return subprocess.run(
            arguments, env=environment, capture_output=True, encoding="utf-8", timeout=60
        )

    run.command = command
    return run


class TestAreKept:
    def test_for_the_next_branch(self, run):
        assert run(lambda x: os.getpid()) == run(lambda x: os.getpid()) != os.getpid()

    def test_as_many_as_are_asked_for(self, start):
        started = [start(lambda x: os.getpid()) for _ in range(3)]
        # None of them ends before all have begun.
        assert len({each.result() for each in started} | {0}) <= 4

    def test_branches_run_at_the_same_time(self, start, tmp_path):
        def meet(index):
            import time

            (tmp_path / str(index)).touch()
            for _ in range(6000):
                if len(list(tmp_path.iterdir())) == 3:
                    return index
                time.sleep(0.01)
            return None

        assert [each.result() for each in [start(meet, i) for i in range(3)]] == [0, 1, 2]

    def test_until_they_have_been_idle_for_long(self, run, monkeypatch, wait_until):
        pid = run(lambda x: os.getpid())
        monkeypatch.setattr(slots, "IDLE_SECONDS", 0.0)
        # The keeper looks when it has started a slot, or when nothing has come for long.
        slots.pool._end_idle()
        assert slots.pool.size() == 0
        wait_until(lambda: not psutil.pid_exists(pid))

    def test_until_shutdown(self, run, wait_until):
        pid = run(lambda x: os.getpid())
        processes.shutdown()
        wait_until(lambda: not psutil.pid_exists(pid))
        assert run(lambda x: os.getpid()) != pid

    def test_shutdown_kills_what_runs_when_told_to(self, start):
        started = start(lambda x: threading.Event().wait())
        while started.attempt.started is None:
            started.over.wait(0.01)
        processes.shutdown(cancel=True)
        with pytest.raises(processes.slots.WorkerDied):
            started.result()


class TestWorkers:
    def test_are_marked(self, run):
        assert run(lambda x: processes.in_worker()) is True
        assert processes.in_worker() is False

    def test_are_not_ended_by_loky_because_they_have_grown(self, run):
        def largest_growth(x):
            return sys.modules["loky.process_executor"]._MAX_MEMORY_LEAK_SIZE

        loky = pytest.importorskip("loky.process_executor")
        assert run(largest_growth) == sys.maxsize > loky._MAX_MEMORY_LEAK_SIZE

    def test_have_the_thread_name_of_the_branch(self, run):
        assert run(lambda x: threading.current_thread().name) == "dana:report:charge"

    def test_ignore_interrupts(self, run):
        assert run(lambda x: signal.getsignal(signal.SIGINT)) == signal.SIG_IGN

    def test_follow_search_path_and_folder(self, run, tmp_path, monkeypatch):
        run(lambda x: x)
        (tmp_path / "found_later.py").write_text("def f(x): return x * 2\n")
        monkeypatch.syspath_prepend(tmp_path)
        monkeypatch.chdir(tmp_path)
        import found_later

        try:
            assert run(found_later.f, 21) == 42
            assert run(lambda x: os.getcwd()) == str(tmp_path)
        finally:
            del sys.modules["found_later"]

    def test_complete_coroutines(self, run):
        async def charge(x):
            return x + 1

        assert run(charge, 1) == 2

    def test_call_set_ups_before_anything_is_rebuilt(self, run, tmp_path, monkeypatch):
        run(lambda x: x)
        (tmp_path / "our_setup.py").write_text(
            "import sys\ndef install(): sys.dana_test = 'set up'\n"
        )
        monkeypatch.syspath_prepend(tmp_path)
        processes.register_worker_setup("our_setup:install")
        try:
            assert run(lambda x: sys.dana_test) == "set up"
        finally:
            processes.unregister_worker_setup("our_setup:install")

    def test_a_set_up_has_a_name_of_two_parts(self):
        with pytest.raises(ValueError, match="'module:function', not 'install'"):
            processes.register_worker_setup("install")


class TestNothingGrows:
    def test_after_many_branches(self, run):
        def count():
            return threading.active_count(), psutil.Process().num_fds()

        run(lambda x: x)
        before = count()
        for number in range(200):
            assert run(lambda x: x, number) == number
        threads, files = count()
        # Fewer, where what an earlier test has left was still about to end.
        assert threads <= before[0]
        assert files <= before[1]

    def test_after_processes_have_died(self, start, run, wait_until):
        def kill(times):
            for _ in range(times):
                with pytest.raises(slots.WorkerDied):
                    run(os._exit, 1)

        # The first ones load things.
        kill(2)
        processes.shutdown(wait=True, cancel=True)
        wait_until(lambda: "ExecutorManagerThread" not in [t.name for t in threading.enumerate()])
        gc.collect()
        threads, files = threading.active_count(), psutil.Process().num_fds()
        kill(10)
        processes.shutdown(wait=True, cancel=True)
        wait_until(lambda: threading.active_count() <= threads)
        # loky's objects refer to each other.
        wait_until(lambda: gc.collect() >= 0 and psutil.Process().num_fds() <= files)


class TestFork:
    def test_the_child_starts_with_none(self, program):
        done = program(
            """
if __name__ == "__main__":
    pid = run(lambda x: os.getpid())
    child = os.fork()
    if child == 0:
        from dana_runtime.execution.processes import slots
        assert slots.pool.size() == 0
        print(run(lambda x: os.getpid()) != pid, flush=True)
        sys.exit(0)
    print(os.waitpid(child, 0)[1], run(lambda x: os.getpid()) == pid, flush=True)
"""
        )
        assert (done.stdout, done.stderr) == ("True\n0 True\n", "")


class TestTheProgramEnds:
    def test_quietly(self, program):
        done = program("print(run(lambda x: x, 5))")
        assert (done.stdout, done.stderr, done.returncode) == ("5\n", "", 0)

    def test_while_branches_run(self, program, wait_until):
        done = program(
            """
start(lambda x: time.sleep(600))
attempt, _, _ = start(lambda x: time.sleep(600))
for _ in range(6000):
    if attempt.started is not None:
        break
    time.sleep(0.01)
import psutil
print(*(child.pid for child in psutil.Process().children()))
"""
        )
        assert (done.stderr, done.returncode) == ("", 0)
        wait_until(lambda: not any(map(psutil.pid_exists, map(int, done.stdout.split()))))

    def test_while_processes_start(self, program):
        done = program("start(lambda x: time.sleep(600))")
        assert (done.stderr, done.returncode) == ("", 0)

    @pytest.mark.skipif(sys.platform == "win32", reason="POSIX")
    def test_by_kill(self, program, wait_until):
        arguments, environment = program.command(
            """
run(lambda x: x)
attempt, _, _ = start(lambda x: (print(os.getpid(), flush=True), time.sleep(600)))
print(run(lambda x: os.getpid()), flush=True)
time.sleep(600)
"""
        )
        with subprocess.Popen(
            arguments, env=environment, stdout=subprocess.PIPE, encoding="utf-8"
        ) as parent:
            try:
                pids = [int(parent.stdout.readline()) for _ in range(2)]
                assert all(map(psutil.pid_exists, pids))
            finally:
                parent.kill()
            wait_until(lambda: not any(map(is_alive, pids)))

    def test_a_thread_that_started_a_process_may_end(self, start, run):
        pids = []
        processes.shutdown()
        thread = threading.Thread(target=lambda: pids.append(run(lambda x: os.getpid())))
        thread.start()
        thread.join()
        assert run(lambda x: os.getpid()) == pids[0]


def is_alive(pid):
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def test_a_missing_library_names_the_extra(start, monkeypatch):
    monkeypatch.setitem(sys.modules, "loky", None)
    monkeypatch.delitem(sys.modules, "dana_runtime.execution.processes.slots")
    monkeypatch.delattr(processes, "slots")
    with pytest.raises(ImportError, match=r"needs loky: pip install danac\[processes\]"):
        start(lambda x: x).result()
