"""What the compiler knows of a parallel block: the names and places of its branches."""

from __future__ import annotations

import os
from functools import partial

from dana_runtime.execution.history import History

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class Block:
    """The static description of one parallel block; generated code makes it once per module.

    `pipeline` is the name of the pipeline the block stands in, `""` where it has none;
    `filename` is the source file; each branch is (its source text, its line, its column), both
    counted from 1, columns in characters. `purity` has a text for each branch: `"pure"` where that is
    proved, else why not. Immutable, but for the history of its runs.
    """

    __slots__ = ("branches", "filename", "history", "pipeline", "purity", "thread_names")

    pipeline: str
    filename: str
    branches: tuple[tuple[str, int, int], ...]
    purity: tuple[str, ...]
    # One for each branch, made here because running a branch should not have to.
    thread_names: tuple[str, ...]
    # What its runs so far were like: the one thing about a Block that changes.
    history: History

    def __init__(
        self,
        pipeline: str,
        filename: str,
        *branches: tuple[str, int, int],
        purity: tuple[str, ...] = (),
    ) -> None:
        names = tuple(thread_name(pipeline, text) for text, _, _ in branches)
        fields = {
            "pipeline": pipeline,
            "filename": filename,
            "branches": branches,
            "purity": purity,
            "thread_names": names,
            "history": History(purity),
        }
        for field, value in fields.items():
            object.__setattr__(self, field, value)

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"a Block cannot be changed: {name}")

    def __delattr__(self, name: str) -> None:
        raise AttributeError(f"a Block cannot be changed: {name}")

    def __repr__(self) -> str:
        branches = "".join(f", {branch!r}" for branch in self.branches)
        purity = f", purity={self.purity!r}" if self.purity else ""
        return f"Block({self.pipeline!r}, {self.filename!r}{branches}{purity})"

    def __reduce__(self) -> tuple[Any, ...]:
        made = partial(Block, purity=self.purity) if self.purity else Block
        return made, (self.pipeline, self.filename, *self.branches)

    def place(self, index: int) -> str:
        """Return where the branch at `index`, counted from 0, stands: `orders.dana:12:31`."""
        _, line, column = self.branches[index]
        return f"{os.path.basename(self.filename)}:{line}:{column}"

    def name(self, index: int) -> str:
        """Return `branch 2 of 3, charge (orders.dana:12:31), of pipeline report`, for 1."""
        text = self.branches[index][0]
        of_pipeline = f", of pipeline {self.pipeline}" if self.pipeline else ""
        return (
            f"branch {index + 1} of {len(self.branches)}, {text} ({self.place(index)}){of_pipeline}"
        )

    def note(self, index: int) -> str:
        """Return the note for a failure in the branch at `index`."""
        return f"in {self.name(index)}"


def thread_name(pipeline: str, branch: str) -> str:
    """Return the name that a thread has while it runs `branch`."""
    return f"dana:{pipeline}:{branch}"


def block_title(block: Block | None) -> str:
    """Return what a block is called where it is not about one of its branches: `report (orders.dana:12:31)`."""
    if block is None:
        return "block"
    return f"{block.pipeline or 'block'} ({block.place(0)})"
