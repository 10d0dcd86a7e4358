"""What the capabilities found → the protocol's values."""

from __future__ import annotations

from lsprotocol import types

from danac.diagnostics import Diagnostic
from danac.language_server.completion import Completion
from danac.language_server.hover import Hover
from danac.language_server.outline import Entry
from danac.language_server.positions import Positions

_SEVERITIES = {
    "error": types.DiagnosticSeverity.Error,
    "warning": types.DiagnosticSeverity.Warning,
}
_COMPLETIONS = {
    "function": types.CompletionItemKind.Function,
    "struct": types.CompletionItemKind.Struct,
    "interface": types.CompletionItemKind.Interface,
    "class": types.CompletionItemKind.Class,
    "variable": types.CompletionItemKind.Variable,
    "module": types.CompletionItemKind.Module,
    "field": types.CompletionItemKind.Field,
    "method": types.CompletionItemKind.Method,
    "keyword": types.CompletionItemKind.Keyword,
    "setting": types.CompletionItemKind.Property,
    "built-in": types.CompletionItemKind.Function,
}
_SYMBOLS = {
    "function": types.SymbolKind.Function,
    "struct": types.SymbolKind.Struct,
    "interface": types.SymbolKind.Interface,
    "field": types.SymbolKind.Field,
    "method": types.SymbolKind.Method,
    "variable": types.SymbolKind.Variable,
}
# Names of the program come before what every program has.
_LAST = frozenset({"keyword", "built-in"})


_UNNECESSARY = frozenset({"DANA211", "DANA213"})
"""What nothing reads or reaches: editors show it faded."""


def diagnostic(finding: Diagnostic, uri: str, positions: Positions) -> types.Diagnostic:
    """Return a finding; its hint is part of the message, as the protocol has no place for one."""
    message = finding.message if finding.hint is None else f"{finding.message} ({finding.hint})"
    return types.Diagnostic(
        range=positions.range(finding.span),
        message=message,
        severity=_SEVERITIES[finding.severity],
        code=finding.code,
        source="danac",
        tags=[types.DiagnosticTag.Unnecessary] if finding.code in _UNNECESSARY else None,
        related_information=[
            types.DiagnosticRelatedInformation(
                types.Location(uri, positions.range(related.span)), related.message
            )
            for related in finding.related
        ]
        or None,
    )


def code_action(finding: Diagnostic, uri: str, positions: Positions) -> types.CodeAction:
    """Return the fix of a finding as an action; raises `AssertionError` for one without."""
    fix = finding.fix
    assert fix is not None
    edits = [types.TextEdit(positions.range(edit.span), edit.text) for edit in fix.edits]
    return types.CodeAction(
        title=fix.title[0].upper() + fix.title[1:],
        kind=types.CodeActionKind.QuickFix,
        diagnostics=[diagnostic(finding, uri, positions)],
        edit=types.WorkspaceEdit(changes={uri: edits}),
        is_preferred=True,
    )


def hover(found: Hover, positions: Positions) -> types.Hover:
    """Return what is shown at a place, as Markdown."""
    parts = [f"```dana\n{found.code}\n```"] if found.code else []
    text = "\n\n".join([*parts, *found.paragraphs])
    content = types.MarkupContent(types.MarkupKind.Markdown, text)
    return types.Hover(content, positions.range(found.span))


def completion(found: Completion) -> types.CompletionItem:
    """Return a word to offer; a setting brings its `=`."""
    return types.CompletionItem(
        label=found.label,
        kind=_COMPLETIONS[found.kind],
        detail=found.detail or None,
        documentation=found.docstring or None,
        insert_text=f"{found.label}=" if found.kind == "setting" else None,
        sort_text=f"{int(found.kind in _LAST)}{found.label}",
    )


def symbol(entry: Entry, positions: Positions) -> types.DocumentSymbol:
    """Return a line of the outline with those below it."""
    return types.DocumentSymbol(
        name=entry.name,
        kind=_SYMBOLS[entry.kind],
        range=positions.range(entry.span),
        selection_range=positions.range(entry.name_span),
        detail=entry.detail or None,
        children=[symbol(inner, positions) for inner in entry.below] or None,
    )
