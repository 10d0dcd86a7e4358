"""A block of 10,000 branches, and a program of 10,000 lines → the peak of memory that each way needs, in bytes.

Each figure comes from a new process, which tells its own peak (VmHWM) before and after; `python -m
benchmarks.race.memory NAME` is that process.
"""

from __future__ import annotations

import asyncio
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from benchmarks.race import others
from benchmarks.race.contest import DifferentValuesError, why

BRANCHES = 10_000
LINES = 10_000
_STATUS = Path("/proc/self/status")


def _peak() -> int:
    """Return the most bytes that this process has held in memory at once."""
    for line in _STATUS.read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * 1024
    raise RuntimeError(f"{_STATUS} has no VmHWM")


def _add(value: int) -> int:
    return value + 1


async def _add_async(value: int) -> int:
    return value + 1


def _danac_block(policy: str) -> Callable[[], Any]:
    """Return the block, loaded from the bytecode cache as a program has it: without the compiler in memory."""
    names = ", ".join(["b"] * BRANCHES)
    with tempfile.TemporaryDirectory() as folder:
        text = f"def b(x): return x + 1\ndef p(x) = {{ {names} }}{policy}\n"
        (Path(folder) / "many_branches.dana").write_text(text, "utf-8")
        load = f"import sys; sys.path.insert(0, {folder!r}); import danac; danac.install(); "
        subprocess.run([sys.executable, "-c", load + "import many_branches"], check=True)
        names_of_module: dict[str, Any] = {}
        exec(load + "from many_branches import p", names_of_module)
    assert "lark" not in sys.modules, "the block was compiled anew"
    return lambda: names_of_module["p"](1)


def _pool() -> Any:
    with ThreadPoolExecutor(8) as pool:
        futures = [pool.submit(_add, 1) for _ in range(BRANCHES)]
        return [future.result() for future in futures]


async def _gather() -> Any:
    return await asyncio.gather(*[_add_async(1) for _ in range(BRANCHES)])


def _compiled(language: str) -> Callable[[], Any]:
    from benchmarks.race import compilers

    wanted = {"Python": compilers.PYTHON, "danac": compilers.DANAC, "Hy": compilers.HY}[language]
    # A first, short program loads what every program needs.
    for competitor in compilers.cold(40)[0]:
        if competitor.name == wanted:
            competitor.value()
    return next(c for c in compilers.cold(LINES)[0] if c.name == wanted).value


JOBS: dict[str, tuple[str, Callable[[], Callable[[], Any]]]] = {
    "block: ThreadPoolExecutor of 8": ("block", lambda: _pool),
    "block: asyncio.gather": ("block", lambda: lambda: asyncio.run(_gather())),
    "block: danac": ("block", lambda: _danac_block("")),
    "block: danac, threads with a timeout": (
        "block",
        lambda: _danac_block(' with (executor="thread", timeout=60)'),
    ),
    "compiling: Python": ("compiling", lambda: _compiled("Python")),
    "compiling: danac": ("compiling", lambda: _compiled("danac")),
    "compiling: Hy": ("compiling", lambda: _compiled("Hy")),
}


def measure(quick: bool) -> Iterator[dict[str, Any]]:
    """Return one entry a job: its peak, and how much of that was there before it began."""
    if not _STATUS.exists():
        return
    values: dict[str, str] = {}
    for name, (kind, _) in JOBS.items():
        if (name.endswith("Hy") and not others.load("hy")) or (quick and kind == "compiling"):
            continue
        described = {"kind": kind, "name": name.partition(": ")[2]}
        try:
            runs = [_told(name) for _ in range(1 if quick else 2)]
        except (subprocess.SubprocessError, ValueError) as error:
            yield described | {"left_out": why(error)}
            continue
        for _, _, value in runs:
            if values.setdefault(kind, value) != value:
                raise DifferentValuesError(f"{name} gives {value}, not {values[kind]}")
        before, peak, _ = min(runs, key=lambda run: run[1] - run[0])
        yield described | {"before": before, "peak": peak, "runs": len(runs)}


def _told(name: str) -> tuple[int, int, str]:
    command = [sys.executable, "-m", "benchmarks.race.memory", name]
    done = subprocess.run(command, stdout=subprocess.PIPE, check=True, timeout=30, encoding="utf-8")
    before, after, value = done.stdout.split(" ", 2)
    return int(before), int(after), value


def _run(name: str) -> None:
    job = JOBS[name][1]()
    before = _peak()
    value = job()
    print(before, _peak(), str(value)[:200], sum(value) if isinstance(value[0], int) else "")


if __name__ == "__main__":
    _run(sys.argv[1])
