"""The packages that danac races against → their modules and versions, or the line that says who is missing.

None of them is needed: what is not installed is left out, and the results say so.
"""

from __future__ import annotations

import importlib
import os
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from types import ModuleType

PACKAGES = {
    "toolz": "toolz",
    "cytoolz": "cytoolz",
    "langchain_core": "langchain-core",
    "coconut": "coconut",
    "hy": "hy",
    "joblib": "joblib",
    "loky": "loky",
    "dask": "dask",
    "distributed": "distributed",
    "numpy": "numpy",
}


def versions() -> dict[str, str]:
    """Return the version of each package that is there."""
    found = {}
    for package in PACKAGES.values():
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found


def missing() -> dict[str, str]:
    """Return why someone takes no part, by name."""
    there = versions()
    found = {
        package: "skipped: not installed (`make bench` installs it)"
        for package in PACKAGES.values()
        if package not in there
    }
    if reference() is None:
        found["reference"] = (
            "skipped: no reference interpreter (`make bench-reference` installs it)"
        )
    if reason := no_processes():
        found["danac, processes"] = reason
    return found | _broken


# What is installed but cannot be imported, and why.
_broken: dict[str, str] = {}


def load(module: str) -> ModuleType | None:
    """Return a module of PACKAGES or below one, or None where it is not installed or does not work."""
    package = PACKAGES[module.partition(".")[0]]
    if package not in versions() or package in _broken:
        return None
    try:
        return importlib.import_module(module)
    except Exception as error:
        _broken[package] = f"skipped: cannot be imported ({type(error).__name__}: {error})"
        return None


def reference() -> str | None:
    """Return the path of the reference interpreter's command, or None if there is none."""
    default = Path(__file__).parents[2] / ".venvs" / "reference" / "bin" / "dana"
    path = Path(os.environ.get("BENCH_REFERENCE") or default)
    return str(path) if path.is_file() else None


@cache
def no_processes() -> str | None:
    """Return why danac cannot run branches in processes here, or None if it can."""
    import danac

    program = 'def p(x) = { abs, abs } with (executor="process")\n'
    try:
        assert danac.run_source(program)["p"](-1) == [1, 1]
    except Exception as error:
        return f'skipped: executor="process" is not there ({error})'
    return None
