"""The running block that code belongs to, and whether that block still wants it to go on."""

from __future__ import annotations

from contextvars import ContextVar

from dana_runtime.errors import BranchCancelled


class Group:
    """What the branches of one running block share: its depth, and whether it is cancelled.

    Branches refer to it from their context, which a program may keep for longer than the block:
    it refers to nothing but the groups around it.
    """

    __slots__ = ("cancelled", "depth", "parent")

    def __init__(self, parent: Group | None) -> None:
        self.parent = parent
        # The number of blocks that this one is inside of.
        self.depth: int = 0 if parent is None else parent.depth + 1
        self.cancelled = False

    def is_cancelled(self) -> bool:
        """Tell whether this block or one around it is cancelled."""
        group: Group | None = self
        while group is not None:
            if group.cancelled:
                return True
            group = group.parent
        return False


# The block whose branch is running, None outside of blocks.
current_group: ContextVar[Group | None] = ContextVar("dana_group", default=None)


def cancelled() -> bool:
    """Tell whether the running branch, or one that it descends from, has been told to cancel.

    A branch that takes long may ask now and then, and return or raise what it likes: its block
    has ended already. False outside of branches.
    """
    group = current_group.get()
    return group is not None and group.is_cancelled()


def entered_group() -> Group | None:
    """Return the block whose branch is running; raise BranchCancelled in a cancelled branch."""
    group = current_group.get()
    if group is not None and group.is_cancelled():
        raise BranchCancelled
    return group
