"""`danac build`: .dana and .na files → .py files that need only `dana_runtime`.

With `-o` the Python files of a folder are copied, so that the built tree is complete. The text of each
file depends on its source, its compile options and its place below the argument alone: no date, no
version, no path of this machine. A program that defines a function `__main__` calls it when Python runs
the file, with arguments from the command line as in `danac run`.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from danac.cli.arguments import Parser, collector_at_rest, read_program
from danac.cli.build_jobs import GENERATED, Job, find_jobs
from danac.cli.module_file import as_module_file
from danac.compilation import to_ast
from danac.diagnostics import DanaSyntaxError, Diagnostic, InternalError, render
from danac.listing import to_python
from danac.loading.errors import UsageError
from danac.loading.tracebacks import render_syntax_error
from danac.options import Options
from danac.source import Source

_COPIED = "# Copied by danac from "
_WRONG_PROGRAM, _CALLED_WRONGLY = 1, 2
_END = "; edits are overwritten.\n"


def execute(arguments: list[str]) -> int:
    """Build what `arguments` name; 1 if any file has errors, the others are built all the same.

    2 if a file cannot be read or written: that is no fault of a program. A bug of danac is an error of
    the file that brings it to light.
    """
    parser = Parser("build", "Compile Dana files to .py files that need only dana_runtime.")
    parser.add_argument("paths", nargs="+", metavar="PATH", help="a file, or a folder of them")
    parser.add_argument("-o", "--output", metavar="DIR", help="build the tree below DIR")
    options = parser.parse_args(arguments)
    return max([_build(job) for job in find_jobs(options)], default=0)


def _build(job: Job) -> int:
    """Build one file; return the exit status that it asks for."""
    try:
        content = _copied(job) if job.options is None else _built(job, job.options)
        changed = _write(job.target, content)
    except DanaSyntaxError as error:
        return _fail(render_syntax_error(error, job.path))
    except UsageError as error:
        return _fail(f"danac: error: {error}", _CALLED_WRONGLY)
    except OSError as error:
        message = f"danac: error: cannot write {job.target}: {error.strerror or error}"
        return _fail(message, _CALLED_WRONGLY)
    except Exception as error:
        if os.environ.get("DANAC_DEBUG"):
            raise
        return _fail(render(InternalError.of(error).diagnostic, Source("", job.path)))
    print(f"{job.path} -> {job.target}{'' if changed else ' (unchanged)'}")
    return 0


def _built(job: Job, options: Options) -> bytes:
    text, _ = read_program(job.path)
    with collector_at_rest():

        def warn(finding: Diagnostic, source: Source) -> None:
            print(render(finding, Source(source.text, job.path)), file=sys.stderr)

        tree = to_ast(text, job.name, options, warn)
        listing = to_python(as_module_file(tree), Source(text, job.name))
    return f"{GENERATED}{job.name}{_END}{listing}".encode()


def _copied(job: Job) -> bytes:
    """Return the content of a Python file with a mark at its end, where it moves no line."""
    content = Path(job.path).read_bytes()
    end = b"" if not content or content.endswith((b"\n", b"\r")) else b"\n"
    return content + end + f"{_COPIED}{job.name}{_END}".encode("ascii", "backslashreplace")


def _fail(message: str, status: int = _WRONG_PROGRAM) -> int:
    sys.stdout.flush()
    print(message, file=sys.stderr)
    return status


def _write(target: Path, content: bytes) -> bool:
    """Put `content` into `target`, whole or not at all; return whether that changed it."""
    try:
        present = target.read_bytes()
    except FileNotFoundError:
        target.parent.mkdir(parents=True, exist_ok=True)
    else:
        if not _is_own(present):
            raise UsageError(f"{target} was not written by danac and is left as it is")
        if present == content:
            return False
    temporary = target.with_name(f"{target.name}.{os.getpid()}.tmp")
    try:
        temporary.write_bytes(content)
        os.replace(temporary, target)
    finally:
        temporary.unlink(missing_ok=True)
    return True


def _is_own(content: bytes) -> bool:
    last = content.rstrip(b"\n").rpartition(b"\n")[2] + b"\n"
    is_copy = last.startswith(_COPIED.encode()) and last.endswith(_END.encode())
    return is_copy or content.startswith(GENERATED.encode())
