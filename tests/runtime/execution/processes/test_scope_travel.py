"""What a branch in a process sees of the scopes, its depth, its place and the settings."""

from __future__ import annotations

import threading
from contextvars import copy_context

import pytest

from dana_runtime.execution import processes
from dana_runtime.execution.attempt import Attempt
from dana_runtime.execution.block import Block
from dana_runtime.execution.settings import current, using
from dana_runtime.scopes import Layer, current_layer, public, system

BLOCK = Block("report", "orders.dana", ("charge", 12, 31), ("refund", 12, 39))


@pytest.fixture(autouse=True)
def _scope():
    public["rate"] = 3
    public["lock"] = threading.Lock()
    yield
    for name in list(public):
        del public[name]


@pytest.fixture
def run_in():
    """Run a branch in a process, under the given layer and at a depth."""

    def run(function, layer=None, depth=1):
        over = threading.Event()
        context = copy_context()
        context.run(current_layer.set, Layer(layer, BLOCK, 1))
        attempt = Attempt(
            function, None, context=context, depth=depth, on_end=lambda attempt: over.set()
        )
        processes.start(attempt)
        assert over.wait(60)
        if attempt.error is not None:
            raise attempt.error
        return attempt.result

    return run


def test_values_of_the_parent_are_seen(run_in):
    assert run_in(lambda x: public["rate"]) == 3
    assert run_in(lambda x: public.get("rate")) == 3
    assert run_in(lambda x: sorted(public)) == ["lock", "rate"]


def test_values_change_between_blocks(run_in):
    assert run_in(lambda x: public["rate"]) == 3
    public["rate"] = 4
    assert run_in(lambda x: public["rate"]) == 4
    del public["rate"]
    with pytest.raises(NameError, match="public:rate is not defined"):
        run_in(lambda x: public["rate"])


def test_what_cannot_travel_says_so_when_it_is_read(run_in):
    assert run_in(lambda x: "lock" in public) is True
    for read in (lambda x: public["lock"], lambda x: public.get("lock")):
        with pytest.raises(
            TypeError, match=r"public:lock did not travel .*cannot be pickled .*lock"
        ):
            run_in(read)


def test_what_cannot_be_rebuilt_says_so_when_it_is_read(run_in):
    class Bad:
        def __reduce__(self):
            return int, ("no number",)

    public["bad"] = Bad()
    assert run_in(lambda x: public["rate"]) == 3
    with pytest.raises(TypeError, match=r"public:bad did not travel .*cannot be rebuilt") as caught:
        run_in(lambda x: public["bad"])
    assert "no number" in str(caught.value.__cause__)


def test_a_value_is_rebuilt_once(run_in):
    public["rate"] = [1]
    assert run_in(lambda x: public["rate"] is public["rate"]) is True


def test_writes_stay_in_the_branch(run_in):
    def charge(x):
        public["rate"] = 5
        del public["lock"]
        return public["rate"], "lock" in public

    assert run_in(charge) == (5, False)
    assert public["rate"] == 3
    assert run_in(lambda x: (public["rate"], "lock" in public)) == (3, True)


def test_layers_around_the_branch_are_seen(run_in):
    outer = Layer(None, BLOCK, 0)
    outer.names[public, "rate"] = 7

    def charge(x):
        return public["rate"], system["depth"], system["branch"], system["pipeline"]

    assert run_in(charge, outer, depth=2) == (7, 2, "refund", "report")


def test_depth_travels(run_in):
    def charge(x):
        # Not a global of the test: a ContextVar cannot be pickled.
        from dana_runtime.execution.cancellation import current_group

        return current_group.get().depth

    assert run_in(charge, depth=3) == 2


def test_settings_in_force_travel_and_those_of_the_branch_do_not(run_in):
    with using(timeout=7.0):
        assert run_in(lambda x: current().timeout) == 7.0
    assert run_in(lambda x: current().timeout) == 30.0
