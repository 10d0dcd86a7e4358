"""`danac explain`: code of a diagnostic → the lesson about it; without a code, the list of all."""

from __future__ import annotations

import sys

from danac.cli.arguments import Parser
from danac.diagnostics.codes import CODES
from danac.diagnostics.lessons import Lesson, lesson_of
from danac.diagnostics.rendering import Style, style_for
from danac.highlighting.terminal import coloured, wants_colour
from danac.loading.errors import UsageError
from danac.silencing import nearest


def execute(arguments: list[str]) -> int:
    """Print what `arguments` ask for; an unknown code is a usage error that names the nearest."""
    parser = Parser("explain", "Say more about a diagnostic; without a code, list all.", plain=True)
    parser.add_argument("codes", nargs="*", metavar="CODE", help="such as DANA113")
    codes = [code.upper() for code in parser.parse_args(arguments).codes]
    for code in codes:
        if code not in CODES:
            near = nearest(code if code.startswith("DANA") else f"DANA{code}")
            suggestion = f"; did you mean {near}?" if near else "; danac explain lists all codes"
            raise UsageError(f"there is no diagnostic {code}{suggestion}")
    style = style_for(sys.stdout)
    if not codes:
        print("\n".join(_row(code, style) for code in CODES))
        return 0
    print("\n\n".join(_shown(lesson_of(code), style) for code in codes))
    return 0


def _row(code: str, style: Style) -> str:
    severity, title = CODES[code]
    colour = style.error if severity == "error" else style.warning
    return f"{colour}{code}{style.end if colour else ''}  {severity:7}  {title}"


def _shown(lesson: Lesson, style: Style) -> str:
    parts = [f"{style.message}{lesson.code}: {lesson.title}{style.end}", lesson.text]
    for heading, code, colour in (
        ("Wrong:", lesson.wrong, style.error),
        ("Right:", lesson.right, style.help),
    ):
        if code:
            shown = coloured(code, "dana") if wants_colour("auto", sys.stdout) else code
            block = "\n".join(f"    {line}" for line in shown.rstrip("\n").split("\n"))
            parts.append(f"{colour}{heading}{style.end}\n\n{block}")
    return "\n\n".join(parts)
