"""`danac show`: a file → one stage of its compilation, as text."""

from __future__ import annotations

import argparse
import shutil
import sys

from danac.cli import dumps
from danac.cli.arguments import Parser, collector_at_rest, compile_options, read_program
from danac.cli.plans import show_plans
from danac.cli.side_by_side import side_by_side
from danac.compilation import build, compile_source, parse, to_ast
from danac.diagnostics import DanaSyntaxError
from danac.highlighting.terminal import ColourError, coloured, wants_colour
from danac.listing import to_python
from danac.loading.errors import UsageError
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
    parser.add_argument(
        "--side-by-side", action="store_true", help="the program on the left, its Python beside it"
    )
    parser.add_argument(
        "--color",
        choices=("auto", "always", "never"),
        default="auto",
        help="default: auto, on a terminal unless NO_COLOR is set",
    )
    parser.add_argument(
        "--plans", action="store_true", help="how the value of each stage meets its signature"
    )
    wanted = parser.parse_args(arguments)
    if wanted.plans and (wanted.side_by_side or wanted.stage != "python"):
        raise UsageError("--plans shows no other stage beside")
    if wanted.side_by_side and wanted.stage != "python":
        raise UsageError(f"--side-by-side shows Python, not --stage {wanted.stage}")
    options = compile_options(wanted.file, wanted)
    try:
        text, name = read_program(wanted.file)
        with collector_at_rest():
            if wanted.plans:
                shown = show_plans(Source(text, name))
            elif wanted.side_by_side:
                shown = _beside(wanted, Source(text, name), options)
            else:
                shown = _render(wanted.stage, text, name, options).rstrip("\n")
                if wanted.stage in _LIKE_PYTHON and wants_colour(wanted.color, sys.stdout):
                    shown = coloured(shown, "python", wanted.color)
    except DanaSyntaxError as error:
        print(render_syntax_error(error, output=sys.stderr), file=sys.stderr)
        return 2
    except ColourError as error:
        raise UsageError(str(error)) from None
    print(shown.rstrip("\n"))
    return 0


def _render(stage: str, text: str, name: str, options: Options) -> str:
    source = Source(text, name)
    if stage == "tree":
        return dumps.dump_tree(parse(source))
    if stage == "nodes":
        return dumps.dump_nodes(build(source))
    if stage == "ast":
        return dumps.dump_ast(to_ast(text, name, options), source)
    if stage == "bytecode":
        return dumps.dump_bytecode(compile_source(text, name, options), source)
    return to_python(to_ast(text, name, options), source)


def _beside(wanted: argparse.Namespace, source: Source, options: Options) -> str:
    tree = to_ast(source.text, source.filename, options)
    listing = to_python(tree, source)
    width = shutil.get_terminal_size().columns if sys.stdout.isatty() else None
    texts = None
    if wants_colour(wanted.color, sys.stdout):
        texts = (
            coloured(source.text, "dana", wanted.color),
            coloured(listing, "python", wanted.color),
        )
    return side_by_side(source, tree, listing, width, texts)
