"""Functions and one value → the ways of Python and its libraries to call them all at once.

Each `Way` is made once for a number of functions, and keeps its threads, processes and loops: what is timed is a
call of a warm one, but for the way whose point is to start anew. Closing it ends what it started.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import threading
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import Executor, ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import ExitStack
from typing import Any

from benchmarks.race import others

Function = Callable[[Any], Any]
Way = Callable[[Any], list[Any]]

SEQUENTIAL = "one after the other"
THREADS = "bare threads"
PROCESSES = "bare processes"
KEPT = "kept ThreadPoolExecutor"

_TIMEOUT = 60.0


def sequential(functions: list[Function]) -> Way:
    """Call one after the other."""
    return lambda value: [function(value) for function in functions]


def bare_threads(functions: list[Function]) -> Way:
    """Start a thread for each call but the last one, which the caller makes itself."""

    def run(value: Any) -> list[Any]:
        results: list[Any] = [None] * len(functions)

        def call(index: int) -> None:
            results[index] = functions[index](value)

        threads = [
            threading.Thread(target=call, args=(index,)) for index in range(len(functions) - 1)
        ]
        for thread in threads:
            thread.start()
        call(len(functions) - 1)
        for thread in threads:
            thread.join()
        return results

    return run


def _serve(connection: Any) -> None:
    while (task := connection.recv()) is not None:
        function, value = task
        connection.send(function(value))


def bare_processes(functions: list[Function], closing: ExitStack) -> Way:
    """Keep one process a function, each behind a pipe of its own."""
    context = multiprocessing.get_context("spawn")
    pipes = []
    for _ in functions:
        ours, theirs = context.Pipe()
        process = context.Process(target=_serve, args=(theirs,), daemon=True)
        process.start()
        theirs.close()
        closing.callback(process.join, 10)
        closing.callback(ours.send, None)
        pipes.append(ours)

    def run(value: Any) -> list[Any]:
        for pipe, function in zip(pipes, functions, strict=True):
            pipe.send((function, value))
        return [pipe.recv() for pipe in pipes]

    return run


def kept(executor: Executor, functions: list[Function]) -> Way:
    """Submit to an executor that stays, and wait with a timeout."""

    def run(value: Any) -> list[Any]:
        futures = [executor.submit(function, value) for function in functions]
        return [future.result(_TIMEOUT) for future in futures]

    return run


def new_pool(functions: list[Function]) -> Way:
    """Make a new ThreadPoolExecutor for each call."""

    def run(value: Any) -> list[Any]:
        with ThreadPoolExecutor(len(functions)) as pool:
            return kept(pool, functions)(value)

    return run


def gathered(functions: list[Callable[[Any], Awaitable[Any]]], closing: ExitStack) -> Way:
    """Gather coroutines in an event loop that is kept."""
    loop = asyncio.new_event_loop()
    closing.callback(loop.close)

    async def gather(value: Any) -> list[Any]:
        return await asyncio.gather(*[function(value) for function in functions])

    return lambda value: loop.run_until_complete(gather(value))


def on_a_loop(function: Function, kind: str, pool: Executor) -> Callable[[Any], Awaitable[Any]]:
    """Return the coroutine function that one would write: tiny work awaits nothing, other work takes a thread."""

    async def called(value: Any) -> Any:
        if kind == "trivial":
            return function(value)
        return await asyncio.get_running_loop().run_in_executor(pool, function, value)

    return called


def _joblib(functions: list[Function], closing: ExitStack, backend: str, count: int) -> Way:
    joblib = others.load("joblib")
    assert joblib is not None
    parallel = closing.enter_context(joblib.Parallel(n_jobs=count, backend=backend))
    delayed = [joblib.delayed(function) for function in functions]
    return lambda value: parallel([call(value) for call in delayed])


def _dask_threads(functions: list[Function]) -> Way:
    dask = others.load("dask")
    assert dask is not None
    delayed = [dask.delayed(function, pure=False) for function in functions]

    def run(value: Any) -> list[Any]:
        # Quoted, the value is passed on as it is, and not looked through for tasks.
        tasks = [call(value) if not hasattr(value, "nbytes") else call(held) for call in delayed]
        return list(dask.compute(*tasks, scheduler="threads", num_workers=len(functions)))

    held = dask.delayed(_held, pure=False)()
    return run


_value: list[Any] = []


def hold_value(value: Any) -> None:
    """Remember the value that Dask's tasks are to find without looking at each of its bytes."""
    _value[:] = [value]


def _held() -> Any:
    return _value[0]


def _runnable_parallel(functions: list[Function]) -> Way:
    runnables = others.load("langchain_core.runnables")
    assert runnables is not None
    parallel = runnables.RunnableParallel(
        {f"b{number}": runnables.RunnableLambda(f) for number, f in enumerate(functions)}
    )
    config = {"max_concurrency": len(functions)}
    return lambda value: list(parallel.invoke(value, config).values())


def on_threads(
    kind: str, functions: list[Function], closing: ExitStack
) -> Iterator[tuple[str, Way]]:
    """Return the ways that stay in this process, the limit first."""
    count = len(functions)
    yield THREADS, bare_threads(functions)
    yield SEQUENTIAL, sequential(functions)
    pool = closing.enter_context(ThreadPoolExecutor(count))
    yield KEPT, kept(pool, functions)
    yield "new ThreadPoolExecutor each time", new_pool(functions)
    if kind != "wait":
        coroutines = [on_a_loop(function, kind, pool) for function in functions]
        yield "asyncio.gather", gathered(coroutines, closing)
    if others.load("joblib"):
        yield "joblib, threads", _joblib(functions, closing, "threading", count)
    if others.load("dask"):
        yield "Dask, threads", _dask_threads(functions)
    if others.load("langchain_core.runnables"):
        yield "LangChain RunnableParallel", _runnable_parallel(functions)


def on_processes(functions: list[Function], closing: ExitStack) -> Iterator[tuple[str, Way]]:
    """Return the ways that use other processes, as many as there are cores; the limit has one a function."""
    count = os.cpu_count() or 1
    if len(functions) <= 8:
        yield PROCESSES, bare_processes(functions, closing)
    spawn = multiprocessing.get_context("spawn")
    pool = closing.enter_context(ProcessPoolExecutor(count, mp_context=spawn))
    yield "kept ProcessPoolExecutor", kept(pool, functions)
    if others.load("joblib"):
        yield "joblib, loky", _joblib(functions, closing, "loky", count)
    if loky := others.load("loky"):
        executor = loky.ProcessPoolExecutor(count)
        closing.callback(executor.shutdown)
        yield "loky", kept(executor, functions)
    if distributed := others.load("distributed"):
        yield "Dask, processes", _cluster(distributed, functions, closing, count)


def _cluster(distributed: Any, functions: list[Function], closing: ExitStack, count: int) -> Way:
    client = distributed.Client(
        n_workers=count, threads_per_worker=1, dashboard_address=None, processes=True
    )
    closing.callback(client.close)

    def run(value: Any) -> list[Any]:
        if hasattr(value, "nbytes"):
            value = client.scatter(value)
        return list(client.gather([client.submit(f, value, pure=False) for f in functions]))

    return run
