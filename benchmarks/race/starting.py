"""`print("hello")` in each language → how long it takes from the command to its end, in a new process."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from benchmarks.race import others
from benchmarks.race.contest import Competitor, Pace, calling, hold
from benchmarks.race.reference import NAME as REFERENCE

PYTHON = "python hello.py"
DANAC = "danac run hello.dana, cached"
# pip's older script wrappers import `re`, which takes as long as all of danac does.
_BY_HAND = "import sys; from danac.cli import main; sys.exit(main())"
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


def measure(quick: bool) -> list[dict[str, Any]]:
    """Hold the one contest."""
    with tempfile.TemporaryDirectory() as folder:
        for name in ("hello.py", "hello.dana", "hello.coco", "hello.na"):
            (Path(folder) / name).write_text(_HELLO, "utf-8")
            # Younger files are checked by their content.
            os.utime(Path(folder) / name, (1_700_000_000, 1_700_000_000))
        (Path(folder) / "hello.hy").write_text('(print "hello")\n', "utf-8")
        found = [
            _competitor(PYTHON, [sys.executable, "hello.py"], folder),
            _competitor(DANAC, [*_command("danac", "danac"), "run", "hello.dana"], folder),
            _competitor(
                "danac run, without pip's script",
                [sys.executable, "-c", _BY_HAND, "run", "hello.dana"],
                folder,
            ),
            _competitor(
                "python -m danac run", [sys.executable, "-m", "danac", "run", "hello.dana"], folder
            ),
        ]
        if others.load("hy"):
            found.append(_competitor("hy hello.hy", [*_command("hy", "hy"), "hello.hy"], folder))
        if others.load("coconut"):
            coconut = _command("coconut-run", "coconut", "--run")
            found.append(
                _competitor("coconut-run hello.coco, cached", [*coconut, "hello.coco"], folder)
            )
        pace = Pace(budget=3 if quick else 30, sample=0.001, rounds=(5, 31), longest=5)
        contest = hold("hello", found, pace)
        reference = others.reference()
        if reference is not None and not quick:
            alone = [found[0], _competitor(REFERENCE, [reference, "hello.na"], folder)]
            slow = hold("hello, reference", alone, Pace(30, rounds=(3, 3), longest=60))
            return [contest, slow]
    return [contest]
