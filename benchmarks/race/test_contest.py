"""What a contest promises: it ends when values differ, and its ratios are those of one round."""

from __future__ import annotations

from threading import Lock
from time import sleep

import pytest
from benchmarks.race.contest import (
    DifferentValuesError,
    Pace,
    calling,
    compared,
    hold,
    merged,
)

FAST = Pace(budget=0.01, sample=0.0001, rounds=(3, 4))


def test_values_that_differ_end_the_contest():
    right, wrong = calling("right", lambda: [2, 3]), calling("wrong", lambda: [2, 4])
    with pytest.raises(DifferentValuesError, match=r"wrong gives \[2, 4\], not \[2, 3\]"):
        hold("sums", [right, wrong], FAST)


def test_true_does_not_pass_for_one():
    with pytest.raises(DifferentValuesError):
        hold("ones", [calling("int", lambda: 1), calling("bool", lambda: True)], FAST)


def test_a_dict_and_a_tuple_of_results_pass_for_a_list():
    ways = [lambda: [1, 2], lambda: (1, 2), lambda: {"a": 1, "b": 2}]
    contest = hold("results", [calling(str(n), way) for n, way in enumerate(ways)], FAST)
    assert {len(samples) for samples in contest["samples"].values()} <= {3, 4}


def test_who_takes_too_long_is_left_out_and_named():
    pace = Pace(0.01, 0.0001, longest=0.3, rounds=(3, 3))
    competitors = [calling("fast", lambda: None), calling("slow", lambda: sleep(0.4))]
    contest = hold("nothing", competitors, pace)
    assert set(contest["left_out"]) == {"slow"}
    assert set(contest["samples"]) == {"fast"}


def test_who_fails_is_left_out_and_named():
    def fail():
        raise OSError("no such\nserver")

    later = iter(range(20))
    competitors = [
        calling("first", fail),
        calling("good", lambda: None),
        calling("later", lambda: None if next(later) < 10 else fail()),
    ]
    contest = hold("nothing", competitors, Pace(0.01, 1e-9, rounds=(30, 30)))
    assert contest["left_out"] == dict.fromkeys(
        ("first", "later"), "fails: OSError: no such server"
    )
    assert {name: len(samples) for name, samples in contest["samples"].items()} == {"good": 30}


def test_who_hangs_is_left_out():
    never = Lock()
    never.acquire()
    competitors = [calling("stuck", never.acquire), calling("good", lambda: None)]
    contest = hold("nothing", competitors, Pace(0.01, 0.0001, rounds=(3, 3), hung=0.2))
    assert contest["left_out"] == {"stuck": "fails: HungError: not done after 0 s"}
    assert set(contest["samples"]) == {"good"}


def test_a_contest_ends_whatever_it_holds():
    pace = Pace(0.01, 0.0001, rounds=(5, 5), most=0.5)
    slow = [calling(str(number), lambda: sleep(0.1)) for number in range(9)]
    contest = hold("nothing", slow, pace)
    assert set(contest["left_out"].values()) == {"left out: the others have taken the time"}
    assert contest["samples"]
    assert all(len(samples) < 5 for samples in contest["samples"].values())


def test_a_ratio_takes_two_samples_of_one_round():
    first = {
        "name": "x",
        "samples": {"a": [2.0, 2.0], "b": [1.0, 1.0], "c": [4.0, 4.0]},
        "left_out": {},
    }
    second = {"name": "x", "samples": {"a": [20.0], "b": [10.0]}, "left_out": {"c": "not there"}}
    contest = merged([first, second])
    found = compared(contest, "a", "b")
    assert found is not None
    assert (found.low, found.ratio, found.high) == (2.0, 2.0, 2.0)
    halves = compared(contest, "a", "c")
    assert halves is not None
    assert halves.ratio == 0.5
    assert compared(contest, "a", "nobody") is None
