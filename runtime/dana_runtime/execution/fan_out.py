"""A parallel block, from its branches and their one input to the results in branch order.

    fan_out ─► check branches and value ─► _Run ─► ticket ─► worker ─► claims branch after branch
                                                     ▲          │
                                                     └──────────┤ while some are left unclaimed
        results, or the first failure ◄── latch ◄───────────────┘

Every block has one latch, a plain lock: the last result or the first failure opens it. Each
worker claims branches until none is left. Before it runs one it sees to it that a ticket for the
next is out, so branches overlap whatever they do; while that ticket's thread is waking up, tiny
branches are over, and no further thread is woken for them. Branches run in copies of the
caller's context.
"""

from __future__ import annotations

import sys
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from contextvars import Context, copy_context
from threading import Lock, Thread, get_ident, main_thread
from types import CoroutineType
from typing import Any, overload

from dana_runtime.errors import BranchCancelled
from dana_runtime.execution.block import Block, thread_name
from dana_runtime.execution.cancellation import Group, current_group, entered_group
from dana_runtime.execution.workers import Job, put_out, take_back
from dana_runtime.scopes import Layer, current_layer
from dana_runtime.tracebacks import add_note_once, without_runtime_frames
from dana_runtime.wording import callable_text, not_callable

Branch = Callable[[Any], Any]

# Branches of one block that run at once.
MAX_WORKERS = 8

# Blocks inside blocks that get workers of their own; deeper ones run in their branch's thread.
MAX_DEPTH = 3

# Seconds after which a waiting main thread looks for signals that came while it was about to wait.
# Without that, Ctrl-C is lost when it strikes between the interpreter's last look and the wait.
SIGNAL_SECONDS = 0.1

# Of the blocks deeper than that, one in so many runs in a thread of its own, in order as the
# others do: there it finds a fresh stack, so that recursion through blocks is not ended by
# Python's recursion limit. It is ended by it, with a RecursionError, beyond MAX_STACKS stacks.
LEVELS_PER_STACK = 32
MAX_STACKS = 64


@overload
def fan_out(branches: Sequence[Branch], value: Any, block: Block | None = None) -> list[Any]: ...
@overload
def fan_out(
    branches: dict[str, Branch], value: Any, block: Block | None = None
) -> dict[str, Any]: ...
def fan_out(
    branches: Sequence[Branch] | dict[str, Branch], value: Any, block: Block | None = None
) -> list[Any] | dict[str, Any]:
    """Call all `branches` with `value` at the same time and return their results in order.

    A tuple or list of callables gives a list, a dict of callables a dict with the same keys.
    The first failure is raised as itself, with a note that names the branch; branches that have
    not begun then never begin, and the others are told to cancel (`cancelled()`). The same holds
    for KeyboardInterrupt in the waiting caller. `block` says what the branches are called.

    Raises TypeError, before anything runs, for a branch that is not callable and for an iterator
    given to several branches; ValueError for a dict that lacks one of the block's keys; and
    BranchCancelled if it is called in a branch that is itself cancelled.
    """
    results, error = _in_parallel(branches, value, block)
    if error is None:
        return dict(zip(branches, results, strict=True)) if isinstance(branches, dict) else results
    context = error.__context__
    try:
        # Here, so that the traceback has one line of the runtime between caller and branch.
        raise error
    finally:
        if context is not None:
            # Where the caller is handling another exception, `raise` has put that in its place.
            BaseException.__setattr__(error, "__context__", context)
        # This frame is in the traceback now; it must not refer back to the error.
        del error, context


def run_in_order(branches: Sequence[Branch], value: Any, block: Block | None = None) -> list[Any]:
    """Call `branches` with `value` one after the other, in this thread and context.

    Returns their results in order; the first failure ends the block, as in `fan_out`, and the
    same errors are raised.
    """
    _check(branches, value, block)
    results = []
    for index, branch in enumerate(branches):
        entered_group()
        try:
            result = branch(value)
            if type(result) is CoroutineType:
                result = _completed(result, branches, index, block)
            results.append(result)
        except BaseException as error:
            add_note_once(error, _note(branches, index, block))
            raise
    return results


def _completed(
    coroutine: CoroutineType[Any, Any, Any],
    branches: Sequence[Branch],
    index: int,
    block: Block | None,
) -> Any:
    # Imported late: most programs never load asyncio.
    from dana_runtime.awaiting import completed

    return completed(
        coroutine, callable_text(branches[index]) if block is None else block.name(index)
    )


class Captured:
    """The results of a block and what its branches captured: `captured["name"]`."""

    __slots__ = ("_captures", "results")

    def __init__(self, results: list[Any] | dict[str, Any], captures: dict[str, Any]) -> None:
        self.results = results
        self._captures = captures

    def __getitem__(self, name: str) -> Any:
        return self._captures[name]

    def __repr__(self) -> str:
        return f"Captured({self.results!r}, {self._captures!r})"


def fan_out_capturing(
    branches: Sequence[Branch] | dict[str, Branch], value: Any, block: Block | None = None
) -> Captured:
    """Like `fan_out`, for branches that return pairs (result, dict of captures).

    Where several branches capture the same name, the last branch's value counts.
    """
    return _captured(fan_out(branches, value, block))


def run_in_order_capturing(
    branches: Sequence[Branch], value: Any, block: Block | None = None
) -> Captured:
    """Like `run_in_order`, for branches that return pairs (result, dict of captures)."""
    return _captured(run_in_order(branches, value, block))


def _captured(outcomes: list[Any] | dict[str, Any]) -> Captured:
    """Take the pairs (result, captures) apart."""
    captures: dict[str, Any] = {}
    for _, own in outcomes.values() if isinstance(outcomes, dict) else outcomes:
        captures.update(own)
    if isinstance(outcomes, dict):
        return Captured({key: result for key, (result, _) in outcomes.items()}, captures)
    return Captured([result for result, _ in outcomes], captures)


def _in_parallel(
    branches: Sequence[Branch] | dict[str, Branch], value: Any, block: Block | None
) -> tuple[list[Any], BaseException | None]:
    """Run a block; return its results in branch order, and the failure that ends it, if any."""
    group = Group(entered_group())
    functions = tuple(branches.values() if isinstance(branches, dict) else branches)
    _check(functions, value, block, tuple(branches) if isinstance(branches, dict) else None)
    run = _Run(functions, value, block, group)
    try:
        if not (run.tickets and run.put_out_ticket()):
            run.work(None)
        if functions:
            run.wait()
    except BaseException:
        # Ctrl-C while waiting. What is running goes on in its threads, told to cancel.
        group.cancelled = True
        raise
    finally:
        results, failures = run.close()
        take_back(run)
    if not failures:
        return results, None
    # The first one opened the latch; more of them may have come before this thread woke up.
    index, error = min(failures, key=_precedence)
    add_note_once(error, _note(functions, index, block))
    return results, error


def _tickets(branches: int, depth: int) -> int:
    """Return the number of threads that a block at `depth` gets; none: it runs in this one."""
    if depth < MAX_DEPTH:
        return min(branches, MAX_WORKERS) if branches > 1 else 0
    stack, level = divmod(depth - MAX_DEPTH + 1, LEVELS_PER_STACK)
    return 1 if level == 0 and stack < MAX_STACKS and branches else 0


class _Run(Job):
    """One execution of a block: what its threads share."""

    __slots__ = (
        "block",
        "branches",
        "context",
        "failures",
        "group",
        "latch",
        "layer",
        "results",
        "tickets",
        "unclaimed",
        "unfinished",
        "value",
    )

    def __init__(
        self, branches: tuple[Branch, ...], value: Any, block: Block | None, group: Group
    ) -> None:
        super().__init__()
        self.branches = branches
        self.value = value
        self.block = block
        self.group = group
        # Entered once to say which block it is in, then only copied: a context can be entered by
        # one thread at a time.
        self.context: Context = copy_context()
        self.context.run(current_group.set, group)
        self.layer = current_layer.get()
        self.results: list[Any] = [None] * len(branches)
        # None once the block is over: a branch that fails later fails for nobody.
        self.failures: list[tuple[int, BaseException]] | None = []
        # Deques serve as counters: pop is atomic, on free-threaded builds too.
        self.tickets = deque(range(_tickets(len(branches), group.depth)))
        self.unclaimed = deque(range(len(branches)))
        self.unfinished = deque(range(len(branches)))
        self.latch = Lock()
        self.latch.acquire()

    def put_out_ticket(self) -> bool:
        """Use up one ticket; False says that there is none left, or no thread for it."""
        try:
            self.tickets.pop()
        except IndexError:
            return False
        return put_out(self)

    def wait(self) -> None:
        """Wait for the last result or the first failure."""
        # Signals come to the main thread only.
        seconds = SIGNAL_SECONDS if get_ident() == main_thread().ident else -1
        while not self.latch.acquire(timeout=seconds):
            pass

    def work(self, thread: Thread | None) -> None:
        """Claim and run branches until none is left or one has failed."""
        # Read before a branch is claimed: `close` empties `unclaimed` first, so whoever gets a
        # branch has got these too.
        branches, value, results, context = self.branches, self.value, self.results, self.context
        unclaimed, layer, block = self.unclaimed, self.layer, self.block
        while unclaimed:
            try:
                index = unclaimed.popleft()
            except IndexError:
                return
            try:
                if self.group.is_cancelled():
                    raise BranchCancelled
                if thread is not None:
                    if unclaimed and self.tickets and not self.untaken:
                        self.put_out_ticket()
                    thread.name = _thread_name(branches[index], index, block)
                own = context.copy()
                own.run(current_layer.set, Layer(layer, block, index))
                if "decimal" in sys.modules:
                    own.run(_own_decimal_context)
                result = own.run(branches[index], value)
                if type(result) is CoroutineType:
                    result = own.run(_completed, result, branches, index, block)
                results[index] = result
            except BaseException as error:
                self._fail(index, error)
                return
            if not self.unfinished.pop():
                # It was 0, the last one.
                self.latch.release()

    def _fail(self, index: int, error: BaseException) -> None:
        try:
            BaseException.with_traceback(error, without_runtime_frames(error.__traceback__))
        finally:
            failures = self.failures
            if failures is not None:
                failures.append((index, error))
            self.group.cancelled = True
            # Another failure may have opened it, and the caller not have come through yet.
            with suppress(RuntimeError):
                self.latch.release()

    def close(self) -> tuple[list[Any], list[tuple[int, BaseException]]]:
        """Let no more branches begin, and hold nothing from now on; return what there is."""
        self.unclaimed.clear()
        results, failures = self.results, self.failures or []
        self.branches = ()
        self.value = self.block = self.layer = self.failures = None
        self.results = []
        self.context = Context()
        return results, failures


def _own_decimal_context() -> None:
    # Decimal contexts are changed in place, so a copy of the context variables shares them.
    decimal: Any = sys.modules["decimal"]
    # Absent while another thread is still importing it.
    if hasattr(decimal, "localcontext"):
        decimal.setcontext(decimal.getcontext().copy())


def _precedence(failure: tuple[int, BaseException]) -> tuple[int, int]:
    """Branch order, but Ctrl-C is never lost, and what followed from a cancel is not its cause."""
    index, error = failure
    if isinstance(error, KeyboardInterrupt):
        return 0, index
    return (2 if isinstance(error, BranchCancelled) else 1), index


def _check(
    branches: Sequence[Branch],
    value: Any,
    block: Block | None,
    keys: tuple[str, ...] | None = None,
) -> None:
    """Raise what there is to say against a block before any of it runs."""
    if keys is not None and block and len(keys) < len(block.branches):
        raise ValueError(
            f"a key of the block at {block.place(0)} is doubled: {len(block.branches)} branches, "
            f"but only the keys {', '.join(map(repr, keys))}"
        )
    for index, branch in enumerate(branches):
        if not callable(branch):
            where = f"branch {index + 1} of {len(branches)}"
            if block:
                where = block.name(index)
            elif keys:
                where = f"{where}, {keys[index]!r},"
            raise not_callable(where, branch)
    if len(branches) > 1 and isinstance(value, Iterator):
        of_pipeline = f" of pipeline {block.pipeline}" if block and block.pipeline else ""
        raise TypeError(
            f"{len(branches)} branches{of_pipeline} cannot share one {type(value).__name__}, "
            "which gives each item only once: make a list of it first"
        )


def _note(branches: Sequence[Branch], index: int, block: Block | None) -> str:
    if block is not None:
        return block.note(index)
    return f"in branch {index + 1} of {len(branches)}, {callable_text(branches[index])}"


def _thread_name(branch: Branch, index: int, block: Block | None) -> str:
    if block is not None:
        return block.thread_names[index]
    return thread_name("fan_out", callable_text(branch))
