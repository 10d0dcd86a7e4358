"""The prompt of `danac repl`.

    keys ──prompt──► text ──inputs──► one input ──interactive.session──► value ──► its repr

Only `prompt` knows prompt_toolkit.
"""
