"""A refused token → the error to report: the most particular thing that can be said of it."""

from __future__ import annotations

from lark import Token

from danac.diagnostics import DanaSyntaxError
from danac.source import Source
from danac.syntax.foreign_words import foreign_word
from danac.syntax.messages import general
from danac.syntax.mistakes import block_mistake, clause_mistake, member_mistake, word_mistake
from danac.syntax.place import Finding, Place
from danac.syntax.sign_mistakes import sign_mistake
from danac.syntax.stepping import Run

_JUDGES = (
    member_mistake,
    block_mistake,
    foreign_word,
    word_mistake,
    clause_mistake,
    sign_mistake,
)


def unexpected(
    source: Source, token: Token, run: Run, previous: Token | None, line: list[Token]
) -> DanaSyntaxError:
    """Return the error about `token`, which `run` has refused; `line` are the tokens of its line."""
    place = Place(source, token, run.accepted(), previous, line, run.values)
    finding = judge(place)
    return DanaSyntaxError(
        finding.message,
        source,
        finding.span or place.span,
        code=finding.code,
        hint=finding.hint,
        fix=finding.fix,
        label=finding.label,
        related=finding.related,
    )


def judge(place: Place) -> Finding:
    """Return what to say of a place where the grammar does not fit."""
    for judge_ in _JUDGES:
        finding = judge_(place)
        if finding is not None:
            return finding
    return general(place)
