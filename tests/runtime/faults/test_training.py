"""What earlier runs of a program have seen → first choices, limits, delays."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import warnings
from pathlib import Path

import pytest

from dana_runtime import BranchTimeout, Retry, fan_out, poet, policy, using
from dana_runtime.execution.block import Block
from dana_runtime.execution.settings import BUILT_IN_TIMEOUT, current
from dana_runtime.faults import profile, training
from dana_runtime.faults.perception import Perceived
from dana_runtime.faults.profile import LearnedBranch


@pytest.fixture
def path(tmp_path):
    return str(tmp_path / "p.sqlite3")


def block_of(*names):
    branches = [(name, 1, index + 1) for index, name in enumerate(names)]
    return Block("p", "x.na", *branches, purity=("pure",) * len(names))


def learn_function(path, seconds, calls=30):
    @poet
    def work(value):
        return value

    name = work.__poet__.seen.name
    seen = Perceived(name)
    for _ in range(calls):
        seen.add(seconds, False)
    profile.write(path, [seen])
    return name


def branch(text, seconds, cpu=None, longest=None, refusal=""):
    return LearnedBranch(
        f"x.na p: {text}", 50, seconds, cpu, seconds if longest is None else longest, "x", refusal
    )


class TestFirstChoices:
    def test_a_new_run_begins_with_what_was_learned(self, path):
        profile.write(path, [], [branch("f", 1e-6), branch("g", 1e-6)])
        block = block_of("f", "g")
        with using(profile=path):
            fan_out((abs, str), 5, block)
        assert block.history.is_trained
        assert [choice.way for choice in block.history.choices] == ["inline", "inline"]

    def test_nothing_without_the_setting(self, path):
        profile.write(path, [], [branch("f", 1e-6), branch("g", 1e-6)])
        block = block_of("f", "g")
        fan_out((abs, str), 5, block)
        assert not block.history.is_trained
        assert [choice.way for choice in block.history.choices] == ["thread", "thread"]

    def test_what_is_computing_goes_to_processes_at_once(self, path, monkeypatch):
        from dana_runtime.execution import history

        monkeypatch.setattr(history, "_cores", lambda: 2)
        monkeypatch.setattr(history, "_has_gil", lambda: True)
        profile.write(path, [], [branch("f", 0.2, 0.1), branch("g", 0.2, 0.1, refusal="no")])
        block = block_of("f", "g")
        training.keep(block.history, block, path)
        assert [choice.way for choice in block.history.choices] == ["process", "thread"]
        assert block.history.refusals == {1: "no"}

    def test_a_new_branch_among_known_ones(self, path):
        profile.write(path, [], [branch("f", 1e-6)])
        block = block_of("f", "new")
        training.keep(block.history, block, path)
        assert [choice.way for choice in block.history.choices] == ["inline", "thread"]
        with using(profile=path):
            assert fan_out((abs, str), -5, block) == [5, "-5"]

    def test_runs_are_written_and_added(self, path):
        for _ in range(2):
            block = block_of("f", "g")
            with using(profile=path):
                for _ in range(10):
                    fan_out((abs, str), 5, block)
            training.save()
            training.forget()
        first, second = profile.read(path).branches
        assert (first.name, first.runs, second.name, second.runs) == (
            *("x.na p: f", 20),
            *("x.na p: g", 20),
        )
        assert 0 < first.seconds < 1


class TestLimits:
    def test_branches(self, path):
        profile.write(path, [], [branch("f", 0.1, longest=0.5), branch("g", 0.1, longest=7.0)])
        block = block_of("f", "g")
        training.keep(block.history, block, path)
        block.history.runs = 50
        settings = training.limited(current(), block.history)
        assert (settings.timeout, settings.limit) == (70.0, 70.0)
        # As the built-in one, it binds branches on workers only.
        assert not settings.is_bound
        with using(timeout=3):
            assert training.limited(current(), block.history).timeout == 3
        with using(timeout=None):
            assert training.limited(current(), block.history).timeout is None

    def test_too_few_runs(self, path):
        profile.write(path, [], [branch("f", 0.1)])
        block = block_of("f")
        training.keep(block.history, block, path)
        assert training.limited(current(), block.history).timeout == BUILT_IN_TIMEOUT

    @pytest.mark.parametrize(
        ("seconds", "calls", "given", "timeout"),
        [
            (0.3, 30, {}, 3.0),
            (0.02, 30, {}, 1.0),
            (0.3, 5, {}, None),
            (1e-6, 30, {}, None),
            (0.3, 30, {"timeout": 9}, 9.0),
            (0.3, 30, {"timeout": None}, None),
            (0.3, 30, {"total_timeout": 9}, None),
        ],
    )
    def test_functions(self, path, seconds, calls, given, timeout):
        name = learn_function(path, seconds, calls)

        @poet(profile=path, **given)
        def work(value):
            return value

        operated = work.__poet__
        operated.seen = Perceived(name)
        settings = operated.trained(current().with_policy(operated.policy))
        assert settings.timeout == (None if timeout is None else pytest.approx(timeout, rel=0.05))
        assert work(5) == 5

    def test_a_function_that_has_a_learned_limit_is_ended(self, path, monkeypatch):
        import threading

        monkeypatch.setattr(training, "SHORTEST_LIMIT", 0.02)
        learn_function(path, 0.002)
        release = threading.Event()

        @poet(profile=path)
        def work(value):
            release.wait(30)

        work.__qualname__ = "work"
        work.__poet__.seen = Perceived(learn_function(path, 0.002))
        with pytest.raises(BranchTimeout):
            work(5)
        release.set()


class TestDelays:
    @pytest.mark.parametrize(
        ("seconds", "given", "backoff"),
        [
            (2.0, {"retries": 3}, 2.0),
            (60.0, {"retries": 3}, 5.0),
            (1e-6, {"retries": 3}, 0.01),
            (2.0, {"retries": 3, "backoff": 0.5}, 0.5),
            (2.0, {"retries": Retry(3, backoff=0.7)}, 0.7),
        ],
    )
    def test_functions(self, path, seconds, given, backoff):
        name = learn_function(path, seconds)

        @poet(profile=path, **given)
        def work(value):
            return value

        operated = work.__poet__
        operated.seen = Perceived(name)
        settings = operated.trained(current().with_policy(operated.policy))
        assert settings.retry.backoff == pytest.approx(backoff, rel=0.05)


class TestFiles:
    def test_an_older_form_is_read_and_renewed(self, path):
        connection = sqlite3.connect(path)
        connection.executescript(
            "CREATE TABLE functions (name TEXT PRIMARY KEY, calls INTEGER, failures INTEGER, "
            "attempts INTEGER); CREATE TABLE latencies (name TEXT, bucket INTEGER, count INTEGER, "
            "PRIMARY KEY (name, bucket)); INSERT INTO functions VALUES ('f', 3, 0, 3); "
            "PRAGMA user_version = 1"
        )
        connection.close()
        assert profile.read(path).branches == []
        profile.write(path, [], [branch("f", 0.1)])
        found = profile.read(path)
        assert [one.name for one in found.functions] == ["f"]
        assert [one.name for one in found.branches] == ["x.na p: f"]

    def test_rows_that_make_no_sense_are_left_out(self, path):
        profile.write(path, [], [branch("f", 0.1)])
        connection = sqlite3.connect(path)
        for row in [
            ("a", -1, 0.1, None, 0.1, "", ""),
            ("b", 1, "long", None, 0.1, "", ""),
            ("c", 1, -0.1, None, 0.1, "", ""),
            ("d", 1, 0.1, None, 0.1, 5, b"code"),
            ("e", 1, 1e300, 0.1, 0.1, "", ""),
        ]:
            connection.execute("INSERT INTO branches VALUES (?, ?, ?, ?, ?, ?, ?)", row)
        connection.commit()
        connection.close()
        assert [one.name for one in profile.read(path).branches] == ["x.na p: f"]

    def test_a_broken_one_costs_a_warning_and_no_run(self, path):
        Path(path).write_text("no database at all " * 300)
        block = block_of("f", "g")

        def run():
            with using(profile=path):
                assert fan_out((abs, str), -5, block) == [5, "-5"]

        with warnings.catch_warnings(record=True) as found:
            warnings.simplefilter("always")
            for _ in range(3):
                run()
            training.save()
        assert len(found) == 1
        assert "what was learned is not kept" in str(found[0].message)

    def test_an_empty_one_is_begun(self, path):
        Path(path).write_text("")
        block = block_of("f", "g")
        with using(profile=path):
            fan_out((abs, str), -5, block)
        training.save()
        assert [one.runs for one in profile.read(path).branches] == [1, 1]

    def test_one_that_is_deleted_meanwhile(self, path):
        block = block_of("f", "g")
        with using(profile=path):
            fan_out((abs, str), -5, block)
            training.save()
            Path(path).unlink()
            fan_out((abs, str), -5, block)
        training.save()
        assert [one.runs for one in profile.read(path).branches] == [1, 1]

    @pytest.mark.skipif(not hasattr(__import__("os"), "fork"), reason="needs fork")
    def test_a_forked_child_writes_what_it_has_seen(self, path):
        program = f"""
import os
from dana_runtime import fan_out, using
from dana_runtime.execution.block import Block
from dana_runtime.faults import training
block = Block("p", "x.na", ("f", 1, 1), ("g", 1, 3))
def run(times):
    with using(profile={path!r}):
        for _ in range(times):
            fan_out((abs, str), 5, block)
    training.save()
run(3)
child = os.fork()
if not child:
    run(4)
    os._exit(0)
os.waitpid(child, 0)
"""
        done = subprocess.run(
            [sys.executable, "-W", "ignore", "-c", program], capture_output=True, timeout=60
        )
        assert done.stderr == b""
        assert [one.runs for one in profile.read(path).branches] == [7, 7]


def test_a_policy_of_a_block_asks_for_it(path):
    block = block_of("f", "g")
    fan_out((abs, str), 5, block, policy(profile=path))
    training.save()
    assert [one.runs for one in profile.read(path).branches] == [1, 1]
