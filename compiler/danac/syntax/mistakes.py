"""A refused token → what is wrong with the statement around it: blocks, clauses, members, reserved words."""

from __future__ import annotations

from danac.diagnostics import Fix, Related
from danac.syntax.keywords import RESERVED_WORDS
from danac.syntax.place import Finding, Place, span_from, span_of

# --- Members of structs and interfaces --------------------------------------------------------------

_IN_METHODS = {"def", "async", "sync", "@"}


def member_mistake(place: Place) -> Finding | None:
    """Return what a struct or an interface does not hold; None for a member that is only written wrongly."""
    inside, kind = place.inside, place.kind
    if inside is None or kind in {"INDENT", "DEDENT", "$END"}:
        return None
    if inside.word == "interface":
        message = (
            f"interface {inside.name} holds `method(parameters) -> type` and names of interfaces"
        )
        if inside.first in _IN_METHODS:
            return Finding(message, "DANA142", "leave out `def` and the body")
        return None if kind in {"COLON", "NEWLINE"} else Finding(message, "DANA142")
    if inside.first in _IN_METHODS or kind in {"COLON", "NEWLINE"}:
        return None
    message = f"struct {inside.name} holds fields (`name: type`) and methods"
    if kind == "EQUAL" and place.index == 1:
        fix = Fix.insert("give it a type", *place.behind[:2], ": any")
        return Finding(message, "DANA141", "write `name: type = value`", fix=fix)
    return Finding(message, "DANA141")


# --- Blocks -----------------------------------------------------------------------------------------


def block_mistake(place: Place) -> Finding | None:
    """Return what is wrong with the indentation, or with the end of a line that opens a block."""
    kind, expected = place.kind, place.expected
    if kind == "OUTSIDE":
        message = (
            f"`{place.text}` definitions are outside of what danac compiles: "
            "Dana without language models"
        )
        return Finding(message, "DANA119", "import a Python function in its place")
    if kind == "INDENT":
        hint = "only the lines behind a `:` at the end of a line are further to the right"
        return Finding("unexpected indent", "DANA111", hint)
    if expected == {"INDENT"} or (kind in {"DEDENT", "NEWLINE", "$END"} and "INDENT" in expected):
        return _no_block(place)
    if kind == "NEWLINE":
        return _no_colon(place)
    return None


def _no_block(place: Place) -> Finding:
    colon = place.innermost("COLON")
    header = () if colon is None else (Related(span_of(colon), "this opens a block"),)
    hint = "indent the lines that belong to it; a block that does nothing is `pass`"
    return Finding("expected an indented block", "DANA112", hint, related=header)


_HEADERS = {
    *("IF", "ELIF", "ELSE", "WHILE", "FOR", "TRY", "EXCEPT", "FINALLY", "WITH", "DEF", "STRUCT"),
    *("INTERFACE", "ASYNC", "SYNC"),
}


def _no_colon(place: Place) -> Finding | None:
    expected = place.expected
    is_header = "EQUAL" not in expected or "ARROW" in expected
    if "COLON" in expected and is_header and place.first in _HEADERS and place.opener is None:
        fix = Fix.insert("end the line with `:`", *place.behind[:2], ":")
        return Finding(
            "expected `:`", "DANA118", "a line that opens a block ends with `:`", fix=fix
        )
    return None


# --- Clauses ----------------------------------------------------------------------------------------

_OWNERS = {"ELIF": "if", "ELSE": "if", "EXCEPT": "try", "FINALLY": "try"}


def clause_mistake(place: Place) -> Finding | None:
    """Return what is wrong about `else`, `except` … and what they belong to."""
    kind, first = place.kind, place.first
    if place.is_first and place.text in ("catch", "rescue"):
        fix = Fix.replace("write `except`", span_of(place.token), "except")
        hint = "write `except SomeError as e:`"
        return Finding(f"`{place.text}` does not exist in Dana", "DANA127", hint, fix=fix)
    if {"EXCEPT", "FINALLY"} <= set(place.expected) and kind not in {"NEWLINE", "COLON"}:
        word = place.innermost("TRY")
        related = () if word is None else (Related(span_of(word), "this `try`"),)
        hint = "write `except SomeError as e:` or `finally:` behind its block"
        return Finding("a `try` needs `except` or `finally`", "DANA129", hint, related=related)
    if kind in _OWNERS and place.is_first:
        owner = _OWNERS[kind]
        message = f"`{place.text}` without its `{owner}`"
        hint = f"it stands right behind the block of the `{owner}`, as far to the right as that"
        return Finding(message, "DANA147", hint)
    if "AT" in place.expected and "DEF" in place.expected and "IF" not in place.expected:
        message = "a decorator belongs to a function or a struct"
        return Finding(message, "DANA149", "the line behind it begins with `def` or `struct`")
    if first == "EXCEPT" and kind == "COMMA":
        hint = "write `except (A, B) as e:` for several kinds, `except A as e:` for one"
        is_name = place.next is not None and place.next.type == "NAME"
        written = Fix.replace("write `as`", span_of(place.token), " as") if is_name else None
        return Finding("unexpected `,` in `except`", "DANA110", hint, fix=written)
    if first == "EXCEPT" and kind == "NAME" and place.follows_operand:
        fix = Fix.insert("write `as`", *span_of(place.token)[:2], "as ")
        return Finding("the name of the error stands behind `as`", "DANA110", "write `as`", fix=fix)
    if first == "RAISE" and kind == "COMMA":
        hint = 'the message is an argument: `raise ValueError("…")`'
        return Finding("unexpected `,` in `raise`", "DANA110", hint)
    if first in {"GLOBAL", "NONLOCAL"} and kind == "EQUAL":
        message = f"`{place.first_word}` only names variables"
        return Finding(message, "DANA110", "assign in a statement of its own")
    if first == "DEF" and kind == "COLON" and place.expected == {"LPAR"}:
        fix = Fix.insert("write parentheses", *span_of(place.token)[:2], "()")
        hint = "write `()` where there are none"
        return Finding(
            "the parameters of a function stand in parentheses", "DANA110", hint, fix=fix
        )
    if first == "STRUCT" and kind == "LPAR" and place.index == 2:
        message = "a struct has no base and no parameters"
        hint = "its fields stand in its block, `name: type` one a line; what it shares is delegated"
        return Finding(message, "DANA141", hint)
    return None


# --- Words ------------------------------------------------------------------------------------------

_STATEMENT_WORDS = {
    *("RETURN", "DELIVER", "PASS", "BREAK", "CONTINUE", "ASSERT", "DEL", "RAISE", "GLOBAL"),
    *("NONLOCAL", "EXPORT", "IMPORT", "WHILE", "TRY", "DEF", "STRUCT", "INTERFACE"),
}


def word_mistake(place: Place) -> Finding | None:
    """Return what is wrong about a reserved word where it stands."""
    kind, text, expected = place.kind, place.text, place.expected
    if place.before == "else" and text == "if":
        assert place.previous is not None
        fix = Fix.replace("write `elif`", span_from(place.previous, place.token), "elif")
        return Finding("`else if` is no Dana", "DANA117", "write `elif`", fix=fix)
    first = place.line[0] if place.line else None
    if place.index == 1 and kind in {"EQUAL", "AUGMENTED"} and place.first_word in RESERVED_WORDS:
        assert first is not None
        message = f"`{first}` is a reserved word and cannot be a name here"
        hint = f"choose another name, such as `{first.lower()}_`"
        return Finding(message, "DANA109", hint, span_of(first))
    if kind == "FROM" and place.first == "IMPORT" and place.next is not None:
        return _turned_import(place)
    if kind == "IN" and place.before == "is not":
        assert place.previous is not None
        fix = Fix.replace("write `not in`", span_from(place.previous, place.token), "not in")
        return Finding("`is not in` is no operator", "DANA110", "write `not in`", fix=fix)
    if kind == "NEWLINE" and expected == {"ELSE"} | (expected - {"NEWLINE", "COLON", "COMMA"}):
        hint = "write `a if condition else b`, or an `if` statement"
        return Finding("this conditional expression has no `else`", "DANA110", hint)
    if text in RESERVED_WORDS and kind not in {"NEWLINE", "NAME"}:
        return _reserved(place)
    return None


def _turned_import(place: Place) -> Finding:
    names = place.line[1 : place.index]
    source = place.source
    module = span_from(place.line[place.index + 1], place.line[-1])
    text = f"from {source.text_of(module)} import {source.text_of(span_from(names[0], names[-1]))}"
    fix = Fix.replace("turn it around", span_from(place.line[0], place.line[-1]), text)
    return Finding("the module stands first", "DANA127", f"write `{text}`", fix=fix)


def _reserved(place: Place) -> Finding | None:
    kind, text, expected = place.kind, place.text, place.expected
    following = place.next
    is_target = following is not None and following.type in {"EQUAL", "AUGMENTED"}
    is_needed = "NAME" in expected and "NUMBER" not in expected
    if is_needed or (is_target and "NAME" in expected):
        message = f"`{text}` is a reserved word and cannot be a name here"
        return Finding(message, "DANA109", f"choose another name, such as `{text.lower()}_`")
    if kind in _STATEMENT_WORDS and not place.is_first and "NUMBER" in expected:
        message = f"`{text}` begins a statement, and here stands an expression"
        hint = "a lambda's body is an expression" if place.innermost("LAMBDA") is not None else None
        return Finding(message, "DANA148", hint)
    return None
