"""A refused token → what there is to say of any: what was found, and what was expected in its place."""

from __future__ import annotations

from collections.abc import Set

from danac.syntax.place import Finding, Place

MISPLACED_BLOCKS = frozenset({"DANA108", "DANA111", "DANA112", "DANA118", "DANA128", "DANA147"})
"""The errors after which it is not sure what is inside of what."""

INDENTATION = frozenset({"DANA108", "DANA111", "DANA112", "DANA147"})
"""The errors that may be there only because tabs are read as wider, or narrower, than they were meant."""

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
    "ELLIPSIS": "`...`",
    "AUGMENTED": "an operator such as `+=`",
}
_MOST_LISTED = 4


def general(place: Place) -> Finding:
    """Return the finding about a token of which nothing particular is known."""
    expected = _listed(place.expected)
    if place.kind in {"NEWLINE", "DEDENT"} and place.previous is not None:
        behind = f" behind `{_shortened(place.before)}`" if place.before.strip() else ""
        return Finding(f"the line ends{behind}, where {expected} should follow", "DANA110")
    return Finding(f"{_found(place)}, expected {expected}", "DANA110")


def _found(place: Place) -> str:
    if place.kind == "$END":
        return "unexpected end of the program"
    if place.kind in {"NEWLINE", "DEDENT"}:
        return "unexpected end of the line"
    return f"unexpected `{_shortened(place.text)}`"


def _shortened(text: str) -> str:
    return text if len(text) <= 30 else text[:29] + "…"


def _listed(expected: Set[str]) -> str:
    """Return the accepted tokens in words: the whole of an expression counts as one."""
    rest = set(expected)
    words: list[str] = []
    if rest >= _ANY_EXPRESSION:
        words.append("an expression")
        rest -= _EXPRESSION_TOKENS | {"STAR", "DOUBLE_STAR", "YIELD"}
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
