"""Programs that are traced do what they do otherwise, down to their tracebacks.

All of tests/programs run both ways: in test_compilation.py as they are, and here with `--trace`.
"""

from __future__ import annotations

import re
import shlex
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import dana_runtime
import danac
from danac.cli import main

TESTS = Path(__file__).parent.parent
PROGRAMS = sorted((TESTS / "programs").glob("*.dana"))


@pytest.fixture(scope="module")
def programs(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("traced") / "programs"
    return shutil.copytree(TESTS / "programs", folder)


@pytest.fixture
def own_process_state(monkeypatch, programs) -> Iterator[None]:
    """Let a program take the process over, and take it back."""
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.setattr(sys, "argv", list(sys.argv))
    monkeypatch.setitem(sys.modules, "__main__", sys.modules["__main__"])
    before = set(sys.modules)
    yield
    danac.uninstall()
    for name in set(sys.modules) - before:
        if Path(getattr(sys.modules[name], "__file__", None) or "").is_relative_to(programs):
            del sys.modules[name]
    for name in list(dana_runtime.public):
        del dana_runtime.public[name]


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda path: path.stem)
def test_program_prints_the_same(program, programs, own_process_state, capsys, tmp_path, read):
    found = re.search(r"^# arguments: (.+)$", program.read_text("utf-8"), re.MULTILINE)
    arguments = shlex.split(found[1]) if found else []
    trace = tmp_path / "out.json"
    assert main(["run", "--trace", str(trace), str(programs / program.name), *arguments]) == 0
    printed = capsys.readouterr()
    assert printed.err == ""
    assert printed.out == program.with_suffix(".out").read_text("utf-8")
    assert read(trace).slices[0].name == program.name
