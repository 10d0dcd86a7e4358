"""A small editor: it starts `danac lsp` and speaks the protocol with it, as JSON-RPC on its pipes."""

from __future__ import annotations

import json
import os
import queue
import subprocess
import sys
import threading
from itertools import count
from pathlib import Path
from typing import Any

import pytest

PATIENCE = 60
"""Seconds after which an answer that has not come will not come."""


class RequestFailed(Exception):
    """The server answered a request with an error."""


class Editor:
    """One session with the server; a place in a text is where `‸` stands in it."""

    def __init__(self, process: subprocess.Popen[bytes], folder: Path, log: Path) -> None:
        self._process = process
        self.folder = folder
        self.log = log
        self._ids = count(1)
        self._messages: queue.Queue[dict[str, Any] | None] = queue.Queue()
        self._diagnostics: list[dict[str, Any]] = []
        self._versions = count(1)
        self.capabilities: dict[str, Any] = {}
        threading.Thread(target=self._read, daemon=True).start()

    def initialize(self, **general: Any) -> None:
        answer = self.request(
            "initialize",
            {
                "processId": None,
                "rootUri": self.folder.as_uri(),
                "capabilities": {
                    "general": general,
                    "textDocument": {"rename": {"prepareSupport": True}},
                },
            },
        )
        self.capabilities = answer["capabilities"]
        self.notify("initialized", {})

    def request(self, method: str, params: Any) -> Any:
        number = next(self._ids)
        self._send({"id": number, "method": method, "params": params})
        while True:
            message = self._next()
            if message.get("id") == number and "method" not in message:
                if "error" in message:
                    raise RequestFailed(message["error"]["message"])
                return message["result"]
            self._keep(message)

    def notify(self, method: str, params: Any) -> None:
        self._send({"method": method, "params": params})

    def uri(self, name: str) -> str:
        return (self.folder / name).as_uri()

    def write(self, name: str, text: str) -> Path:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path

    def open(self, text: str, name: str = "program.dana") -> list[dict[str, Any]]:
        """Open a text and return its diagnostics."""
        item = {"uri": self.uri(name), "languageId": "dana", "version": next(self._versions)}
        self.notify("textDocument/didOpen", {"textDocument": item | {"text": text}})
        return self.diagnostics(item["version"])

    def change(self, text: str, name: str = "program.dana") -> list[dict[str, Any]]:
        """Replace the text and return its diagnostics."""
        version = next(self._versions)
        document = {"uri": self.uri(name), "version": version}
        change = {"textDocument": document, "contentChanges": [{"text": text}]}
        self.notify("textDocument/didChange", change)
        return self.diagnostics(version)

    def diagnostics(self, version: int) -> list[dict[str, Any]]:
        while True:
            for found in self._diagnostics:
                if found.get("version") == version:
                    return found["diagnostics"]
            self._keep(self._next())

    def at(self, marked: str, method: str, **more: Any) -> Any:
        """Open `marked` less its mark, and ask about the place where the mark stood."""
        line, character = place_of(marked)
        self.open(marked.replace("‸", ""))
        return self.ask(method, line, character, **more)

    def ask(self, method: str, line: int, character: int, **more: Any) -> Any:
        document = {"uri": self.uri("program.dana")}
        position = {"line": line, "character": character}
        return self.request(
            f"textDocument/{method}", {"textDocument": document, "position": position, **more}
        )

    def refusal(self, marked: str, method: str, **more: Any) -> str:
        """Return the message of the error that `at` ends in."""
        with pytest.raises(RequestFailed) as caught:
            self.at(marked, method, **more)
        return str(caught.value)

    def renamed(self, marked: str, new: str) -> str:
        """Return the text with what stands at the mark renamed."""
        answer = self.at(marked, "rename", newName=new)
        ((uri, edits),) = answer["changes"].items()
        assert uri == self.uri("program.dana")
        return replaced(marked.replace("‸", ""), edits)

    def labels(self, marked: str) -> list[str]:
        """Return the words that completion offers at the mark."""
        return [item["label"] for item in self.at(marked, "completion")]

    def hovered(self, marked: str) -> str:
        """Return what is shown at the mark; empty if nothing is."""
        answer = self.at(marked, "hover")
        return "" if answer is None else answer["contents"]["value"]

    def words(self, text: str, locations: list[dict[str, Any]]) -> list[tuple[int, str]]:
        """Return line, from 1, and text of each location in `text`."""
        assert {found["uri"] for found in locations} <= {self.uri("program.dana")}
        return [covered(text, found["range"]) for found in locations]

    def defined(self, marked: str) -> tuple[int, str]:
        """Return line and text of where the thing at the mark is defined, in the same file."""
        found = self.at(marked, "definition")
        return self.words(marked.replace("‸", ""), [found])[0]

    def stop(self) -> int:
        self.request("shutdown", None)
        self.notify("exit", None)
        return self._process.wait(PATIENCE)

    def end(self) -> None:
        """See to it that the process is gone; one that was not stopped is asked to first."""
        try:
            if self._process.poll() is None:
                self.stop()
        finally:
            if self._process.poll() is None:
                self._process.kill()
            self._process.wait(PATIENCE)
            self._process.stdin.close()
            self._process.stdout.close()

    def _keep(self, message: dict[str, Any]) -> None:
        if message.get("method") == "textDocument/publishDiagnostics":
            self._diagnostics.append(message["params"])

    def _next(self) -> dict[str, Any]:
        message = self._messages.get(timeout=PATIENCE)
        assert message is not None, "the server has gone"
        return message

    def _send(self, message: dict[str, Any]) -> None:
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        assert self._process.stdin is not None
        self._process.stdin.write(b"Content-Length: %d\r\n\r\n%b" % (len(body), body))
        self._process.stdin.flush()

    def _read(self) -> None:
        assert self._process.stdout is not None
        while True:
            size = 0
            while (line := self._process.stdout.readline().strip()) != b"":
                name, _, value = line.partition(b":")
                if name.lower() == b"content-length":
                    size = int(value)
            if not size:
                self._messages.put(None)
                return
            self._messages.put(json.loads(self._process.stdout.read(size)))


def place_of(marked: str) -> tuple[int, int]:
    """Return line and UTF-16 column of the mark, as the protocol counts them."""
    before = marked[: marked.index("‸")]
    line = before.rpartition("\n")[2]
    return before.count("\n"), len(line.encode("utf-16-le")) // 2


def covered(text: str, place: dict[str, Any]) -> tuple[int, str]:
    """Return line, from 1, and text of a range within one line."""
    start, end = place["start"], place["end"]
    line = text.split("\n")[start["line"]].encode("utf-16-le")
    assert start["line"] == end["line"]
    return start["line"] + 1, line[2 * start["character"] : 2 * end["character"]].decode(
        "utf-16-le"
    )


def replaced(text: str, edits: list[dict[str, Any]]) -> str:
    """Return `text` with edits of the protocol made in it."""
    lines = [line.encode("utf-16-le") for line in text.split("\n")]
    for edit in sorted(edits, key=lambda e: -e["range"]["start"]["character"]):
        start, end = edit["range"]["start"], edit["range"]["end"]
        assert start["line"] == end["line"]
        line = lines[start["line"]]
        new = edit["newText"].encode("utf-16-le")
        lines[start["line"]] = line[: 2 * start["character"]] + new + line[2 * end["character"] :]
    return "\n".join(line.decode("utf-16-le") for line in lines)


@pytest.fixture(scope="session")
def start_editor(tmp_path_factory):
    """Start a server in a process of its own and return the session with it."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("DANA", "PYTHON"))}
    started = []

    def start(**general):
        folder = tmp_path_factory.mktemp("editor")
        log = folder / "log"
        with log.open("wb") as errors:
            process = subprocess.Popen(
                [sys.executable, "-m", "danac", "lsp"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                env=environment,
                cwd=folder,
            )
        editor = Editor(process, folder, log)
        started.append(editor)
        editor.initialize(**general)
        return editor

    yield start
    for editor in started:
        editor.end()


@pytest.fixture(scope="session")
def shared_editor(start_editor):
    return start_editor()


@pytest.fixture
def editor(shared_editor, tmp_path):
    """A session whose files are this test's own; the server is the same for all tests."""
    shared_editor.folder = tmp_path
    return shared_editor
