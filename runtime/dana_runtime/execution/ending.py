"""The end of the runtime's work: `shutdown`."""

from __future__ import annotations

import sys

from dana_runtime.execution import abandonment, lookout, timekeeper, workers
from dana_runtime.execution.cancellation import current_group, outermost

# Modules that have a function `shutdown(wait, cancel)` of their own, where they have been loaded.
_BACKENDS = ("processes", "loops", "cluster", "foreign")


def shutdown(wait: bool = True, cancel: bool = False) -> None:
    """End the threads and processes that run branches.

    Blocks that are running go on, or with `cancel` are told to end. With `wait` it returns when all
    threads have ended, but for those of branches whose time was up. The next block starts new ones.

    Raises RuntimeError in a branch, which cannot wait for its own end.
    """
    if wait and current_group.get() is not None:
        raise RuntimeError("shutdown(wait=True) in a branch would wait for itself")
    if cancel:
        for group in outermost.copy():
            group.cancel()
    lookout.dismiss()
    timekeeper.dismiss()
    threads = workers.shut_down()
    for name in _BACKENDS:
        module = sys.modules.get(f"dana_runtime.execution.{name}")
        end = getattr(module, "shutdown", None)
        if end is not None:
            end(wait=wait, cancel=cancel)
    training = sys.modules.get("dana_runtime.faults.training")
    if training is not None:
        training.save()
    if wait:
        stuck = abandonment.abandoned()
        for thread in threads:
            if thread not in stuck:
                thread.join()
