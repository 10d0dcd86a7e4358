"""A real terminal for `danac repl`: keys go in, what the screen got comes out."""

from __future__ import annotations

import os
import re
import select
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

pty = pytest.importorskip("pty", reason="pseudo-terminals are Unix's")

_ESCAPES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|\x1b[=>]|\x1b\][^\x07]*\x07|\r|\x1b\([A-Z]")
_LONGEST_WAIT = 60.0
# Without a controlling terminal Ctrl-C would be a mere character.
_TAKE_TERMINAL = "import fcntl, os, sys, termios; fcntl.ioctl(0, termios.TIOCSCTTY, 0); "
_THEN_RUN = "os.execv(sys.argv[1], sys.argv[1:])"


class Terminal:
    """A process on a pseudo-terminal, and all that it has written."""

    def __init__(self, command: list[str], folder: Path, environment: dict[str, str]) -> None:
        self._main, end = pty.openpty()
        starter = [sys.executable, "-c", _TAKE_TERMINAL + _THEN_RUN]
        self.process = subprocess.Popen(
            [*starter, *command],
            stdin=end,
            stdout=end,
            stderr=end,
            cwd=folder,
            env=environment,
            start_new_session=True,
        )
        os.close(end)
        self.raw = ""
        self._seen = 0

    def type(self, keys: str) -> None:
        """Send keys; `\\r` is Enter, `\\x03` Ctrl-C, `\\x04` Ctrl-D, `\\t` Tab."""
        os.write(self._main, keys.encode())

    def wait_for(self, text: str) -> str:
        """Wait until `text` has been written, and return what was up to its end since the last wait."""
        deadline = time.monotonic() + _LONGEST_WAIT
        while text not in (shown := _ESCAPES.sub("", self.raw)[self._seen :]):
            if not self._read(deadline):
                pytest.fail(f"waited for {text!r}, got {shown!r}")
        end = shown.index(text) + len(text)
        self._seen += end
        return shown[:end]

    def enter(self, line: str, expected: str) -> str:
        """Type a line, wait for what is expected behind it, and then for the next prompt."""
        self.type(line + "\r")
        self.wait_for(line.rsplit("\r", 1)[-1][-12:].strip())
        shown = self.wait_for(expected)
        return shown + self.wait_for("dana>")

    def define(self, line: str) -> None:
        """Type a line that more may follow, and the empty one that ends it."""
        self.type(line + "\r")
        self.wait_for("....>")
        self.type("\r")
        self.wait_for("dana>")

    def leave(self) -> int:
        """Wait for the end of the process and return its exit status."""
        deadline = time.monotonic() + _LONGEST_WAIT
        while self._read(deadline):
            pass
        return self.process.wait(_LONGEST_WAIT)

    def _read(self, deadline: float) -> bool:
        left = deadline - time.monotonic()
        if left <= 0 or not select.select([self._main], [], [], left)[0]:
            return False
        try:
            piece = os.read(self._main, 65536)
        except OSError:  # how Linux says that the other end is closed
            return False
        self.raw += piece.decode("utf-8", "replace")
        return bool(piece)

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        os.close(self._main)


@pytest.fixture
def open_terminal(
    tmp_path: Path, clean_environment: dict[str, str]
) -> Iterator[Callable[..., Terminal]]:
    """Start `danac repl` on a terminal: `open_terminal()`; further variables by name."""
    opened: list[Terminal] = []

    def start(*arguments: str, **variables: str) -> Terminal:
        environment = clean_environment | {
            "TERM": "xterm",
            "COLUMNS": "100",
            "LINES": "40",
            "PROMPT_TOOLKIT_NO_CPR": "1",
            "XDG_STATE_HOME": str(tmp_path / "state"),
            **variables,
        }
        command = [sys.executable, "-m", "danac", "repl", *arguments]
        opened.append(Terminal(command, tmp_path, environment))
        return opened[-1]

    yield start
    for terminal in opened:
        terminal.close()
