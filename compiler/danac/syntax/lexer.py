"""Program text → tokens for lark's parser.

    text ─scan─► tokens of one statement ─indentation─► NEWLINE, INDENT and DEDENT around them

One pattern finds every token. What is frequent and simple (names, operators, numbers, line ends) is
dealt with in the loop itself, everything else by a method for its kind.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from typing import cast

from lark import Token

from danac.diagnostics import DanaSyntaxError, Edit, Fix, Related
from danac.source import Source
from danac.syntax.fstrings import FIELD_MARKS, FStrings
from danac.syntax.indentation import Indentation, Line
from danac.syntax.keywords import (
    IMPORT_CONNECTIVES,
    LITERAL_WORDS,
    NAME_PART,
    NAME_START,
    RESERVED_PREFIX,
    RESERVED_WORDS,
    SCOPES,
    ImportContext,
    has_attribute,
    names_keyword_argument,
)
from danac.syntax.lexical_errors import (
    Code,
    foreign_operator,
    plain_character,
    replacement,
    stray_character,
    unterminated,
)
from danac.syntax.number_literals import NUMBER, describe_flaw
from danac.syntax.strings import BODIES, EscapeError, string_value
from danac.syntax.token_buffer import TokenBuffer, end_of_line

MAX_BRACKETS = 200
# Normalising a long run of combining marks takes quadratic time.
MAX_UNICODE_NAME = 1000

# The groups of `_TOKEN`, in order.
_STRING, _WORD, _OPERATOR, _OPENING, _CLOSING, _NUMBER, _LINE_END = range(1, 8)
_COMMENT, _BACKSLASH, _BAD_NUMBER, _ODD_WORD, _STRAY = range(8, 13)

_TOKEN = re.compile(
    rf"""[ \t\f]*+(?:
        ([rRfFbBuU]{{0,2}}+(?:"{{3}}|'{{3}}|["']))
      | ((?!{RESERVED_PREFIX})[A-Za-z_][A-Za-z0-9_]*+(?![^\x00-\x7f]))
      | (\*\*=? | //=? | -> | \|[|=>]? | => | :[:=]? | \.\.\. | \$\$? | <<=? | >>=? | <> | &&
         | [-+*/%<>=!&^@]=? | [,;~?`] | \.(?![0-9]))
      | ([(\[{{])
      | ([)\]}}])
      | ({NUMBER})
      | (\n|\Z)
      | (\#[^\n]*+)
      | (\\)
      | (\.?[0-9])
      | ({NAME_START}{NAME_PART}*+)
      | ([\s\S])
    )""",
    re.VERBOSE,
)
_NAME = re.compile(rf"{NAME_START}{NAME_PART}*+")
_CLOSER = {"(": ")", "[": "]", "{": "}"}
_BRACKET_NAMES = dict(zip("([{)]}", ["parenthesis", "bracket", "brace"] * 2, strict=True))


def tokenize(source: Source, terminals: Mapping[str, str]) -> Iterator[Token]:
    """Yield the tokens of a program.

    `terminals` maps each literal of the grammar, such as `"if"` or `"::"`, to its terminal's name.
    Raises `DanaSyntaxError` where the text cannot be divided into tokens.
    """
    buffer = TokenBuffer(source)
    scanner = Scanner(buffer, terminals)
    indentation = Indentation(buffer)
    line = indentation.next_line(0)
    while line is not None:
        end = scanner.scan(line.first)
        newline = newline_at(buffer, end)
        following = indentation.next_line(newline.end_pos or end)
        while following is not None and is_continued(buffer, line, newline, following):
            end = scanner.scan(following.first)
            newline = newline_at(buffer, end)
            following = indentation.next_line(newline.end_pos or end)
        tokens = buffer.take()
        # A line may hold backslashes only; like an empty one it has no indentation to speak of.
        if tokens:
            yield from indentation.enter(line)
            yield from tokens
            yield newline
            if tokens[-1] == ":":
                yield from indentation.comment_suite(line, end, following)
        line = following
    yield from indentation.finish()


def newline_at(buffer: TokenBuffer, position: int) -> Token:
    """Return the NEWLINE token for the line end at `position`, and pass it."""
    line, column = buffer.line, position - buffer.line_start + 1
    value = buffer.text[position : position + 1]
    end = position + len(value)
    if value:
        buffer.new_line(end)
    return Token("NEWLINE", value, position, line, column, line, column + len(value), end)


_BLANK_LINE = re.compile(r"^[ \t\f]*+\n", re.MULTILINE)


def is_continued(buffer: TokenBuffer, line: Line, newline: Token, following: Line) -> bool:
    """Say whether a `|`, at the end of what was read or in `following`, joins the two.

    What stands behind a `|` and a blank line, and no further to the right than the statement, was
    hardly meant to be the next stage.
    """
    if buffer.tokens and buffer.tokens[-1] == "|":
        between = buffer.text[newline.end_pos or 0 : following.start]
        return following.column > line.column or _BLANK_LINE.search(between) is None
    text, first = buffer.text, following.first
    begins = text.startswith("|", first) and not text.startswith(("|=", "||"), first)
    return begins and following.column > line.column


class Scanner:
    """Finds the tokens of one logical line at a time."""

    def __init__(self, buffer: TokenBuffer, terminals: Mapping[str, str]) -> None:
        self._buffer = buffer
        self._text = buffer.text
        self._terminals = terminals
        # The marks that mean something else in a replacement field are left out of the one table,
        # `;` out of both: what these lack goes to `_operator`.
        names = {literal: name for literal, name in terminals.items() if literal not in ";([{}])"}
        self._plain_operators = names
        self._field_operators = {
            literal: name for literal, name in names.items() if literal not in FIELD_MARKS
        }
        self._operators = self._plain_operators
        self.brackets: list[Token] = []
        self.fstrings = FStrings(buffer, self.brackets)
        self._import = ImportContext()
        self._handlers: dict[int, Callable[[str, int, int], int]] = {
            _STRING: self._string,
            _WORD: self._reserved_word,
            _OPERATOR: self._operator,
            _OPENING: self._opening,
            _CLOSING: self._closing,
            _COMMENT: self._comment,
            _BACKSLASH: self._backslash,
            _BAD_NUMBER: self._bad_number,
            _ODD_WORD: self._odd_word,
            _STRAY: self._stray,
        }

    def scan(self, position: int) -> int:
        """Append the tokens up to the next line end outside brackets; return where that is."""
        buffer, text, handlers, brackets = self._buffer, self._text, self._handlers, self.brackets
        # The pattern has an alternative for every character, and one for the end.
        match = cast("Callable[[str, int], re.Match[str]]", _TOKEN.match)
        new, append = str.__new__, buffer.tokens.append
        line, line_start, operators = buffer.line, buffer.line_start, self._operators
        if not buffer.tokens:
            self._import.statement = ""
        while True:
            found = match(text, position)
            kind = found.lastindex or 0
            value = found[kind]
            position = found.end()
            if kind == _WORD and value not in RESERVED_WORDS:
                type_ = "NAME"
            elif kind == _OPERATOR and value in operators:
                type_ = operators[value]
            elif kind == _NUMBER:
                type_ = "NUMBER"
            elif kind == _LINE_END:
                if not brackets:
                    return position - len(value)
                if not value:
                    raise self._unclosed(brackets[-1])
                line += 1
                buffer.line, line_start = line, position
                buffer.line_start = line_start
                continue
            else:
                position = handlers[kind](value, position - len(value), position)
                line, line_start, operators = buffer.line, buffer.line_start, self._operators
                continue
            # Calling Token itself would take three times as long.
            token = new(Token, value)
            token.type = type_
            token.value = value
            token.line = token.end_line = line
            token.end_pos = position
            token.end_column = position - line_start + 1
            size = len(value)
            token.start_pos = position - size
            token.column = token.end_column - size
            append(token)

    # Brackets

    def _opening(self, value: str, start: int, end: int) -> int:
        if len(self.brackets) >= MAX_BRACKETS:
            raise self._buffer.error(Code.TOO_DEEPLY_NESTED, "too deeply nested", start, end)
        self.brackets.append(self._buffer.add(self._terminals[value], value, start, end))
        self._operators = self._plain_operators
        return end

    def _closing(self, value: str, start: int, end: int) -> int:
        brackets = self.brackets
        opening = brackets[-1] if brackets else None
        in_field = opening is not None and opening.type == "FSTRING_OPEN"
        if opening is None or (in_field and value != "}"):
            fix = ("delete it", "") if opening is None else None
            message = f"unmatched '{value}'"
            raise self._buffer.error(Code.UNMATCHED_BRACKET, message, start, end, fix=fix)
        if value != _CLOSER[opening]:
            raise self._mismatched(opening, value, start, end)
        if in_field:
            return self.resume_at(self.fstrings.close(start))
        brackets.pop()
        self._buffer.add(self._terminals[value], value, start, end)
        return self.resume_at(end)

    def _mismatched(self, opening: Token, value: str, start: int, end: int) -> DanaSyntaxError:
        message = (
            f"closing {_BRACKET_NAMES[value]} '{value}' does not match "
            f"opening {_BRACKET_NAMES[opening]} '{opening}' on line {opening.line}"
        )
        place = opening.start_pos or 0
        related = Related(self._buffer.span(place, place + 1), "opened here")
        closer = _CLOSER[opening]
        return self._buffer.error(
            Code.UNMATCHED_BRACKET,
            message,
            start,
            end,
            f"write `{closer}`, or close what was opened in between",
            related=(related,),
        )

    def resume_at(self, position: int) -> int:
        """Choose the operators for what is now the innermost bracket; pass on `position`."""
        brackets = self.brackets
        in_field = bool(brackets) and brackets[-1].type == "FSTRING_OPEN"
        self._operators = self._field_operators if in_field else self._plain_operators
        if len(brackets) > MAX_BRACKETS:
            start = brackets[-1].start_pos or 0
            raise self._buffer.error(Code.TOO_DEEPLY_NESTED, "too deeply nested", start, start + 1)
        return position

    def _unclosed(self, opening: Token) -> DanaSyntaxError:
        start = opening.start_pos or 0
        message = f"'{opening}' was never closed"
        return self._buffer.error(Code.UNFINISHED, message, start, start + 1)

    def give_up_fields(self, text_resume: int) -> int:
        """Forget all f-strings that are open; return `text_resume`, or the end of the outermost if seen."""
        quote = self.fstrings.abandon()
        if quote is None:
            return text_resume
        first = next(i for i, found in enumerate(self.brackets) if found.type == "FSTRING_OPEN")
        del self.brackets[first:]
        last = len(self._text) if len(quote) == 3 else end_of_line(self._text, text_resume)
        found = self._text.find(quote, text_resume, last)
        return last if found < 0 else found + len(quote)

    # Strings

    def _string(self, value: str, start: int, end: int) -> int:
        prefix = value.rstrip("\"'")
        quote = value[len(prefix) :]
        self._check_prefix(prefix, start)
        if "f" in prefix or "F" in prefix:
            return self.resume_at(self.fstrings.begin(value, quote, start, end))
        body = BODIES[quote].match(self._text, end)
        if body is None:
            message = "this string has no end"
            hint = f"it ends with `{quote}`"
            if len(quote) == 1:
                hint += " in the same line; text of several lines stands between triple quotes"
            resume = end_of_line(self._text, end) if len(quote) == 1 else len(self._text)
            raise self.fstrings.unclosed(quote) or self._buffer.error(
                unterminated(quote), message, start + len(prefix), end, hint, resume=resume
            )
        literal = self._text[start : body.end()]
        if not prefix and "\\" in literal:
            try:
                string_value(literal)
            except EscapeError as error:
                first, last = start + error.start, start + error.end
                raise self._buffer.error(
                    Code.MALFORMED_STRING, error.message, first, last
                ) from None
        self._buffer.add("STRING", literal, start, body.end())
        return body.end()

    def _check_prefix(self, prefix: str, start: int) -> None:
        if prefix.lower() in {"", "r", "f", "rf", "fr"}:
            return
        bytes_ = prefix.lower() in {"b", "br", "rb"}
        message = "Dana has no bytes literals" if bytes_ else f"`{prefix}` is no string prefix"
        hint = "every string is Unicode text" if prefix.lower() == "u" else None
        raise self._buffer.error(Code.MALFORMED_STRING, message, start, start + len(prefix), hint)

    # Words

    def _reserved_word(self, word: str, start: int, end: int) -> int:
        add, tokens, brackets = self._buffer.add, self._buffer.tokens, self.brackets
        previous = _mark(tokens, 1)
        initial = not tokens or previous == ";" or (previous == ":" and not brackets)
        if self._is_name(word, previous, end):
            add("NAME", word, start, end)
        elif word in LITERAL_WORDS:
            add(LITERAL_WORDS[word], word, start, end)
        elif word in SCOPES:
            return self._scoped(word, start, end)
        elif (previous, word) in {("not", "in"), ("is", "not")}:
            self._merge(f"{previous} {word}", end)
        elif word == "lambda" and brackets and brackets[-1].type == "FSTRING_OPEN":
            message = "a lambda in a replacement field must stand in parentheses"
            raise self._buffer.error(Code.MALFORMED_FIELD, message, start, end)
        elif word not in self._terminals:
            raise self._buffer.error(Code.RESERVED_NAME, f"`{word}` is a reserved word", start, end)
        else:
            add(self._terminals[word], word, start, end)
            self._import.keyword(word, initial)
        return end

    def _is_name(self, word: str, previous: str, end: int) -> bool:
        """Say whether a reserved word that ends at `end` is an ordinary name there."""
        imports = self._import
        if imports.statement:
            if imports.makes_name(word, previous, _mark(self._buffer.tokens, 2)):
                return True
            if word in IMPORT_CONNECTIVES:
                return False
        elif previous == ".":
            return True
        bracket = self.brackets[-1].value if self.brackets else ""
        return names_keyword_argument(self._text, end, bracket, previous) or has_attribute(
            word, self._text, end
        )

    def _merge(self, words: str, end: int) -> None:
        """Make one token of the last one and of the word that ends at `end`."""
        first = self._buffer.tokens.pop()
        start = first.start_pos or 0
        type_ = words.upper().replace(" ", "_")
        end_column = end - self._buffer.line_start + 1
        self._buffer.tokens.append(
            Token(type_, words, start, first.line, first.column, self._buffer.line, end_column, end)
        )

    def _scoped(self, scope: str, start: int, end: int) -> int:
        """Read a scoped name such as `private:x`, without blanks around the colon."""
        name = _NAME.match(self._text, end + 1) if self._text.startswith(":", end) else None
        if name is None:
            message = f"`{scope}` is a scope and no name"
            hint = f"a scoped name is written `{scope}:x`, without blanks"
            raise self._buffer.error(Code.RESERVED_NAME, message, start, end, hint)
        word = self._normalized(name[0], *name.span())
        if word in RESERVED_WORDS:
            raise self._buffer.error(
                Code.RESERVED_NAME, f"`{word}` is a reserved word", *name.span()
            )
        self._buffer.add("SCOPED", f"{scope}:{word}", start, name.end())
        return name.end()

    def _odd_word(self, value: str, start: int, end: int) -> int:
        """Read a word that is not plain ASCII, or that has the reserved prefix."""
        name = self._normalized(value, start, end)
        if name in RESERVED_WORDS:
            return self._reserved_word(name, start, end)
        self._buffer.add("NAME", name, start, end)
        return end

    def _normalized(self, word: str, start: int, end: int) -> str:
        """Return the name that `word` is, as Python would; raises if it is none, or reserved."""
        if not word.isidentifier():
            valid = next(
                index
                for index, character in enumerate(word)
                if not (f"a{character}" if index else character).isidentifier()
            )
            self._stray(word[valid], start + valid, start + valid + 1)
        if not word.isascii():
            if len(word) > MAX_UNICODE_NAME:
                message = f"a name of more than {MAX_UNICODE_NAME} characters"
                raise self._buffer.error(Code.TOO_LONG, message, start, end)
            word = unicodedata.normalize("NFKC", word)
        if word.startswith(RESERVED_PREFIX):
            message = f"names that begin with `{RESERVED_PREFIX}` are reserved for generated code"
            raise self._buffer.error(Code.RESERVED_NAME, message, start, end)
        return word

    # Everything else

    def _operator(self, value: str, start: int, end: int) -> int:
        """Read what the table in use lacks: a mark of a field, `;`, or no operator of Dana's."""
        if value in FIELD_MARKS and self._operators is self._field_operators:
            return self.resume_at(self.fstrings.mark(value, start))
        if value == ";":
            self._import.statement = ""
            self._buffer.add(self._terminals[value], value, start, end)
            return end
        message, hint = foreign_operator(value)
        plain = replacement(value, self._text[self._buffer.line_start : start])
        fix = None if plain is None else (f"write `{plain.strip()}`", plain)
        raise self._buffer.error(Code.FOREIGN_OPERATOR, message, start, end, hint, fix=fix)

    def _comment(self, _value: str, start: int, end: int) -> int:
        self.fstrings.comment(start, end)
        return end

    def _backslash(self, _value: str, start: int, end: int) -> int:
        if len(self._text) - end <= 1 and self._text[end:] in {"", "\n"}:
            message = "there is no line behind this backslash"
            raise self._buffer.error(Code.UNFINISHED, message, start, end)
        if self._text[end] != "\n":
            message = "a backslash must be the last character of its line"
            last = end_of_line(self._text, end)
            is_blank = not self._text[end:last].strip()
            hint = "delete the blanks behind it" if is_blank else None
            fix = None
            if is_blank:
                fix = Fix.replace("delete them", self._buffer.span(end, last), "")
            raise self._buffer.error(Code.STRAY_CHARACTER, message, start, end, hint, fix=fix)
        self._buffer.new_line(end + 1)
        return end + 1

    def _bad_number(self, _value: str, start: int, _end: int) -> int:
        flaw = describe_flaw(self._text, start)
        raise self._buffer.error(flaw.code, flaw.message, flaw.start, flaw.end, flaw.hint)

    def _stray(self, character: str, start: int, end: int) -> int:
        message, hint = stray_character(character)
        plain = plain_character(character)
        fix = None if plain is None else self._plainly(start, plain)
        raise self._buffer.error(Code.STRAY_CHARACTER, message, start, end, hint, fix=fix)

    def _plainly(self, start: int, plain: str) -> Fix:
        """Return the fix that writes `plain` at `start`; a quote has its like further on in the line."""
        places = [start]
        if plain in ("'", '"'):
            last = end_of_line(self._text, start)
            places = [i for i in range(start, last) if plain_character(self._text[i]) == plain]
        edits = [Edit(self._buffer.span(place, place + 1), plain) for place in places]
        return Fix("write the plain character", tuple(edits))


def _mark(tokens: list[Token], distance: int) -> str:
    """Return the text of a keyword or operator that many tokens back; of a name, nothing."""
    if len(tokens) < distance or tokens[-distance].type == "NAME":
        return ""
    return str(tokens[-distance])
