"""Requests on standard input → answers on standard output: the protocol's side of the language server."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Protocol, TypeVar

from lsprotocol import types
from pygls import uris
from pygls.exceptions import JsonRpcException
from pygls.lsp.server import LanguageServer

from danac.compilation import check_source
from danac.diagnostics import Diagnostic
from danac.language_server import answers
from danac.language_server.completion import completions_at
from danac.language_server.definition import definition_at, definition_span
from danac.language_server.documents import Document, Program
from danac.language_server.hover import hover_at
from danac.language_server.modules import Modules
from danac.language_server.outline import outline
from danac.language_server.positions import Positions
from danac.language_server.rename import RenameError, check_renamable, references, rename
from danac.language_server.symbols import Occurrence
from danac.loading.errors import UsageError
from danac.loading.project import options_for
from danac.options import DEFAULT, Options
from danac.version import __version__

# A text is checked when the typing pauses for so long.
_PAUSE = 0.2

_REQUEST_FAILED = -32803  # the protocol's code for a request that cannot be served

T = TypeVar("T")


class PlaceParams(Protocol):
    """What all requests about a place in a text have."""

    text_document: types.TextDocumentIdentifier
    position: types.Position


class State:
    """What the server keeps between requests: the open texts and the modules that they import."""

    def __init__(self) -> None:
        """Nothing is open yet."""
        self.documents: dict[str, Document] = {}
        self.modules = Modules()
        self.checks: dict[str, asyncio.TimerHandle] = {}


def make_server() -> LanguageServer:
    """Return a server that has not started."""
    # Whole texts: a client's idea of lines and of columns cannot come apart from ours then.
    server = LanguageServer(
        "danac", __version__, text_document_sync_kind=types.TextDocumentSyncKind.Full
    )
    state = State()
    _register_synchronisation(server, state)
    _register_reading(server, state)
    _register_renaming(server, state)
    return server


def _register_synchronisation(server: LanguageServer, state: State) -> None:
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
    findings: list[Diagnostic] = check_source(document.text, document.path, _options(document))
    # While one types, what was right at the last pause is what is known of a text.
    _ = document.program
    positions = _positions(ls, document)
    ls.text_document_publish_diagnostics(
        types.PublishDiagnosticsParams(
            uri=uri,
            version=document.version,
            diagnostics=[answers.diagnostic(finding, positions) for finding in findings],
        )
    )


def _options(document: Document) -> Options:
    try:
        return options_for(document.path)
    except UsageError:
        # A wrong project file is no fault of this text, and every command says it.
        return DEFAULT


def _register_reading(server: LanguageServer, state: State) -> None:
    @server.feature(types.TEXT_DOCUMENT_HOVER)
    def hover(ls: LanguageServer, params: types.HoverParams) -> types.Hover | None:
        def answer(program: Program, document: Document, at: tuple[int, int]) -> types.Hover | None:
            found = hover_at(program, state.modules, document.folder, *at)
            return None if found is None else answers.hover(found, _positions(ls, document))

        return _with_program(ls, state, params, answer)

    @server.feature(types.TEXT_DOCUMENT_DEFINITION)
    def definition(ls: LanguageServer, params: types.DefinitionParams) -> types.Location | None:
        def answer(
            program: Program, document: Document, at: tuple[int, int]
        ) -> types.Location | None:
            found = definition_at(program, state.modules, document.folder, *at)
            if found is None:
                return None
            is_own = found.source is program.source
            uri = document.uri if is_own else uris.from_fs_path(found.source.filename)
            positions = Positions(found.source, _encoding(ls))
            return None if uri is None else types.Location(uri, positions.range(found.span))

        return _with_program(ls, state, params, answer)

    @server.feature(types.TEXT_DOCUMENT_REFERENCES)
    def find_references(
        ls: LanguageServer, params: types.ReferenceParams
    ) -> list[types.Location] | None:
        def answer(
            program: Program, document: Document, at: tuple[int, int]
        ) -> list[types.Location] | None:
            found = program.occurrence_at(*at)
            if found is None:
                return None
            spans = references(program, found)
            if not params.context.include_declaration:
                own = definition_span(program, found.symbol)
                spans = [span for span in spans if span != own]
            positions = Positions(program.source, _encoding(ls))
            return [types.Location(document.uri, positions.range(span)) for span in spans]

        return _with_program(ls, state, params, answer)

    @server.feature(types.TEXT_DOCUMENT_DOCUMENT_SYMBOL)
    def document_symbols(
        ls: LanguageServer, params: types.DocumentSymbolParams
    ) -> list[types.DocumentSymbol] | None:
        document = state.documents.get(params.text_document.uri)
        if document is None or document.program is None:
            return None
        positions = Positions(document.program.source, _encoding(ls))
        return [answers.symbol(entry, positions) for entry in outline(document.program)]

    @server.feature(
        types.TEXT_DOCUMENT_COMPLETION, types.CompletionOptions(trigger_characters=["."])
    )
    def completion(
        ls: LanguageServer, params: types.CompletionParams
    ) -> list[types.CompletionItem] | None:
        document = state.documents.get(params.text_document.uri)
        if document is None:
            return None
        source = document.source
        at = Positions(source, _encoding(ls)).place(params.position)
        found = completions_at(document.program, source, state.modules, document.folder, *at)
        return [answers.completion(entry) for entry in found]


def _register_renaming(server: LanguageServer, state: State) -> None:
    @server.feature(types.TEXT_DOCUMENT_PREPARE_RENAME)
    def prepare_rename(ls: LanguageServer, params: types.PrepareRenameParams) -> types.Range:
        document, program, occurrence = _renamable(ls, state, params)
        try:
            check_renamable(program, occurrence)
        except RenameError as refused:
            raise _failure(str(refused)) from None
        return _positions(ls, document).range(occurrence.span)

    @server.feature(types.TEXT_DOCUMENT_RENAME, types.RenameOptions(prepare_provider=True))
    def rename_name(ls: LanguageServer, params: types.RenameParams) -> types.WorkspaceEdit:
        document, program, occurrence = _renamable(ls, state, params)
        try:
            spans = rename(program, occurrence, params.new_name)
        except RenameError as refused:
            raise _failure(str(refused)) from None
        positions = _positions(ls, document)
        edits = [types.TextEdit(positions.range(span), params.new_name) for span in spans]
        return types.WorkspaceEdit(changes={document.uri: edits})


def _renamable(
    ls: LanguageServer, state: State, params: PlaceParams
) -> tuple[Document, Program, Occurrence]:
    """Return what is to be renamed; raises the protocol's error if the text has errors or no name there."""
    document = state.documents.get(params.text_document.uri)
    program = None if document is None else document.exact_program
    if document is None or program is None:
        raise _failure("a text with errors cannot be searched for all uses of a name")
    at = _positions(ls, document).place(params.position)
    occurrence = program.occurrence_at(*at)
    if occurrence is None:
        raise _failure("there is no name here")
    return document, program, occurrence


def _with_program(
    ls: LanguageServer,
    state: State,
    params: PlaceParams,
    answer: Callable[[Program, Document, tuple[int, int]], T | None],
) -> T | None:
    document = state.documents.get(params.text_document.uri)
    if document is None or document.program is None:
        return None
    at = _positions(ls, document).place(params.position)
    return answer(document.program, document, at)


def _positions(ls: LanguageServer, document: Document) -> Positions:
    return Positions(document.source, _encoding(ls))


def _encoding(ls: LanguageServer) -> str:
    encoding = ls.workspace.position_encoding
    return str(getattr(encoding, "value", encoding) or "utf-16")


def _failure(message: str) -> JsonRpcException:
    return JsonRpcException(message, _REQUEST_FAILED)


def serve() -> None:
    """Serve one client on standard input and output until it says to stop."""
    make_server().start_io()
