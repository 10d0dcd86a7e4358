"""Program text in memory → its globals after a run, or its listing: what Python programs call."""

from __future__ import annotations

from itertools import count
from typing import Any

from danac import listing
from danac.compilation import compile_source, to_ast
from danac.loading.tracebacks import register_text

_DEFAULT = "<dana>"
_numbers = count(1)


def run_source(text: str, filename: str = _DEFAULT) -> dict[str, Any]:
    """Run the program `text` and return its module's globals.

    Tracebacks show the program's lines: texts without a name of their own are told apart by a
    number, `<dana 1>`. Raises `DanaSyntaxError`, and whatever the program raises.
    """
    if filename == _DEFAULT:
        filename = f"<dana {next(_numbers)}>"
    code = compile_source(text, filename)
    register_text(filename, text)
    namespace = {"__name__": "__main__", "__file__": filename, "__dana__": True}
    exec(code, namespace)
    return namespace


def to_python(text: str, filename: str = _DEFAULT) -> str:
    """Return the program `text` as Python source that needs only `dana_runtime`.

    Raises `DanaSyntaxError`.
    """
    return listing.to_python(to_ast(text, filename))
