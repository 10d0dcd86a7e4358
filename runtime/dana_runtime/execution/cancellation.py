"""The running block that code belongs to, and whether that block still wants it to go on.

    outermost blocks ─► Group ─► children: the groups of the blocks that run in its branches ─► …

To cancel a group cancels all below it, and wakes the callers that wait for their blocks.
"""

from __future__ import annotations

from contextlib import suppress
from contextvars import ContextVar

from dana_runtime.errors import BranchCancelled

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable


class Group:
    """What the branches of one running block share: its depth, and whether it is cancelled.

    Branches refer to it from their context, which a program may keep for longer than the block:
    it refers to nothing but groups, and to a way to wake who waits for the block while one does.
    """

    __slots__ = ("cancelled", "children", "depth", "parent", "wake")

    def __init__(self, parent: Group | None) -> None:
        self.parent = parent
        # The number of blocks that this one is inside of.
        self.depth: int = 0 if parent is None else parent.depth + 1
        self.cancelled = False
        self.children: set[Group] = set()
        self.wake: Callable[[], object] | None = None

    def of_branch(self) -> Group:
        """Return a group for one branch of this block, which can be cancelled without the others."""
        return Group.within(self)

    @staticmethod
    def within(parent: Group | None) -> Group:
        """Return a group that does not count as a block: for a branch, or for a stage."""
        group = Group(parent)
        group.depth -= 1
        return group

    def is_cancelled(self) -> bool:
        """Tell whether this block or one around it is cancelled."""
        group: Group | None = self
        while group is not None:
            if group.cancelled:
                return True
            group = group.parent
        return False

    def cancel(self) -> None:
        """Tell this block and all below it to end."""
        self.cancelled = True
        wake = self.wake
        if wake is not None:
            # It may be awake already.
            with suppress(RuntimeError):
                wake()
        # Copied in one step: other threads begin and end blocks in the meantime.
        for child in self.children.copy():
            child.cancel()

    def enter(self) -> None:
        """Become a child of the group around; raise BranchCancelled if that one is cancelled."""
        parent = self.parent
        if parent is None:
            outermost.add(self)
            return
        # In this order: who cancels the parent after this finds the child, who did so before it
        # is found out here.
        parent.children.add(self)
        if parent.is_cancelled():
            self.leave()
            raise BranchCancelled

    def leave(self) -> None:
        """Be a child no more."""
        parent = self.parent
        (outermost if parent is None else parent.children).discard(self)


# The groups of the blocks that run in no other one.
outermost: set[Group] = set()

# The block whose branch is running, None outside of blocks.
current_group: ContextVar[Group | None] = ContextVar("dana_group", default=None)


def cancelled() -> bool:
    """Tell whether the running branch, or one that it descends from, has been told to cancel.

    A branch that takes long may ask now and then, and return or raise what it likes: its block
    has ended already, or no longer waits for it. False outside of branches.
    """
    group = current_group.get()
    return group is not None and group.is_cancelled()


def entered_group() -> Group | None:
    """Return the block whose branch is running; raise BranchCancelled in a cancelled branch."""
    group = current_group.get()
    if group is not None and group.is_cancelled():
        raise BranchCancelled
    return group
