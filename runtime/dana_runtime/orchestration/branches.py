"""A callable in a parallel block → the same callable, called as its signature asks for."""

from __future__ import annotations

from dana_runtime.orchestration.calls import orchestrate

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from dana_runtime.orchestration.context import LocalTable


class Orchestrated:
    """A branch whose callable the compiler could not resolve: called with a value, it orchestrates.

    `function` is that callable, which blocks look at to choose where the branch runs; the other
    arguments are those of `orchestrate`. Gives what the callable gives, a coroutine too.
    """

    __slots__ = ("function", "is_block_result", "local", "where")

    def __init__(
        self,
        function: Callable[..., Any],
        where: str,
        local: LocalTable | None = None,
        is_block_result: bool = False,
    ) -> None:
        self.function = function
        self.where = where
        self.local = local
        self.is_block_result = is_block_result

    def __call__(self, value: Any) -> Any:
        """Return what the callable gives for `value`; raises what `orchestrate` raises."""
        return orchestrate(
            self.function, value, self.where, self.local, is_block_result=self.is_block_result
        )

    def __repr__(self) -> str:
        return f"<{self.where}: {self.function!r}>"
