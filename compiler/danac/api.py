"""Program text in memory → code object, tree, listing, findings or run: what Python programs call.

`coerce` asks for the compile option of that name, as `--coerce` does on the command line; `trace` has the
stages tell the timeline of `dana_runtime.tracing`, as `danac run --trace` does. A text in memory belongs
to no project, so no pyproject.toml is looked for.
"""

from __future__ import annotations

import ast
from itertools import count
from types import CodeType
from typing import Any

from dana_runtime.tracebacks import RaisedByCaller
from danac import compilation, listing
from danac.diagnostics import DanaSyntaxError, Diagnostic
from danac.loading.tracebacks import register_text
from danac.options import Options
from danac.source import Source

_DEFAULT = "<dana>"
_numbers = count(1)


# Where in the compiler an error was found is nothing that its user wants to see.
_own_frames_hidden = RaisedByCaller(DanaSyntaxError)


def compile_source(
    text: str, filename: str = _DEFAULT, *, coerce: bool = False, trace: bool = False
) -> CodeType:
    """Return the code object of the program `text`; raises `DanaSyntaxError` for a wrong one."""
    with _own_frames_hidden:
        return compilation.compile_source(text, filename, Options(coerce, trace=trace))


def to_ast(
    text: str, filename: str = _DEFAULT, *, coerce: bool = False, trace: bool = False
) -> ast.Module:
    """Return the Python tree that the program `text` means; raises `DanaSyntaxError`."""
    with _own_frames_hidden:
        return compilation.to_ast(text, filename, Options(coerce, trace=trace))


def to_python(
    text: str, filename: str = _DEFAULT, *, coerce: bool = False, trace: bool = False
) -> str:
    """Return the program `text` as Python source that needs only `dana_runtime`.

    Raises `DanaSyntaxError`.
    """
    with _own_frames_hidden:
        tree = compilation.to_ast(text, filename, Options(coerce, trace=trace))
        return listing.to_python(tree, Source(text, filename))


def check_source(text: str, filename: str = _DEFAULT, *, coerce: bool = False) -> list[Diagnostic]:
    """Return what is wrong with the program `text`, in source order; nothing of it is executed.

    A wrong program never raises. A text that cannot be parsed gives its first error.
    """
    return compilation.check_source(text, filename, Options(coerce))


def run_source(
    text: str, filename: str = _DEFAULT, *, coerce: bool = False, trace: bool = False
) -> dict[str, Any]:
    """Run the program `text` and return its module's globals.

    Tracebacks show the program's lines: texts without a name of their own are told apart by a
    number, `<dana 1>`. Raises `DanaSyntaxError`, and whatever the program raises.
    """
    if filename == _DEFAULT:
        filename = f"<dana {next(_numbers)}>"
    with _own_frames_hidden:
        code = compilation.compile_source(text, filename, Options(coerce, trace=trace))
    register_text(filename, text)
    namespace = {"__name__": "__main__", "__file__": filename, "__dana__": True}
    exec(code, namespace)
    return namespace
