"""`danac run`: a file → its run as a program. Without argparse, which costs more than a start."""

from __future__ import annotations

import os
import sys

from danac.loading.errors import UsageError
from danac.loading.program import run_file, run_standard_input
from danac.options import DEFAULT, Options

HELP = """\
usage: danac run [--coerce] [--debug | --pdb] [--explain] [--no-progress] [--trace OUT.json]
                 FILE [ARG…] [key=value…]

Run a Dana program. key=value goes to its __main__ function, converted by the parameter's
annotation; key=@FILE gives what a .json, .yaml, .csv or text file holds, @@ stands for one @.
Every other ARG is in sys.argv. FILE may be - for standard input.

--coerce makes operators join and compare texts with numbers, in the program and in the Dana modules
that it imports. In pyproject.toml: coerce = true under [tool.danac].

--debug runs the branches of blocks one after the other in the program's own thread and without time
limits, so that breakpoint() stops in them, too. --pdb does the same, and begins Python's debugger
before the first line.

--trace OUT.json writes a timeline of all stages, branches and attempts, which https://ui.perfetto.dev and
chrome://tracing open.

--explain prints, when the program ends, how the branches of its blocks were run, and why, to standard error.

--no-progress shows no line about how far blocks are that take long; nor does DANA_PROGRESS=0.

Exit status: 0, or 1 after an uncaught error, 2 for a program or a command line that is wrong,
130 if interrupted, n after sys.exit(n)."""


def execute(arguments: list[str]) -> int:
    """Run the program that `arguments` name; see `HELP`."""
    given = DEFAULT
    trace = None
    # Options stand before FILE only; what comes after it is the program's.
    while arguments and arguments[0].startswith("-") and arguments[0] != "-":
        option = arguments.pop(0)
        if option in ("-h", "--help"):
            print(HELP)
            return 0
        if option == "--":
            break
        if option in ("--debug", "--pdb"):
            from danac import debugging

            debugging.prepare(stop_at_start=option == "--pdb")
        elif option == "--explain":
            from danac.cli import choices

            choices.print_at_end()
        elif option == "--no-progress":
            # The runtime reads it, in this process and in those that it starts.
            os.environ["DANA_PROGRESS"] = "0"
        elif option == "--coerce":
            given |= Options(coerce=True)
        elif option.partition("=")[0] == "--trace":
            given |= Options(trace=True)
            trace = _trace_file(option, arguments)
        else:
            raise UsageError(f"unknown option {option}; see danac run --help")
    if not arguments:
        raise UsageError("run needs a FILE; see danac run --help")
    file, *rest = arguments
    if trace is not None:
        return _traced(trace, file, rest, given)
    return _run(file, rest, given)


def _run(file: str, arguments: list[str], given: Options) -> int:
    if file == "-":
        return run_standard_input(arguments, given)
    return run_file(file, arguments, given)


def _trace_file(option: str, arguments: list[str]) -> str:
    """Return the file of `--trace=FILE` or `--trace FILE`, which is taken off the arguments."""
    _, equals, file = option.partition("=")
    if not equals and len(arguments) > 1:
        file = arguments.pop(0)
    if not file:
        raise UsageError("--trace needs a file to write to; see danac run --help")
    return file


def _traced(trace: str, file: str, arguments: list[str], given: Options) -> int:
    """Run the program, and write its timeline to the file `trace` however it ends."""
    # Imported late: to load the runtime takes longer than to start most programs.
    from dana_runtime import tracing

    name = "standard input" if file == "-" else os.path.basename(file)
    session = tracing(trace, name=name)
    try:
        session.__enter__()
    except OSError as error:
        raise UsageError(f"cannot write the trace {trace}: {error.strerror or error}") from error
    try:
        with session.span(name):
            return _run(file, arguments, given)
    finally:
        try:
            session.__exit__(None, None, None)
        except OSError as error:
            print(f"danac: error: cannot write the trace {trace}: {error}", file=sys.stderr)
