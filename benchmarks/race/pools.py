"""Functions and one value → the ways of Python and its libraries to call them all at once.

Each `Way` is made once for a number of functions, and keeps its threads, processes and loops: what is timed is a
call of a warm one, but for the way whose point is to start anew. Processes serve all contests, as they would
all blocks of a program; closing what was handed in ends everything.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import threading
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import Executor, ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import ExitStack
from functools import cached_property, partial
from typing import Any

from benchmarks.race import others, work

Function = Callable[[Any], Any]
Way = Callable[[Any], list[Any]]
Offer = tuple[str, Callable[[], Way]]

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


class Engines:
    """The processes of all ways that use them, started when first asked for: one a core, but for the bare ones."""

    def __init__(self, closing: ExitStack) -> None:
        self._closing = closing
        self._count = os.cpu_count() or 1
        self._spawn = multiprocessing.get_context("spawn")
        self._bare: list[Any] = []

    def bare(self, count: int) -> list[Any]:
        """Return the ends of pipes behind each of which a process waits for a function and its value."""
        while len(self._bare) < count:
            ours, theirs = self._spawn.Pipe()
            process = self._spawn.Process(target=_serve, args=(theirs,), daemon=True)
            process.start()
            theirs.close()
            self._closing.callback(process.join, 10)
            self._closing.callback(ours.send, None)
            self._bare.append(ours)
        return self._bare[:count]

    @cached_property
    def pool(self) -> Executor:
        """The standard library's pool."""
        return self._closing.enter_context(ProcessPoolExecutor(self._count, mp_context=self._spawn))

    @cached_property
    def loky(self) -> Executor:
        """loky's pool."""
        loky = others.load("loky")
        assert loky is not None
        executor: Executor = loky.ProcessPoolExecutor(self._count)
        self._closing.callback(executor.shutdown)
        return executor

    @cached_property
    def joblib(self) -> Any:
        """joblib with its processes."""
        return self._closing.enter_context(_joblib_backend("loky", self._count))

    @cached_property
    def cluster(self) -> Any:
        """The client of a Dask cluster on this machine."""
        distributed = others.load("distributed")
        assert distributed is not None
        client = distributed.Client(
            n_workers=self._count, threads_per_worker=1, dashboard_address=None, processes=True
        )
        self._closing.callback(client.close)
        return client


def bare_processes(functions: list[Function], engines: Engines) -> Way:
    """Send each function to a process of its own."""
    pipes = engines.bare(len(functions))

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


def _joblib_backend(backend: str, count: int) -> Any:
    joblib = others.load("joblib")
    assert joblib is not None
    return joblib.Parallel(n_jobs=count, backend=backend)


def _joblib(functions: list[Function], parallel: Any) -> Way:
    joblib = others.load("joblib")
    assert joblib is not None
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


def on_threads(kind: str, functions: list[Function], closing: ExitStack) -> Iterator[Offer]:
    """Return the ways that stay in this process, the limit first."""
    count = len(functions)
    pool = closing.enter_context(ThreadPoolExecutor(count))
    yield THREADS, partial(bare_threads, functions)
    yield SEQUENTIAL, partial(sequential, functions)
    yield KEPT, partial(kept, pool, functions)
    yield "new ThreadPoolExecutor each time", partial(new_pool, functions)
    if kind == "wait":
        yield "asyncio.gather", partial(gathered, work.functions("awaiting", count), closing)
    else:
        coroutines = [on_a_loop(function, kind, pool) for function in functions]
        yield "asyncio.gather", partial(gathered, coroutines, closing)
    if others.load("joblib"):
        yield (
            "joblib, threads",
            lambda: _joblib(functions, closing.enter_context(_joblib_backend("threading", count))),
        )
    if others.load("dask"):
        yield "Dask, threads", partial(_dask_threads, functions)
    if others.load("langchain_core.runnables"):
        yield "LangChain RunnableParallel", partial(_runnable_parallel, functions)


def on_processes(functions: list[Function], engines: Engines) -> Iterator[Offer]:
    """Return the ways that use other processes, as many as there are cores; the limit has one a function."""
    if len(functions) <= 8:
        yield PROCESSES, partial(bare_processes, functions, engines)
    yield "kept ProcessPoolExecutor", lambda: kept(engines.pool, functions)
    if others.load("joblib"):
        yield "joblib, loky", lambda: _joblib(functions, engines.joblib)
    if others.load("loky"):
        yield "loky", lambda: kept(engines.loky, functions)
    if others.load("distributed"):
        yield "Dask, processes", lambda: _on_cluster(functions, engines.cluster)


def _on_cluster(functions: list[Function], client: Any) -> Way:
    def run(value: Any) -> list[Any]:
        if hasattr(value, "nbytes"):
            value = client.scatter(value)
        return list(client.gather([client.submit(f, value, pure=False) for f in functions]))

    return run
