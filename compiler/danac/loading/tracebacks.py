"""Uncaught exception → what the user sees of it, and the exit status.

Python prints the traceback itself, so carets, notes, causes, groups, colours and a program's own
`sys.excepthook` all work; before that, the frames that are not the program's are taken out.
"""

from __future__ import annotations

import os
import sys

TYPE_CHECKING = False  # as `typing` has it, whose import costs more than a cached start
if TYPE_CHECKING:
    from typing import TextIO

    from danac.diagnostics import DanaSyntaxError, Diagnostic
    from danac.source import Source

FAILED = 1
WRONG_PROGRAM = 2
INTERRUPTED = 130

_DEBUG = "DANAC_DEBUG"
_IMPORT_SYSTEM = "<frozen importlib"
_MACHINERY = frozenset({"loky", "concurrent", "distributed"})


def report(error: BaseException) -> int:
    """Print `error`, which a program did not catch, to standard error; return the exit status.

    0 to 255 as `sys.exit` was told, 2 for a wrong program (a module it imports included), 130 for
    an interrupt, else 1. With `DANAC_DEBUG` set nothing is hidden. A `BrokenPipeError` of standard
    output is raised again: `| head` is no failure of the program.
    """
    from danac.diagnostics import DanaSyntaxError, InternalError

    if isinstance(error, SystemExit):
        return _exit_status(error)
    if isinstance(error, BrokenPipeError) and _output_is_broken():
        raise error
    _flush_standard_output()
    if os.environ.get(_DEBUG):
        _print_with_python(error)
    elif isinstance(error, DanaSyntaxError):
        print(render_syntax_error(error, output=sys.stderr), file=sys.stderr)
    elif isinstance(error, InternalError):
        print(f"danac: internal error: {error}", file=sys.stderr)
    else:
        _explain_subscript(error)
        _explain_method(error)
        trim(error)
        _print_with_python(error)
    if isinstance(error, DanaSyntaxError):
        return WRONG_PROGRAM
    return INTERRUPTED if isinstance(error, KeyboardInterrupt) else FAILED


def _explain_subscript(error: BaseException) -> None:
    """Say what was subscripted, where that is what failed: a length, or some keys."""
    if not isinstance(error, LookupError | TypeError):
        return
    from dana_runtime import subscript_note

    note = subscript_note(error)
    if note is not None:
        error.add_note(note)


def _explain_method(error: BaseException) -> None:
    """Say what has the method of pipelines that a plain function was asked for."""
    if not isinstance(error, AttributeError) or error.name not in ("map", "amap", "aio"):
        return
    function = error.obj
    if type(function).__name__ != "function":
        return
    name = getattr(function, "__name__", "f")
    name = name if name.isidentifier() else "f"
    error.add_note(f"hint: `noop | {name}` makes a pipeline, which has .{error.name}")


def render_syntax_error(
    error: DanaSyntaxError, filename: str | None = None, output: TextIO | None = None
) -> str:
    """Return what a compiler prints for `error`: position, message, source line, caret, hint.

    `filename` replaces the one that the program was compiled under; `output` is where it is printed,
    in colours if that is a terminal.
    """
    from danac.diagnostics import render
    from danac.diagnostics.rendering import PLAIN, style_for
    from danac.source import Source

    # The lines are taken from the error: the file may have changed, or may be none.
    style = PLAIN if output is None else style_for(output)
    last = max(error.lines, default=0)
    text = "\n".join(error.lines.get(number, "") for number in range(1, last + 1))
    name = short_path(error.filename or "<dana>") if filename is None else filename
    return render(error.diagnostic, Source(text, name), style)


def render_finding(finding: Diagnostic, source: Source) -> str:
    """Return what a compiler prints for a finding about a file."""
    from danac.diagnostics import render
    from danac.source import Source

    return render(finding, Source(source.text, short_path(source.filename)))


def register_text(filename: str, text: str) -> None:
    """Let tracebacks show the lines of a program that was compiled from memory."""
    import linecache

    from danac.source import Source

    lines = [line + "\n" for line in Source(text).lines]
    # An entry without a time is never checked against the disk.
    linecache.cache[filename] = (len(text), None, lines, filename)


def short_path(path: str) -> str:
    """Return `path` relative to the working directory if it lies in there, else as it is."""
    try:
        folder = os.path.join(os.getcwd(), "")
    except OSError:
        return path
    return path.removeprefix(folder)


def trim(error: BaseException) -> None:
    """Take the frames of danac, its runtime and the import system out of `error`'s traceback.

    The same goes for its causes, its contexts and the members of exception groups. Positions inside
    the lines are kept, so the carets stay where they were.
    """
    from dana_runtime.tracebacks import without_frames

    hidden = hidden_prefixes()
    pending: list[BaseException | None] = [error]
    seen: set[int] = set()
    while pending:
        current = pending.pop()
        if current is None or id(current) in seen:
            continue
        seen.add(id(current))
        # Not by assignment, which exceptions may refuse (frozen dataclasses, for one).
        BaseException.with_traceback(current, without_frames(current.__traceback__, hidden))
        _forget_machinery(current)
        pending += (current.__cause__, current.__context__)
        if isinstance(current, BaseExceptionGroup):
            pending += current.exceptions


def _forget_machinery(error: BaseException) -> None:
    """Take off what `error` came from where the machinery of processes says the same in its own words."""
    errors = sys.modules.get("dana_runtime.errors")
    cause = error.__cause__
    if errors is None or cause is None or not isinstance(error, errors.WorkerDied):
        return
    if type(cause).__module__.partition(".")[0] in _MACHINERY:
        error.__cause__ = error.__context__ = None


def hidden_prefixes() -> tuple[str, ...]:
    """Return how the file names begin whose frames are not the program's."""
    packages = (sys.modules.get(name) for name in ("danac", "dana_runtime"))
    files = [package.__file__ for package in packages if package is not None]
    return (
        _IMPORT_SYSTEM,
        *(os.path.join(os.path.dirname(file), "") for file in files if file is not None),
    )


def _print_with_python(error: BaseException) -> None:
    if sys.excepthook is sys.__excepthook__ and _needs_linecache(error):
        from traceback import print_exception

        print_exception(error)
    else:
        sys.excepthook(type(error), error, error.__traceback__)


def _needs_linecache(error: BaseException) -> bool:
    """Return whether the program has no file, and Python's printer reads nothing but files."""
    traceback = error.__traceback__
    return (
        sys.version_info < (3, 13)
        and traceback is not None
        and traceback.tb_frame.f_code.co_filename.startswith("<")
    )


def _exit_status(error: SystemExit) -> int:
    if error.code is None:
        return 0
    if isinstance(error.code, int):
        return error.code
    _flush_standard_output()
    print(error.code, file=sys.stderr)
    return FAILED


def _flush_standard_output() -> None:
    """Let what the program printed come before the error, as it happened."""
    try:
        sys.stdout.flush()
    except (AttributeError, OSError, ValueError):
        # No standard output, a broken or a closed one: the error at hand is still to be told.
        return


def _output_is_broken() -> bool:
    """Return whether whoever read standard output has gone."""
    try:
        sys.stdout.flush()
        descriptor = sys.stdout.fileno()
    except BrokenPipeError:
        return True
    except (AttributeError, OSError, ValueError):
        return False
    import select

    if not hasattr(select, "poll"):
        return False
    # An unbuffered output keeps nothing that a flush could fail on.
    poll = select.poll()
    poll.register(descriptor, 0)
    return any(event & select.POLLERR for _, event in poll.poll(0))
