"""A debugger, or the wish for one → blocks run inline, without timeouts.

A debugger stops the thread that it traces, and a branch that is looked at takes as long as it takes.
Tools that measure coverage trace as well; for them nothing changes.
"""

from __future__ import annotations

import os
import sys
from typing import Any

_wanted = os.environ.get("DANA_DEBUG", "").strip().lower() in ("1", "true", "yes", "on")

# Modules of tracers that stop programs.
_DEBUGGERS = ("bdb", "pdb", "pydevd", "_pydevd_bundle", "debugpy")

# Python 3.12 and later: where debuggers register that do without a trace function.
_monitoring: Any = getattr(sys, "monitoring", None)


def inline_all(wanted: bool = True) -> None:
    """Let all blocks that begin from now on run inline, without timeouts, or as usual again.

    The same is asked for by DANA_DEBUG=1 in the environment.
    """
    global _wanted
    _wanted = wanted


def is_debugging() -> bool:
    """Tell whether blocks run inline: somebody wants it, or a debugger traces this thread."""
    tracer = sys.gettrace()
    return (
        _wanted
        or (tracer is not None and _is_debugger(tracer))
        or (_monitoring is not None and _monitoring.get_tool(_monitoring.DEBUGGER_ID) is not None)
    )


def _is_debugger(tracer: object) -> bool:
    # A function of a debugger's module, or a method of a class that derives from one.
    owner = getattr(tracer, "__self__", None)
    modules = [getattr(tracer, "__module__", None)]
    modules += [kind.__module__ for kind in type(owner).__mro__]
    return any(isinstance(name, str) and name.split(".")[0] in _DEBUGGERS for name in modules)
