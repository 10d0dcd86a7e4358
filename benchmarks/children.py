"""A command and the seconds it may take → how it ended: what it leaves behind in processes ends with it.

Benchmarks run unattended, so nothing that hangs or dies may take the rest with it.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

CHECKOUT = Path(__file__).parents[1]

# They would keep the caches from being written that are measured, or move them.
_HINDRANCES = ("PYTHONDONTWRITEBYTECODE", "PYTHONPYCACHEPREFIX", "PYTHONOPTIMIZE")

# Seconds that a command has to end what it has started elsewhere.
_GRACE = 5.0


def run(command: list[str], seconds: float) -> str | None:
    """Run a command in the checkout; return None if it ends with status 0, else what happened.

    Whatever it has started in its session is killed when it ends, or when the time is up.
    """
    # This process may be such a command itself: told to end, it ends what it runs.
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))
    environment = {k: v for k, v in os.environ.items() if k not in _HINDRANCES}
    process = subprocess.Popen(command, cwd=CHECKOUT, env=environment, start_new_session=True)
    try:
        status = process.wait(seconds)
    except subprocess.TimeoutExpired:
        return f"cut off after {seconds:.0f} s"
    finally:
        if process.poll() is None:
            process.terminate()
            with suppress(subprocess.TimeoutExpired):
                process.wait(_GRACE)
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    return None if status == 0 else f"ended with status {status}"


def progress(text: str) -> None:
    """Tell the one who waits what is being measured."""
    print(text, file=sys.stderr, flush=True)
