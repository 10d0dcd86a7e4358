"""The command line: its first word → that command's module, the only one that is imported."""

from __future__ import annotations

import os
import sys

from danac.cli.leaving import Leaving
from danac.loading.errors import UsageError

TYPE_CHECKING = False  # as `typing` has it, whose import costs more than a cached start
if TYPE_CHECKING:
    from collections.abc import Sequence

COMMANDS = {
    "run": "run a program",
    "build": "compile ahead of time, to .py files",
    "show": "show what a program is compiled to",
    "check": "report all errors and warnings, run nothing",
    "explain": "say more about an error or a warning",
    "graph": "draw the pipelines of a program",
    "stats": "show what was learned of functions with @poet",
    "repl": "run what is typed, line by line",
    "lsp": "serve an editor (Language Server Protocol)",
}
"""The commands, in the order of the help: name and what it does."""

_FAILED = 1
_USAGE = 2
_INTERRUPTED = 130


def main(argv: Sequence[str] | None = None) -> int:
    """Run one danac command and return its exit status.

    `argv` is the command line without the program's own name, `sys.argv` if left out. A mistake of
    the user's becomes one line on standard error and the status 2.
    """
    if argv is not None:
        return _run(list(argv))
    # The process is ours, and so is its end.
    leaving = Leaving()
    leaving.status = status = _run(sys.argv[1:])
    return status


def _run(arguments: list[str]) -> int:
    try:
        status = _dispatch(arguments)
        _flush_standard_output()
    except UsageError as error:
        return _complain(str(error))
    except BrokenPipeError:
        # Whoever read the output (`| head`) has seen enough: no reason to complain.
        _give_up_unwritable_output()
        return _FAILED
    except KeyboardInterrupt:
        return _INTERRUPTED
    except SystemExit as leaving:
        # argparse leaves so after --help.
        return leaving.code if isinstance(leaving.code, int) else _FAILED
    except OSError as error:
        _give_up_unwritable_output()
        where = f"{error.filename}: " if error.filename is not None else ""
        return _complain(f"{where}{error.strerror or error}")
    except Exception as error:
        from danac.debugging import is_quit

        if os.environ.get("DANAC_DEBUG") or is_quit(error):
            raise
        return _report_bug(error)
    return status


def _dispatch(arguments: list[str]) -> int:
    if not arguments:
        print(_help(), file=sys.stderr)
        return _USAGE
    command, *rest = arguments
    if command == "run":
        from danac.cli import run

        return run.execute(rest)
    if command == "build":
        from danac.cli import build

        return build.execute(rest)
    if command == "show":
        from danac.cli import show

        return show.execute(rest)
    if command == "check":
        from danac.cli import check

        return check.execute(rest)
    if command == "explain":
        from danac.cli import explain

        return explain.execute(rest)
    if command == "graph":
        from danac.cli import graph

        return graph.execute(rest)
    if command == "stats":
        from danac.cli import stats

        return stats.execute(rest)
    if command == "repl":
        from danac.cli import repl

        return repl.execute(rest)
    if command == "lsp":
        from danac.cli import lsp

        return lsp.execute(rest)
    if command in ("-h", "--help", "help"):
        print(_help())
        return 0
    if command in ("-V", "--version"):
        from danac.version import __version__

        print(f"danac {__version__}")
        return 0
    raise UsageError(_unknown(command))


def _help() -> str:
    rows = "\n".join(f"  {name:9}{purpose}" for name, purpose in COMMANDS.items())
    return (
        "usage: danac COMMAND …\n\n"
        f"{rows}\n\n"
        "danac COMMAND --help says more about one; danac --version prints the version."
    )


def _unknown(command: str) -> str:
    if command.startswith("-"):
        return f"unknown option {command}; see danac --help"
    if os.path.isfile(command):
        return f"unknown command {command!r}; to run that file: danac run {command}"
    from difflib import get_close_matches

    near = get_close_matches(command, COMMANDS, n=1)
    if near:
        return f"unknown command {command!r}. Did you mean {near[0]!r}?"
    return f"unknown command {command!r}; there are {', '.join(COMMANDS)}"


def _complain(message: str) -> int:
    print(f"danac: error: {message}", file=sys.stderr)
    return _USAGE


def _report_bug(error: Exception) -> int:
    from danac.diagnostics import InternalError

    print(f"danac: internal error: {InternalError.of(error)}", file=sys.stderr)
    print("  DANAC_DEBUG=1 in the environment shows where it happened.", file=sys.stderr)
    return _FAILED


def _flush_standard_output() -> None:
    try:
        sys.stdout.flush()
    except (AttributeError, ValueError):
        # The program has closed or replaced it.
        return


def _give_up_unwritable_output() -> None:
    # What cannot be written now would be tried again at exit, and fail a second time.
    try:
        _flush_standard_output()
    except OSError:
        pass
    else:
        return
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)
