"""Requests that change texts: rename, and the fixes of diagnostics as code actions."""

from __future__ import annotations

from lsprotocol import types
from pygls import uris
from pygls.lsp.server import LanguageServer

from danac.diagnostics import Diagnostic
from danac.language_server import answers
from danac.language_server.definition import Location, definition_span
from danac.language_server.documents import Document, Program
from danac.language_server.positions import Positions
from danac.language_server.rename import RenameError, check_renamable, check_user, rename
from danac.language_server.session import (
    PlaceParams,
    State,
    encoding_of,
    failure,
    findings_of,
    positions_of,
)
from danac.language_server.symbols import Occurrence


def register_changing(server: LanguageServer, state: State) -> None:
    """Let `server` offer and make changes."""

    @server.feature(types.TEXT_DOCUMENT_PREPARE_RENAME)
    def prepare_rename(ls: LanguageServer, params: types.PrepareRenameParams) -> types.Range:
        document, program, occurrence = _renamable(ls, state, params)
        try:
            check_renamable(program, occurrence)
        except RenameError as refused:
            raise failure(str(refused)) from None
        return positions_of(ls, document).range(occurrence.span)

    @server.feature(types.TEXT_DOCUMENT_RENAME, types.RenameOptions(prepare_provider=True))
    def rename_name(ls: LanguageServer, params: types.RenameParams) -> types.WorkspaceEdit:
        document, program, occurrence = _renamable(ls, state, params)
        try:
            return _renaming(ls, state, document, program, occurrence, params.new_name)
        except RenameError as refused:
            raise failure(str(refused)) from None

    kinds = types.CodeActionOptions(code_action_kinds=[types.CodeActionKind.QuickFix])

    @server.feature(types.TEXT_DOCUMENT_CODE_ACTION, kinds)
    def code_actions(
        ls: LanguageServer, params: types.CodeActionParams
    ) -> list[types.CodeAction] | None:
        document = state.documents.get(params.text_document.uri)
        if document is None:
            return None
        positions = positions_of(ls, document)
        return [
            answers.code_action(finding, document.uri, positions)
            for finding in findings_of(document)
            if finding.fix is not None and _touches(finding, positions, params.range)
        ]


def _touches(finding: Diagnostic, positions: Positions, asked: types.Range) -> bool:
    place = positions.range(finding.span)
    return place.start.line <= asked.end.line and asked.start.line <= place.end.line


def _renaming(
    ls: LanguageServer,
    state: State,
    document: Document,
    program: Program,
    occurrence: Occurrence,
    new: str,
) -> types.WorkspaceEdit:
    """Return the edits in this file and in those that import what is renamed; raises `RenameError`."""
    spans = rename(program, occurrence, new)
    positions = positions_of(ls, document)
    changes = {document.uri: [types.TextEdit(positions.range(span), new) for span in spans]}
    own = definition_span(program, occurrence.symbol)
    if own is not None and occurrence.symbol.owner is program.names.module:
        place, name = Location(program.source, own), occurrence.symbol.name
        for user, places in state.workspace.users_of(place, name, state.modules, state.documents):
            check_user(user, name, new)
            uri = uris.from_fs_path(user.source.filename) or user.source.filename
            there = Positions(user.source, encoding_of(ls))
            changes[uri] = [types.TextEdit(there.range(span), new) for span in places]
    return types.WorkspaceEdit(changes=changes)


def _renamable(
    ls: LanguageServer, state: State, params: PlaceParams
) -> tuple[Document, Program, Occurrence]:
    """Return what is to be renamed; raises the protocol's error if the text has errors or no name there."""
    document = state.documents.get(params.text_document.uri)
    program = None if document is None else document.exact_program
    if document is None or program is None:
        raise failure("a text with errors cannot be searched for all uses of a name")
    at = positions_of(ls, document).place(params.position)
    occurrence = program.occurrence_at(*at)
    if occurrence is None:
        raise failure("there is no name here")
    return document, program, occurrence
