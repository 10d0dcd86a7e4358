"""Dana program and its command-line arguments → its run as `__main__`, and the exit status.

A program takes the process over, as with `python FILE`: `sys.modules["__main__"]`, `sys.argv` and
`sys.path` become the program's, and the import hook is installed.
"""

from __future__ import annotations

import os
import sys
from types import CodeType, ModuleType

from danac.loading.code_object import compile_bytes, load_code
from danac.loading.errors import UsageError, unreadable
from danac.loading.import_hook import DanaLoader, install_for_program
from danac.loading.project import options_for
from danac.options import DEFAULT, Options

TYPE_CHECKING = False  # as `typing` has it, whose import costs more than a cached start
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from danac.diagnostics import Diagnostic
    from danac.source import Source

_ENTRY = "__main__"


def run_file(file: str, arguments: Sequence[str] = (), given: Options = DEFAULT) -> int:
    """Run the program in `file` and return its exit status.

    `given` are compile options for it and for the Dana modules that it imports, besides those of
    their projects.

    `arguments` are `key=value` pairs for the program's `__main__` function, and others for
    `sys.argv`. What the program does not catch is printed, not raised. Raises `UsageError` for a
    file that cannot be read, for a wrong project file and for wrong arguments.
    """
    path = os.path.abspath(file)
    try:
        code = load_code(path, options_for(path, given), _print_finding)
    except OSError as error:
        raise unreadable(file, error) from error
    except (SyntaxError, KeyboardInterrupt) as error:
        return _report(error)
    module = _fresh_main(path)
    module.__dict__["__loader__"] = DanaLoader(_ENTRY, path, given)
    return _run(code, module, file, os.path.dirname(path), arguments, given)


def run_standard_input(arguments: Sequence[str] = (), given: Options = DEFAULT) -> int:
    """Run the program that standard input holds, in the working directory; else as `run_file`."""
    filename = "<stdin>"
    try:
        data = sys.stdin.buffer.read()
        code = compile_bytes(data, filename, options_for(filename, given), _print_finding)
    except (SyntaxError, KeyboardInterrupt) as error:
        return _report(error)
    from danac.loading.tracebacks import register_text

    register_text(filename, data.decode("utf-8"))
    return _run(code, _fresh_main(filename), "-", "", arguments, given)


def _fresh_main(file: str) -> ModuleType:
    module = ModuleType(_ENTRY)
    module.__dict__.update(__file__=file, __cached__=None, __dana__=True)
    return module


def _run(
    code: CodeType,
    module: ModuleType,
    file: str,
    folder: str,
    arguments: Sequence[str],
    given: Options,
) -> int:
    named, others = _named_and_others(arguments)
    if named and _ENTRY not in code.co_names:
        # Said before anything runs: nothing in the program's code defines or imports the function.
        raise UsageError(f"{file} defines no {_ENTRY} function that could take {min(named)}=…")
    sys.modules[_ENTRY] = module
    sys.argv[:] = [file, *others]
    if sys.flags.safe_path:
        sys.path.insert(0, folder)
    else:
        # It held the folder of the danac command, which is not the program's business.
        sys.path[0:1] = [folder]
    install_for_program(given, _print_finding)
    try:
        exec(code, module.__dict__)
        entry = module.__dict__.get(_ENTRY)
        if callable(entry):
            _call_entry(entry, named)
    except UsageError:
        raise
    except BaseException as error:
        if given.trace:
            from dana_runtime.trace.session import explain

            explain(error)
        return _report(error)
    return 0


def _call_entry(entry: Callable[..., object], named: dict[str, str]) -> None:
    # Imported late: most programs have no such function, and this brings in `inspect`.
    from dana_runtime.arguments import ArgumentError, bind, call

    try:
        arguments = bind(entry, named)
    except ArgumentError as error:
        raise UsageError(str(error)) from None
    call(entry, arguments)


def _named_and_others(arguments: Sequence[str]) -> tuple[dict[str, str], list[str]]:
    if not any("=" in argument for argument in arguments):
        return {}, list(arguments)
    from dana_runtime.arguments import ArgumentError, split

    try:
        return split(arguments)
    except ArgumentError as error:
        raise UsageError(str(error)) from None


def _print_finding(finding: Diagnostic, source: Source) -> None:
    # Imported late: there is a finding only where the compiler has been loaded.
    from danac.loading.tracebacks import render_finding

    print(render_finding(finding, source), file=sys.stderr)


def _report(error: BaseException) -> int:
    # Imported late: a program that succeeds needs no tracebacks.
    from danac import debugging
    from danac.loading.tracebacks import FAILED, report

    if debugging.is_quit(error):
        # Told to a debugger, which has to know it if it is the one that runs danac.
        if debugging.is_outer_debugger_running():
            raise error
        return FAILED
    return report(error)
