"""Imports that Python's own statements cannot say: the Python module `m.py`, and private names.

    import m.py, m is not Dana's   ──► importlib.import_module("m")
    import m.py, m is Dana's       ──► the Python file beside it or further on the path, as `m__py`
    from m.py import f, from m.py import *
    from m import _x               ──► refused where m is Dana's, which shows when it is imported

Needs no compiler: a program that was built ahead of time finds the same modules.
"""

from __future__ import annotations

import importlib
import keyword
import os
import sys
from collections.abc import Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import BuiltinImporter, ExtensionFileLoader, ModuleSpec, PathFinder
from importlib.util import (
    module_from_spec,
    resolve_name,
    spec_from_file_location,
    spec_from_loader,
)
from types import ModuleType

from dana_runtime.tracebacks import RaisedByCaller
from dana_runtime.values.renaming import python_name

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_DANA_FILES = (
    "{}.dana",
    "{}.na",
    os.path.join("{}", "__init__.dana"),
    os.path.join("{}", "__init__.na"),
)


def import_python(name: str, package: str | None = None) -> ModuleType:
    """Return the Python module `name`, dotted or not, as Dana's `import name.py` means it.

    A name that begins with dots is looked for in `package`. Beside a Dana module of that name, and
    where one comes earlier on the path, it is imported once as `name__py`. Raises
    ModuleNotFoundError, with `name`, if there is no such module, ImportError for dots that lead
    nowhere, and what the module raises.
    """
    if name.startswith("."):
        name = _absolute(name, package)
    alias = f"{name}__py"
    if alias in _aliases.specs:
        return importlib.import_module(alias)
    known = sys.modules.get(name)
    if known is not None and not _is_dana(known):
        return importlib.import_module(name)
    path = _search_path(name)
    if _is_found(alias, path):
        # A tree that was built ahead of time has a Python module beside a Dana one under this name.
        return importlib.import_module(alias)
    if known is None and not _dana_comes_first(name, path):
        module = importlib.import_module(name)
        if not _is_dana(module):
            return module
    spec = _python_spec(name, alias, path)
    if spec is None:
        raise ModuleNotFoundError(f"No module named {name!r}", name=name)
    _aliases.specs[alias] = spec
    if _aliases not in sys.meta_path:
        sys.meta_path.insert(0, _aliases)
    # Not loaded by hand: importlib has the locks, and knows what to do when the module fails.
    return importlib.import_module(alias)


def import_python_names(name: str, package: str | None, *names: str) -> tuple[Any, ...]:
    """Return what `from name.py import names` binds; raises as `import_python` and the statement."""
    module = _with_submodules(import_python(name, package), names)
    with RaisedByCaller(ImportError):
        return _taken(module, names)


def import_python_star(name: str, package: str | None) -> None:
    """Bind in the calling module what `from name.py import *` binds; raises as `import_python`."""
    module = _with_submodules(import_python(name, package), ("*",))
    sys._getframe(1).f_globals.update(_run_import("*", module))


def import_names(name: str, package: str | None, *names: str) -> tuple[Any, ...]:
    """Return what `from name import names` binds, where Python's statement does not say it.

    One of the names begins with an underscore, Python cannot write it, or it has another one.

    Raises ImportError for such a name of a Dana module, to which it is private, and what the
    statement raises.
    """
    module = importlib.import_module(name, package)
    with RaisedByCaller(ImportError):
        if _is_dana(module):
            _refuse_private(module, names)
    module = _with_submodules(module, names)
    with RaisedByCaller(ImportError):
        return _taken(module, names)


def import_star(name: str, package: str | None) -> None:
    """Bind in the calling module what `from name import *` binds, whose path Python cannot write.

    Raises as the statement does.
    """
    module = _with_submodules(importlib.import_module(name, package), ("*",))
    sys._getframe(1).f_globals.update(_run_import("*", module))


def import_path(name: str) -> ModuleType:
    """Return the module `name`, whose path Python's statement cannot write; raises as the statement."""
    return importlib.import_module(name)


def _refuse_private(module: ModuleType, names: tuple[str, ...]) -> None:
    for name in names:
        if is_private(name):
            short = module.__name__.rpartition(".")[2]
            raise ImportError(
                f"cannot import name {name!r} from {module.__name__!r}: it is private to that Dana "
                f"module; import the module and write {short}.{name}",
                name=module.__name__,
                path=getattr(module, "__file__", None),
            )


def is_private(name: str) -> bool:
    """Tell whether a name is private to its module: one leading underscore, and more than that."""
    return name.startswith("_") and not name.startswith("__") and name != "_"


def _with_submodules(module: ModuleType, names: tuple[str, ...]) -> ModuleType:
    """Return `module` once those of its submodules are imported that are meant by `names`."""
    wanted = [python_name(module, name) for name in names]
    found: ModuleType = __import__(module.__name__, None, None, wanted, 0)
    return found


def _taken(module: ModuleType, names: tuple[str, ...]) -> tuple[Any, ...]:
    return tuple([_take(module, python_name(module, name)) for name in names])


def _take(module: ModuleType, name: str) -> Any:
    if not keyword.iskeyword(name):
        return _run_import(name, module)[name]
    try:
        return getattr(module, name)
    except AttributeError:
        file = getattr(module, "__file__", None)
        message = (
            f"cannot import name {name!r} from {module.__name__!r} ({file or 'unknown location'})"
        )
        raise ImportError(message, name=module.__name__, path=file) from None


def _run_import(names: str, module: ModuleType) -> dict[str, Any]:
    """Return what `from … import names` binds if it imports from `module`.

    Python's own statement does it, since it knows `__all__`, cycles, and what to say of a name that
    is missing.
    """
    namespace: dict[str, Any] = {"__builtins__": {"__import__": lambda *_: module}}
    exec(compile(f"from _ import {names}", __file__, "exec"), namespace)
    del namespace["__builtins__"]
    return namespace


def _absolute(name: str, package: str | None) -> str:
    if not package:
        raise ImportError("attempted relative import with no known parent package")
    return resolve_name(name, package)


class _AliasFinder(MetaPathFinder):
    """Finds what `import_python` has named; on `sys.meta_path` from the first such name on."""

    def __init__(self) -> None:
        self.specs: dict[str, ModuleSpec] = {}

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        return self.specs.get(fullname)


_aliases = _AliasFinder()


class _RealNameLoader(Loader):
    """Loads a module that can be loaded only by its real name: built in, or written in C."""

    def __init__(self, real: ModuleSpec) -> None:
        self.real = real

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        return module_from_spec(self.real)

    def exec_module(self, module: ModuleType) -> None:
        if self.real.loader is not None:
            self.real.loader.exec_module(module)


def _is_dana(module: ModuleType) -> bool:
    # From the dict, because a module may have a __getattr__ that answers to any name.
    return getattr(module, "__dict__", {}).get("__dana__") is True


def _search_path(name: str) -> Sequence[str]:
    """Return the folders that module `name` is looked for in; imports its parent package."""
    parent = name.rpartition(".")[0]
    if not parent:
        return sys.path
    package = importlib.import_module(parent)
    # A parent that is no package leads to importlib's own error.
    path: Sequence[str] = getattr(package, "__path__", ())
    return path


def _dana_comes_first(name: str, path: Sequence[str]) -> bool:
    """Tell whether `path` has a Dana module `name` before or beside the Python one."""
    last = name.rpartition(".")[2]
    for entry in path:
        if any(os.path.isfile(os.path.join(entry, file.format(last))) for file in _DANA_FILES):
            return True
        spec = PathFinder.find_spec(name, [entry])
        if spec is not None and spec.origin is not None:
            return False
    return False


def _is_found(alias: str, path: Sequence[str]) -> bool:
    return PathFinder.find_spec(alias, path) is not None


def _python_spec(name: str, alias: str, path: Sequence[str]) -> ModuleSpec | None:
    """Return the spec of the Python module `name` under the name `alias`, if there is one."""
    spec = None if "." in name else BuiltinImporter.find_spec(name)
    if spec is None:
        spec = PathFinder.find_spec(name, path)
    # Without an origin it is a folder with no __init__.py, such as that of a Dana package.
    if spec is None or spec.origin is None:
        return None
    if spec.has_location and not isinstance(spec.loader, ExtensionFileLoader):
        return spec_from_file_location(
            alias, spec.origin, submodule_search_locations=spec.submodule_search_locations
        )
    return spec_from_loader(alias, _RealNameLoader(spec), origin=spec.origin)
