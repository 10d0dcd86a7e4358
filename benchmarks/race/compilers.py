"""Programs of 100, 1,000 and 10,000 lines → how long each compiler takes, and how long an import from cache takes.

Every compiler gets the same program in its language; the result is executed, and `check(20)` must be the same.
"""

from __future__ import annotations

import ast
import importlib
import os
import sys
import tempfile
import types
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from benchmarks.children import progress
from benchmarks.race import others, reference
from benchmarks.race.contest import Competitor, DifferentValuesError, Pace, calling, hold, why
from benchmarks.race.programs import program

import danac

LINES = (100, 1_000, 10_000)
DANAC = "danac"
HY = "Hy"
PYTHON = "Python's ast.parse and compile"
BUILT = "Python, the built .py"

# Coconut compiles some 30 lines a second: more than that many would take all the time there is.
_COCONUT_MOST = 100


def _executed(code: Any) -> Any:
    module = types.ModuleType("program")
    exec(code, module.__dict__)
    return module.check(20)


def _competitor(name: str, compiled: Callable[[], Any]) -> Competitor:
    return Competitor(name, calling(name, compiled).run, lambda: _executed(compiled()))


def _hy(text: str) -> Callable[[], Any]:
    compiler, reader = others.load("hy.compiler"), others.load("hy.reader")
    assert compiler is not None
    assert reader is not None

    def compiled() -> Any:
        forms = reader.read_many(text, filename="program.hy")
        module = types.ModuleType("program")
        tree = compiler.hy_compile(forms, module, filename="program.hy", source=text)
        return compile(tree, "program.hy", "exec")

    return compiled


def cold(lines: int, quick: bool = False) -> tuple[list[Competitor], dict[str, str]]:
    """Return who compiles a program of so many lines, and who does not."""
    python = program("python", lines)
    dana = program("dana", lines)
    found = [
        _competitor(PYTHON, lambda: compile(ast.parse(python), "program.py", "exec")),
        _competitor(DANAC, lambda: danac.compile_source(dana, "program.dana")),
    ]
    left_out = {}
    if others.load("hy"):
        found.append(_competitor(HY, _hy(program("hy", lines))))
    if coconut := others.load("coconut.api"):
        if lines <= _COCONUT_MOST and not quick:
            text = program("coconut", lines)
            found.append(
                _competitor(
                    "Coconut",
                    lambda: compile(coconut.parse(text, "sys"), "program.py", "exec"),
                )
            )
        else:
            left_out["Coconut"] = (
                f"compiles some 30 lines a second: left out beyond {_COCONUT_MOST} lines"
            )
    return found, left_out


def _imported(name: str) -> Callable[[], Any]:
    def load() -> Any:
        sys.modules.pop(name, None)
        return importlib.import_module(name)

    return load


def cached(lines: int, folder: Path) -> list[Competitor]:
    """Write the program in each language, and return who imports it from its cache."""
    danac.install()
    dana = program("dana", lines)
    (folder / f"dana{lines}.dana").write_text(dana, "utf-8")
    (folder / f"built{lines}.py").write_text(danac.to_python(dana, "program.dana"), "utf-8")
    names = {BUILT: f"built{lines}", DANAC: f"dana{lines}"}
    if others.load("hy"):
        (folder / f"hy{lines}.hy").write_text(program("hy", lines), "utf-8")
        names[HY] = f"hy{lines}"
    # What is younger than two seconds danac checks by its content: that is no everyday import.
    for path in folder.iterdir():
        if path.is_file():
            os.utime(path, (1_700_000_000, 1_700_000_000))
    importlib.invalidate_caches()
    found = []
    for name, module in names.items():
        load = _imported(module)
        load()
        cache = str(load().__cached__ or "") if name != DANAC else ""
        kept = Path(cache) if cache else next((folder / "__pycache__").glob(f"{module}.dana.*"))
        assert kept.is_file(), f"{name} has left no bytecode"
        found.append(Competitor(name, calling(name, load).run, lambda load=load: load().check(20)))  # type: ignore[misc]
    return found


def measure(quick: bool) -> Iterator[dict[str, Any]]:
    """Hold a contest of compilers and one of imports for each length."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        sys.path.insert(0, name)
        for lines in LINES[:2] if quick else LINES:
            progress(f"    {lines} lines")
            pace = Pace(budget=1 if quick else 8, rounds=(3, 25), longest=30)
            competitors, left_out = cold(lines, quick)
            contest = hold(f"{lines:,} lines", competitors, pace, left_out)
            if not quick and others.reference() is not None:
                _add_reference(contest, lines)
            yield contest | {"kind": "cold", "lines": lines}
            pace = Pace(budget=1 if quick else 5, sample=0.005, rounds=(5, 60), shortest_of=3)
            contest = hold(f"{lines:,} lines, cached", cached(lines, folder), pace)
            yield contest | {"kind": "cached", "lines": lines}
        sys.path.remove(name)
    danac.uninstall()


def _add_reference(contest: dict[str, Any], lines: int) -> None:
    """Let the reference interpreter import the program, once: it has no compiler, and keeps its modules."""
    progress(f"    {contest['name']}, {reference.NAME}")
    text = program("dana", lines)
    try:
        seconds, value = reference.imported(text, "check(20)", limit=45)
    except (OSError, ValueError, SyntaxError) as error:
        contest["left_out"][reference.NAME] = why(error)
        return
    expected = _executed(danac.compile_source(text, "program.dana"))
    if value != expected:
        raise DifferentValuesError(f"{reference.NAME} gives {value}, not {expected}")
    gaps = [None] * (len(contest["samples"][DANAC]) - 1)
    contest["samples"][reference.NAME] = [float(f"{seconds:.4g}"), *gaps]
