"""How far a long block is → one line on standard error, where that is a terminal.

    the waiting caller ─► show(owner, …), ten times a second ─► 12 of 40 done, 8 running, 1 failed, 3 s
                      └─► clear(owner), at the end           ─► an empty line

Callers in the main thread wake that often anyhow, to look for signals; others show nothing. There is
one line: blocks inside of the one that has it show nothing either. It needs rich, an extra
(`pip install danac[progress]`); without it nothing is shown.
"""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from typing import Any

# Seconds for which a block runs before it counts as long, and those between two looks at it.
AFTER_SECONDS = 1.0
STEP_SECONDS = 0.1

# What empties the line that the cursor is in.
_ERASE = "\x1b[2K"

# Who has the line, and what writes it; no console is made before a block takes long.
_owner: object = None
_console: Any = None
_is_possible: bool | None = None


def show(
    owner: object,
    title: str,
    total: int | None,
    done: int,
    running: int,
    failed: int,
    seconds: float,
) -> None:
    """Write the line of `owner`, a block or map that runs for `seconds`, unless another one has it."""
    global _owner
    if not (_is_possible if _is_possible is not None else _look()):
        return
    if _owner is None:
        _owner = owner
    elif _owner is not owner:
        return
    count = f"{done}" if total is None else f"{done} of {total}"
    parts = [f"{count} done", f"{running} running"]
    if failed:
        parts.append(f"{failed} failed")
    # At most one line long, or it would not be gone with it. Without the last column, which may wrap.
    text = f"{title}: {', '.join([*parts, _time(seconds)])}"[: _console.width - 1]
    with suppress(OSError, ValueError):
        # The terminal may go away, which is no reason for a block to fail.
        _console.file.write(_ERASE)
        # The cursor goes back, so that what the program prints begins at the left.
        _console.print(text, end="\r", markup=False, no_wrap=True, soft_wrap=True)


def clear(owner: object) -> None:
    """Take the line of `owner` away, if it has it."""
    global _owner
    if _owner is owner and owner is not None:
        _owner = None
        with suppress(OSError, ValueError):
            _console.file.write(_ERASE)
            _console.file.flush()


def _time(seconds: float) -> str:
    whole = int(seconds)
    return f"{whole} s" if whole < 60 else f"{whole // 60}:{whole % 60:02} min"


def _look() -> bool:
    """Tell whether there is a terminal, and what it takes to write to it."""
    global _is_possible, _console
    _is_possible = False
    try:
        if sys.stderr.isatty() and os.environ.get("TERM") != "dumb":
            from rich.console import Console

            _console = Console(stderr=True, soft_wrap=False)
            _is_possible = True
    except (ImportError, AttributeError, ValueError):
        # No rich; standard error is missing or closed.
        pass
    return _is_possible


def forget() -> None:
    """Look anew whether there is a terminal."""
    global _owner, _console, _is_possible
    _owner = _console = _is_possible = None


if hasattr(os, "register_at_fork"):
    # The line is the parent's.
    os.register_at_fork(after_in_child=forget)
