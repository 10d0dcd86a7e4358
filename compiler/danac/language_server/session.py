"""What the server keeps between requests, and how a request finds the text and the place that it is about."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Protocol, TypeVar

from lsprotocol import types
from pygls.exceptions import JsonRpcException
from pygls.lsp.server import LanguageServer

from danac.compilation import check_source
from danac.diagnostics import Diagnostic
from danac.language_server.documents import Document, Program
from danac.language_server.modules import Modules
from danac.language_server.positions import Positions
from danac.language_server.workspace import Workspace
from danac.loading.errors import UsageError
from danac.loading.project import options_for
from danac.options import DEFAULT, Options

_REQUEST_FAILED = -32803  # the protocol's code for a request that cannot be served

T = TypeVar("T")


class PlaceParams(Protocol):
    """What all requests about a place in a text have."""

    text_document: types.TextDocumentIdentifier
    position: types.Position


class State:
    """The open texts, the modules that they import, the folders around them, and checks that are due."""

    def __init__(self) -> None:
        """Nothing is open yet."""
        self.documents: dict[str, Document] = {}
        self.modules = Modules()
        self.workspace = Workspace()
        self.checks: dict[str, asyncio.TimerHandle] = {}


def findings_of(document: Document) -> list[Diagnostic]:
    """Return what is wrong with an open text."""
    return check_source(document.text, document.path, _options(document))


def _options(document: Document) -> Options:
    try:
        return options_for(document.path)
    except UsageError:
        # A wrong project file is no fault of this text, and every command says it.
        return DEFAULT


def with_program(
    ls: LanguageServer,
    state: State,
    params: PlaceParams,
    answer: Callable[[Program, Document, tuple[int, int]], T | None],
) -> T | None:
    """Return the answer about the place of a request; None if nothing is known of its text."""
    document = state.documents.get(params.text_document.uri)
    if document is None or document.program is None:
        return None
    at = positions_of(ls, document).place(params.position)
    return answer(document.program, document, at)


def positions_of(ls: LanguageServer, document: Document) -> Positions:
    """Return how places of a text are told."""
    return Positions(document.source, encoding_of(ls))


def encoding_of(ls: LanguageServer) -> str:
    """Return the units in which client and server count columns."""
    encoding = ls.workspace.position_encoding
    return str(getattr(encoding, "value", encoding) or "utf-16")


def failure(message: str) -> JsonRpcException:
    """Return the error that refuses a request."""
    return JsonRpcException(message, _REQUEST_FAILED)
