"""A token that the grammar does not expect → what to tell the user."""

from __future__ import annotations

from collections.abc import Set
from typing import NamedTuple

from danac.syntax.keywords import RESERVED_WORDS


class Finding(NamedTuple):
    """What is wrong, the code of the diagnostic, and how to mend it where that is known."""

    message: str
    code: str
    hint: str | None


LAMBDA_COLON = "DANA113"

_ANY_EXPRESSION = {"NAME", "NUMBER", "LPAR"}
_EXPRESSION_TOKENS = {
    *(
        "NAME",
        "SCOPED",
        "NUMBER",
        "NONE",
        "TRUE",
        "FALSE",
        "ELLIPSIS",
        "FLOW",
        "STRING",
        "FSTRING_START",
    ),
    *("LPAR", "LSQB", "LBRACE", "LAMBDA", "AWAIT", "NOT", "MINUS", "PLUS"),
}
_OPERATOR_TOKENS = {
    *("OPERATOR", "PLUS", "MINUS", "STAR", "SLASH", "DOUBLE_STAR", "IN", "IS_NOT", "NOT_IN"),
    *("IF", "VBAR", "AS", "WITH", "AUGMENTED"),
}
# What may follow any complete expression: no help to someone who has left something out.
_CONTINUATIONS = _OPERATOR_TOKENS | {
    "DOT",
    "LPAR",
    "LSQB",
    "STRING",
    "FSTRING_START",
    "FOR",
    "ASYNC",
}
_READABLE = {
    "NEWLINE": "the end of the line",
    "INDENT": "an indented block",
    "DEDENT": "the end of the block",
    "NAME": "a name",
    "COLON": "`:`",
    "DOUBLE_COLON": "`::`",
    "COMMA": "`,`",
    "DOT": "`.`",
    "EQUAL": "`=`",
    "ARROW": "`->`",
    "WALRUS": "`:=`",
    "RPAR": "`)`",
    "RSQB": "`]`",
    "RBRACE": "`}`",
    "LPAR": "`(`",
    "LSQB": "`[`",
    "LBRACE": "`{`",
    "VBAR": "`|`",
    "SEMICOLON": "`;`",
    "AT": "`@`",
    "STAR": "`*`",
    "DOUBLE_STAR": "`**`",
    "SLASH": "`/`",
    "FLOW": "`$$`",
    "STRING": "a text",
    "FSTRING_CLOSE": "`}`",
    "FSTRING_END": "the end of the f-string",
    "$END": "the end of the program",
    "IS_NOT": "`is not`",
    "NOT_IN": "`not in`",
}
_MOST_LISTED = 4


class Definition(NamedTuple):
    """The struct or interface whose body a token stands in: its word, its name, the member's first token."""

    word: str
    name: str
    first: str


def unexpected(
    kind: str,
    text: str,
    expected: Set[str],
    before: tuple[str, str] | None,
    inside: Definition | None = None,
) -> Finding:
    """Return what to say of a token of type `kind`, where the grammar accepts the types `expected`.

    `before` is the type and the text of the token in front of it, if there is one; `inside` is the
    struct or interface among whose members it stands.
    """
    if inside is not None and (member := _no_member(kind, inside)) is not None:
        return member
    special = _outside(kind, text) or _common_mistake(kind, text, expected, before)
    if special is not None:
        return special
    return Finding(f"{_found(kind, text)}, expected {_listed(expected)}", "DANA110", None)


_IN_METHODS = {"def", "async", "sync", "@"}


def _no_member(kind: str, inside: Definition) -> Finding | None:
    """What a struct or an interface does not hold; None for a member that is only written wrongly."""
    if kind in {"INDENT", "DEDENT", "$END"}:
        return None
    if inside.word == "interface":
        message = (
            f"interface {inside.name} holds `method(parameters) -> type` and names of interfaces"
        )
        if inside.first in _IN_METHODS:
            return Finding(message, "DANA142", "leave out `def` and the body")
        return None if kind in {"COLON", "NEWLINE"} else Finding(message, "DANA142", None)
    if inside.first in _IN_METHODS or kind in {"COLON", "NEWLINE"}:
        return None
    message = f"struct {inside.name} holds fields (`name: type`) and methods"
    hint = "write `name: type = value`" if kind == "EQUAL" else None
    return Finding(message, "DANA141", hint)


def _outside(kind: str, text: str) -> Finding | None:
    if kind != "OUTSIDE":
        return None
    message = (
        f"`{text}` definitions are outside of what danac compiles: Dana without language models"
    )
    return Finding(message, "DANA119", "import a Python function in its place")


_CLOSING = {"RPAR", "RSQB", "RBRACE"}


def _common_mistake(
    kind: str, text: str, expected: Set[str], before: tuple[str, str] | None
) -> Finding | None:
    previous = "" if before is None else before[1]
    if kind == "INDENT":
        return Finding("unexpected indent", "DANA111", None)
    if expected == {"INDENT"} or (kind in {"DEDENT", "NEWLINE"} and "INDENT" in expected):
        return Finding("expected an indented block", "DANA112", None)
    if "DOUBLE_COLON" in expected and "OPERATOR" not in expected:
        hint = "Dana lambdas use `::`, as in `lambda x :: x + 1`"
        return Finding("a lambda's body stands behind `::`", LAMBDA_COLON, hint)
    if previous == "class" and kind == "NAME":
        hint = f"write `struct {text}:` with fields and methods"
        return Finding("Dana has no classes", "DANA114", hint)
    if previous == "print" and kind in {"NAME", "STRING", "NUMBER", "FSTRING_START"}:
        return Finding("`print` is a function", "DANA116", f"write `print({text}…)`")
    if previous == "else" and text == "if":
        return Finding("`else if` is no Dana", "DANA117", "write `elif`")
    if text in RESERVED_WORDS and "NAME" in expected and "NUMBER" not in expected:
        return Finding(f"`{text}` is a reserved word and cannot be a name here", "DANA110", None)
    return _misplaced_sign(kind, expected)


def _misplaced_sign(kind: str, expected: Set[str]) -> Finding | None:
    is_open = not expected & _CLOSING
    if kind == "EQUAL" and "COLON" in expected and is_open:
        message = "`=` assigns; it cannot stand in a condition"
        return Finding(message, "DANA115", "compare with `==`")
    if kind == "WALRUS":
        message = "`:=` stands in parentheses only"
        return Finding(message, "DANA110", "write `(n := …)`, or `n = …` as a statement")
    if kind == "VBAR" and "COLON" in expected and is_open:
        return Finding("a pipe stands in parentheses here", "DANA110", "write `(… | …)`")
    if (
        kind == "NEWLINE"
        and "COLON" in expected
        and ("EQUAL" not in expected or "ARROW" in expected)
    ):
        return Finding("expected `:`", "DANA118", None)
    if kind == "NEWLINE" and "EQUAL" in expected and "VBAR" in expected and "COLON" not in expected:
        return _without_value(expected)
    return None


def _without_value(expected: Set[str]) -> Finding | None:
    """A type in a statement, `x: int`: what may follow it is `|` for a union, but no operator."""
    if "OPERATOR" in expected:
        return None
    message = "a type without a value declares nothing"
    return Finding(message, "DANA110", "write `name: type = value`")


def _found(kind: str, text: str) -> str:
    if kind == "$END":
        return "unexpected end of the program"
    if kind in {"NEWLINE", "DEDENT"}:
        return "unexpected end of the line"
    shown = text if len(text) <= 30 else text[:29] + "…"
    return f"unexpected `{shown}`"


def _listed(expected: Set[str]) -> str:
    """Return the accepted tokens in words: the whole of an expression counts as one."""
    rest = set(expected)
    words: list[str] = []
    if rest >= _ANY_EXPRESSION:
        words.append("an expression")
        rest -= _EXPRESSION_TOKENS | {"STAR", "DOUBLE_STAR"}
    elif "OPERATOR" in rest:
        words.append("an operator")
        rest -= _CONTINUATIONS
    named = sorted(_READABLE.get(token, f"`{token.lower()}`") for token in rest)
    if len(named) > _MOST_LISTED and words:
        named = [
            word
            for word in named
            if word in {"`)`", "`]`", "`}`", "`,`", "`:`", "the end of the line"}
        ]
    words += named[:_MOST_LISTED]
    if len(words) == 1:
        return words[0]
    return ", ".join(words[:-1]) + " or " + words[-1]
