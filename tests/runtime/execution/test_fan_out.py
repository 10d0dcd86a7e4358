from __future__ import annotations

import contextvars
import dataclasses
import decimal
import sys
import threading
import time
import traceback

import pytest

from dana_runtime.errors import BranchCancelled
from dana_runtime.execution import fan_out as parallel
from dana_runtime.execution.block import Block
from dana_runtime.execution.fan_out import (
    Captured,
    fan_out,
    fan_out_capturing,
    run_in_order,
    run_in_order_capturing,
)
from dana_runtime.execution.outcomes import precedence
from dana_runtime.execution.settings import current, policy

WAIT = 30.0
MAX_DEPTH = 3

BLOCK = Block("report", "src/orders.dana", ("tax", 12, 26), ("charge", 12, 31), ("confirm", 12, 39))
BOTH_FORMS = pytest.mark.parametrize("run", [fan_out, run_in_order])

variable = contextvars.ContextVar("variable", default="unset")


def tax(value):
    return value * 2


def charge(value):
    raise ValueError(f"no money for {value}")


def confirm(value):
    return f"{value} confirmed"


def same(value):
    return value


def thread_of(value):
    return threading.get_ident()


@dataclasses.dataclass(frozen=True)
class FrozenError(Exception):
    code: int


class TestResults:
    @BOTH_FORMS
    def test_a_list_in_branch_order(self, run):
        assert run((tax, confirm, same), 4) == [8, "4 confirmed", 4]
        assert run([tax, confirm], 4, BLOCK) == [8, "4 confirmed"]

    @BOTH_FORMS
    def test_any_number_of_branches(self, run):
        for count in (0, 1, 2, 8, 9, 100):
            branches = [lambda value, own=index: (own, value) for index in range(count)]
            assert run(branches, "v") == [(index, "v") for index in range(count)]

    def test_branch_order_whatever_finishes_first(self):
        turns = [threading.Event() for _ in range(5)]
        turns[-1].set()

        def branch(own):
            def run(value):
                assert turns[own].wait(WAIT)
                turns[own - 1].set()
                return own

            return run

        # The last branch ends first: each one waits for the next.
        assert fan_out([branch(index) for index in range(5)], None) == [0, 1, 2, 3, 4]

    def test_a_dict_in_branch_order(self):
        block = Block("p", "x.na", ("tax", 1, 1), ("confirm", 1, 9))
        for given in (None, block):
            result = fan_out({"z": tax, "a": confirm}, 4, given)
            assert list(result.items()) == [("z", 8), ("a", "4 confirmed")]

    def test_every_branch_gets_the_same_object(self):
        value = object()
        assert all(got is value for got in fan_out((same,) * 5, value))

    def test_in_order_means_in_this_thread(self):
        assert set(run_in_order((thread_of,) * 3, None)) == {threading.get_ident()}
        assert threading.get_ident() not in fan_out((thread_of,) * 3, None)

    def test_one_branch_runs_in_this_thread(self):
        assert fan_out((thread_of,), None) == [threading.get_ident()]


class TestRefusals:
    @BOTH_FORMS
    def test_a_branch_that_is_not_callable(self, run):
        started = []
        with pytest.raises(TypeError) as caught:
            run((started.append, 5, same), 1)
        assert str(caught.value) == "branch 2 of 3 is not callable: 5 (int)"
        with pytest.raises(TypeError) as caught:
            run((started.append, "x", same), 1, BLOCK)
        assert str(caught.value) == (
            "branch 2 of 3, charge (orders.dana:12:31), of pipeline report "
            "is not callable: 'x' (str)"
        )
        assert started == []

    def test_a_named_branch_that_is_not_callable(self):
        with pytest.raises(TypeError) as caught:
            fan_out({"json": same, "xml": None}, 1)
        assert str(caught.value) == "branch 2 of 2, 'xml', is not callable: None (NoneType)"

    @BOTH_FORMS
    @pytest.mark.parametrize("make", [iter, lambda items: (item for item in items), enumerate])
    def test_one_iterator_for_several_branches(self, run, make):
        with pytest.raises(TypeError, match=r"2 branches cannot share .*make a list"):
            run((list, len), make([1, 2]))
        with pytest.raises(TypeError, match="2 branches of pipeline report cannot share"):
            run((list, list), make([1, 2]), BLOCK)
        assert len(run((list,), make([1, 2]))[0]) == 2

    @BOTH_FORMS
    def test_iterables_are_fine(self, run):
        assert run((sum, max), range(4)) == [6, 3]

    def test_a_doubled_key(self):
        with pytest.raises(ValueError, match="doubled") as caught:
            fan_out({"a": same, "b": same}, 1, BLOCK)
        assert str(caught.value) == (
            "a key of the block at orders.dana:12:26 is doubled: 3 branches, "
            "but only the keys 'a', 'b'"
        )


class TestCapturing:
    @staticmethod
    def branch(result, **captures):
        return lambda value: (result, captures)

    @pytest.mark.parametrize("run", [fan_out_capturing, run_in_order_capturing])
    def test_lists(self, run):
        captured = run((self.branch(1, a=2), self.branch(3), self.branch(4, b=5, a=6)), None)
        assert isinstance(captured, Captured)
        assert captured.results == [1, 3, 4]
        assert (captured["a"], captured["b"]) == (6, 5)
        with pytest.raises(KeyError):
            captured["c"]
        assert repr(captured) == "Captured([1, 3, 4], {'a': 6, 'b': 5})"

    def test_dicts(self):
        captured = fan_out_capturing({"x": self.branch(1, a=2), "y": self.branch(3)}, None)
        assert captured.results == {"x": 1, "y": 3}
        assert captured["a"] == 2

    @pytest.mark.parametrize("run", [fan_out_capturing, run_in_order_capturing])
    def test_failures_and_refusals_are_the_same(self, run):
        with pytest.raises(ValueError, match="no money") as caught:
            run((self.branch(1), charge), 1, BLOCK)
        assert caught.value.__notes__ == [BLOCK.note(1)]
        with pytest.raises(TypeError, match="make a list"):
            run((self.branch(1), self.branch(2)), iter(()))


class TestFailures:
    @BOTH_FORMS
    def test_the_original_exception_with_one_note(self, run):
        error = LookupError("x")

        def fail(value):
            raise error

        with pytest.raises(LookupError) as caught:
            run((tax, fail, confirm), 4, BLOCK)
        assert caught.value is error
        note = "in branch 2 of 3, charge (orders.dana:12:31), of pipeline report"
        assert error.__notes__ == [note]
        with pytest.raises(LookupError):
            run((tax, fail, confirm), 4, BLOCK)
        assert error.__notes__ == [note]

    @BOTH_FORMS
    def test_the_note_without_a_block(self, run):
        with pytest.raises(ValueError, match="no money for 4") as caught:
            run((tax, charge, confirm), 4)
        assert caught.value.__notes__ == ["in branch 2 of 3, charge"]

    def test_the_note_of_a_named_branch(self):
        with pytest.raises(ValueError, match="no money") as caught:
            fan_out({"t": tax, "c": charge}, 4)
        assert caught.value.__notes__ == ["in branch 2 of 2, charge"]

    @BOTH_FORMS
    def test_nested_blocks_add_one_note_each(self, run):
        inner = Block("inner", "x.na", ("charge", 1, 1), ("tax", 1, 5))

        def middle(value):
            return run((charge, tax), value, inner)

        with pytest.raises(ValueError, match="no money") as caught:
            run((tax, middle, same), 4, BLOCK)
        assert caught.value.__notes__ == [inner.note(0), BLOCK.note(1)]

    @BOTH_FORMS
    def test_exceptions_that_refuse_assignments(self, run):
        def fail(value):
            raise FrozenError(5)

        with pytest.raises(FrozenError) as caught:
            run((tax, fail), 4, BLOCK)
        assert caught.value.__notes__ == [BLOCK.note(1)]

    def test_the_traceback_leads_to_the_branch(self):
        with pytest.raises(ValueError, match="no money") as caught:
            fan_out((tax, charge, confirm), 4)
        names = [entry.name for entry in traceback.extract_tb(caught.value.__traceback__)]
        assert names == ["test_the_traceback_leads_to_the_branch", "fan_out", "charge"]

    def test_the_traceback_through_nested_blocks(self):
        def middle(value):
            return fan_out((charge, tax), value)

        with pytest.raises(ValueError, match="no money") as caught:
            fan_out((tax, middle), 4)
        names = [entry.name for entry in traceback.extract_tb(caught.value.__traceback__)]
        assert names[1:] == ["fan_out", "middle", "charge"]
        assert "".join(traceback.format_exception(caught.value)).endswith(
            "in branch 1 of 2, charge\nin branch 2 of 2, middle\n"
        )

    def test_the_same_in_the_callers_thread(self):
        with pytest.raises(ValueError, match="no money") as caught:
            fan_out((charge,), 4)
        names = [entry.name for entry in traceback.extract_tb(caught.value.__traceback__)]
        assert names[1:] == ["fan_out", "charge"]

    def test_causes_and_contexts_stay(self):
        def fail(value):
            try:
                charge(value)
            except ValueError as error:
                raise KeyError(1) from error

        def fail_in_handler(value):
            try:
                charge(value)
            except ValueError:
                raise KeyError(1)  # noqa: B904

        def handling(branch):
            try:
                raise OSError
            except OSError:
                fan_out((branch, same), 4)

        with pytest.raises(KeyError) as caught:
            handling(fail)
        assert isinstance(caught.value.__cause__, ValueError)
        with pytest.raises(KeyError) as caught:
            handling(fail_in_handler)
        assert isinstance(caught.value.__context__, ValueError)
        with pytest.raises(ValueError, match="no money") as caught:
            handling(charge)
        assert isinstance(caught.value.__context__, OSError)

    @BOTH_FORMS
    @pytest.mark.parametrize("kind", [SystemExit, KeyboardInterrupt, GeneratorExit, StopIteration])
    def test_every_kind_of_exception_arrives(self, run, kind):
        def leave(value):
            raise kind(3)

        with pytest.raises(kind) as caught:
            run((tax, leave), 4)
        assert caught.value.args == (3,)
        assert caught.value.__notes__ == ["in branch 2 of 2, leave"]

    def test_branches_in_order_end_with_the_first_failure(self):
        started = []
        with pytest.raises(ValueError, match="no money"):
            run_in_order((started.append, charge, started.append), 1)
        assert started == [1]

    def test_which_of_several_failures_counts(self):
        known = [(3, KeyError()), (2, ValueError()), (1, BranchCancelled())]
        assert min(known, key=precedence)[0] == 2
        known.append((4, KeyboardInterrupt()))
        assert min(known, key=precedence)[0] == 4
        assert min([(1, BranchCancelled()), (0, BranchCancelled())], key=precedence)[0] == 0


class TestIsolation:
    @staticmethod
    def change(value):
        before = variable.get()
        variable.set(value)
        return before

    @pytest.mark.parametrize("count", [1, 2, 9])
    def test_branches_get_copies_of_the_context(self, count):
        token = variable.set("outer")
        try:
            assert fan_out((self.change,) * count, "changed") == ["outer"] * count
            assert variable.get() == "outer"
        finally:
            variable.reset(token)

    def test_in_order_means_in_this_context(self):
        def run():
            seen = run_in_order((self.change, self.change), "changed")
            return seen, variable.get()

        assert contextvars.copy_context().run(run) == (["unset", "changed"], "changed")

    @pytest.mark.parametrize("count", [1, 3])
    def test_decimal_contexts_are_copied(self, count):
        def narrow(value):
            before = decimal.getcontext().prec
            decimal.getcontext().prec = value
            return before

        def run():
            decimal.getcontext().prec = 11
            return fan_out((narrow,) * count, 5), decimal.getcontext().prec

        assert contextvars.copy_context().run(run) == ([11] * count, 11)

    @pytest.mark.parametrize("count", [1, 3])
    @pytest.mark.parametrize("timeout", [None, 60])
    def test_each_branch_makes_its_own_decimal_context_where_there_is_none(self, count, timeout):
        def narrow(value):
            before = decimal.getcontext().prec
            decimal.getcontext().prec = value
            return before

        def run():
            several = (narrow,) * count
            # Often enough to be known as tiny.
            runs = [fan_out(several, 5, None, policy(timeout=timeout)) for _ in range(20)]
            return runs, decimal.getcontext().prec

        fresh = decimal.DefaultContext.prec
        assert contextvars.Context().run(run) == ([[fresh] * count] * 20, fresh)


class TestNesting:
    def test_blocks_in_blocks(self):
        def level(depth):
            if depth == 0:
                return same
            branches = (level(depth - 1),) * 3
            return lambda value: fan_out(branches, value + 1)

        def shape(depth):
            return 5 if depth == 0 else [shape(depth - 1)] * 3

        assert level(5)(0) == shape(5)

    def test_deep_blocks_run_in_order_in_their_branch_s_thread(self):
        order = []

        def note(index, own):
            return lambda value: order.append((index, threading.get_ident() == own))

        def nest(depth):
            def branch(value):
                own = threading.get_ident()
                if depth < MAX_DEPTH:
                    return fan_out((nest(depth + 1), same), value)[0]
                fan_out(
                    [lambda v, i=i: order.append((i, thread_of(v) == own)) for i in range(5)], 1
                )
                return fan_out((self_thread := thread_of, self_thread), value) == [own, own]

            return branch

        assert nest(0)(None) is True
        assert order == [(index, True) for index in range(5)]

    def test_blocks_up_to_the_depth_have_threads(self):
        def nest(depth):
            def branch(value):
                own = threading.get_ident()
                threads = fan_out((thread_of, thread_of), value)
                assert own not in threads
                if depth + 1 < MAX_DEPTH:
                    return fan_out((nest(depth + 1), same), value)[0]
                return True

            return branch

        assert nest(0)(None) is True

    @pytest.mark.parametrize("depth", [500, 1500])
    def test_recursion_through_blocks(self, depth):
        def descend(left):
            return 0 if left == 0 else 1 + fan_out((same, descend), left - 1)[1]

        assert sys.getrecursionlimit() <= 1000
        assert descend(depth) == depth

    def test_recursion_that_branches(self):
        def fibonacci(n):
            return n if n < 2 else sum(fan_out((lambda m: fibonacci(m - 1), minus_two), n))

        def minus_two(n):
            return fibonacci(n - 2)

        assert fibonacci(14) == 377

    def test_endless_recursion_is_a_recursion_error(self, monkeypatch):
        monkeypatch.setattr(parallel, "MAX_STACKS", 4)

        def descend(value):
            return fan_out((descend, same), value)

        with pytest.raises(RecursionError) as caught:
            descend(1)
        assert len(caught.value.__notes__) == 1

    def test_failures_from_deep_recursion(self):
        def descend(left):
            return charge(left) if left == 0 else fan_out((same, descend), left - 1)

        with pytest.raises(ValueError, match="no money for 0") as caught:
            descend(200)
        assert caught.value.__notes__ == ["in branch 2 of 2, descend"]
        names = [entry.name for entry in traceback.extract_tb(caught.value.__traceback__)]
        assert names[-200:] == ["descend"] * 199 + ["charge"]


class TestAtTheSameTime:
    def test_eight_branches_overlap(self):
        barrier = threading.Barrier(8)
        assert sorted(fan_out([lambda v: barrier.wait(WAIT)] * 8, None)) == list(range(8))

    def test_a_ninth_waits(self):
        barrier = threading.Barrier(8)
        lock = threading.Lock()
        running, peak = 0, 0

        def branch(index):
            def run(value):
                nonlocal running, peak
                with lock:
                    running += 1
                    peak = max(peak, running)
                if index < 8:
                    # Nobody goes on before eight are here, and a ninth would be counted.
                    barrier.wait(WAIT)
                    time.sleep(0.01)
                with lock:
                    running -= 1
                return index

            return run

        assert fan_out([branch(index) for index in range(12)], None) == list(range(12))
        assert peak == current().max_workers == 8

    def test_slow_and_fast_branches_overlap(self):
        # The first branch cannot end before the last has run, whoever claims the ones between.
        for position in range(5):
            last = threading.Event()
            branches = [same] * 5 + [lambda value, last=last: last.set()]
            branches[position] = lambda value, last=last: last.wait(WAIT)
            assert fan_out(branches, None)[position] is True

    def test_many_callers_at_once(self):
        barrier = threading.Barrier(200)
        results = {}

        def inner(value):
            return fan_out((tax, same, confirm), value)

        def caller(number):
            barrier.wait(WAIT)
            results[number] = fan_out((tax, inner, same), number)

        callers = [threading.Thread(target=caller, args=(number,)) for number in range(200)]
        for thread in callers:
            thread.start()
        for thread in callers:
            thread.join(WAIT)
        assert results == {n: [2 * n, [2 * n, n, f"{n} confirmed"], n] for n in range(200)}

    def test_threads_are_named_by_their_branch(self):
        def name(value):
            return threading.current_thread().name

        assert fan_out((name, name, name), None, BLOCK) == [
            *("dana:report:tax", "dana:report:charge", "dana:report:confirm")
        ]
        assert fan_out((name, name), None) == ["dana:fan_out:name"] * 2
