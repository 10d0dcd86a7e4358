"""Wrong program text → the tree of what is right in it, and every independent error.

    text ─LineReader─► logical lines ─Run─► tree
                                     └────► errors; lines that are left out, or stand-ins for them

What is wrong is left out line by line, and a line that was to open a block is replaced by one that does:
so one mistake is one error, and the next one is found.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from lark import Token

from danac.diagnostics import DanaSyntaxError
from danac.source import Source
from danac.syntax import headers
from danac.syntax.automaton import Automaton, Node
from danac.syntax.logical_lines import LineReader, LogicalLine
from danac.syntax.messages import INDENTATION, MISPLACED_BLOCKS
from danac.syntax.stepping import Mark, Run
from danac.syntax.unexpected import unexpected


def recover(source: Source, automaton: Automaton, terminals: Mapping[str, str]) -> Recovery:
    """Return what is right and what is wrong in a text that is no Dana."""
    reader = LineReader(source, terminals)
    recovery = Recovery(source, Run(automaton), reader)
    recovery.read(list(reader.lines()), reader.finish())
    recovery.missing |= reader.unread
    return recovery


class Recovery:
    """One reading of a wrong text; `errors` are in source order.

    `missing` are the words in what the tree leaves out. Where `has_sure_blocks` is false, nobody knows
    what is inside of what.
    """

    def __init__(self, source: Source, run: Run, reader: LineReader) -> None:
        self._run = run
        self.errors: list[DanaSyntaxError] = []
        self.missing: set[str] = set()
        self.has_sure_blocks = True
        self._source = source
        self._reader = reader
        self._previous: Token | None = None
        # For each open block whether the parser knows of it, and where it stood at its last line
        # that could begin a statement.
        self._blocks: list[bool] = []
        self._clean: list[Mark] = [run.mark()]
        # How many blocks are open inside of one that is left out; none may have begun yet.
        self._outside: int | None = None

    @property
    def tree(self) -> Node:
        """The tree of what is right."""
        return self._run.finish() or Node("start", [], None, None)

    def read(self, lines: list[LogicalLine], dedents: list[Token]) -> None:
        """Read everything; `dedents` end the blocks that the text leaves open."""
        # In front of a block of which nothing needs to be said.
        is_excused = False
        for number, line in enumerate(lines):
            following = lines[number + 1] if number + 1 < len(lines) else None
            has_block = following is not None and _begins_block(following)
            if line.misplaced is not None:
                self._report(line.misplaced)
            self._open(line, is_excused)
            is_excused = False
            if self._outside is not None:
                self.missing |= self._reader.words(line)
                continue
            if self._run.accepts("PASS"):
                self._clean[-1] = self._run.mark()
            if not self._take(line):
                is_excused = self._replace(line, has_block=has_block)
        if lines:
            self._close(lines[-1], dedents)

    def _take(self, line: LogicalLine) -> bool:
        """Read a line; if it is wrong, say so, and stand in front of it again."""
        if line.error is not None:
            self._report(line.error)
            return False
        start = self._run.mark()
        previous = self._previous
        if self._feed([*line.tokens, line.newline, *line.closing]):
            return True
        refused = self._refused
        self._report(self._unexpected(refused, line))
        is_first = bool(line.tokens) and refused is line.tokens[0]
        self._run.back_to(start)
        self._previous = previous
        return is_first and self._take_after_completion(line)

    def _take_after_completion(self, line: LogicalLine) -> bool:
        """Read a line that is right but for what stands in front of it, which misses something."""
        if not self._run.accepts("PASS"):
            self._complete(line)
            if self._feed([*line.tokens, line.newline, *line.closing]):
                return True
            self._run.back_to(self._clean[-1])
        return False

    def _complete(self, line: LogicalLine) -> None:
        """Make what was read so far whole: a `try` gets its clause, decorators of nothing go."""
        if self._run.accepts("FINALLY") and self._feed(headers.completion(line)):
            return
        self._run.back_to(self._clean[-1])

    def _replace(self, line: LogicalLine, *, has_block: bool) -> bool:
        """Read something else in the place of a wrong line; return whether a block may follow it."""
        self.missing |= self._reader.words(line)
        if has_block and headers.is_foreign(line.tokens):
            self._outside = 0
            return True
        candidates: Iterable[list[Token]] = ()
        if has_block:
            self.has_sure_blocks = False
            candidates = headers.substitutes(line)
        elif headers.opens_block(line.tokens):
            candidates = headers.substitutes_without_block(line)
        start = self._run.mark()
        for tokens in candidates:
            if self._feed(tokens) and (not has_block or self._run.accepts("INDENT")):
                return False
            self._run.back_to(start)
        if not self._run.accepts("PASS"):
            self._run.back_to(self._clean[-1])
        if has_block and not self._run.accepts("IF"):
            # Among the members of a struct or an interface the statements of a block are nothing, too.
            self._outside = 0
        return has_block

    # Blocks

    def _open(self, line: LogicalLine, is_excused: bool) -> None:
        """Read the INDENT or the DEDENTs in front of `line`."""
        if not _begins_block(line):
            self._expect_block(line)
        for token in line.opening:
            if self._outside is not None:
                self._outside += 1 if token.type == "INDENT" else -1
                self._outside = self._outside or None
            elif token.type == "DEDENT":
                self._dedent(token, line)
            elif self._run.accepts("INDENT"):
                self._feed([token])
                self._blocks.append(True)
                self._clean.append(self._run.mark())
            else:
                if not is_excused:
                    self._report(self._unexpected(token, line))
                self._blocks.append(False)
                self._clean.append(self._clean[-1])

    def _expect_block(self, line: LogicalLine) -> None:
        """Say so if there should be a block and is none, and read an empty one."""
        if self._outside is not None or not self._run.accepts("INDENT"):
            return
        first = line.opening[0] if line.opening else line.tokens[0] if line.tokens else line.newline
        self._report(self._unexpected(first, line))
        self._feed([_like(first, "INDENT"), _like(first, "DEDENT")])

    def _dedent(self, token: Token, line: LogicalLine) -> None:
        is_known = self._blocks.pop()
        clean = self._clean.pop()
        if not is_known:
            self._clean[-1] = clean
            return
        if not self._feed([token]):
            self._report(self._unexpected(token, line))
            if self._run.accepts("FINALLY"):
                self._feed(headers.completion(line))
            else:
                self._run.back_to(clean)
            if not self._feed([token]):
                self._run.back_to(clean)
                self._feed([token])

    def _close(self, last: LogicalLine, dedents: list[Token]) -> None:
        """Read the end of the text."""
        newline = last.newline
        end = Token("$END", "", newline.end_pos, newline.end_line, newline.end_column)
        end.end_line, end.end_column, end.end_pos = end.line, end.column, end.start_pos
        if self._outside is None and self._run.accepts("INDENT"):
            self._report(self._unexpected(dedents[0] if dedents else end, last))
            self._feed([_like(end, "INDENT"), _like(end, "DEDENT")])
        for token in dedents[self._outside or 0 :]:
            self._dedent(token, last)
        if not self._run.accepts("$END"):
            self._report(self._unexpected(end, last))
            self._complete(last)

    # Tokens and errors

    def _feed(self, tokens: list[Token]) -> bool:
        """Read tokens; return whether all of them may stand here, else `_refused` may not."""
        for token in tokens:
            if not self._run.feed(token):
                self._refused = token
                return False
            if token.type not in {"INDENT", "DEDENT"}:
                self._previous = token
        return True

    def _unexpected(self, token: Token, line: LogicalLine) -> DanaSyntaxError:
        # What is reduced only because of the wrong token is part of what the message says.
        start = self._run.mark()
        self._run.feed(token)
        error = unexpected(self._source, token, self._run, self._previous, line.tokens)
        self._run.back_to(start)
        return error

    def _report(self, error: DanaSyntaxError) -> None:
        code, line = error.diagnostic.code, error.diagnostic.span.line
        if code in MISPLACED_BLOCKS:
            self.has_sure_blocks = False
        if (
            code in INDENTATION
            and self._reader.has_mixed_tabs
            and line != self._reader.has_mixed_tabs
        ):
            # How wide a tab was meant to be is not known, so all of this may be right.
            return
        if not self.errors or self.errors[-1].diagnostic.span.line != line:
            self.errors.append(error)


def _begins_block(line: LogicalLine) -> bool:
    return bool(line.opening) and line.opening[0].type == "INDENT"


def _like(token: Token, kind: str) -> Token:
    """Return a token that takes no room, in front of `token`."""
    line, column, place = token.line, token.column, token.start_pos
    return Token(kind, "", place, line, column, line, column, place)
