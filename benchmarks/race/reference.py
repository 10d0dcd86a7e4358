"""Pipelines in Dana → a process of the reference interpreter that runs them when told to.

The interpreter takes seconds to start, so one process runs all pipelines of a group and waits in
between. It is told `index count`, calls that pipeline so many times, and answers with the seconds, by
its own clock, and the value.
"""

from __future__ import annotations

import ast
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from benchmarks.children import progress
from benchmarks.race import others, work
from benchmarks.race.contest import Competitor, HungError, limited

NAME = "reference interpreter"

# Its side of the conversation; a Python module that the program imports.
_CLOCK = """\
import os, time

now = time.perf_counter
given, told = int(os.environ["RACE_GIVEN"]), int(os.environ["RACE_TOLD"])


def order():
    return [int(part) for part in os.read(given, 100).split()]


def tell(seconds, value):
    os.write(told, f"{seconds} {value!r}\\n".encode())
"""

_LOOP = """\
order = clock.order()
which = order[0]
while which >= 0:
    count = order[1]
    start = clock.now()
{choices}
    clock.tell(clock.now() - start, value)
    order = clock.order()
    which = order[0]
"""


class Remote:
    """A running reference interpreter."""

    def __init__(self, process: subprocess.Popen[bytes], given: int, told: Any) -> None:
        self._process = process
        self._given = given
        self._told = told

    def ask(self, which: int, count: int) -> tuple[float, Any]:
        """Run one pipeline `count` times; return the seconds and the last value."""
        os.write(self._given, b"%d %d" % (which, count))
        answer = self._told.readline()
        if not answer:
            raise RuntimeError(f"the reference interpreter ended with {self._process.wait()}")
        seconds, value = answer.split(" ", 1)
        return float(seconds), ast.literal_eval(value)

    def competitor(self, which: int) -> Competitor:
        """Return one of the pipelines as a competitor."""
        return Competitor(
            NAME, lambda count: self.ask(which, count)[0], lambda: self.ask(which, 1)[1]
        )


def program(definitions: str, calls: list[str]) -> str:
    """Return the program that defines something, and then makes the calls it is told to make."""
    choices = []
    for index, call in enumerate(calls):
        choices.append(f"    {'if' if index == 0 else 'elif'} which == {index}:")
        choices += ["        for turn in range(count):", f"            value = {call}"]
    return (
        "import clock.py as clock\n" + definitions + _LOOP.format(choices="\n".join(choices)) + "\n"
    )


def _started(remote: Remote) -> Remote | None:
    # The first answer comes when the interpreter has started, which is measured elsewhere.
    try:
        with limited(60):
            remote.ask(0, 1)
    except (HungError, RuntimeError) as error:
        progress(f"the reference interpreter takes no part: {error}")
        return None
    return remote


@contextmanager
def running(
    definitions: str, calls: list[str], files: dict[str, str] | None = None
) -> Iterator[Remote | None]:
    """Run the reference interpreter; give None where there is none, or where it does not take the program."""
    command = others.reference()
    if command is None:
        yield None
        return
    given = os.pipe()
    told = os.pipe()
    with tempfile.TemporaryDirectory() as folder:
        where = Path(folder)
        (where / "clock.py").write_text(_CLOCK, "utf-8")
        shutil.copy(work.__file__, where / "work.py")
        for name, text in (files or {}).items():
            (where / name).write_text(text, "utf-8")
        (where / "program.na").write_text(program(definitions, calls), "utf-8")
        environment = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
        process = subprocess.Popen(
            [command, "program.na"],
            cwd=folder,
            env=environment | {"RACE_GIVEN": str(given[0]), "RACE_TOLD": str(told[1])},
            pass_fds=(given[0], told[1]),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        os.close(given[0])
        os.close(told[1])
        with os.fdopen(told[0]) as answers:
            try:
                yield _started(Remote(process, given[1], answers))
                if process.poll() is None:
                    os.write(given[1], b"-1 0")
                    process.wait(10)
            except subprocess.TimeoutExpired:
                progress("the reference interpreter does not end: killed")
            finally:
                os.close(given[1])
                if process.poll() is None:
                    process.kill()
                    process.wait()


def imported(text: str, call: str, limit: float) -> tuple[float, Any]:
    """Let a new reference interpreter import a module once, and make one call in it.

    Returns the seconds of the import, by the interpreter's clock, and the value of the call. Raises
    TimeoutError if both take longer than `limit` seconds, which includes the interpreter's start, and
    ValueError if it does not take the program.
    """
    command = others.reference()
    assert command is not None
    main = (
        "import clock.py as clock\nstart = clock.now()\nimport part\n"
        f"seconds = clock.now() - start\nclock.tell(seconds, part.{call})\n"
    )
    with tempfile.TemporaryDirectory() as folder:
        where = Path(folder)
        for name, content in [("clock.py", _CLOCK), ("part.na", text), ("program.na", main)]:
            (where / name).write_text(content, "utf-8")
        answers = where / "answers"
        with answers.open("wb") as told:
            environment = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
            try:
                subprocess.run(
                    [command, "program.na"],
                    cwd=folder,
                    env=environment | {"RACE_GIVEN": "0", "RACE_TOLD": str(told.fileno())},
                    pass_fds=(told.fileno(),),
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.DEVNULL,
                    timeout=limit,
                )
            except subprocess.TimeoutExpired:
                raise TimeoutError(f"takes more than {limit:.0f} s") from None
        # Nothing is there where it does not take the program: a ValueError.
        seconds, value = answers.read_text("utf-8").split(" ", 1)
    return float(seconds), ast.literal_eval(value)
