"""The tests that generated code makes where only run time knows what can be called."""

from __future__ import annotations

# No import at the top: programs need these at their start, and seldom anything else of here.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, NoReturn


def holds(value: Any, condition: Any) -> Any:
    """Return whether `condition`, a function of the value or a plain value, holds for `value`.

    What is returned has the truth that counts; it need not be a bool.
    """
    return condition(value) if callable(condition) else condition


def no_case(value: Any) -> NoReturn:
    """Raise the ValueError of a case without a fallback, none of whose conditions holds."""
    from dana_runtime.wording import short_repr

    raise ValueError(f"no condition of case holds for {short_repr(value)}, and it has no fallback")
