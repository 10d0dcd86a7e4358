"""Stages that are met for the first time where the stack is nearly full: what is kept of them is right."""

from __future__ import annotations

import sys
from functools import partial, wraps
from typing import Protocol, runtime_checkable

import pytest

from dana_runtime.orchestration.calls import orchestrate


def plain():
    def add(a, b):
        return a - b

    return add


def annotated():
    def add(a: int, b: int | str):
        return a - b

    return add


def partially():
    return partial(plain())


def wrapped():
    function = plain()

    @wraps(function)
    def run(*args):
        return function(*args)

    return run


def an_object():
    class Adder:
        def __call__(self, a, b):
            return a - b

    return Adder()


def levels():
    frame, count = sys._getframe(), 0
    while frame is not None:
        frame, count = frame.f_back, count + 1
    return count


def descend(count, action):
    return action() if count <= 0 else descend(count - 1, action)


@pytest.mark.parametrize("make", [plain, annotated, partially, wrapped, an_object])
def test_the_next_call_meets_the_signature(make):
    here = levels()
    failed = 0
    for room in range(2, 60):
        stage = make()

        def call(stage=stage):
            return orchestrate(stage, (7, 5), "stage")

        try:
            assert descend(sys.getrecursionlimit() - here - room, call) == 2
        except RecursionError:
            failed += 1
        assert orchestrate(stage, (7, 5), "stage") == 2
    # Some of them had too little room, and not all.
    assert 0 < failed < 58


class Named:
    def name(self):
        return "n"


def test_a_class_that_is_asked_in_python():
    here = levels()
    failed = 0
    for room in range(2, 90):
        # One of its own each time: what Python itself remembers of a class is no matter here.
        @runtime_checkable
        class HasName(Protocol):
            def name(self): ...

        def call(first, second):
            return type(first), second

        call.__annotations__ = {"first": HasName, "second": int | HasName}
        try:
            result = descend(
                sys.getrecursionlimit() - here - room,
                lambda call=call: orchestrate(call, (5, Named()), "stage"),
            )
            assert result == (Named, 5)
        except RecursionError:
            failed += 1
        assert orchestrate(call, (5, Named()), "stage") == (Named, 5)
    assert 0 < failed < 88
