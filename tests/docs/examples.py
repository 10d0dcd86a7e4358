"""A page → its examples: the commands that the tests run, and what the page says that they print."""

from __future__ import annotations

import re
import shlex
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.docs.jobs import Job, run
from tests.docs.pages import Block, blocks_of, files_of

_COMMAND = re.compile(r"^\$ (.*)\n", re.MULTILINE)
_INPUT = re.compile(r"^dana> (.*)\n", re.MULTILINE)
_PROGRAMS = {"dana": ("danac", "run"), "python": ("python",)}
_DATA = ("toml", "json", "csv", "yaml")
_TRACEBACK = "Traceback (most recent call last):\n"


@dataclass(frozen=True)
class Example:
    """One block that is run: its jobs, and what the page says that they print.

    `expected` is None where the page says nothing; then the jobs must succeed. In a console each output
    stands behind its command.
    """

    name: str
    jobs: tuple[Job, ...]
    expected: str | None = None
    is_console: bool = False


def examples_of(page: Path) -> list[Example]:
    """Return what is to be run of `page`, in order; blocks that are not run are left out."""
    return list(_examples(blocks_of(page)))


def _examples(blocks: list[Block]) -> Iterator[Example]:
    for block, behind in zip(blocks, [*blocks, None][1:], strict=True):
        if block.reason is not None:
            continue
        if block.language == "console":
            yield Example(block.name, tuple(_commands(block.text)), block.text, is_console=True)
        elif block.language in _PROGRAMS:
            yield _program(block, behind)
        elif block.title == "danac repl":
            inputs = _INPUT.findall(block.text)
            yield Example(block.name, (_job(["repl", *inputs]),), block.text)
        elif block.file is not None:
            yield Example(block.name, (_job(files={block.file: block.text}),))


def _program(block: Block, behind: Block | None) -> Example:
    assert block.file is not None
    files = {block.file: block.text}
    output = behind if behind is not None and behind.is_behind and not behind.reason else None
    if output is not None and output.language == "console":
        # The commands of the console run it.
        return Example(block.name, (_job(files=files),))
    job = _job([*_PROGRAMS[block.language], block.file], files=files)
    shows = output is not None and output.language == "text" and not output.title
    return Example(block.name, (job,), output.text if output is not None and shows else None)


def _commands(text: str) -> Iterator[Job]:
    for line in _COMMAND.findall(text):
        words = shlex.split(line)
        environment = {}
        while "=" in words[0]:
            name, _, environment[name] = words.pop(0).partition("=")
        yield _job(words, environment)


def _job(
    command: list[str] | None = None,
    environment: dict[str, str] | None = None,
    files: dict[str, str] | None = None,
) -> Job:
    return {"files": files or {}, "command": command or [], "environment": environment or {}}


def is_understood(block: Block, before: Block | None) -> bool:
    """Return whether the tests know what to do with `block`, or the page says why they do nothing."""
    if block.reason is not None or block.file is not None or block.language == "console":
        return True
    if block.language == "text":
        is_output = before is not None and before.language in _PROGRAMS and block.is_behind
        # A figure has a title.
        return is_output or bool(block.title)
    return block.language in _DATA


@dataclass(frozen=True)
class Outcome:
    """What the jobs of an example have printed, as its page would show it, and how they ended."""

    text: str
    statuses: tuple[int, ...]


def run_page(page: Path, folder: Path, environment: Mapping[str, str]) -> dict[str, Outcome]:
    """Run the examples of `page` in one process and one folder; return their outcomes by name."""
    work = folder / "work"
    work.mkdir()
    for needed in files_of(page):
        if needed.is_dir():
            shutil.copytree(needed, work / needed.name)
        else:
            shutil.copy(needed, work / needed.name)
    examples = examples_of(page)
    jobs = [job for example in examples for job in example.jobs]
    printed = iter(run(jobs, work, environment) if jobs else [])
    outcomes = {}
    for example in examples:
        results = [next(printed) for _ in example.jobs]
        shown = [result["text"].replace(f"{work}/", "") for result in results]
        if _TRACEBACK not in (example.expected or ""):
            shown = [_without_frames(text) for text in shown]
        if example.is_console:
            lines = _COMMAND.findall(example.expected or "")
            shown = [f"$ {line}\n{text}" for line, text in zip(lines, shown, strict=True)]
        statuses = tuple(result["status"] for result in results)
        outcomes[example.name] = Outcome("".join(shown), statuses)
    return outcomes


def _without_frames(printed: str) -> str:
    """Return what was printed without the frames of a traceback, which say where Python is installed."""
    head, traceback, frames = printed.partition(_TRACEBACK)
    if not traceback:
        return printed
    kept = [line for line in frames.splitlines(keepends=True) if not line.startswith("  ")]
    return head + "".join(kept)
