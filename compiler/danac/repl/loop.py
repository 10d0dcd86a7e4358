"""A conversation: inputs from the prompt, one after the other, until the user leaves."""

from __future__ import annotations

import sys
from types import ModuleType

from danac.interactive.session import Session
from danac.loading.import_hook import install_for_program
from danac.options import Options
from danac.repl.inputs import Inputs
from danac.repl.prompt import make_prompt
from danac.version import __version__

_INTERPRETER = f"Python {sys.version.split()[0]}"


def converse(options: Options) -> int:
    """Talk to the terminal; return the exit status.

    The process becomes the conversation's: `__main__` has its names, and the working directory is where
    imports are looked for first.
    """
    module = ModuleType("__main__")
    module.__dict__["__dana__"] = True
    sys.modules["__main__"] = module
    sys.argv[:] = [""]
    if not sys.flags.safe_path:
        sys.path[0:1] = [""]
    install_for_program(options)
    inputs = Inputs(Session(module.__dict__, options))
    prompt = make_prompt(module.__dict__)
    print(f"danac {__version__}, {_INTERPRETER}. :help tells what there is, Ctrl-D leaves.")
    while True:
        try:
            text = prompt.prompt()
        except KeyboardInterrupt:
            continue
        except EOFError:
            return 0
        status = inputs.take(text)
        if status is not None:
            return status
