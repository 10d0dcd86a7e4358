"""The line of progress, on a real pseudo-terminal."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import dana_runtime

pty = pytest.importorskip("pty")
pytest.importorskip("rich")

COLOURS = re.compile(r"\x1b\[[0-9;]*m")

ROOT = str(Path(dana_runtime.__file__).parent.parent)

# The branches wait until the line has been looked at: no test depends on how fast it comes.
PROGRAM = """
import asyncio, sys, time
from dana_runtime import Pipeline, fan_out, using
from dana_runtime.execution import progress
{before}
shown = []
show = progress.show
def watched(*arguments):
    shown.append(arguments)
    show(*arguments)
progress.show = watched
progress.AFTER_SECONDS = 0.05
def wait(x):
    for _ in range(2000 if {waits} else 50):
        if len(shown) > 2:
            break
        time.sleep(0.01)
    return x
async def wait_async(x):
    for _ in range(2000):
        if len(shown) > 2:
            break
        await asyncio.sleep(0.01)
def fail(x):
    raise ValueError(x)
{run}
print("over", len(shown) > 2)
"""


def run(
    code: str, *, before: str = "", waits: bool = True, env: dict[str, str] | None = None
) -> tuple[str, str]:
    """Run a program with its standard error on a terminal; return that, and its standard output."""
    return on_terminal(
        [sys.executable, "-c", PROGRAM.format(run=code, before=before, waits=waits)], env or {}
    )


def on_terminal(command: list[str], env: dict[str, str]) -> tuple[str, str]:
    terminal, standard_error = pty.openpty()
    path = os.pathsep.join(filter(None, [ROOT, os.environ.get("PYTHONPATH")]))
    environment = {**os.environ, "PYTHONPATH": path, "TERM": "xterm", "COLUMNS": "100", **env}
    try:
        process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=standard_error, env=environment
        )
    finally:
        os.close(standard_error)
    chunks = []
    try:
        # It ends with the process: nobody else has the terminal.
        while chunk := os.read(terminal, 65536):
            chunks.append(chunk)
    except OSError:
        # How Linux says so.
        pass
    finally:
        os.close(terminal)
    output, _ = process.communicate(timeout=60)
    return b"".join(chunks).decode(), output.decode()


BLOCK = "fan_out((wait, wait, wait), 1)"


@pytest.mark.parametrize(
    ("code", "text"),
    [
        (BLOCK, "block: 0 of 3 done, 3 running, "),
        (
            "with using(on_error='partial'): fan_out((wait, fail, wait), 1)",
            "1 of 3 done, 2 running, 1 failed",
        ),
        ("fan_out((wait_async, wait_async), 1)", "0 of 2 done, 2 running, "),
        ("list(Pipeline(('slow',), wait).map(range(3)))", "slow: 0 of 3 done, 3 running, "),
    ],
    ids=["block", "partial", "dispatch", "map"],
)
def test_a_long_block_shows_how_far_it_is(code: str, text: str) -> None:
    error, output = run(code)
    assert text in COLOURS.sub("", error)
    # It is gone in the end.
    assert error.endswith("\x1b[2K")
    assert "\n" not in error
    assert output == "over True\n"


@pytest.mark.parametrize("how", ["environment", "setting", "without rich", "no terminal", "dumb"])
def test_nothing_is_shown_where_it_is_not_wanted_or_cannot_be(how: str) -> None:
    before, env, code = "", {}, BLOCK
    if how == "environment":
        env["DANA_PROGRESS"] = "0"
    elif how == "setting":
        code = f"with using(progress=False): {BLOCK}"
    elif how == "without rich":
        before = "sys.modules['rich'] = sys.modules['rich.console'] = None"
    elif how == "no terminal":
        before = "import os; sys.stderr = open(os.devnull, 'w')"
    else:
        env["TERM"] = "dumb"
    error, output = run(code, before=before, waits=False, env=env)
    assert error == ""
    assert output.startswith("over ")


def test_short_blocks_show_nothing() -> None:
    error, _ = run("progress.AFTER_SECONDS = 1000\n" + BLOCK, waits=False)
    assert error == ""


def test_danac_run_can_be_told_to_show_nothing(tmp_path: Path) -> None:
    program = tmp_path / "long.dana"
    program.write_text("import os.py\nprint(os.environ['DANA_PROGRESS'])\n")
    command = [sys.executable, "-m", "danac", "run", "--no-progress", str(program)]
    assert on_terminal(command, {}) == ("", "0\n")
