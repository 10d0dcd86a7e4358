"""Figures → choices, and runs → figures: what branches do, and how soon the choice follows when that changes."""

from __future__ import annotations

import sys
import threading

import pytest

from dana_runtime.execution import history as history_module
from dana_runtime.execution.choosing import Figures, Machine, choose
from dana_runtime.execution.history import History

TINY, WAITING, COMPUTING = (1e-6, 1e-6), (0.010, 0.0001), (0.1, 0.1)
TWO = Machine(cores=2, has_gil=True)


def seen(kind, pure=True, **more):
    wall, cpu = kind
    known = {
        "runs": 8,
        "is_tiny": kind is TINY,
        "is_pure": pure,
        "purity": "pure" if pure else "no",
    }
    return Figures(wall=wall, cpu=cpu, **{**known, **more})


def ways(branches, machine=TWO):
    return [choice.way for choice in choose(branches, machine)]


@pytest.mark.parametrize(
    ("branches", "expected"),
    [
        ([seen(TINY), seen(TINY)], ["inline", "inline"]),
        ([seen(TINY), seen(TINY, False)], ["inline", "caller"]),
        ([seen(TINY, False), seen(WAITING)], ["thread", "thread"]),
        ([seen(TINY), seen(WAITING), seen(COMPUTING)], ["inline", "thread", "thread"]),
        (
            [seen(TINY), seen(WAITING), seen(COMPUTING), seen(COMPUTING)],
            ["inline", "thread", "process", "process"],
        ),
        ([seen(COMPUTING), seen(COMPUTING, False)], ["process", "thread"]),
        ([seen(COMPUTING, False)] * 2, ["thread", "thread"]),
        ([seen(COMPUTING), seen(COMPUTING, refusal="no")], ["process", "thread"]),
        ([seen(COMPUTING, transfer=0.2)] * 2, ["thread", "thread"]),
        ([seen(COMPUTING, runs=1)] * 2, ["thread", "thread"]),
        ([seen(TINY, is_coroutine=True), seen(TINY)], ["async", "inline"]),
        ([seen((0.003, 0.003))] * 2, ["thread", "thread"]),
        # On threads each waits for the others, so it shows as less computing than it is.
        ([seen((0.4, 0.1))] * 4, ["process"] * 4),
    ],
)
def test_choices(branches, expected):
    assert ways(branches) == expected


@pytest.mark.parametrize(
    ("machine", "reason"),
    [
        (Machine(1, True), "there is one processor only"),
        (Machine(2, True, tried="2 s with processes, 1 s without"), "2 s with processes"),
        (Machine(2, True, may_start_processes=False), "processes are of no use here"),
        (Machine(2, False), "threads do so at the same time here"),
        (Machine(2, True, lost=0), "not yet worth starting them"),
    ],
)
def test_machines_on_which_processes_are_of_no_use(machine, reason):
    for choice in choose([seen(COMPUTING)] * 2, machine):
        assert choice.way == "thread"
        assert reason in choice.why


def test_who_is_in_processes_stays_there_while_it_pays():
    branches = [seen((0.02, 0.02), transfer=0.006)] * 2
    assert ways(branches) == ["thread"] * 2
    assert (
        ways([one._replace(way="process", transfer=0.004) for one in branches]) == ["process"] * 2
    )


class Block:
    """A block of two branches whose times are made up."""

    def __init__(self, purity=("pure", "pure")):
        self.history = History(purity)
        # As if there were two processors, and a GIL, wherever the test runs.
        self.history.lost = 8

    def run(self, first, second):
        self.history.codes = [object(), object()]
        (a, b), (c, d) = first, second
        self.history.add([a, c], [b, d])
        return [choice.way for choice in self.history.choices]

    def runs_until(self, expected, first, second):
        """Return how many runs it takes until the choices are these."""
        for number in range(1, 100):
            if self.run(first, second) == expected:
                return number
        raise AssertionError(f"never {expected}, but {self.history.choices}")


@pytest.fixture(autouse=True)
def two_processors(monkeypatch):
    from dana_runtime.execution import history

    monkeypatch.setattr(history, "_cores", lambda: 2)
    monkeypatch.setattr(history, "_has_gil", lambda: True)


KINDS = {
    "tiny": (TINY, ["inline", "inline"]),
    "waiting": (WAITING, ["thread", "thread"]),
    "computing": (COMPUTING, ["process", "process"]),
}


@pytest.mark.parametrize("before", KINDS)
@pytest.mark.parametrize("after", KINDS)
def test_a_branch_that_changes_is_followed_within_ten_runs(before, after):
    block = Block()
    kind, expected = KINDS[before]
    for _ in range(50):
        block.run(kind, kind)
    assert block.run(kind, kind) == expected
    kind, expected = KINDS[after]
    assert block.runs_until(expected, kind, kind) <= 10


def test_one_branch_of_two_changes():
    block = Block()
    for _ in range(20):
        assert len(block.run(TINY, WAITING)) == 2
    assert block.run(TINY, WAITING) == ["inline", "thread"]
    assert block.runs_until(["inline", "inline"], TINY, TINY) <= 10
    assert block.history.is_bare


def test_a_hiccup_changes_nothing():
    block = Block()
    for _ in range(20):
        block.run(TINY, TINY)
    assert block.run((0.02, 1e-6), TINY) == ["inline", "inline"]
    assert block.history.is_quick
    # The second one in a row is none.
    assert block.run((0.02, 1e-6), TINY) == ["thread", "inline"]
    assert not block.history.is_quick


def test_it_has_to_be_tiny_for_a_while():
    block = Block()
    assert block.runs_until(["inline", "inline"], TINY, TINY) in (7, 8)


def test_processes_that_do_not_keep_what_they_promise_are_left(monkeypatch):
    block = Block()
    history = block.history
    for _ in range(4):
        history.add([0.1, 0.1], [0.1, 0.1], elapsed=0.2)
    assert history.moved == {0, 1}
    for _ in range(4):
        history.add([0.1, 0.1], [0.1, 0.1], elapsed=0.3, on_processes=True)
    assert not history.moved
    assert "300 ms with processes, 200 ms without" in history.choices[0].why
    # Other programs may have ended.
    for _ in range(64):
        history.add([0.1, 0.1], [0.1, 0.1], elapsed=0.2)
    assert history.moved == {0, 1}


def test_memory_is_bounded():
    block = Block()
    for number in range(1000):
        block.run(TINY if number % 7 else WAITING, COMPUTING)
        block.history.sample_now_and_then({f"x{number}": number} if number % 2 else number)
    assert len(block.history.walls) == 8
    assert len(block.history.cpus) == 3
    assert len(block.history.shapes.counts) <= 17


class TestWhatThereIsToTell:
    def test_is_bounded_also_where_many_threads_run_their_first_blocks(self, monkeypatch):
        monkeypatch.setattr(history_module, "_MOST_KNOWN", 4)
        interval = sys.getswitchinterval()
        failures = []

        def introduce():
            try:
                for _ in range(500):
                    history_module.introduce(History(), "block", (), ())
            except Exception as error:
                failures.append(error)

        threads = [threading.Thread(target=introduce) for _ in range(8)]
        sys.setswitchinterval(1e-6)
        try:
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join(30)
        finally:
            sys.setswitchinterval(interval)
        assert not failures
        # Each thread may have added one since it looked.
        assert len(history_module.known()) <= 4 + len(threads)
