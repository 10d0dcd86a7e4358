"""The shortest way through a block that is known to be tiny: what it must not pass by."""

from __future__ import annotations

import signal
import sys
import threading

import pytest

from dana_runtime import BranchTimeout, configure, fan_out, policy, using, with_policy
from dana_runtime.execution import fan_out as fan_out_module
from dana_runtime.execution import quick
from dana_runtime.execution.block import Block
from dana_runtime.execution.choosing import WINDOW
from dana_runtime.execution.history import SAMPLE
from dana_runtime.faults import training
from dana_runtime.faults.profile import LearnedBranch, read, write

WAIT = 30.0


def block_of(*verdicts):
    branches = [(f"branch {index}", 1, index + 1) for index in range(len(verdicts))]
    return Block("p", "x.na", *branches, purity=verdicts)


def be_tiny(block, branches, value=5):
    fan_out(branches, value, block)
    for _ in range(WINDOW):
        block.history.add([1e-6] * len(branches))
    assert block.history.is_quick


def plus_one(value):
    return value + 1


def double(value):
    return value * 2


@pytest.fixture
def ways(monkeypatch):
    """Tell by which way blocks go."""
    taken = []

    def quickly(*args):
        ended = quick.run_quickly(*args)
        taken.append("quick" if ended is not None else "long")
        return ended

    monkeypatch.setattr(fan_out_module, "run_quickly", quickly)
    return taken


@pytest.fixture
def path(tmp_path, monkeypatch):
    training.forget()
    monkeypatch.setattr(training, "_is_registered", True)
    yield str(tmp_path / "p.sqlite3")
    training.forget()


class TestDepth:
    def test_no_block_gets_threads_where_none_may(self):
        block = block_of("unknown", "unknown")
        is_other, waits = threading.Event(), []

        def first(value):
            # Longer than the lookout needs to see that it waits.
            return threading.get_ident(), is_other.wait(0.1) if waits else None

        def second(value):
            is_other.set()
            return threading.get_ident(), None

        be_tiny(block, (first, second))
        is_other.clear()
        waits.append(True)
        with using(max_depth=0):
            found = fan_out((first, second), 5, block)
        assert found == [(threading.get_ident(), False), (threading.get_ident(), None)]

    def test_configured_later(self, ways):
        block, branches = block_of("unknown", "unknown"), (plus_one, double)
        be_tiny(block, branches)
        assert fan_out(branches, 5, block) == [6, 10]
        configure(max_depth=0)
        assert fan_out(branches, 5, block) == [6, 10]
        configure(max_depth=3)
        assert fan_out(branches, 5, block) == [6, 10]
        assert ways == ["quick", "long", "quick"]


class TestProfile:
    @pytest.mark.parametrize("verdict", ["pure", "unknown"])
    def test_switched_on_later(self, path, verdict):
        block, branches = block_of(verdict, verdict), (plus_one, double)
        be_tiny(block, branches)
        before = block.history.runs
        with using(profile=path):
            for _ in range(5):
                fan_out(branches, 5, block)
        training.save()
        # Of the first run it is known that there is a profile, so it counts, too.
        kept = {branch.name: branch.runs for branch in read(path).branches}
        assert kept == {"x.na p: branch 0": 5, "x.na p: branch 1": 5}
        assert block.history.runs == before + 5

    def test_is_written_now_and_then(self, path, monkeypatch, ways):
        block, branches = block_of("pure", "pure"), (plus_one, double)
        be_tiny(block, branches)
        with using(profile=path):
            fan_out(branches, 5, block)
            monkeypatch.setattr(training, "SAVE_SECONDS", -1.0)
            for _ in range(SAMPLE):
                fan_out(branches, 5, block)
        assert len(read(path).branches) == 2
        # What is looked at now and then costs little.
        assert ways.count("long") <= 3

    def test_of_an_earlier_run_is_no_news_to_a_block_that_has_run(self, path):
        learned = [
            LearnedBranch(f"x.na p: branch {index}", 100, 0.5, 0.5, 1.0, "thread", "")
            for index in range(2)
        ]
        write(path, [], learned)
        block, branches = block_of("pure", "pure"), (plus_one, double)
        # Fewer than are looked back on.
        for _ in range(3):
            fan_out(branches, 5, block)
        with using(profile=path):
            assert fan_out(branches, 5, block) == [6, 10]
        assert block.history.runs == 4
        assert not block.history.is_trained

    def test_a_block_that_several_threads_run_first_is_kept_once(self, path, wait_until):
        block = block_of("pure", "pure")
        barrier = threading.Barrier(4)

        def run():
            barrier.wait(WAIT)
            with using(profile=path):
                training.keep(block.history, block, path)

        threads = [threading.Thread(target=run) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(WAIT)
        assert [len(blocks) for blocks in training._training.blocks.values()] == [1]


ENDING = """
import threading
from dana_runtime import fan_out
from dana_runtime.execution import leaving
from dana_runtime.execution.block import Block
from dana_runtime.execution.choosing import WINDOW

def failing(value):
    if value == 0:
        # Its process, say, has just been ended with the program.
        leaving.is_leaving = True
        raise OSError("it has ended")
    return value

branches = failing, lambda value: value
block = Block("p", "x.na", ("a", 1, 1), ("b", 1, 2), purity=("VERDICT", "VERDICT"))
fan_out(branches, 5, block)
for _ in range(WINDOW):
    block.history.add([1e-6] * 2)
assert block.history.is_quick
thread = threading.Thread(target=fan_out, args=(branches, 0, block), daemon=True)
thread.start()
thread.join(0.2)
print("over", thread.is_alive())
"""


class TestTheEndOfTheProgram:
    @pytest.mark.parametrize("verdict", ["pure", "unknown"])
    def test_a_failure_that_only_comes_of_it_is_not_printed(self, verdict, run_python):
        found = run_python(ENDING.replace("VERDICT", verdict))
        assert (found.stdout, found.stderr) == ("over True\n", "")


class TestKeys:
    def test_a_doubled_key(self):
        block, branches = block_of("pure", "pure", "pure"), (plus_one, double)
        fan_out(branches, 5, block)
        for _ in range(WINDOW):
            block.history.add([1e-6] * 2)
        with pytest.raises(ValueError, match="is doubled"):
            fan_out({"a": plus_one, "b": double}, 5, block)

    def test_one_that_was_not_doubled_before(self):
        block, branches = block_of("pure", "pure"), {"a": plus_one, "b": double}
        be_tiny(block, tuple(branches.values()))
        assert fan_out(branches, 5, block) == {"a": 6, "b": 10}
        with pytest.raises(ValueError, match="is doubled"):
            fan_out({"a": double}, 5, block)


class TestABranchThatBecomesLong:
    def test_the_choice_follows_also_where_it_fails(self, monkeypatch):
        class Clock:
            now, step = 0.0, 1e-6

            def __call__(self):
                self.now += self.step
                return self.now

        clock, is_failing, seen = Clock(), [], []
        monkeypatch.setattr(quick, "_clock", clock)
        block = block_of("pure", "pure")

        def sometimes_failing(value):
            seen.append(threading.get_ident())
            if is_failing:
                raise ValueError(value)
            return value

        branches = (plus_one, sometimes_failing)
        be_tiny(block, branches)
        is_failing.append(True)
        clock.step = 1.0
        seen.clear()
        for _ in range(10):
            with pytest.raises(ValueError, match="5"):
                fan_out(branches, 5, block)
        caller = threading.get_ident()
        assert [ident == caller for ident in seen] == [True, True, *[False] * 8]

    def test_one_that_fails_at_once_stays(self, ways):
        block = block_of("pure", "pure")

        def sometimes_failing(value):
            return 1 // value

        branches = (plus_one, sometimes_failing)
        be_tiny(block, branches)
        for _ in range(10):
            with pytest.raises(ZeroDivisionError):
                fan_out(branches, 0, block)
        assert ways == ["quick"] * 10

    def test_the_time_of_another_is_up_meanwhile(self):
        block, returned = block_of("pure", "unknown"), []
        is_long, release = threading.Event(), threading.Event()

        def usually_tiny(value):
            if is_long.is_set():
                release.wait(5.0)
                returned.append(value)
            return value

        def waiting(value):
            for _ in range(int(WAIT / 0.01) if is_long.is_set() else 0):
                threading.Event().wait(0.01)
            return value

        branches = (usually_tiny, with_policy(waiting, policy(timeout=0.05)))
        for _ in range(WINDOW):
            block.history.add([1e-6, 1e-2], [1e-6, 1e-6])
        assert block.history.inline == (0,)
        is_long.set()
        with pytest.raises(BranchTimeout, match="branch 2 of 2"):
            fan_out(branches, 5, block)
        assert not returned
        release.set()

    @pytest.mark.skipif(
        threading.current_thread() is not threading.main_thread(), reason="signals are for it"
    )
    @pytest.mark.parametrize(
        "verdicts", [("pure", "pure"), ("unknown", "unknown"), ("pure", "unknown")]
    )
    def test_control_c(self, verdicts):
        block = block_of(*verdicts)
        is_long = threading.Event()

        def first(value):
            if is_long.is_set():
                signal.raise_signal(signal.SIGINT)
            return value

        branches = (first, plus_one)
        fan_out(branches, 5, block)
        walls = [1e-6, 1e-6] if verdicts[0] == verdicts[1] else [1e-6, 1e-2]
        for _ in range(WINDOW):
            block.history.add(walls, [1e-6, 1e-6])
        assert block.history.is_claimed or block.history.inline == (0,)
        is_long.set()
        with pytest.raises(KeyboardInterrupt) as caught:
            fan_out(branches, 5, block)
        assert caught.value.__notes__ == [block.note(0)]


class TestAStackThatIsFull:
    def test_in_a_claimed_branch(self):
        calls = []

        def deep(value):
            return 0 if value == 0 else 1 + deep(value - 1)

        def first(value):
            calls.append(value)
            return deep(value)

        block, branches = block_of("unknown", "unknown"), (first, plus_one)
        be_tiny(block, branches)
        calls.clear()
        with pytest.raises(RecursionError) as caught:
            fan_out(branches, sys.getrecursionlimit() * 2, block)
        # It may have effects: it is not called again.
        assert len(calls) == 1
        assert caught.value.__notes__ == [block.note(0)]
        names = [entry.name for entry in caught.traceback]
        assert names[1:4] == ["fan_out", "first", "deep"]
        assert names.count("deep") > sys.getrecursionlimit() // 2
        assert names[-1] == "deep"

    def test_where_there_is_room_on_a_thread_it_runs_there_from_then_on(self):
        def deep(value):
            return 0 if value == 0 else 1 + deep(value - 1)

        block, branches = block_of("unknown", "unknown"), (deep, plus_one)
        be_tiny(block, branches)

        def call(levels):
            return fan_out(branches, 600, block) if levels == 0 else call(levels - 1)

        with pytest.raises(RecursionError):
            call(500)
        # There is room for 600 calls on a fresh stack, and not on this one.
        assert [call(500) for _ in range(3)] == [[600, 601]] * 3

    def test_another_branch_keeps_what_is_known_of_it(self):
        def sometimes_deep(value):
            return sometimes_deep(value) if value == 0 else value

        block, branches = block_of("unknown", "unknown"), (plus_one, sometimes_deep)
        be_tiny(block, branches)
        with pytest.raises(RecursionError):
            fan_out(branches, 0, block)
        assert not block.history.refusals
        assert [fan_out(branches, 5, block) for _ in range(20)] == [[6, 5]] * 20
