"""What several attempts of one block have in common → made once, kept while one of them needs it."""

from __future__ import annotations

import os
from collections.abc import Callable, Hashable
from threading import RLock
from typing import Generic, TypeVar

from dana_runtime.execution.attempt import Attempt
from dana_runtime.execution.cancellation import Group, current_group
from dana_runtime.execution.processes.files import SharedFile

T = TypeVar("T")


class Shared(Generic[T]):
    """Something that is shared, with the files that it is in."""

    __slots__ = ("_content", "_files", "_held", "_key", "_lock", "_users")

    def __init__(self, key: Hashable, held: object) -> None:
        self._key = key
        # What the key has the identity of: nothing else can have it meanwhile.
        self._held = held
        self._users = 0
        self._lock = RLock()
        self._content: list[T] = []
        self._files: list[SharedFile] = []

    def get(self, make: Callable[[list[SharedFile]], T]) -> T:
        """Return the content, `make(files)` for the first who asks; raises what that raises."""
        with self._lock:
            if not self._content:
                self._content.append(make(self._files))
            return self._content[0]

    def leave(self) -> None:
        """Need it no longer; the files go when the last one has called this."""
        with _lock:
            self._users -= 1
            if self._users:
                return
            if _known.get(self._key) is self:
                del _known[self._key]
        for file in self._files:
            file.close()


_known: dict[Hashable, Shared[object]] = {}
_lock = RLock()


def shared_by(attempt: Attempt, about: object, *kind: Hashable) -> Shared[T]:
    """Return what the attempts of the block of `attempt` share `about` an object, of some kind.

    Objects are told apart by identity. Attempts outside of blocks share nothing. Every call needs
    one of `leave`.
    """
    group = _block(attempt)
    key = (id(group), id(about), *kind)
    with _lock:
        shared = None if group is None else _known.get(key)
        if shared is None:
            shared = Shared(key, (group, about))
            if group is not None:
                _known[key] = shared
        shared._users += 1
        return shared  # type: ignore[return-value]


def _block(attempt: Attempt) -> Group | None:
    group = attempt.context.get(current_group)
    # A branch may have a group of its own, of the same depth as its block.
    while group is not None and group.parent is not None and group.parent.depth == group.depth:
        group = group.parent
    return group


def _forget() -> None:
    global _lock
    _lock = RLock()
    _known.clear()


if hasattr(os, "register_at_fork"):
    # Of a child's process none of these attempts is.
    os.register_at_fork(after_in_child=_forget)
