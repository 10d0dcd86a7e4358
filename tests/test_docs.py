"""The programs in README.md and docs/*.md do what these pages say.

In the Markdown:

    ```dana      a program, run as example.dana; the block right behind it says what comes out:
    ```text      what `danac run` prints, and the error that it ends in, or
    ```console   lines `$ danac …`, each followed by what that command prints.

A program with neither behind it must compile. If its first line is `# File NAME.dana`, it is a
module that the programs of its section can import.
"""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import NamedTuple

import pytest

import danac

CHECKOUT = Path(__file__).parent.parent
PAGES = [CHECKOUT / "README.md", *sorted((CHECKOUT / "docs").glob("*.md"))]

_PART = re.compile(
    r"^```dana\n(?P<program>.*?)^```\n(?:```(?P<kind>text|console)\n(?P<output>.*?)^```\n)?"
    r"|^(?P<heading>##) |^```.*?^```$",
    re.MULTILINE | re.DOTALL,
)
_MODULE = re.compile(r"# File (\w+\.dana)\n")


class Example(NamedTuple):
    """One program of a page, with the modules that its section has shown before."""

    program: str
    kind: str | None
    output: str
    modules: tuple[tuple[str, str], ...]


def _examples(page: Path) -> list[tuple[str, Example]]:
    """Return the programs of `page`, each named by page and line."""
    text = page.read_text(encoding="utf-8")
    examples = []
    modules: dict[str, str] = {}
    for part in _PART.finditer(text):
        if part["heading"]:
            modules = {}
        program = part["program"]
        if program is None:
            continue
        if module := _MODULE.match(program):
            modules[module[1]] = program
        line = text.count("\n", 0, part.start()) + 2
        example = Example(program, part["kind"], part["output"] or "", tuple(modules.items()))
        examples.append((f"{page.name}:{line}", example))
    return examples


EXAMPLES = dict(example for page in PAGES for example in _examples(page))


def _of_kind(*kinds: str | None) -> list[str]:
    return [name for name, example in EXAMPLES.items() if example.kind in kinds]


def _printed(stdout: str, stderr: str) -> str:
    """Return what was printed, without the frames of a traceback: they say where Python is."""
    head, traceback, frames = stderr.partition("Traceback (most recent call last):\n")
    kept = [line for line in frames.splitlines(keepends=True) if not line.startswith("  ")]
    return stdout + (head + "".join(kept) if traceback else stderr)


@pytest.fixture
def prints(run_danac, tmp_path):
    """Write an example's files, give a function that runs a command on them."""

    def prepare(example: Example):
        for name, text in (*example.modules, ("example.dana", example.program)):
            (tmp_path / name).write_text(text, encoding="utf-8")

        def run(*command: str) -> str:
            result = run_danac(*command, cwd=tmp_path)
            return _printed(result.stdout, result.stderr).replace(f"{tmp_path}/", "")

        return run

    return prepare


def test_the_language_is_told_in_examples():
    assert len([name for name in _of_kind("text", "console") if "language" in name]) > 50


@pytest.mark.parametrize("name", _of_kind("text"))
def test_program_prints_what_the_page_says(prints, name):
    example = EXAMPLES[name]
    assert prints(example)("run", "example.dana") == example.output


@pytest.mark.parametrize("name", _of_kind("console"))
def test_commands_print_what_the_page_says(prints, name):
    example = EXAMPLES[name]
    run = prints(example)
    commands = re.findall(r"^\$ danac (.*)$", example.output, re.MULTILINE)
    printed = "".join(f"$ danac {command}\n{run(*shlex.split(command))}" for command in commands)
    assert printed == example.output


@pytest.mark.parametrize("name", _of_kind(None))
def test_program_compiles(name):
    danac.compile_source(EXAMPLES[name].program, "example.dana")
