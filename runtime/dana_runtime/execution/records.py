"""The histories of the blocks that have run → what there is to tell of them: choices, reasons, figures."""

from __future__ import annotations

from dana_runtime.execution.history import History, known

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from dana_runtime.execution.choosing import Figures


def records() -> list[dict[str, Any]]:
    """Return what is known of each block that has run under `executor="auto"`, in the order of first runs.

    For each block: `block`, its name and place; `runs`; `shapes`, how often which shapes of values were seen,
    of one run in 64; and `branches`. For each of those: `branch`, its text; `place`, `""` where it is not
    known; `seconds`, the median of the latest runs, and how much of it was computing, `cpu_seconds`, None if
    nothing was measured; `choice`, how it runs next time (`choosing`), and `why`; `purity`, what the compiler has
    proved of it, or what the program says; `trained`, whether figures of earlier runs of the program were used.
    """
    return [_of_block(history) for history in known()]


def _of_block(history: History) -> dict[str, Any]:
    return {
        "block": history.title,
        "runs": history.runs - history.runs_before,
        "shapes": dict(history.shapes.counts),
        "branches": [
            _of_branch(history, index, seen) for index, seen in enumerate(history.figures())
        ],
    }


def _of_branch(history: History, index: int, seen: Figures) -> dict[str, Any]:
    choice = history.choices[index] if index < len(history.choices) else None
    return {
        "branch": history.names[index] if index < len(history.names) else "",
        "place": history.places[index] if index < len(history.places) else "",
        "seconds": seen.wall if seen.runs else None,
        "cpu_seconds": seen.cpu,
        "choice": None if choice is None else choice.way,
        "why": "it has not run yet" if choice is None else choice.why,
        "purity": seen.purity,
        "trained": history.is_trained,
    }
