"""A coroutine function → the same one, operated under a policy: its delays and limits are awaited."""

from __future__ import annotations

import asyncio
import functools
import inspect
from collections.abc import Callable, Coroutine
from time import monotonic, perf_counter
from typing import TYPE_CHECKING, Any

from dana_runtime.errors import BranchCancelled
from dana_runtime.execution import traced
from dana_runtime.execution.cancellation import entered_group
from dana_runtime.execution.outcomes import Failure, ends_block, fallback_for, timeout_error
from dana_runtime.execution.settings import NO_FALLBACK, Settings, current
from dana_runtime.faults.poet import Operated
from dana_runtime.faults.retry import Tries, note_of_attempts
from dana_runtime.faults.watch import Watch
from dana_runtime.tracebacks import add_note_once

if TYPE_CHECKING:
    Call = Callable[[], Coroutine[Any, Any, Any]]


def operated_coroutine_function(operated: Operated) -> Callable[..., Any]:
    """Return the coroutine function that runs the one in `operated` as it asks for."""
    function, policy, count = operated.function, operated.policy, operated.count

    @functools.wraps(function)
    async def run(*args: Any, **kwargs: Any) -> Any:
        settings = current().with_policy(policy)
        if settings.profile is not None:
            settings = operated.trained(settings)
        watch = operated.watch()
        has_failed = True
        begun = perf_counter()
        try:
            result = await _outcome(lambda: function(*args, **kwargs), settings, watch)
            has_failed = watch.error is not None or type(result) is Failure
        finally:
            count(begun, watch, has_failed, settings.profile, args, kwargs)
        return result

    run.__poet__ = operated  # type: ignore[attr-defined]
    return run


async def _outcome(call: Call, settings: Settings, watch: Watch) -> Any:
    """Return the result; a Failure or a fallback where the settings say so."""
    tries = Tries(settings.retry, settings.total_timeout)
    name = watch.name
    begun = monotonic()
    try:
        return await _repeated(call, settings, watch, tries)
    except Exception as error:
        add_note_once(error, f"in {name}")
        has_fallback = settings.fallback is not NO_FALLBACK
        if ends_block(error) or isinstance(error, BranchCancelled):
            raise
        if not has_fallback and settings.on_error != "partial":
            raise
        failure = Failure(error, name, tries.number, monotonic() - begun)
        if not has_fallback:
            return failure
        value = fallback_for(failure, settings.fallback)
        return await value if inspect.isawaitable(value) else value


async def _repeated(call: Call, settings: Settings, watch: Watch, tries: Tries) -> Any:
    while True:
        tries.begin(monotonic())
        try:
            limit = tries.limit(settings.timeout, monotonic())
            tracer = traced.tracer
            if tracer is None or tries.retry is None:
                return await _attempt(call, limit, watch)
            with tracer.awaited_attempt(watch.name, tries.number):
                return await _attempt(call, limit, watch)
        except Exception as error:
            delay = tries.delay_after(error, monotonic())
            if delay is None:
                if tries.number > 1:
                    add_note_once(error, note_of_attempts(tries.number))
                raise
        # The loop goes on meanwhile; who cancels this task ends the wait.
        await asyncio.sleep(delay)
        entered_group()


async def _attempt(call: Call, limit: float | None, watch: Watch) -> Any:
    token = watch.before()
    try:
        result = await _in_time(call, limit, watch.name)
    except asyncio.CancelledError:
        # Nobody's fault, as when a block is over.
        watch.after(token, None, BranchCancelled())
        raise
    except BaseException as error:
        watch.after(token, None, error)
        raise
    watch.after(token, result, None)
    return result


async def _in_time(call: Call, limit: float | None, name: str) -> Any:
    if limit is None:
        return await call()
    try:
        async with asyncio.timeout(limit) as clock:
            return await call()
    except TimeoutError as error:
        if clock.expired():
            raise timeout_error(name, limit) from error
        raise
