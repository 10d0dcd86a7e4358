"""`print("hello")` in each language → how long it takes from the command to its end, in a new process."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks.race import others
from benchmarks.race.contest import Competitor, Pace, calling, hold
from benchmarks.race.reference import NAME as REFERENCE

PYTHON = "python hello.py"
DANAC = "danac run hello.dana, cached"
# What pip makes of `danac.cli:main`: since 25.1, and before, when to import `re` took as long as danac did.
_SCRIPTS = {
    "danac run, script of pip 25.1 and later": """\
#!{python}
import sys
from danac.cli import main
if __name__ == '__main__':
    sys.argv[0] = sys.argv[0].removesuffix('.exe')
    sys.exit(main())
""",
    "danac run, script of an older pip": """\
#!{python}
# -*- coding: utf-8 -*-
import re
import sys
from danac.cli import main
if __name__ == '__main__':
    sys.argv[0] = re.sub(r'(-script\\.pyw|\\.exe)?$', '', sys.argv[0])
    sys.exit(main())
""",
}
_HELLO = 'print("hello")\n'


def _command(name: str, *module: str) -> list[str]:
    script = Path(sys.executable).with_name(name)
    return [str(script)] if script.is_file() else [sys.executable, "-m", *module]


def _competitor(name: str, command: list[str], folder: str) -> Competitor:
    def run() -> str:
        process = subprocess.run(
            command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=True
        )
        # The reference interpreter prints more than the program does.
        lines = process.stdout.decode().splitlines()
        return "hello" if "hello" in lines else "\n".join(lines)

    return calling(name, run)


def _scripts(folder: str) -> Iterator[Competitor]:
    for number, (name, text) in enumerate(_SCRIPTS.items()):
        path = Path(folder) / f"danac{number}"
        path.write_text(text.format(python=sys.executable), "utf-8")
        path.chmod(0o755)
        yield _competitor(name, [str(path), "run", "hello.dana"], folder)


def _all(folder: str) -> Iterator[Competitor]:
    yield _competitor(PYTHON, [sys.executable, "hello.py"], folder)
    yield _competitor(DANAC, [*_command("danac", "danac"), "run", "hello.dana"], folder)
    yield from _scripts(folder)
    by_module = [sys.executable, "-m", "danac", "run", "hello.dana"]
    yield _competitor("python -m danac run", by_module, folder)
    if others.load("hy"):
        yield _competitor("hy hello.hy", [*_command("hy", "hy"), "hello.hy"], folder)
    if others.load("coconut"):
        coconut = _command("coconut-run", "coconut", "--run")
        yield _competitor("coconut-run hello.coco, cached", [*coconut, "hello.coco"], folder)


def measure(quick: bool) -> Iterator[dict[str, Any]]:
    """Hold one contest of all, and one of the reference, which takes seconds, and Python."""
    with tempfile.TemporaryDirectory() as folder:
        for name in ("hello.py", "hello.dana", "hello.coco", "hello.na"):
            (Path(folder) / name).write_text(_HELLO, "utf-8")
            # Younger files are checked by their content.
            os.utime(Path(folder) / name, (1_700_000_000, 1_700_000_000))
        (Path(folder) / "hello.hy").write_text('(print "hello")\n', "utf-8")
        pace = Pace(budget=3 if quick else 25, sample=0.001, rounds=(5, 31), longest=5)
        yield hold("hello", list(_all(folder)), pace)
        reference = others.reference()
        if reference is not None and not quick:
            alone = [
                _competitor(PYTHON, [sys.executable, "hello.py"], folder),
                _competitor(REFERENCE, [reference, "hello.na"], folder),
            ]
            yield hold("hello, reference", alone, Pace(25, rounds=(2, 3), longest=60))
