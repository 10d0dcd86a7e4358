"""Requests that only read: hover, definition, references, outline and completion."""

from __future__ import annotations

from functools import partial

from lsprotocol import types
from pygls import uris
from pygls.lsp.server import LanguageServer

from danac.language_server import answers
from danac.language_server.completion import completions_at
from danac.language_server.definition import Location, definition_at, definition_span
from danac.language_server.documents import Document, Program
from danac.language_server.hover import hover_at
from danac.language_server.outline import outline
from danac.language_server.positions import Positions
from danac.language_server.rename import references
from danac.language_server.session import State, encoding_of, positions_of, with_program
from danac.source import Span


def register_reading(server: LanguageServer, state: State) -> None:
    """Let `server` answer what editors ask about a place or a text."""

    @server.feature(types.TEXT_DOCUMENT_HOVER)
    def hover(ls: LanguageServer, params: types.HoverParams) -> types.Hover | None:
        return with_program(ls, state, params, partial(_hover, ls, state))

    @server.feature(types.TEXT_DOCUMENT_DEFINITION)
    def definition(ls: LanguageServer, params: types.DefinitionParams) -> types.Location | None:
        return with_program(ls, state, params, partial(_definition, ls, state))

    @server.feature(types.TEXT_DOCUMENT_REFERENCES)
    def find_references(
        ls: LanguageServer, params: types.ReferenceParams
    ) -> list[types.Location] | None:
        is_with_own = params.context.include_declaration
        return with_program(ls, state, params, partial(_references, ls, state, is_with_own))

    @server.feature(types.TEXT_DOCUMENT_DOCUMENT_SYMBOL)
    def document_symbols(
        ls: LanguageServer, params: types.DocumentSymbolParams
    ) -> list[types.DocumentSymbol] | None:
        document = state.documents.get(params.text_document.uri)
        if document is None or document.program is None:
            return None
        positions = Positions(document.program.source, encoding_of(ls))
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
        at = positions_of(ls, document).place(params.position)
        found = completions_at(document.program, source, state.modules, document.folder, *at)
        return [answers.completion(entry) for entry in found]


def _hover(
    ls: LanguageServer, state: State, program: Program, document: Document, at: tuple[int, int]
) -> types.Hover | None:
    found = hover_at(program, state.modules, document.folder, *at)
    return None if found is None else answers.hover(found, positions_of(ls, document))


def _definition(
    ls: LanguageServer, state: State, program: Program, document: Document, at: tuple[int, int]
) -> types.Location | None:
    found = definition_at(program, state.modules, document.folder, *at)
    return None if found is None else _location(ls, document, program, found)


def _location(
    ls: LanguageServer, document: Document, program: Program, place: Location
) -> types.Location | None:
    is_own = place.source is program.source
    uri = document.uri if is_own else uris.from_fs_path(place.source.filename)
    positions = Positions(place.source, encoding_of(ls))
    return None if uri is None else types.Location(uri, positions.range(place.span))


def _references(
    ls: LanguageServer,
    state: State,
    is_with_own: bool,
    program: Program,
    document: Document,
    at: tuple[int, int],
) -> list[types.Location] | None:
    occurrence = program.occurrence_at(*at)
    if occurrence is None:
        return None
    own = definition_span(program, occurrence.symbol)
    spans = [span for span in references(program, occurrence) if is_with_own or span != own]
    found = [_location(ls, document, program, Location(program.source, span)) for span in spans]
    place = definition_at(program, state.modules, document.folder, *at)
    if place is not None and _is_shared(program, place):
        name = place.source.text_of(place.span)
        if place.source is not program.source and is_with_own:
            found.append(_location(ls, document, program, place))
        for user, places in state.workspace.users_of(place, name, state.modules, state.documents):
            if user.source.filename != program.source.filename:
                found += [
                    _location(ls, document, program, Location(user.source, span)) for span in places
                ]
    return [location for location in found if location is not None]


def _is_shared(program: Program, place: Location) -> bool:
    """Whether other files can name what is defined at `place`: it is at the top of a module."""
    if place.source is not program.source:
        return place.span != Span(1, 1, 1, 1)
    occurrence = program.occurrence_at(place.span.line, place.span.column)
    return occurrence is not None and occurrence.symbol.owner is program.names.module
