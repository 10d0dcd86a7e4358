"""The branches of a block and their value → what there is to say against them, before any of it runs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from types import FunctionType
from typing import Any

from dana_runtime.execution.block import Block
from dana_runtime.execution.branches import Branch, is_coroutine_function
from dana_runtime.execution.stages import BranchWithPolicy
from dana_runtime.orchestration.branches import Orchestrated
from dana_runtime.wording import not_callable

_CO_COROUTINE = 0x80


def check_block(
    branches: Sequence[Branch],
    value: Any,
    block: Block | None,
    keys: tuple[str, ...] | None = None,
) -> bool:
    """Raise what there is to say against a block before any of it runs.

    True says that all branches are plain functions: no coroutine functions, no policies.
    """
    if keys is not None and block and len(keys) < len(block.branches):
        raise ValueError(
            f"a key of the block at {block.place(0)} is doubled: {len(block.branches)} branches, "
            f"but only the keys {', '.join(map(repr, keys))}"
        )
    is_plain = True
    for index, branch in enumerate(branches):
        if type(branch) is FunctionType:
            if branch.__code__.co_flags & _CO_COROUTINE:
                is_plain = False
            continue
        target = branch.function if type(branch) is Orchestrated else branch
        if not callable(target):
            where = f"branch {index + 1} of {len(branches)}"
            if block:
                where = block.name(index)
            elif keys:
                where = f"{where}, {keys[index]!r},"
            raise not_callable(where, target)
        if type(branch) is BranchWithPolicy or is_coroutine_function(branch):
            is_plain = False
    # The first test is the cheaper one.
    if hasattr(value, "__next__") and len(branches) > 1 and isinstance(value, Iterator):
        of_pipeline = f" of pipeline {block.pipeline}" if block and block.pipeline else ""
        raise TypeError(
            f"{len(branches)} branches{of_pipeline} cannot share one {type(value).__name__}, "
            "which gives each item only once: make a list of it first"
        )
    return is_plain
