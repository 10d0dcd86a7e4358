"""Wrong program text → logical lines, each with its tokens and with what is wrong about them.

Where the lexer stops at the first thing that is no token, this goes on behind it. A bracket that is
never closed ends where the next statement seems to begin.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from lark import Token

from danac.diagnostics import DanaSyntaxError
from danac.source import Source
from danac.syntax.indentation import Indentation, Line
from danac.syntax.lexer import Scanner, is_continued, newline_at
from danac.syntax.lexical_errors import Code
from danac.syntax.token_buffer import TokenBuffer, end_of_line

_STATEMENT = re.compile(
    r"""[ \t\f]*+(?:
        (?:def|return|deliver|struct|interface|import|while|try|except|elif|finally|raise|assert
          |del|global|nonlocal|export|pass|break|continue|class)\b (?!\s*[=.,)\]}(])
      | @[^\W\d] )""",
    re.VERBOSE,
)
"""What begins with one of these is no part of an expression."""

_LIKE_A_STATEMENT = re.compile(
    r"""[ \t\f]*+(?:
        (?:if|for|with|else|from|async|sync|print)\b
      | [^\W\d][\w.]*+ (?:\[[^\]\n]*\])? [ ]* (?:=(?!=)|\(|:[ ]*[\w\[\].]+[ ]*=|[-+*/]=) )""",
    re.VERBOSE,
)
"""What begins so is no part of one if it stands no further to the right than the statement."""

_HEADER = re.compile(
    r"\s*(?:async |sync )?(?:def|if|elif|else|for|while|with|struct|except|class)\b"
)
_WORD = re.compile(r"[^\W\d]\w*")
_CLOSER = {"(": ")", "[": "]", "{": "}"}
_MOST_CUTS = 4
_MOST_WRONG = 500
"""After so many wrong lines the rest is not read: each bracket without its end is looked for to the end."""


@dataclass
class LogicalLine:
    """What the parser reads as one line: INDENT or DEDENTs, tokens, the line end, what closes it.

    `misplaced` is what is wrong with its indentation. `error` is what is wrong with its text: its
    tokens are then only some of those that were meant.
    """

    opening: list[Token]
    tokens: list[Token]
    newline: Token
    closing: list[Token]
    misplaced: DanaSyntaxError | None = None
    error: DanaSyntaxError | None = None


class LineReader:
    """Reads all logical lines of one source, whatever they hold."""

    def __init__(self, source: Source, terminals: Mapping[str, str]) -> None:
        """Take what `lexer.tokenize` takes."""
        self._text = source.text
        self._source = source
        self._terminals = terminals
        self._buffer = TokenBuffer(source)
        self._indentation = Indentation(self._buffer)
        self._starts = [0, *(m.end() for m in re.finditer("\n", source.text))]
        self._odd_columns: set[int] = set()
        self.unread: frozenset[str] = frozenset()
        """The words in what was not read, behind too much that is wrong."""
        self.has_mixed_tabs = 0
        """The line at which tabs and spaces were first seen to contradict each other."""

    def lines(self) -> Iterator[LogicalLine]:
        """Yield one line after the other."""
        buffer, indentation = self._buffer, self._indentation
        line = indentation.next_line(0)
        wrong = 0
        while line is not None:
            if wrong == _MOST_WRONG:
                self.unread = frozenset(_WORD.findall(self._text, line.start))
                return
            errors: list[DanaSyntaxError] = []
            end, is_cut = self._read(line.first, errors)
            newline = newline_at(buffer, end)
            following = indentation.next_line(newline.end_pos or end)
            while (
                following is not None
                and not is_cut
                and is_continued(buffer, line, newline, following)
            ):
                end, is_cut = self._read(following.first, errors)
                newline = newline_at(buffer, end)
                following = indentation.next_line(newline.end_pos or end)
            tokens = buffer.take()
            if tokens or errors:
                opening, misplaced = self._enter(line)
                is_header = bool(tokens) and tokens[-1] == ":"
                closing = indentation.comment_suite(line, end, following) if is_header else []
                error = errors[0] if errors else None
                wrong += error is not None
                yield LogicalLine(opening, tokens, newline, closing, misplaced, error)
            line = following

    def finish(self) -> list[Token]:
        """Return the DEDENTs at the end of the text."""
        return self._indentation.finish()

    def words(self, line: LogicalLine) -> set[str]:
        """Return every word in the text of a line: what it might have defined."""
        first = line.tokens[0].start_pos if line.tokens else None
        if first is None:
            first = self._starts[(line.newline.line or 1) - 1]
        start = self._starts[bisect_right(self._starts, first) - 1]
        return set(_WORD.findall(self._text, start, line.newline.end_pos or len(self._text)))

    # Indentation

    def _enter(self, line: Line) -> tuple[list[Token], DanaSyntaxError | None]:
        levels = self._indentation.levels
        try:
            tokens = self._indentation.enter(line)
        except DanaSyntaxError as error:
            self._indentation.levels = levels
            misplaced = None if self._is_known(line, error) else error
            return self._indentation.forgive(line), misplaced
        self._odd_columns.clear()
        return tokens, None

    def _is_known(self, line: Line, error: DanaSyntaxError) -> bool:
        """Return whether the same was said of an earlier line: one is enough."""
        if "tabs" in error.diagnostic.message:
            known = bool(self.has_mixed_tabs)
            self.has_mixed_tabs = self.has_mixed_tabs or line.number
            return known
        known = line.column in self._odd_columns
        self._odd_columns.add(line.column)
        return known

    # Tokens

    def _read(self, first: int, errors: list[DanaSyntaxError]) -> tuple[int, bool]:
        """Append the tokens of a line to the buffer, and what is wrong with it to `errors`.

        Return where the line ends, and whether that is a guess.
        """
        before = list(self._buffer.tokens)
        line, line_start = self._buffer.line, self._buffer.line_start
        attempt = _Attempt(self._buffer, self._terminals, self._starts)
        end = attempt.read(first)
        if attempt.errors and attempt.open_line is not None:
            for cut in self._cuts(first, attempt):
                buffer = TokenBuffer(Source(self._text[:cut], self._source.filename))
                buffer.tokens, buffer.line, buffer.line_start = list(before), line, line_start
                other = _Attempt(buffer, self._terminals, self._starts)
                other.read(first)
                if other.errors and other.is_unclosed:
                    self._buffer.tokens = buffer.tokens
                    self._place(cut - 1)
                    found = DanaSyntaxError.of(other.errors[0].diagnostic, self._source)
                    errors.append(found)
                    return cut - 1, True
        errors += attempt.errors
        return end, False

    def _place(self, position: int) -> None:
        number = bisect_right(self._starts, position)
        self._buffer.line, self._buffer.line_start = number, self._starts[number - 1]

    def _cuts(self, first: int, attempt: _Attempt) -> Iterator[int]:
        """Yield where a statement seems to begin although a bracket is open there."""
        text, starts = self._text, self._starts
        own = starts[bisect_right(starts, first) - 1]
        column = first - own
        is_header = _HEADER.match(text, own) is not None
        assert attempt.open_line is not None
        last = attempt.errors[0].diagnostic.span.line
        if attempt.is_unclosed:
            last = len(starts)
        found = 0
        for number in range(attempt.open_line, min(last, len(starts) - 1)):
            start = starts[number]
            stripped = text[start : end_of_line(text, start)].lstrip()
            if not stripped or stripped.startswith(("#", ")", "]", "}")):
                continue
            before = text[starts[number - 1] : start].rstrip()
            is_outside = end_of_line(text, start) - start - len(stripped) <= column
            begins = _STATEMENT.match(text, start) is not None
            begins |= is_outside and _LIKE_A_STATEMENT.match(text, start) is not None
            begins |= is_header and before.endswith(":")
            if begins:
                yield start
                found += 1
                if found == _MOST_CUTS:
                    return


class _Attempt:
    """One way to read a line: `errors` in order, `open_line` where the outermost open bracket stood then."""

    def __init__(
        self, buffer: TokenBuffer, terminals: Mapping[str, str], starts: list[int]
    ) -> None:
        self._buffer = buffer
        self._starts = starts
        self._scanner = Scanner(buffer, terminals)
        self.errors: list[DanaSyntaxError] = []
        self.open_line: int | None = None
        self.is_unclosed = False

    def read(self, first: int) -> int:
        """Append the tokens of the line that begins at `first`; return where it ends."""
        position = first
        while True:
            try:
                return self._scanner.scan(position)
            except DanaSyntaxError as error:
                self._take(error)
                position = max(position, self._after(error))

    def _take(self, error: DanaSyntaxError) -> None:
        brackets = self._scanner.brackets
        if not self.errors:
            is_end = error.diagnostic.code == Code.UNFINISHED and self._is_bracket(error)
            self.is_unclosed = is_end
            outer = brackets[0].line if brackets else None
            if is_end or (outer is not None and outer < error.diagnostic.span.line):
                self.open_line = outer
        self.errors.append(error)

    def _is_bracket(self, error: DanaSyntaxError) -> bool:
        return error.diagnostic.message.endswith("was never closed")

    def _after(self, error: DanaSyntaxError) -> int:
        """Return where to read on, with the brackets as they seem to be there."""
        scanner, text = self._scanner, self._buffer.text
        brackets, resume = scanner.brackets, self._buffer.resume
        code, message = error.diagnostic.code, error.diagnostic.message
        if code == Code.TOO_DEEPLY_NESTED or self._is_bracket(error):
            scanner.fstrings.abandon()
            brackets.clear()
            resume = len(text)
        elif code == Code.MALFORMED_FIELD or "string has no end" in message:
            resume = scanner.give_up_fields(resume)
            self._close_like(text[self._position(error) + 1 : resume], error)
        elif code == Code.UNMATCHED_BRACKET and brackets:
            self._close(text[resume - 1])
        number = bisect_right(self._starts, resume)
        self._buffer.line, self._buffer.line_start = number, self._starts[number - 1]
        scanner.resume_at(resume)
        return resume

    def _close_like(self, swallowed: str, error: DanaSyntaxError) -> None:
        """Close the brackets that are closed in a text without an end: they were hardly part of it."""
        brackets = self._scanner.brackets
        inner = 0
        for character in swallowed:
            if character in "([{":
                inner += 1
            elif character in ")]}" and inner:
                inner -= 1
            elif character in ")]}" and brackets and _CLOSER.get(str(brackets[-1])) == character:
                brackets.pop()
        line = error.diagnostic.span.line
        while brackets and brackets[-1].line == line and not swallowed.rstrip().endswith(","):
            brackets.pop()

    def _close(self, character: str) -> None:
        """Close what `character` closes, or whatever is innermost if that is nothing."""
        brackets = self._scanner.brackets
        if brackets[-1].type == "FSTRING_OPEN":
            return
        for index in range(len(brackets) - 1, -1, -1):
            if brackets[index].type == "FSTRING_OPEN":
                break
            if _CLOSER[str(brackets[index])] == character:
                del brackets[index:]
                return
        brackets.pop()

    def _position(self, error: DanaSyntaxError) -> int:
        span = error.diagnostic.span
        return self._starts[span.line - 1] + span.column - 1
