"""Requests on standard input → answers on standard output: the protocol's side of the language server."""

from __future__ import annotations

import asyncio
import logging

from lsprotocol import types
from pygls import uris
from pygls.exceptions import JsonRpcException
from pygls.lsp.server import LanguageServer

from danac.language_server import answers
from danac.language_server.changing import register_changing
from danac.language_server.documents import Document
from danac.language_server.reading import register_reading
from danac.language_server.session import State, findings_of, positions_of
from danac.version import __version__

# A text is checked when the typing pauses for so long.
_PAUSE = 0.2


def make_server() -> LanguageServer:
    """Return a server that has not started."""
    # Whole texts: a client's idea of lines and of columns cannot come apart from ours then.
    server = LanguageServer(
        "danac", __version__, text_document_sync_kind=types.TextDocumentSyncKind.Full
    )
    state = State()
    _register_synchronisation(server, state)
    register_reading(server, state)
    register_changing(server, state)
    return server


def _register_synchronisation(server: LanguageServer, state: State) -> None:
    @server.feature(types.INITIALIZED)
    def initialized(ls: LanguageServer, _params: types.InitializedParams) -> None:
        found = [uris.to_fs_path(folder) for folder in ls.workspace.folders]
        root = ls.workspace.root_path
        state.workspace.folders = [path for path in found if path] or ([root] if root else [])

    @server.feature(types.TEXT_DOCUMENT_DID_OPEN)
    def did_open(ls: LanguageServer, params: types.DidOpenTextDocumentParams) -> None:
        item = params.text_document
        path = uris.to_fs_path(item.uri) or item.uri
        state.documents[item.uri] = Document(item.uri, path, item.text, item.version)
        _publish(ls, state, item.uri)

    @server.feature(types.TEXT_DOCUMENT_DID_CHANGE)
    def did_change(ls: LanguageServer, params: types.DidChangeTextDocumentParams) -> None:
        uri = params.text_document.uri
        document = state.documents.get(uri)
        if document is None:
            return
        text = ls.workspace.get_text_document(uri).source
        document.change(text, params.text_document.version)
        if (waiting := state.checks.pop(uri, None)) is not None:
            waiting.cancel()
        loop = asyncio.get_running_loop()
        state.checks[uri] = loop.call_later(_PAUSE, _publish, ls, state, uri)

    @server.feature(types.TEXT_DOCUMENT_DID_SAVE)
    def did_save(ls: LanguageServer, params: types.DidSaveTextDocumentParams) -> None:
        _publish(ls, state, params.text_document.uri)

    @server.feature(types.TEXT_DOCUMENT_DID_CLOSE)
    def did_close(ls: LanguageServer, params: types.DidCloseTextDocumentParams) -> None:
        uri = params.text_document.uri
        state.documents.pop(uri, None)
        if (waiting := state.checks.pop(uri, None)) is not None:
            waiting.cancel()
        # What is closed shows nothing any more.
        ls.text_document_publish_diagnostics(types.PublishDiagnosticsParams(uri, []))


def _publish(ls: LanguageServer, state: State, uri: str) -> None:
    document = state.documents.get(uri)
    if document is None:
        return
    findings = findings_of(document)
    # While one types, what was right at the last pause is what is known of a text.
    _ = document.program
    positions = positions_of(ls, document)
    ls.text_document_publish_diagnostics(
        types.PublishDiagnosticsParams(
            uri=uri,
            version=document.version,
            diagnostics=[answers.diagnostic(finding, uri, positions) for finding in findings],
        )
    )


def serve() -> None:
    """Serve one client on standard input and output until it says to stop."""
    logging.getLogger("pygls.protocol.json_rpc").addFilter(_is_no_refusal)
    make_server().start_io()


def _is_no_refusal(record: logging.LogRecord) -> bool:
    """Keep a request that is refused, which the client is told, from being logged as a fault of ours."""
    return not (record.exc_info and isinstance(record.exc_info[1], JsonRpcException))
