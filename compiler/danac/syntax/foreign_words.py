"""A refused token → a word of another language, or a misspelt one of Dana's, that its line begins with."""

from __future__ import annotations

from difflib import get_close_matches

from danac.diagnostics import Edit, Fix
from danac.source import Span
from danac.syntax.keywords import KEYWORDS
from danac.syntax.place import Finding, Place, span_from, span_of

# The word → what to write in its place (None: nothing that a tool could), and what to tell.
_STATEMENTS: dict[str, tuple[str | None, str]] = {
    **dict.fromkeys(
        ["let", "var", "const", "val", "auto", "dim"],
        ("", "assign without a word in front: `x = 1`"),
    ),
    **dict.fromkeys(["function", "func", "fn", "fun", "sub", "define"], ("def", "write `def`")),
    **dict.fromkeys(["elsif", "elseif", "elsif"], ("elif", "write `elif`")),
    **dict.fromkeys(["foreach"], ("for", "write `for item in items:`")),
    **dict.fromkeys(["throw"], ("raise", "write `raise`")),
    **dict.fromkeys(["catch", "rescue"], ("except", "write `except SomeError as e:`")),
    **dict.fromkeys(["delete"], ("del", "write `del`")),
    **dict.fromkeys(["record", "type"], (None, "write `struct Name:` with fields")),
    **dict.fromkeys(["enum"], (None, "write a struct, or constants")),
    **dict.fromkeys(["switch", "match", "select"], (None, "write `if` and `elif`, or `case(…)`")),
    **dict.fromkeys(["case", "when"], (None, "write `if` and `elif`, or `case(…)`")),
    **dict.fromkeys(["unless"], ("if not", "write `if not`")),
    **dict.fromkeys(["until"], ("while not", "write `while not`")),
    **dict.fromkeys(["using", "include", "require"], ("import", "write `import`")),
    **dict.fromkeys(["do", "repeat", "loop"], (None, "write `while`")),
}
_PRINTING = {"print", "echo", "puts", "println", "say"}
_TYPES = {"int", "float", "str", "bool", "list", "dict", "string", "void", "double", "char"}
_BEHIND_CONDITIONS = {"then", "do"}


def foreign_word(place: Place) -> Finding | None:
    """Return what is wrong with a word of another language."""
    if place.first in {"NAME"} and place.index == 1 and place.kind != "NEWLINE":
        return _first_word(place)
    if place.kind == "NAME" and place.text in _BEHIND_CONDITIONS and "COLON" in place.expected:
        span = span_of(place.token)
        start = place.behind
        fix = Fix.replace(
            "write `:`", Span(start.line, start.column, span.end_line, span.end_column), ":"
        )
        message = f"`{place.text}` does not exist in Dana"
        return Finding(message, "DANA127", "a `:` ends the condition", fix=fix)
    if place.before == "new" and place.kind == "NAME":
        assert place.previous is not None
        first, second = span_of(place.previous), span_of(place.token)
        fix = Fix.replace("delete it", Span(*first[:2], *second[:2]), "")
        hint = "a struct is called as a function is: `Point(x=1)`"
        return Finding("`new` does not exist in Dana", "DANA127", hint, first, fix)
    return _misspelt_clause(place)


def _misspelt_clause(place: Place) -> Finding | None:
    """`esle:`, which reads as a name and the colon of its type."""
    if place.kind != "NEWLINE" or len(place.line) < 2 or place.first != "NAME":
        return None
    if place.line[-1].type != "COLON" or place.index != 2:
        return None
    near = get_close_matches(place.first_word, ["else", "try", "finally", "except"], n=1)
    return _instead(place, near[0]) if near else None


def _first_word(place: Place) -> Finding | None:
    word = place.first_word
    if not (place.starts_operand or place.kind in {"LPAR", "LSQB", "MINUS", "NOT", "AWAIT"}):
        return None
    if word == "class" and place.kind == "NAME":
        fix = Fix.replace("write `struct`", span_of(place.line[0]), "struct")
        last = place.line[-2] if len(place.line) > 3 else place.token
        if last is not place.token and last.type == "RPAR":
            name = place.text
            fix = Fix.replace("write `struct`", span_from(place.line[0], last), f"struct {name}")
        hint = f"write `struct {place.text}:` with fields and methods"
        return Finding("Dana has no classes", "DANA114", hint, fix=fix)
    if word in _PRINTING:
        return _printing(place, word)
    if word in _TYPES and place.kind == "NAME":
        return _typed(place, word)
    if word in _STATEMENTS:
        return _statement(place, word)
    near = get_close_matches(word, sorted(KEYWORDS), n=1, cutoff=0.7)
    return _instead(place, near[0]) if near else None


def _statement(place: Place, word: str) -> Finding:
    replacement, hint = _STATEMENTS[word]
    first = span_of(place.line[0])
    fix = None
    if replacement == "":
        fix = Fix.replace("delete it", Span(*first[:2], *span_of(place.token)[:2]), "")
    elif replacement is not None:
        fix = Fix.replace(hint, first, replacement)
    return Finding(f"`{word}` is no statement of Dana's", "DANA127", hint, first, fix)


def _printing(place: Place, word: str) -> Finding:
    first, start, end = span_of(place.line[0]), span_of(place.token), span_of(place.line[-1])
    edits = (
        Edit(Span(first.line, first.column, start.line, start.column), "print("),
        Edit(Span(end.end_line, end.end_column, end.end_line, end.end_column), ")"),
    )
    message = "`print` is a function" if word == "print" else f"`{word}` does not exist in Dana"
    fix = Fix("write parentheses", edits) if place.line[-1] not in (":", "|") else None
    shown = place.text if place.kind == "STRING" and len(place.text) < 20 else "…"
    hint = f"write `print({shown})`"
    return Finding(message, "DANA116", hint, fix=fix)


def _typed(place: Place, word: str) -> Finding | None:
    following = place.next
    if following is not None and following.type == "LPAR":
        hint = f"write `def {place.text}(…) -> {word}:`"
    else:
        known = {"string": "str", "double": "float", "char": "str"}.get(word, word)
        hint = f"write `{place.text}: {known} = …`"
    message = "the type stands behind the name"
    return Finding(message, "DANA127", hint, span_of(place.line[0]))


def _instead(place: Place, keyword: str) -> Finding:
    span = span_of(place.line[0])
    fix = Fix.replace(f"write `{keyword}`", span, keyword)
    message = f"`{place.first_word}` is no statement of Dana's"
    return Finding(message, "DANA127", f"did you mean `{keyword}`?", span, fix)
