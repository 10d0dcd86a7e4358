"""`danac graph`: a file → its pipelines as a picture, or as text for other programs to draw."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from danac.cli.arguments import Parser, read_program
from danac.compilation import build
from danac.diagnostics import DanaSyntaxError
from danac.graph.dot import to_dot
from danac.graph.flows import flows
from danac.graph.mermaid import to_mermaid
from danac.graph.model import Flow
from danac.graph.svg import to_svg
from danac.loading.errors import UsageError
from danac.loading.tracebacks import render_syntax_error
from danac.source import Source

FORMATS: dict[str, Callable[[Sequence[Flow], str], str]] = {
    "svg": to_svg,
    "mermaid": to_mermaid,
    "dot": to_dot,
}
_SUFFIXES = {".svg": "svg", ".mmd": "mermaid", ".mermaid": "mermaid", ".dot": "dot", ".gv": "dot"}


def execute(arguments: list[str]) -> int:
    """Draw the file that `arguments` name; 2 for a wrong program, 1 for one without pipelines."""
    parser = Parser("graph", "Draw the pipelines of a Dana program; nothing is executed.")
    parser.add_argument("file", metavar="FILE", help="the program, or - for standard input")
    parser.add_argument(
        "-o",
        "--output",
        metavar="PICTURE",
        help="a file whose ending says what it is: .svg, .mmd (Mermaid) or .dot",
    )
    parser.add_argument(
        "--format", choices=FORMATS, help="default: by the file's ending, mermaid without a file"
    )
    wanted = parser.parse_args(arguments)
    form = wanted.format or _format_of(wanted.output)
    try:
        text, name = read_program(wanted.file)
        source = Source(text, name)
        found = flows(build(source), source)
    except DanaSyntaxError as error:
        print(render_syntax_error(error, output=sys.stderr), file=sys.stderr)
        return 2
    if not found:
        print(f"danac: {name} has no pipelines", file=sys.stderr)
        return 1
    drawn = FORMATS[form](found, source.basename)
    if wanted.output is None:
        sys.stdout.write(drawn)
    else:
        _write(wanted.output, drawn)
    return 0


def _format_of(output: str | None) -> str:
    if output is None:
        return "mermaid"
    suffix = Path(output).suffix.lower()
    if suffix not in _SUFFIXES:
        known = ", ".join(_SUFFIXES)
        raise UsageError(f"cannot tell what {output} is to be: none of {known}; see --format")
    return _SUFFIXES[suffix]


def _write(output: str, drawn: str) -> None:
    try:
        # The same bytes on every system.
        Path(output).write_bytes(drawn.encode("utf-8", "backslashreplace"))
    except OSError as error:
        raise UsageError(f"cannot write {output}: {error.strerror or error}") from error
