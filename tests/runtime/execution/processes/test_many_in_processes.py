"""Many inputs in processes: what a batch does when all goes well, and when its process ends."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from threading import Event
from typing import Any

import pytest

from dana_runtime import BranchTimeout, Failure, Pipeline, WorkerDied, using
from dana_runtime.execution.cancellation import outermost
from dana_runtime.execution.processes.batch import Batch, Log


def pipeline(function: Callable[..., Any]) -> Pipeline:
    return Pipeline((function.__name__,), function)


def travelling() -> Callable[[int], int]:
    """Return a function that goes by value: other processes know no modules of tests."""

    def double(x: int) -> int:
        return 2 * x

    return double


double = travelling()


@pytest.mark.parametrize("ordered", [True, False])
@pytest.mark.parametrize("limit", [None, 1, 7])
def test_results_are_those_of_every_input(ordered: bool, limit: int | None) -> None:
    with using(executor="process", max_workers=2):
        results = list(pipeline(double).map(range(2000), ordered=ordered, limit=limit))
    assert (results if ordered else sorted(results)) == list(range(0, 4000, 2))


def test_results_of_any_kind_come_back() -> None:
    def pair(x: int) -> tuple[int, list[str], bytes]:
        return x, [str(x)], b"\0" * (2_000_000 if x == 50 else 1)

    with using(executor="process", max_workers=2):
        for x, result in enumerate(pipeline(pair).map(range(100))):
            assert result == pair(x)


def test_a_failure_is_raised_at_its_place() -> None:
    def fail(x: int) -> int:
        if x == 300:
            raise ValueError("three hundred")
        return x

    seen = []
    with (  # noqa: PT012 - what has come before the failure counts
        using(executor="process", max_workers=2),
        pytest.raises(ValueError, match="three hundred") as caught,
    ):
        for result in pipeline(fail).map(range(1000)):
            seen.append(result)  # noqa: PERF402
    assert seen == list(range(300))
    assert caught.value.__notes__ == ["in input 301 of fail"]
    assert not outermost


def test_of_a_killed_batch_only_the_running_input_dies_and_none_runs_twice(tmp_path: Path) -> None:
    folder = str(tmp_path)

    def once(x: int) -> int:
        # Fails where the file is there: this input has run before.
        os.close(os.open(os.path.join(folder, str(x)), os.O_CREAT | os.O_EXCL))
        if x in (200, 201, 450):
            os._exit(3)
        return x

    with using(executor="process", max_workers=2, on_error="partial"):
        results = list(pipeline(once).map(range(600)))
    for x in (200, 201, 450):
        failure = results[x]
        assert isinstance(failure, Failure)
        assert isinstance(failure.error, WorkerDied)
        assert str(failure.error).startswith(f"input {x + 1} of once: ")
        results[x] = x
    assert results == list(range(600))


def test_each_input_of_a_batch_has_its_time() -> None:
    def hang(x: int) -> int:
        if x == 200:
            Event().wait(60)
        return x

    with using(executor="process", max_workers=2, on_error="partial", timeout=1):
        results = list(pipeline(hang).map(range(400)))
    assert isinstance(results[200].error, BranchTimeout)
    results[200] = 200
    assert results == list(range(400))


class Explosive:
    """Cannot travel."""

    def __reduce__(self) -> Any:
        raise TypeError("not this one")


def test_an_input_that_cannot_travel_fails_alone() -> None:
    inputs: list[Any] = list(range(300))
    inputs[150] = Explosive()
    with using(executor="process", max_workers=2, on_error="partial"):
        results = list(pipeline(double).map(inputs))
    failure = results.pop(150)
    assert isinstance(failure, Failure)
    assert "input 151 of double" in str(failure.error)
    assert results == [2 * x for x in range(300) if x != 150]


def test_an_input_that_kills_who_rebuilds_it_fails_alone() -> None:
    class Deadly:
        def __reduce__(self) -> Any:
            return os._exit, (4,)

    inputs: list[Any] = list(range(300))
    inputs[150] = Deadly()
    with using(executor="process", max_workers=2, on_error="partial"):
        results = list(pipeline(double).map(inputs))
    assert isinstance(results.pop(150).error, WorkerDied)
    assert results == [2 * x for x in range(300) if x != 150]


def test_closing_ends_the_processes_that_run() -> None:
    def hang(x: int) -> int:
        return x if x == 0 else Event().wait(60)

    with (
        using(executor="process", max_workers=2),
        pipeline(hang).map(range(9), limit=4) as results,
    ):
        assert next(results) == 0
    assert not outermost


def test_processes_of_the_program_serve() -> None:
    with ProcessPoolExecutor(2) as executor, using(executor=executor):
        assert list(pipeline(double).map(range(20))) == list(range(0, 40, 2))


def test_a_log_that_ends_within_a_frame_has_the_frames_before() -> None:
    content = Batch(double, "double", "", stops=True)([1, 2, 3])
    log = Log(has_file=False)
    log.read(content[:-1])
    assert [frame.content for frame in log.frames] != []
    assert len(log.frames) == 2
    log.read(content[-1:])
    assert len(log.frames) == 3
    assert log.running_since() == log.frames[-1].ended
