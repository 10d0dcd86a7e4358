"""One input of the prompt → what is printed: a value, an error, or the answer to a command."""

from __future__ import annotations

import sys
from typing import Any

from danac.highlighting.terminal import coloured, wants_colour
from danac.interactive.session import NOTHING, Session
from danac.listing import to_python
from danac.loading.tracebacks import register_text, report

COMMANDS = {
    ":show": "the Python that the last input became",
    ":help": "this list",
    ":quit": "leave, as Ctrl-D does",
}
"""What the prompt knows besides Dana, and what each does."""

HELP = """\
A line is run when it is a whole one: after `:` and `|`, and inside of brackets, it goes on with the
next. An indented block ends with an empty line. Alt-Enter starts a new line anywhere.
Tab completes names, fields and keys. `_` is the last value. Ctrl-C stops what runs.
"""


class Inputs:
    """The inputs of one conversation; `namespace` holds their names."""

    def __init__(self, session: Session) -> None:
        """Run inputs in `session`."""
        self._session = session
        self._count = 0

    def take(self, text: str) -> int | None:
        """Run one input and print what comes of it; return an exit status if it is to be the last.

        Errors of the input are printed. `KeyboardInterrupt` stops the input, not the conversation.
        """
        if text.strip().startswith(":"):
            return self._command(text.strip())
        if not text.strip():
            return None
        try:
            value = self._run(text)
            if value is not NOTHING and value is not None:
                print(repr(value))
                self._session.namespace["_"] = value
        except KeyboardInterrupt:
            print("interrupted", file=sys.stderr)
        except SystemExit as leaving:
            return report(leaving)
        except BaseException as error:
            report(error)
        finally:
            sys.stdout.flush()
        return None

    def _run(self, text: str) -> Any:
        self._count += 1
        filename = f"<input {self._count}>"
        register_text(filename, text)
        return self._session.run(self._session.compile(text, filename))

    def _command(self, command: str) -> int | None:
        if command in (":quit", ":q", ":exit"):
            return 0
        if command == ":show":
            self._show()
        elif command in (":help", ":h", ":?"):
            print(HELP, end="")
            for name, what in COMMANDS.items():
                print(f"{name:7}{what}")
        else:
            print(f"no command {command}; there are {', '.join(COMMANDS)}", file=sys.stderr)
        return None

    def _show(self) -> None:
        if self._session.latest is None:
            print("nothing has been compiled yet", file=sys.stderr)
            return
        latest = self._session.latest
        listing = to_python(latest.tree, latest.source).rstrip("\n")
        if wants_colour("auto", sys.stdout):
            listing = coloured(listing, "python")
        print(listing)
