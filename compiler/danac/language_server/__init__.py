"""Editor's requests → answers about Dana programs: the language server that `danac lsp` starts.

    text ─documents─► Program (nodes, scopes, occurrences) ─► hover, definition, completion, …
         └─check_source─► diagnostics

Each capability is one module with one function from a `Program` and a place to plain values; only
`server.py` and `answers.py` know the protocol. Places are spans in characters everywhere, and are
converted in `positions.py` alone.
"""
