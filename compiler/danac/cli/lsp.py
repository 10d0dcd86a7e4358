"""`danac lsp`: the language server, on standard input and output, that editors start."""

from __future__ import annotations

from danac.loading.errors import UsageError

HELP = """\
usage: danac lsp [--stdio]

Serve an editor by the Language Server Protocol on standard input and output: diagnostics, hover,
definitions, references, completion, outline and rename for Dana programs. Editors start it; see
docs/editor.md. It needs the extra `editor`: pip install danac[editor]"""


def execute(arguments: list[str]) -> int:
    """Serve until the editor says to stop; see `HELP`."""
    if arguments in (["-h"], ["--help"]):
        print(HELP)
        return 0
    # Some clients always name the transport; there is only this one.
    unknown = [argument for argument in arguments if argument != "--stdio"]
    if unknown:
        raise UsageError(f"unknown argument {unknown[0]}; see danac lsp --help")
    try:
        from danac.language_server.server import serve
    except ModuleNotFoundError as error:
        if error.name is None or error.name.partition(".")[0] not in ("pygls", "lsprotocol"):
            raise
        raise UsageError("the language server needs pygls: pip install danac[editor]") from None
    serve()
    return 0
