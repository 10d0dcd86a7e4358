"""The inputs of a `map` in batches: what becomes of an error that is about all of them."""

from __future__ import annotations

from contextvars import copy_context

import pytest

from dana_runtime import RemoteError, WorkerDied
from dana_runtime.execution.batches import Batches
from dana_runtime.execution.cancellation import Group
from dana_runtime.execution.settings import Settings
from dana_runtime.execution.streams import Job


class OfTwo(Exception):
    def __init__(self, first, second):
        super().__init__(first, second)


def work(value):
    return value


@pytest.fixture
def batches():
    told = []
    job = Job(work, Settings(), copy_context(), Group(None), told.append)
    return Batches(job, lambda attempt: lambda: None, 2, has_log=False)


def ended(batches, error):
    """Return the errors of three inputs whose batch has ended with an error."""
    batches._size = 3.0
    for index in range(3):
        batches._waiting.append((index, index))
    batches._most = 1
    batches.start()
    (attempt,) = batches._active
    attempt.fail(error)
    events = batches.events(attempt)
    batches.close()
    assert [index for index, *_ in events] == [0, 1, 2]
    return [event[2] for event in events]


def test_each_input_has_one_with_its_name(batches):
    errors = ended(batches, WorkerDied("the worker of inputs 1 to 3 of work has ended"))
    assert [str(error) for error in errors] == [f"input {n} of work has ended" for n in (1, 2, 3)]


@pytest.mark.parametrize("error", [RemoteError("OSError", "no"), OfTwo(1, 2)])
def test_one_that_is_made_of_more_than_a_text_comes_as_it_is(batches, error):
    assert ended(batches, error) == [error] * 3
