"""Attempts → tasks on a Dask cluster: `executor="dask"`.

    start(attempt) ─► Envelope ─► client.submit(serve, …) ─► a worker claims it ─► worker.serve
    began, over the scheduler's events ◄────────────────────────────┘                  │
    attempt.finish or .fail ◄── opened ◄──── Response ◄────────────────────────────────┘

The client is the one that `scheduler` is the address for, else the program's own, the current
`distributed.Client`; none is started behind the program's back. Functions travel by value, those of
Dana modules included, so the workers need this package and the same Python, and no file of the
program; modules that are not written in Dana are imported there.

Dask runs a task anew when the worker that it was on dies, which repeats what it had done already.
So a worker claims a task before it begins, and one that finds it claimed says that the other has
died. To try again is up to the block, which is told to.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import suppress
from threading import RLock
from time import monotonic, sleep
from typing import Any
from uuid import uuid4
from weakref import WeakKeyDictionary

from dana_runtime.errors import WorkerDied
from dana_runtime.execution import leaving
from dana_runtime.execution.attempt import Attempt
from dana_runtime.execution.processes import missing_extra, nothing

# A task whose parts are larger than this, in bytes, is not sent through the scheduler.
LARGE = 1 << 20

# Seconds after which a scheduler that does not answer is an error. Not a branch's time: it has not begun.
CONNECT_SECONDS = 5.0

# What the end of the program waits for cancelled attempts.
EXIT_SECONDS = 1.0


def start(attempt: Attempt) -> Callable[[], None]:
    """Start `attempt` on a Dask cluster; return what abandons it.

    Needs distributed and cloudpickle (`pip install danac[dask]`).
    """
    try:
        return _link(attempt.settings.scheduler).start(attempt)
    except ImportError as error:
        attempt.fail(missing_extra("dask", "dask", error))
    except BaseException as error:
        attempt.fail(error)
    return nothing


def shutdown(wait: bool = True, cancel: bool = False) -> None:
    """Close the connections that were opened for an address; clients of the program stay open.

    Attempts that are under way over them fail, whatever `wait` and `cancel` say.
    """
    with _lock:
        links = list(_by_address.values())
        _by_address.clear()
    for link in links:
        link.client.close()


def serve(key: str, topic: str, task: Any, *parcels: Any) -> Any:
    """Run a task in a worker of Dask; returns the response."""
    from distributed import Event, get_client

    from dana_runtime.execution.processes import worker
    from dana_runtime.execution.processes.envelope import LOST, Response

    client = get_client()
    claim = Event(key, client=client)
    if claim.is_set():
        return Response(LOST)
    claim.set()
    # Not `get_worker().log_event`, which sends it a little later: a branch that ends its worker at once would
    # never have begun, and where no other worker takes its task no limit would end it.
    client.log_event(topic, key)
    function, value, surroundings = parcels
    return worker.serve(task._replace(function=function, value=value, surroundings=surroundings))


class _Link:
    """One client, and the attempts that are under way over it."""

    __slots__ = ("_attempts", "_futures", "_is_first", "_topic", "client")

    def __init__(self, client: Any) -> None:
        if client.asynchronous:
            raise TypeError("executor='dask' needs a Client that is not asynchronous")
        self.client = client
        # Those that are under way, by the keys of their tasks.
        self._attempts: dict[str, Attempt] = {}
        self._futures: dict[str, Any] = {}
        self._is_first = True
        self._topic = f"dana-{uuid4().hex}"
        client.subscribe_topic(self._topic, self._began)

    def is_open(self) -> bool:
        return self.client.status in ("running", "connecting")

    def start(self, attempt: Attempt) -> Callable[[], None]:
        from dana_runtime.execution.processes.envelope import Envelope, deliver, opened
        from dana_runtime.execution.processes.pickling import Parcel

        envelope = Envelope(attempt, local=False, by_value=True)
        task = envelope.task
        key = f"dana-{uuid4().hex}"
        self._attempts[key] = attempt

        def done(future: Any) -> None:
            self._forget(key)
            try:
                response = _response(attempt, future)
            except BaseException as error:
                attempt.fail(error)
            else:
                deliver(attempt, opened(attempt, response))
            if not leaving.is_leaving:
                self._unclaim(key)

        try:
            parts = (task.function, task.value, task.surroundings)
            parcels = [self._sent(parcel) for parcel in parts]
            nothing_yet = Parcel(None)
            bare = task._replace(function=nothing_yet, value=nothing_yet, surroundings=nothing_yet)
            future = self.client.submit(
                serve, key, self._topic, bare, *parcels, key=key, pure=False, retries=0
            )
        except BaseException:
            del self._attempts[key]
            raise
        finally:
            envelope.close()
        self._futures[key] = future
        future.add_done_callback(done)
        if self._is_first:
            self._is_first = False
            _start_callbacks_thread(future)

        def abandon() -> None:
            self._forget(key)
            future.cancel()

        return abandon

    def _forget(self, key: str) -> None:
        self._attempts.pop(key, None)
        self._futures.pop(key, None)

    def cancel(self) -> None:
        """Cancel what is under way, and wait a moment until everybody has been told."""
        attempts = list(self._attempts.values())
        for future in list(self._futures.values()):
            with suppress(Exception):
                future.cancel()
        deadline = monotonic() + EXIT_SECONDS
        while self._futures and monotonic() < deadline:
            sleep(0.001)
        for attempt in attempts:
            # Whoever has not been told by then never would be, and may be waited for.
            attempt.fail(_ended_with_the_program(attempt))

    def _sent(self, parcel: Any) -> Any:
        """Return a parcel, or where it is large a future of it, which goes straight to a worker."""
        if len(parcel.data) + sum(map(len, parcel.buffers)) < LARGE:
            return parcel
        return self.client.scatter(parcel, hash=False)

    def _began(self, event: tuple[Any, str]) -> None:
        attempt = self._attempts.get(event[1])
        if attempt is not None:
            attempt.begin()

    def _unclaim(self, key: str) -> None:
        from distributed import Event

        # The scheduler forgets an event that is cleared.
        if self.is_open():
            Event(key, client=self.client).clear()


def _response(attempt: Attempt, future: Any) -> Any:
    """Return the response of a future that is done; raise what stands in its place."""
    from distributed import KilledWorker

    if future.status == "finished":
        return future.result()
    error = future.exception() if future.status == "error" else None
    if error is None or isinstance(error, KilledWorker):
        if leaving.is_leaving:
            raise _ended_with_the_program(attempt)
        died = WorkerDied(f"{attempt.name}: the cluster has lost the worker that ran it")
        died.__cause__ = error
        raise died
    raise RuntimeError(f"{attempt.name}: its Dask worker cannot run it: {error}") from error


def _ended_with_the_program(attempt: Attempt) -> WorkerDied:
    return WorkerDied(f"{attempt.name}: it was ended with the program")


def _start_callbacks_thread(future: Any) -> None:
    """Have Dask start the thread in which it calls back: at the end of a program Python 3.12 starts none."""
    # There is no public name. Where it is another one, only what ends with the program on 3.12 is told late.
    executor = getattr(future, "_cb_executor", None)
    if executor is not None:
        executor.submit(nothing)


# The links to clients: those of the program, and those that were made for an address.
_links: WeakKeyDictionary[Any, _Link] = WeakKeyDictionary()
_by_address: dict[str, _Link] = {}
_lock = RLock()


def _link(address: str | None) -> _Link:
    # Loaded first of all: its absence has an error of its own.
    import cloudpickle  # noqa: F401
    from distributed import Client

    _come_first_at_exit()
    with _lock:
        if address is not None:
            link = _by_address.get(address)
            if link is None or not link.is_open():
                client = Client(address, set_as_default=False, timeout=CONNECT_SECONDS)
                link = _by_address[address] = _Link(client)
            return link
        try:
            client = Client.current()
        except ValueError:
            raise RuntimeError(
                "executor='dask' needs a cluster: set scheduler='tcp://…', the address of its "
                "scheduler, or make a distributed.Client first"
            ) from None
        link = _links.get(client)
        if link is None:
            link = _links[client] = _Link(client)
        return link


_comes_first = False


def _come_first_at_exit() -> None:
    """Cancel what is under way at the end of the program, as long as clients tell; call it with Dask loaded."""
    global _comes_first
    if not _comes_first:
        _comes_first = True
        leaving.when_leaving(_cancel_all)


def _cancel_all() -> None:
    for link in [*_links.values(), *_by_address.values()]:
        link.cancel()


def _forget() -> None:
    global _lock
    _lock = RLock()
    _links.clear()
    _by_address.clear()


if hasattr(os, "register_at_fork"):
    # The connections are the parent's.
    os.register_at_fork(after_in_child=_forget)
