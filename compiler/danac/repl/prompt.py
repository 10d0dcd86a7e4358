"""Keys of a terminal → whole inputs, with history, colours and completion: the part that prompt_toolkit does."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping
from pathlib import Path

from platformdirs import user_state_path
from prompt_toolkit import PromptSession
from prompt_toolkit.completion import CompleteEvent, Completer, Completion
from prompt_toolkit.document import Document
from prompt_toolkit.history import FileHistory, History, InMemoryHistory
from prompt_toolkit.key_binding import KeyBindings, KeyPressEvent
from prompt_toolkit.lexers import PygmentsLexer

from danac.highlighting.lexer import DanaLexer
from danac.highlighting.terminal import wants_colour
from danac.interactive.completeness import next_indentation, state_of
from danac.interactive.completion import complete
from danac.repl.inputs import COMMANDS

PROMPT = "dana> "
CONTINUED = "....> "


def make_prompt(namespace: Mapping[str, object]) -> PromptSession[str]:
    """Return the prompt; its completion reads `namespace`.

    Its `prompt()` raises `KeyboardInterrupt` for Ctrl-C and `EOFError` for Ctrl-D at an empty prompt.
    """
    return PromptSession(
        PROMPT,
        multiline=True,
        prompt_continuation=CONTINUED,
        history=_history(),
        lexer=PygmentsLexer(DanaLexer) if wants_colour("auto", sys.stdout) else None,
        completer=_NamesAndFields(namespace),
        complete_while_typing=False,
        enable_history_search=True,
        key_bindings=_bindings(),
    )


def _history() -> History:
    """Return the history of earlier conversations, or an empty one where none can be kept."""
    path: Path = user_state_path("danac") / "repl_history"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    except OSError:
        return InMemoryHistory()
    return FileHistory(path)


class _NamesAndFields(Completer):
    def __init__(self, namespace: Mapping[str, object]) -> None:
        self._namespace = namespace

    def get_completions(
        self, document: Document, complete_event: CompleteEvent
    ) -> Iterable[Completion]:
        before = document.text_before_cursor
        if before.startswith(":"):
            for command in COMMANDS:
                if command.startswith(before):
                    yield Completion(command, -len(before))
            return
        # Threads of the program may add names meanwhile.
        found = complete(document.current_line_before_cursor, dict(self._namespace))
        for word in found.words:
            yield Completion(word, -found.typed)


def _bindings() -> KeyBindings:
    bindings = KeyBindings()

    @bindings.add("enter")
    def _(event: KeyPressEvent) -> None:
        buffer = event.current_buffer
        text = buffer.text
        is_last_line = buffer.document.is_cursor_at_the_end or not (
            buffer.document.text_after_cursor.strip()
        )
        if text.lstrip().startswith(":") or (is_last_line and _may_run(text)):
            buffer.validate_and_handle()
        else:
            blanks = next_indentation(buffer.document.text_before_cursor)
            buffer.insert_text("\n" + " " * blanks)

    @bindings.add("escape", "enter")
    def _(event: KeyPressEvent) -> None:
        event.current_buffer.insert_text("\n")

    @bindings.add("tab")
    def _(event: KeyPressEvent) -> None:
        buffer = event.current_buffer
        if not buffer.document.current_line_before_cursor.strip():
            buffer.insert_text("    ")
        elif buffer.complete_state:
            buffer.complete_next()
        else:
            buffer.start_completion(insert_common_part=True)

    return bindings


def _may_run(text: str) -> bool:
    return state_of(text) == "whole"
