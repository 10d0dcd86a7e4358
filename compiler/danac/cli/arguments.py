"""What the commands share: their parser, the Dana files under paths, the text and options of one."""

from __future__ import annotations

import argparse
import gc
import os
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import NoReturn

from danac.loading.code_object import decode_source, read_source
from danac.loading.errors import UsageError, unreadable
from danac.loading.import_hook import SUFFIXES
from danac.loading.project import options_for
from danac.options import Options

STANDARD_INPUT = "-"


class Parser(argparse.ArgumentParser):
    """An argument parser with the compile options, unless it is `plain`; complaints are `UsageError`s."""

    def __init__(self, command: str, description: str, *, plain: bool = False) -> None:
        super().__init__(prog=f"danac {command}", description=description, allow_abbrev=False)
        if plain:
            return
        self.add_argument(
            "--coerce",
            action="store_true",
            help="operators join and compare texts with numbers "
            "(in pyproject.toml: coerce = true under [tool.danac])",
        )

    def error(self, message: str) -> NoReturn:
        """Raise the complaint instead of printing it and leaving."""
        raise UsageError(f"{message}; see {self.prog} --help")


def compile_options(file: str, given: argparse.Namespace) -> Options:
    """Return the compile options of `file`, or of standard input for `-`: given, or its project's.

    Raises `UsageError` for a wrong project file.
    """
    # Standard input counts as a file in the working directory, which is where `-` leads, too.
    return options_for(file, Options(coerce=given.coerce))


def read_program(file: str) -> tuple[str, str]:
    """Return the text of `file`, or of standard input for `-`, and the name to show for it.

    Raises `UsageError` for a file that cannot be read, `DanaSyntaxError` for one that is no text.
    """
    if file == STANDARD_INPUT:
        return decode_source(sys.stdin.buffer.read(), "<stdin>"), "<stdin>"
    try:
        return read_source(file), file
    except OSError as error:
        raise unreadable(file, error) from error


@contextmanager
def collector_at_rest() -> Iterator[None]:
    """Compile one file without looking for garbage, for as long as this lasts.

    Trees and nodes all live until the end, so collections in between find nothing: from some 4,000
    lines on they made the time grow faster than the program. Only commands do this: the collector
    is the whole process's, and in a library's process there are others.
    """
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def find_programs(paths: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Yield each Dana file once: its path, and its path below the argument that led to it.

    A folder that is a package counts with its own name.

    Folders are searched through, in the order of names; hidden folders, caches and virtual
    environments are left out.
    Raises `UsageError` for a path that does not exist and for a folder without Dana files.
    """
    seen: set[str] = set()
    for argument in paths:
        if not os.path.isdir(argument):
            if argument != STANDARD_INPUT and not os.path.exists(argument):
                raise UsageError(f"cannot read {argument}: No such file or directory")
            found = [(argument, os.path.basename(argument))]
        else:
            found = list(_below(argument, SUFFIXES))
            if not found:
                raise UsageError(f"no {' or '.join(SUFFIXES)} file in {argument}")
        for path, relative in found:
            identity = os.path.realpath(path)
            if identity not in seen:
                seen.add(identity)
                yield path, relative


def find_python_files(paths: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Yield the Python files in those of `paths` that are folders, as `find_programs` does Dana's."""
    for argument in paths:
        if os.path.isdir(argument):
            yield from _below(argument, (".py",))


def _below(folder: str, suffixes: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    # A package keeps its name: its modules import each other by it.
    root = os.path.dirname(os.path.abspath(folder)) if _is_package(folder) else folder
    return ((path, os.path.relpath(path, root)) for path in _walk(folder, suffixes))


def _is_package(folder: str) -> bool:
    return any(
        os.path.isfile(os.path.join(folder, "__init__" + suffix)) for suffix in (*SUFFIXES, ".py")
    )


def _walk(folder: str, suffixes: tuple[str, ...]) -> Iterator[str]:
    def fail(error: OSError) -> NoReturn:
        raise unreadable(error.filename, error) from error

    for parent, folders, files in os.walk(folder, onerror=fail):
        if "pyvenv.cfg" in files:
            folders.clear()
            continue
        folders[:] = sorted(f for f in folders if not f.startswith(".") and f != "__pycache__")
        yield from (
            os.path.normpath(os.path.join(parent, file))
            for file in sorted(files)
            if file.endswith(suffixes)
        )
