"""`danac repl`: what is typed → its values, one input after the other; a script from standard input."""

from __future__ import annotations

import sys

from danac.cli.arguments import STANDARD_INPUT, Parser, compile_options
from danac.loading.errors import UsageError
from danac.loading.program import run_standard_input

_LIBRARIES = {"prompt_toolkit", "pygments", "platformdirs"}


def execute(arguments: list[str]) -> int:
    """Talk to the terminal, or run what standard input holds where that is none."""
    parser = Parser("repl", "Run Dana as it is typed. Without a terminal: run standard input.")
    wanted = parser.parse_args(arguments)
    options = compile_options(STANDARD_INPUT, wanted)
    if not sys.stdin.isatty():
        return run_standard_input([], options)
    try:
        from danac.repl.loop import converse
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] not in _LIBRARIES:
            raise
        message = f"the prompt needs {error.name}: pip install danac[repl]"
        raise UsageError(message) from None
    return converse(options)
