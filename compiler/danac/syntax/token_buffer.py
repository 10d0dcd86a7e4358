"""Stretches of text → lark tokens with their positions, collected for one statement at a time."""

from __future__ import annotations

from lark import Token

from danac.diagnostics import DanaSyntaxError, Fix, Related
from danac.source import Source, Span
from danac.syntax.lexical_errors import Code


class TokenBuffer:
    """The tokens found so far, and the line that is being read.

    `line` counts from 1, `line_start` is the position of its first character; whoever passes a line
    end moves both, so that no position is ever counted from the start of the text. `resume` is where
    reading can go on behind the error that was made last.
    """

    __slots__ = ("line", "line_start", "resume", "source", "text", "tokens")

    def __init__(self, source: Source) -> None:
        self.source = source
        self.text = source.text
        self.line = 1
        self.line_start = 0
        self.resume = 0
        self.tokens: list[Token] = []

    def token(self, type_: str, value: str, start: int, end: int) -> Token:
        """Return a token at `start` to `end` of the text, which may hold line ends."""
        line, column = self.line, start - self.line_start + 1
        line_ends = self.text.count("\n", start, end)
        if line_ends:
            self.line += line_ends
            self.line_start = self.text.rindex("\n", start, end) + 1
        end_column = end - self.line_start + 1
        return Token(type_, value, start, line, column, self.line, end_column, end)

    def add(self, type_: str, value: str, start: int, end: int) -> Token:
        """Append such a token and return it."""
        token = self.token(type_, value, start, end)
        self.tokens.append(token)
        return token

    def take(self) -> list[Token]:
        """Return the tokens of the statement that ends here, and begin another one."""
        tokens, self.tokens = self.tokens, []
        return tokens

    def new_line(self, start: int) -> None:
        """Take note of the line that begins at `start`."""
        self.line += 1
        self.line_start = start

    def error(
        self,
        code: Code,
        message: str,
        start: int,
        end: int,
        hint: str | None = None,
        *,
        resume: int | None = None,
        fix: Fix | tuple[str, str] | None = None,
        related: tuple[Related, ...] = (),
    ) -> DanaSyntaxError:
        """Return the error that `message` describes, at `start` to `end` of the text.

        `resume` is where to read on, `end` if left out. `fix` may be a title, and what to write
        from `start` to `end` in place of what stands there.
        """
        self.resume = end if resume is None else resume
        span = self.span(start, end)
        made = fix if fix is None or isinstance(fix, Fix) else Fix.replace(fix[0], span, fix[1])
        return DanaSyntaxError(
            message, self.source, span, code=code.value, hint=hint, fix=made, related=related
        )

    def span(self, start: int, end: int) -> Span:
        """Return the stretch of the text from `start` to `end` in lines and columns."""
        return Span(*self._line_and_column(start), *self._line_and_column(end))

    def _line_and_column(self, position: int) -> tuple[int, int]:
        line_start = self.text.rfind("\n", 0, position) + 1
        return self.text.count("\n", 0, line_start) + 1, position - line_start + 1


def end_of_line(text: str, position: int) -> int:
    """Return where the line ends that `position` is in: at its line end, or at the end of the text."""
    found = text.find("\n", position)
    return len(text) if found < 0 else found
