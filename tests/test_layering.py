"""Which part of the code may import which: the directions of the data flow, read off the source.

Imports inside functions count like all others, so a cycle cannot hide in one.
"""

from __future__ import annotations

import ast
import sys
from functools import cache
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).parent.parent
ROOTS = {"danac": CHECKOUT / "compiler", "dana_runtime": CHECKOUT / "runtime"}

FOUNDATION = {"version", "options", "source", "diagnostics", "nodes", "identifiers", "staging"}
STAGES = {"syntax", "analysis", "lowering", "assembly", "cells", "listing"}
VIEWS = {"highlighting", "graph", "repl"}

# Each part of danac, and the other parts that it may import. A part is a module or folder directly
# below danac; "danac" is the package itself, whose __init__ is the public face.
MAY_IMPORT = {
    "version": set(),
    "debugging": set(),
    "options": set(),
    "identifiers": set(),
    "staging": {"nodes", "source"},
    "source": set(),
    "diagnostics": {"source", "version"},
    "nodes": {"source"},
    "syntax": FOUNDATION,
    "analysis": FOUNDATION,
    "lowering": FOUNDATION | {"analysis"},
    "assembly": FOUNDATION,
    "listing": FOUNDATION,
    "cells": set(),
    # Which findings are shown, by the comments of a program.
    "silencing": FOUNDATION | {"syntax"},
    # For people to look at: colours and pictures of programs, nothing of which is executed.
    "highlighting": {"analysis", "syntax"},
    "graph": FOUNDATION | {"analysis"},
    # Text to code object, by the stages above; then files to modules, from the cache or by that.
    "compilation": FOUNDATION | STAGES | {"silencing"},
    "loading": FOUNDATION | {"compilation", "debugging"},
    # Programs that grow while they run, and the two places where that happens.
    "interactive": FOUNDATION | STAGES | {"compilation"},
    "repl": FOUNDATION | STAGES | {"compilation", "loading", "highlighting", "interactive"},
    "notebook": FOUNDATION | STAGES | {"compilation", "loading", "interactive"},
    "api": FOUNDATION | STAGES | {"compilation", "loading"},
    "danac": FOUNDATION | STAGES | {"compilation", "loading", "api", "notebook"},
    # For editors, debuggers and test runners: each reads what stands above and is read by cli at most.
    "language_server": FOUNDATION | STAGES | {"compilation", "loading"},
    "coverage_plugin": FOUNDATION | STAGES | {"compilation", "loading"},
    "testing": FOUNDATION | {"compilation", "loading"},
    "cli": FOUNDATION
    | STAGES
    | {"compilation", "loading", "api", "danac", "language_server", "debugging", "silencing"}
    | VIEWS,
    "__main__": {"cli"},
}

# The libraries that are no part of Python, and the one place that may import each.
MAY_IMPORT_LIBRARY = {
    "lark": "syntax",
    "astor": "listing",
    "pygments": "highlighting",
    "prompt_toolkit": "repl",
    "platformdirs": "repl",
    "IPython": "notebook",
    "lsprotocol": "language_server",
    "pygls": "language_server",
    "coverage": "coverage_plugin",
    "pytest": "testing",
    "_pytest": "testing",
}

# The optional libraries of the runtime, and who may import each; they are loaded when first used.
EXTRAS = {
    "loky": ("dana_runtime.execution.processes",),
    "cloudpickle": ("dana_runtime.execution.processes", "dana_runtime.execution.cluster"),
    "distributed": ("dana_runtime.execution.cluster",),
    "rich": ("dana_runtime.execution.progress",),
    "opentelemetry": ("dana_runtime.trace.otel",),
}


def modules_of(package: str) -> list[Path]:
    return sorted((ROOTS[package] / package).rglob("*.py"))


def dotted_name(path: Path, package: str) -> str:
    parts = path.relative_to(ROOTS[package]).with_suffix("").parts
    return ".".join(part for part in parts if part != "__init__")


def imports_of(path: Path, package: str) -> set[str]:
    """The dotted names that a module imports, relative ones resolved.

    `from a import b` counts as `a.b`, since b may be a module.
    """
    module = dotted_name(path, package)
    around = module if path.name == "__init__.py" else module.rpartition(".")[0]
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                kept = around.split(".")[: len(around.split(".")) - (node.level - 1)]
                base = ".".join([*kept, base] if base else kept)
            found |= {f"{base}.{alias.name}" for alias in node.names}
    return found


def part_of(dotted: str) -> str:
    """`danac.syntax.parse` is in the part syntax; a name of danac itself is in the part danac."""
    _, *below = dotted.split(".")
    return below[0] if below and below[0] in MAY_IMPORT else "danac"


@cache
def all_imports(package: str) -> list[tuple[str, str]]:
    return [
        (dotted_name(path, package), imported)
        for path in modules_of(package)
        for imported in sorted(imports_of(path, package))
    ]


def is_library(imported: str) -> bool:
    top = imported.split(".")[0]
    return top not in sys.stdlib_module_names and top not in ROOTS


def test_both_packages_have_modules():
    assert modules_of("danac")
    assert modules_of("dana_runtime")


def test_runtime_imports_only_itself_and_the_standard_library():
    outside = [
        f"{module} imports {imported}"
        for module, imported in all_imports("dana_runtime")
        if (is_library(imported) or imported.split(".")[0] == "danac")
        and not module.startswith(EXTRAS.get(imported.split(".")[0], ()) or "-")
    ]
    assert outside == []


def test_each_library_is_imported_in_one_place_only():
    astray = [
        f"{module} imports {imported}"
        for module, imported in all_imports("danac")
        if is_library(imported)
        and MAY_IMPORT_LIBRARY.get(imported.split(".")[0]) != part_of(module)
    ]
    assert astray == []


def test_every_part_of_the_compiler_has_its_place():
    names = {path.relative_to(ROOTS["danac"] / "danac").parts[0] for path in modules_of("danac")}
    parts = {name.removesuffix(".py") for name in names} - {"__init__"}
    assert parts <= set(MAY_IMPORT), "a new part: say in MAY_IMPORT what it may import"


@pytest.mark.parametrize("part", MAY_IMPORT)
def test_part_imports_only_what_stands_below_it(part):
    upward = [
        f"{module} imports {imported}"
        for module, imported in all_imports("danac")
        if part_of(module) == part
        and imported.split(".")[0] == "danac"
        and part_of(imported) not in MAY_IMPORT[part] | {part}
    ]
    assert upward == []


def test_the_allowed_directions_hold_no_cycle():
    remaining = dict(MAY_IMPORT)
    while remaining:
        lowest = [part for part, below in remaining.items() if not below & remaining.keys()]
        assert lowest, f"these import each other: {sorted(remaining)}"
        for part in lowest:
            del remaining[part]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("import os.path", {"os.path"}),
        ("from lark import Lark", {"lark.Lark"}),
        ("from . import parse", {"danac.syntax.parse"}),
        ("from .. import nodes", {"danac.nodes"}),
        ("from ..source import Span", {"danac.source.Span"}),
        ("def f():\n    import astor", {"astor"}),
    ],
)
def test_imports_are_found(tmp_path, monkeypatch, text, expected):
    monkeypatch.setitem(ROOTS, "danac", tmp_path)
    path = tmp_path / "danac" / "syntax" / "build.py"
    path.parent.mkdir(parents=True)
    path.write_text(text, encoding="utf-8")
    assert imports_of(path, "danac") == expected
