"""`danac show`: a file → one stage of its compilation, as text."""

from __future__ import annotations

import ast
import os
import sys
from importlib import import_module

from danac.cli import dumps
from danac.cli.arguments import Parser, collector_at_rest, compile_options, read_program
from danac.compilation import build, compile_source, parse, to_ast
from danac.diagnostics import DanaSyntaxError
from danac.listing import to_python
from danac.loading.tracebacks import render_syntax_error
from danac.options import Options
from danac.source import Source

STAGES = ("tree", "nodes", "ast", "python", "bytecode")
_LIKE_PYTHON = ("ast", "python")


def execute(arguments: list[str]) -> int:
    """Print the stage that `arguments` ask for; 2 for a wrong program."""
    parser = Parser("show", "Show what a Dana program is compiled to.")
    parser.add_argument("file", metavar="FILE", help="the program, or - for standard input")
    parser.add_argument("--stage", choices=STAGES, default="python", help="default: python")
    wanted = parser.parse_args(arguments)
    options = compile_options(wanted.file, wanted)
    try:
        text, name = read_program(wanted.file)
        with collector_at_rest():
            shown = _render(wanted.stage, text, name, options).rstrip("\n")
    except DanaSyntaxError as error:
        print(render_syntax_error(error), file=sys.stderr)
        return 2
    if wanted.stage in _LIKE_PYTHON and _wants_colour():
        shown = _coloured(shown)
    print(shown)
    return 0


def _render(stage: str, text: str, name: str, options: Options) -> str:
    source = Source(text, name)
    if stage == "tree":
        return parse(source).pretty()
    if stage == "nodes":
        return dumps.dump_nodes(build(source))
    if stage == "ast":
        return ast.dump(to_ast(text, name, options), indent=4)
    if stage == "bytecode":
        return dumps.dump_bytecode(compile_source(text, name, options), source)
    return to_python(to_ast(text, name, options), source)


def _wants_colour() -> bool:
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR")


def _coloured(text: str) -> str:
    try:
        highlight = import_module("pygments").highlight
        lexer = import_module("pygments.lexers").PythonLexer()
        formatter = import_module("pygments.formatters").TerminalFormatter()
    except ImportError:
        return text
    return str(highlight(text, lexer, formatter)).rstrip("\n")
