"""The set-up functions of worker processes: named by whom they serve, called before anything else.

A set-up is named `module:function`, so that the runtime knows nothing of the package it is from.
Import hooks are what it is meant for: functions of modules that a hook finds then travel by name.
"""

from __future__ import annotations

# In the order in which they were registered.
_registered: dict[str, None] = {}

# What this process, being a worker, has called.
_called: set[str] = set()


def register_worker_setup(name: str) -> None:
    """Have the function `name`, as `module:function`, called in worker processes, once in each.

    It takes no arguments. Workers that run already call it before their next branch. Registering
    a name again changes nothing. Raises ValueError for a name of another form.
    """
    module, _, function = name.partition(":")
    if not (module and function):
        raise ValueError(f"a worker set-up is named 'module:function', not {name!r}")
    _registered[name] = None


def unregister_worker_setup(name: str) -> None:
    """Let new workers do without the function `name`; nothing happens if it is not registered."""
    _registered.pop(name, None)


def registered_setups() -> tuple[str, ...]:
    """Return the names of all set-up functions, in the order of their registration."""
    return tuple(_registered)


def set_up(names: tuple[str, ...]) -> None:
    """Call, in a worker, those of the functions that it has not called yet; raise what they do."""
    for name in names:
        if name not in _called:
            from importlib import import_module

            module, _, function = name.partition(":")
            getattr(import_module(module), function)()
            _called.add(name)
