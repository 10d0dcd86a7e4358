"""Blocks under `executor="auto"`: each branch its own way, and the same results whichever it is."""

from __future__ import annotations

import contextvars
import math
import threading

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dana_runtime import (
    BranchCancelled,
    BranchTimeout,
    Failure,
    fan_out,
    poet,
    policy,
    public,
    stats,
    using,
    with_policy,
)
from dana_runtime.execution import quick
from dana_runtime.execution.block import Block
from dana_runtime.execution.choosing import WINDOW, Choice
from dana_runtime.execution.history import known

WAIT = 30.0


def plus_one(value):
    return value + 1


def double(value):
    return value * 2


def where(value):
    return threading.get_ident()


def fail(value):
    raise ValueError(value)


def block_of(*verdicts):
    branches = [(f"branch {index}", 1, index + 1) for index in range(len(verdicts))]
    return Block("p", "x.na", *branches, purity=verdicts)


def decide(block, branches, value=5, **ways):
    """Have the branches of a block run in certain ways from now on: `inline`, `moved`."""
    block.history.clear()
    block.history.add([1e-6] * len(branches))
    fan_out(branches, value, block)
    history = block.history
    history.is_claimed = history.is_quick = history.is_bare = False
    history.inline = history.plain_calls = tuple(ways.get("inline", ()))
    history.moved = frozenset(ways.get("moved", ()))
    # It stays so for the next run.
    assert len(history.codes) == len(branches)


def be_tiny(block, branches, value=5):
    fan_out(branches, value, block)
    for _ in range(WINDOW):
        block.history.add([1e-6] * len(branches))
    assert block.history.is_claimed


class TestBare:
    def test_plain_calls_in_the_caller(self):
        block, branches = block_of("pure", "pure"), (where, plus_one)
        be_tiny(block, branches)
        assert block.history.is_bare
        variable = contextvars.ContextVar("variable")
        variable.set(1)
        seen = []
        spying = (lambda value: seen.append(variable.get()), plus_one)
        # Other functions than those that were measured are not called so.
        fan_out(spying, 5, block)
        assert fan_out(branches, 5, block) == [threading.get_ident(), 6]

    def test_keyed_blocks(self):
        block = block_of("pure", "pure")
        be_tiny(block, (plus_one, double))
        assert fan_out({"a": plus_one, "b": double}, 5, block) == {"a": 6, "b": 10}

    @pytest.mark.parametrize("value", [[1] * 100, object(), iter([1]), type("Int", (int,), {})(5)])
    def test_a_value_that_proofs_do_not_hold_for(self, value, monkeypatch):
        block = block_of("pure", "pure")
        branches = (type, callable)
        be_tiny(block, branches)
        monkeypatch.setattr(quick, "_bare", None)
        if hasattr(value, "__next__"):
            with pytest.raises(TypeError, match="cannot share one"):
                fan_out(branches, value, block)
        else:
            assert fan_out(branches, value, block) == [type(value), False]

    def test_a_failure(self):
        block, branches = block_of("pure", "pure"), (plus_one, fail)
        be_tiny(block, (plus_one, double))
        for _ in range(WINDOW):
            block.history.codes = [branch.__code__ for branch in branches]
            block.history.add([1e-6] * 2)
        with pytest.raises(ValueError, match="5") as caught:
            fan_out(branches, 5, block)
        assert caught.value.__notes__ == [block.note(1)]
        assert [entry.name for entry in caught.traceback][1:] == ["fan_out", "fail"]

    def test_a_stack_that_is_full_is_no_failure(self):
        def deep(value):
            return 0 if value == 0 else 1 + deep(value - 1)

        block, branches = block_of("pure", "pure"), (deep, plus_one)
        be_tiny(block, branches)
        assert block.history.is_bare

        def call(levels):
            return fan_out(branches, 600, block) if levels == 0 else call(levels - 1)

        # There is room for 600 calls on a fresh stack, and not on this one.
        assert call(500) == [600, 601]

    def test_in_a_cancelled_branch(self):
        block, branches = block_of("pure", "pure"), (plus_one, double)
        be_tiny(block, branches)
        outcome = []
        began, release = threading.Event(), threading.Event()

        def inner(value):
            began.set()
            assert release.wait(WAIT)
            try:
                outcome.append(fan_out(branches, 5, block))
            except BranchCancelled:
                outcome.append("cancelled")
                raise

        def failing(value):
            assert began.wait(WAIT)
            raise ValueError("over")

        with pytest.raises(ValueError, match="over"):
            fan_out((inner, failing), 1)
        release.set()
        for _ in range(1000):
            if outcome:
                break
            threading.Event().wait(0.01)
        assert outcome == ["cancelled"]

    def test_other_settings_are_obeyed(self):
        block, branches = block_of("pure", "pure"), (where, where)
        be_tiny(block, branches)
        caller = threading.get_ident()
        assert fan_out(branches, 5, block) == [caller] * 2
        assert caller not in fan_out(branches, 5, block, policy(timeout=60))
        assert caller not in fan_out(branches, 5, block, policy(executor="thread"))
        with using(timeout=60):
            assert caller not in fan_out(branches, 5, block)

    def test_a_branch_that_changes_is_followed_within_ten_calls(self, monkeypatch):
        class Clock:
            now = 0.0
            step = 1e-6

            def __call__(self):
                self.now += self.step
                return self.now

        clock = Clock()
        monkeypatch.setattr(quick, "_clock", clock)
        block, branches = block_of("pure", "pure"), (where, plus_one)
        be_tiny(block, branches)
        caller = threading.get_ident()
        assert [fan_out(branches, 5, block)[0] for _ in range(50)] == [caller] * 50
        clock.step = 0.01
        found = [fan_out(branches, 5, block)[0] == caller for _ in range(10)]
        # On threads it is measured by another clock, which finds it tiny again some time.
        assert found[:8] == [True, True, *[False] * 6]


class TestMixed:
    def test_the_caller_calls_what_is_pure_and_tiny_while_others_run(self):
        block, branches = block_of("pure", "unknown"), (where, where)
        decide(block, branches, inline=[0])
        first, second = fan_out(branches, 5, block)
        assert first == threading.get_ident() != second

    def test_a_failure_in_the_caller(self):
        block, branches = block_of("pure", "unknown", "unknown"), (fail, where, where)
        block.history.codes = [branch.__code__ for branch in branches]
        block.history.inline = (0,)
        block.history.title = "p"
        with pytest.raises(ValueError, match="5") as caught:
            fan_out(branches, 5, block)
        assert caught.value.__notes__ == [block.note(0)]

    def test_what_is_proved_does_not_hold_for_any_value(self):
        block, branches = block_of("pure", "unknown"), (where, where)
        decide(block, branches, inline=[0])
        assert threading.get_ident() not in fan_out(branches, object(), block)

    def test_an_explicit_timeout_is_kept_in_all_ways(self):
        release = threading.Event()
        block, branches = block_of("pure", "unknown"), (lambda value: release.wait(WAIT), where)
        block.history.inline = (0,)
        with pytest.raises(BranchTimeout):
            fan_out(branches, 5, block, policy(timeout=0.05))
        release.set()


@pytest.mark.parametrize(
    ("mark", "expected"),
    [
        (lambda f: f, False),
        (lambda f: with_policy(f, policy(pure=True)), True),
        (lambda f: with_policy(f, policy(pure=False)), False),
        (poet(pure=True), True),
        (poet(pure=False), False),
        (poet, False),
    ],
)
def test_what_the_program_says(mark, expected):
    from dana_runtime.execution.automatic import is_marked
    from dana_runtime.execution.settings import current

    assert is_marked(mark(plus_one), current()) is expected


def test_what_the_program_says_of_a_block():
    from dana_runtime.execution.automatic import is_marked
    from dana_runtime.execution.settings import current

    settings = current().with_policy(policy(pure=True))
    assert is_marked(plus_one, settings)
    assert not is_marked(poet(pure=False)(plus_one), settings)


# --- Processes ------------------------------------------------------------------------------------


@pytest.fixture
def processes():
    pytest.importorskip("loky")
    from dana_runtime.execution import processes as package

    yield
    package.shutdown(wait=False, cancel=True)


def by_value(function):
    """Return the same function as one that the other process need not import."""
    return lambda value: function(value)


class Unpicklable:
    def __reduce__(self):
        raise TypeError("it stays here")


@pytest.mark.usefixtures("processes")
class TestProcesses:
    def run(self, branches, value=5, **settings):
        block = block_of(*["pure"] * len(branches))
        decide(block, (plus_one,) * len(branches), moved=range(len(branches)))
        return fan_out(branches, value, block, policy(**settings)), block.history

    def test_branches_run_in_processes(self):
        import os

        process_of = lambda value: os.getpid()  # noqa: E731
        results, history = self.run((process_of, process_of))
        assert os.getpid() not in results
        assert not history.refusals

    def test_what_cannot_be_pickled_runs_on_a_thread(self):
        lock = threading.Lock()
        results, history = self.run((lambda value: lock.locked(), abs))
        assert results == [False, 5]
        assert list(history.refusals) == [0]
        assert "PicklingError" in history.refusals[0]

    def test_a_result_that_cannot_be_pickled_is_made_anew(self):
        results, history = self.run((lambda value: Unpicklable, abs))
        assert results[1] == 5
        results, history = self.run((lambda value: Unpicklable(), abs))
        assert type(results[0]) is Unpicklable
        assert 0 in history.refusals

    def test_a_failure_is_that_of_a_thread(self):
        fails = by_value(fail)
        with pytest.raises(ValueError, match="5") as caught:
            self.run((fails, abs))
        assert caught.value.__cause__ is None
        assert caught.traceback[-1].name == "fail"

    def test_a_process_that_dies(self):
        main = threading.main_thread().ident

        def die(value):
            import os

            if os.getppid() == parent:
                os._exit(3)
            return "alive"

        import os

        parent = os.getpid()
        assert main is not None
        results, history = self.run((die, abs))
        assert results == ["alive", 5]
        assert "WorkerDied" in history.refusals[0]

    def test_an_explicit_timeout(self):
        def endless(value):
            while True:
                pass

        with pytest.raises(BranchTimeout):
            self.run((endless, plus_one), timeout=0.2)

    def test_partial_results(self):
        results, _ = self.run((by_value(fail), abs), on_error="partial")
        assert type(results[0]) is Failure
        assert results[1] == 5

    def test_the_figures_are_those_of_the_other_process(self):
        _, history = self.run((abs, str))
        walls = history.walls[(history.runs - 1) % WINDOW]
        assert all(seconds is not None and seconds >= 0 for seconds in walls)
        assert set(history.transfers) == {0, 1}


def test_no_process_without_the_extra(run_python):
    program = """
import sys
for name in ("loky", "cloudpickle"):
    sys.modules[name] = None
from dana_runtime import fan_out
from dana_runtime.execution.block import Block
block = Block("p", "x.na", ("f", 1, 1), ("g", 1, 3), purity=("pure", "pure"))
block.history.moved = frozenset([0, 1])
print(fan_out((abs, str), -5, block), sorted(block.history.refusals))
"""
    done = run_python(program)
    assert (done.stdout, done.stderr) == ("[5, '-5'] [0, 1]\n", "")


# --- The same results, whatever is chosen ------------------------------------------------------------

_LEAVES = [plus_one, double, str, math.sqrt, fail, lambda value: [value] * 2, lambda value: None]
_VERDICTS = ["pure", "unknown: nobody knows"]


@st.composite
def cases(draw):
    count = draw(st.integers(1, 6))
    functions = tuple(draw(st.sampled_from(_LEAVES)) for _ in range(count))
    verdicts = tuple(draw(st.sampled_from(_VERDICTS)) for _ in range(count))
    ways = [draw(st.sampled_from(["inline", "thread"])) for _ in range(count)]
    is_tiny = draw(st.booleans())
    value = draw(st.sampled_from([5, 2.5, True, "x", None, (1, 2), [3], {"a": 1}, object()]))
    chosen = draw(
        st.sampled_from([{}, {"on_error": "partial"}, {"max_workers": 1}, {"timeout": 60}])
    )
    return functions, verdicts, ways, is_tiny, value, chosen


def outcome_of(functions, value, block, chosen):
    try:
        results = fan_out(functions, value, block, policy(**chosen))
    except Exception as error:
        return type(error), error.args
    return [repr(one.error) if isinstance(one, Failure) else one for one in results]


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(cases())
def test_the_same_results_whatever_is_chosen(case):
    functions, verdicts, ways, is_tiny, value, chosen = case
    block = block_of(*verdicts)
    expected = outcome_of(functions, value, block, {**chosen, "executor": "inline"})
    history = block.history
    for _ in range(3):
        history.codes = [getattr(function, "__code__", function) for function in functions]
        if is_tiny:
            for _ in range(WINDOW):
                history.add([1e-6] * len(functions))
        else:
            history.choices = [Choice(way, "") for way in ways]
            history.inline = tuple(i for i, way in enumerate(ways) if way == "inline")
            history.is_claimed = history.is_quick = history.is_bare = False
        found = outcome_of(functions, value, block, chosen)
        if isinstance(expected, tuple) and expected[0] is not found:
            # Of several failures any may come first.
            assert isinstance(found, tuple)
            assert issubclass(found[0], Exception)
        else:
            assert found == expected


# --- What there is to tell ---------------------------------------------------------------------------


def test_the_reasons_are_on_record():
    block = block_of("pure", "impure: it calls print (3:4)")
    be_tiny(block, (plus_one, double))
    (record,) = [one for one in stats()["choices"] if one["block"] == "p (x.na:1:1)"]
    assert record["runs"] == WINDOW + 1
    first, second = record["branches"]
    assert (first["branch"], first["place"], first["choice"]) == ("branch 0", "x.na:1:1", "inline")
    assert first["seconds"] == pytest.approx(1e-6)
    assert second["choice"] == "caller"
    assert second["purity"] == "impure: it calls print (3:4)"
    assert second["why"] == "tiny, as all in its block; impure: it calls print (3:4)"
    assert record["shapes"] == {"int": 1}


def test_a_block_without_a_description_is_on_record_too():
    fan_out((plus_one, double), 5)
    (record,) = stats()["choices"]
    assert [branch["branch"] for branch in record["branches"]] == ["plus_one", "double"]


def test_histories_hold_no_functions():
    import gc
    import weakref

    class Held:
        def __call__(self, value):
            return value

    one, block = Held(), block_of("unknown", "unknown")
    gone = weakref.ref(one)
    for _ in range(20):
        fan_out((one, plus_one), 5, block)
    assert known()
    del one
    gc.collect()
    assert gone() is None


def test_scopes_of_branches_that_are_claimed_among_others():
    block = block_of("unknown", "unknown")

    def write(value):
        public["automatic"] = value
        return public["automatic"]

    be_tiny(block, (write, write))
    assert fan_out((write, write), 5, block) == [5, 5]
    assert "automatic" not in public


def test_a_forked_child_chooses_as_its_parent_did(run_python):
    program = """
import os, threading
from dana_runtime import fan_out
from dana_runtime.execution.block import Block
block = Block("p", "x.na", ("f", 1, 1), ("g", 1, 3), purity=("pure", "unknown"))
def where(value): return threading.get_ident()
fan_out((where, where), 5, block)
for _ in range(8):
    block.history.add([1e-6, 1e-6])
child = os.fork()
if not child:
    here = threading.get_ident()
    os._exit(7 if fan_out((where, where), 5, block) == [here, here] else 1)
print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""
    done = run_python(program, "-W", "ignore")
    assert (done.stdout, done.stderr) == ("7\n", "")


def test_a_branch_that_is_called_plainly_keeps_its_own_partial_results():
    block = block_of("pure", "unknown")
    partial = with_policy(lambda value: 1 // value, policy(on_error="partial"))
    fan_out((partial, plus_one), 1, block)
    block.history.inline = (0,)
    failure, other = fan_out((partial, plus_one), 0, block)
    assert isinstance(failure, Failure)
    assert isinstance(failure.error, ZeroDivisionError)
    assert other == 1


@pytest.mark.parametrize("way", ["run", "dispatch", "claimed"])
def test_what_is_called_plainly_ends_with_the_branch_around_it(way):
    ended, gate = threading.Event(), threading.Event()

    def turn(value):
        while value and not gate.is_set():
            pass

    def spin(value):
        # On Python 3.13 the jump at the end of a loop is in no `try` right around the loop.
        try:
            turn(value)
        finally:
            if value:
                ended.set()

    block = block_of("pure", "unknown")
    other = with_policy(plus_one, policy(on_error="raise")) if way == "dispatch" else plus_one
    decide(block, (spin, plus_one), value=0, inline=(0,))
    if way == "claimed":
        block.history.is_claimed = True
        block.history.plain_calls = (0,)
    try:
        with pytest.raises(BranchTimeout):
            fan_out(
                (lambda value: fan_out((spin, other), value, block),), 1, None, policy(timeout=0.1)
            )
        assert ended.wait(WAIT)
    finally:
        gate.set()


def test_what_comes_from_outside_after_the_last_tiny_branch_is_raised(monkeypatch):
    block = block_of("pure", "pure")
    branches = (plus_one, double)
    for _ in range(2 * WINDOW):
        fan_out(branches, 1, block)
    block.history.codes = [branch.__code__ for branch in branches]
    block.history.is_claimed = block.history.is_quick = block.history.is_bare = True
    times = iter([0.0, 0.0])

    def clock():
        for time in times:
            return time
        raise KeyboardInterrupt

    monkeypatch.setattr(quick, "_clock", clock)
    with pytest.raises(KeyboardInterrupt):
        fan_out(branches, 1, block)
