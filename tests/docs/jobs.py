"""Commands as JSON on standard input → what each prints, as JSON: one process that forks for each command.

Starting Python and loading the compiler takes most of the time of a small example. This process loads
both once; a command gets a copy of it, which ends as any Python program does.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import json
import os
import runpy
import signal
import subprocess
import sys
from pathlib import Path
from typing import TypedDict

_PRELOADED = (
    *("danac.cli.run", "danac.cli.check", "danac.cli.show", "danac.cli.graph", "danac.compilation"),
    *(
        "danac.listing",
        "danac.loading.program",
        "dana_runtime.execution.run",
        "dana_runtime.scopes",
    ),
    *(
        "dana_runtime.pipelines",
        "dana_runtime.execution.stages",
        "dana_runtime.orchestration.calls",
    ),
)
_SECONDS = 100
"""How long a command may take: a broken one must fail, not hang."""


class Job(TypedDict):
    """Files to write, and then a command, `["danac", …]`, `["python", …]` or `["cat", file]`, if there is one.

    `environment` are the variables that are set for it.
    """

    files: dict[str, str]
    command: list[str]
    environment: dict[str, str]


class Printed(TypedDict):
    """What a command has written to both streams, as it came, and its exit status."""

    text: str
    status: int


def main() -> None:
    """Run the jobs, all of them in the working directory."""
    jobs: list[Job] = json.load(sys.stdin)
    for module in _PRELOADED:
        importlib.import_module(module)
    # The tables of the grammar are read by whoever compiles first.
    importlib.import_module("danac").compile_source("pass")
    gc.freeze()
    written = Path("..", "printed.txt").absolute()
    printed: list[Printed] = []
    for job in jobs:
        prepared = _prepare(job, Path.cwd())
        if prepared is not None:
            printed.append(prepared)
            continue
        child = os.fork()
        if child == 0:
            # The job's own end is that of this process: nobody goes on behind it.
            return become(job, written)
        _, status = os.waitpid(child, 0)
        text = written.read_text(encoding="utf-8")
        printed.append({"text": text, "status": os.waitstatus_to_exitcode(status)})
    json.dump(printed, sys.stdout)
    return None


def _prepare(job: Job, folder: Path) -> Printed | None:
    """Write the files of `job`; return what it prints if there is no program to run."""
    for name, text in job["files"].items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    match job["command"]:
        case []:
            return {"text": "", "status": 0}
        case ["cat", file]:
            return {"text": (folder / file).read_text(encoding="utf-8"), "status": 0}
        case _:
            return None


def become(job: Job, written: Path) -> None:
    """Be the process of `job`: leave by SystemExit, or by the error that its program ends in."""
    signal.alarm(_SECONDS)
    file = os.open(written, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    for stream in (1, 2):
        os.dup2(file, stream)
    os.close(file)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    for stream in (sys.stdout, sys.stderr):
        # Both go into one file, in the order in which a terminal would show them.
        stream.reconfigure(line_buffering=True)
    os.environ.update(job["environment"])
    program, *arguments = job["command"]
    # The folder of this file is on the path only because it was started as a program.
    del sys.path[0]
    if program == "danac":
        from danac.cli import main as danac

        sys.argv = [program, *arguments]
        sys.exit(danac())
    if program == "repl":
        converse(arguments)
    else:
        sys.argv = arguments
        sys.path.insert(0, os.getcwd())
        runpy.run_path(arguments[0], run_name="__main__")


def converse(inputs: list[str]) -> None:
    """Give the inputs to the prompt's own session, and print them as it shows them."""
    from danac.interactive.session import Session
    from danac.options import DEFAULT
    from danac.repl.inputs import Inputs

    conversation = Inputs(Session({"__name__": "__main__"}, DEFAULT))
    for text in inputs:
        print(f"dana> {text}")
        conversation.take(text)


def run(jobs: list[Job], folder: Path, environment: dict[str, str]) -> list[Printed]:
    """Run `jobs` one after the other in `folder`."""
    if not hasattr(os, "fork"):
        return [_run_alone(job, folder, environment) for job in jobs]
    with contextlib.chdir(folder):
        done = subprocess.run(
            [sys.executable, __file__],
            input=json.dumps(jobs),
            env=environment,
            capture_output=True,
            encoding="utf-8",
            timeout=2 * _SECONDS,
            check=False,
        )
    assert done.returncode == 0, done.stderr
    printed: list[Printed] = json.loads(done.stdout)
    return printed


def _run_alone(job: Job, folder: Path, environment: dict[str, str]) -> Printed:
    prepared = _prepare(job, folder)
    if prepared is not None:
        return prepared
    program, *arguments = job["command"]
    first = [sys.executable, "-u"] + (["-m", "danac"] if program == "danac" else [])
    done = subprocess.run(
        [*first, *arguments],
        cwd=folder,
        env=environment | job["environment"],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        timeout=_SECONDS,
        check=False,
    )
    return {"text": done.stdout, "status": done.returncode}


if __name__ == "__main__":
    main()
