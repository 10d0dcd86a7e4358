"""What each fault of a branch in a process ends in, and that the next branch runs."""

from __future__ import annotations

import os
import pickle
import signal
import sys
import threading
import time
import traceback

import pytest

from dana_runtime.errors import MemoryLimitExceeded, RemoteError, WorkerDied
from dana_runtime.execution import processes
from dana_runtime.execution.processes import limits, slots
from dana_runtime.execution.processes.envelope import RemoteTraceback

NAME = r"branch 2 of 3, charge \(orders.dana:12:31\), of pipeline report"


@pytest.fixture(autouse=True)
def _next_branch_runs(run):
    yield
    assert run(lambda x: x + 1, 1) == 2


class TestRaises:
    def test_itself_with_the_remote_traceback_as_cause(self, run):
        def charge(x):
            return 1 / x

        with pytest.raises(ZeroDivisionError, match="division by zero") as caught:
            run(charge, 0)
        text = "".join(traceback.format_exception(caught.value))
        assert "return 1 / x" in text
        assert "in charge" in text
        # The runtime's own frames are no part of what the branch did.
        assert "worker.py" not in str(caught.value.__cause__)

    def test_keeps_arguments_attributes_and_notes(self, run):
        def charge(x):
            error = KeyError("a", x)
            error.extra = [x]
            error.add_note("a note")
            raise error

        with pytest.raises(KeyError) as caught:
            run(charge, 5)
        assert caught.value.args == ("a", 5)
        assert caught.value.extra == [5]
        assert caught.value.__notes__ == ["a note"]

    def test_the_remote_traceback_has_the_chain(self, run):
        def charge(x):
            try:
                raise KeyError("first")
            except KeyError:
                raise ValueError("second") from None

        def chained(x):
            try:
                charge(x)
            except ValueError as error:
                raise TypeError("third") from error

        with pytest.raises(TypeError, match="third") as caught:
            run(chained)
        assert "ValueError: second" in str(caught.value.__cause__)
        assert "direct cause" in str(caught.value.__cause__)

    @pytest.mark.parametrize("code", [None, 0, 3, "why"])
    def test_sys_exit_is_the_same(self, run, code):
        with pytest.raises(SystemExit) as caught:
            run(sys.exit, code)
        assert caught.value.code == code

    def test_keyboard_interrupt_is_itself(self, run):
        def charge(x):
            raise KeyboardInterrupt("from the branch")

        with pytest.raises(KeyboardInterrupt, match="from the branch"):
            run(charge)


class TestExceptionsThatCannotBeRebuilt:
    def test_one_that_cannot_be_pickled(self, run):
        def charge(x):
            error = ValueError("no way")
            error.lock = threading.Lock()
            raise error

        with pytest.raises(RemoteError, match="ValueError: no way") as caught:
            run(charge)
        assert caught.value.type_name == "ValueError"
        assert caught.value.text == "no way"
        assert "error.lock" not in caught.value.traceback_text
        assert "raise error" in caught.value.traceback_text
        assert "raise error" in str(caught.value.__cause__)

    def test_one_that_cannot_be_made_again(self, run):
        class Charged(Exception):
            def __init__(self, amount, currency):
                super().__init__(f"{amount} {currency}")

        def charge(x):
            raise Charged(x, "EUR")

        with pytest.raises(RemoteError, match=r"Charged: 5 EUR") as caught:
            run(charge, 5)
        assert caught.value.type_name.endswith("Charged")

    def test_one_that_is_rebuilt_as_something_else(self, run):
        class Odd(Exception):
            def __reduce__(self):
                return int, ()

        def charge(x):
            raise Odd("odd")

        with pytest.raises(RemoteError, match="Odd: odd"):
            run(charge)

    def test_one_whose_text_fails(self, run):
        class Mute(Exception):
            def __str__(self):
                raise ValueError

            def __reduce__(self):
                raise TypeError

        def charge(x):
            raise Mute

        with pytest.raises(RemoteError, match="its str"):
            run(charge)

    def test_one_that_refuses_assignments(self, run):
        class Frozen(Exception):
            def __setattr__(self, name, value):
                raise AttributeError(name)

        def charge(x):
            raise Frozen("cold")

        with pytest.raises(Exception, match="cold") as caught:
            run(charge)
        assert type(caught.value) is Frozen
        assert "raise Frozen" in str(caught.value.__cause__)


class TestCannotBePickled:
    def test_argument(self, run, start):
        pid = run(lambda x: os.getpid())
        with pytest.raises(pickle.PicklingError, match=f"^{NAME}: its argument cannot be pickled"):
            run(lambda x: x, threading.Lock())
        assert run(lambda x: os.getpid()) == pid

    def test_function(self, run):
        lock = threading.Lock()
        with pytest.raises(pickle.PicklingError, match=f"^{NAME}: its function cannot be pickled"):
            run(lambda x: lock)

    def test_result(self, run):
        pid = run(lambda x: os.getpid())
        with pytest.raises(pickle.PicklingError, match=f"^{NAME}: its result cannot be pickled"):
            run(lambda x: threading.Lock())
        assert run(lambda x: os.getpid()) == pid

    def test_argument_that_cannot_be_rebuilt(self, run):
        class Bad:
            def __reduce__(self):
                return int, ("no number",)

        pid = run(lambda x: os.getpid())
        with pytest.raises(pickle.PicklingError, match=f"^{NAME}: it cannot be rebuilt") as caught:
            run(lambda x: x, Bad())
        assert "no number" in str(caught.value)
        assert "no number" in str(caught.value.__cause__)
        assert run(lambda x: os.getpid()) == pid

    def test_result_that_cannot_be_rebuilt(self, run):
        class Bad:
            def __reduce__(self):
                return int, ("no number",)

        with pytest.raises(pickle.PicklingError, match=f"^{NAME}: its result cannot be rebuilt"):
            run(lambda x: Bad())


class TestDies:
    def test_by_a_signal(self, run):
        with pytest.raises(WorkerDied, match=f"^{NAME}: .* ended by SIGKILL$"):
            run(lambda x: os.kill(os.getpid(), signal.SIGKILL))

    def test_by_leaving(self, run):
        with pytest.raises(WorkerDied, match=f"^{NAME}: .* with exit code 7$"):
            run(os._exit, 7)

    def test_its_siblings_do_not(self, start):
        sibling = start(lambda x: (time.sleep(0.2), "lives")[1])
        with pytest.raises(WorkerDied):
            start(os._exit, 1).result()
        assert sibling.result() == "lives"

    def test_while_idle(self, run, wait_until):
        pid = run(lambda x: os.getpid())
        os.kill(pid, signal.SIGKILL)
        wait_until(lambda: is_gone(pid))
        assert run(lambda x: os.getpid()) != pid


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux limits memory")
class TestMemoryLimit:
    def test_is_enforced(self, run):
        with pytest.raises(MemoryLimitExceeded, match=f"^{NAME} .*memory_limit=67108864 bytes"):
            run(bytearray, 1 << 28, memory_limit=1 << 26)

    def test_counts_what_branches_take(self, run):
        assert run(lambda n: len(bytearray(n)), 1 << 25, memory_limit=1 << 26) == 1 << 25

    def test_the_worker_is_another_one_afterwards(self, run):
        pid = run(lambda x: os.getpid())
        with pytest.raises(MemoryLimitExceeded):
            run(bytearray, 1 << 28, memory_limit=1 << 26)
        assert run(lambda x: os.getpid()) != pid

    def test_changes_with_the_branch(self, run):
        pid = run(lambda x: os.getpid(), memory_limit=1 << 26)
        assert run(lambda n: (len(bytearray(n)), os.getpid()), 1 << 28, memory_limit=None) == (
            1 << 28,
            pid,
        )

    def test_holds_for_what_arrives(self, run):
        with pytest.raises(MemoryLimitExceeded):
            run(len, bytes(1 << 27), memory_limit=1 << 24)


class TestNeverReturns:
    def test_is_killed(self, start, wait_until, tmp_path):
        mark = tmp_path / "pid"

        def forever(path):
            path.write_text(str(os.getpid()))
            threading.Event().wait()

        started = start(forever, mark)
        wait_until(lambda: mark.exists() and mark.read_text())
        assert started.attempt.started is not None
        started.abandon()
        wait_until(lambda: is_gone(int(mark.read_text())))
        assert not started.over.is_set()

    def test_before_it_began(self, start, wait_until):
        processes.shutdown(wait=True, cancel=True)
        started = [start(lambda x: x) for _ in range(3)]
        for each in started:
            each.abandon()
        # Their processes start all the same, and are there for others.
        wait_until(lambda: len(slots.pool._idle) == 3)
        assert not any(each.over.is_set() for each in started)

    def test_twice_or_late(self, start, run):
        pid = run(lambda x: os.getpid())
        started = start(lambda x: x, 5)
        assert started.result() == 5
        started.abandon()
        started.abandon_it()
        assert run(lambda x: os.getpid()) == pid


def is_gone(pid):
    try:
        with open(f"/proc/{pid}/stat") as stat:
            return stat.read().rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return True


def test_a_limit_that_the_system_does_not_know_is_warned_of_once(run, monkeypatch):
    monkeypatch.setattr(limits, "is_enforced", lambda: False)
    monkeypatch.setattr(limits, "_warned", False)
    with pytest.warns(RuntimeWarning) as seen:
        assert [run(lambda x: x, x, memory_limit="1GB") for x in range(2)] == [0, 1]
    texts = [str(warning.message) for warning in seen]
    assert texts == [f"memory_limit is not enforced on {sys.platform}: only Linux can limit it"]
    assert "dana_runtime" not in seen[0].filename


def test_the_cause_of_an_error_travels_on():
    cause = RemoteTraceback("ValueError: 5")
    copy = pickle.loads(pickle.dumps(cause))
    assert (type(copy), str(copy)) == (RemoteTraceback, str(cause))
