"""A refused token → what is wrong with an operator, a comma, a bracket or a comment where it stands."""

from __future__ import annotations

import re

from danac.diagnostics import Edit, Fix
from danac.source import Span
from danac.syntax.place import Finding, Place, span_from, span_of

_CLOSING = {"RPAR", "RSQB", "RBRACE"}
LAMBDA_COLON = "DANA113"


def sign_mistake(place: Place) -> Finding | None:
    """Return what is wrong about a sign, or about one that is missing."""
    for judge in (_lambda, _comment, _increment, _brace, _equal, _colon, _pipe, _comma, _other):
        finding = judge(place)
        if finding is not None:
            return finding
    return None


def _lambda(place: Place) -> Finding | None:
    if "DOUBLE_COLON" not in place.expected or "OPERATOR" in place.expected:
        return None
    if place.innermost("LAMBDA") is None:
        return None
    hint = "Dana lambdas use `::`, as in `lambda x :: x + 1`"
    span = span_of(place.token) if place.kind in {"COLON", "ARROW"} else _colon_of_lambda(place)
    fix = None if span is None else _double_colon(place, span)
    return Finding("a lambda's body stands behind `::`", LAMBDA_COLON, hint, span, fix)


def _double_colon(place: Place, span: Span) -> Fix:
    before = place.source.line(span.line)[: span.column - 1]
    blank = "" if before.endswith(" ") or before.endswith("lambda") else " "
    return Fix.replace("write `::`", span, f"{blank}::")


def _colon_of_lambda(place: Place) -> Span | None:
    """Return where the innermost unfinished lambda has a single colon, if it has one on its line."""
    word = place.innermost("LAMBDA")
    assert word is not None
    start = span_of(word)
    found = re.compile("(?<!:):(?!:)").search(place.source.line(start.line), start.end_column - 1)
    if found is None:
        return None
    return Span(start.line, found.start() + 1, start.line, found.end() + 1)


def _comment(place: Place) -> Finding | None:
    """`// so` and `/* so */`, which are comments elsewhere."""
    if place.is_first and place.text in ("//", "/"):
        sign = (
            "/*" if place.next is not None and place.next.type in {"STAR", "DOUBLE_STAR"} else "//"
        )
        if place.text == "/" and sign == "//":
            return None
        fix = Fix.replace("write `#`", span_of(place.token), "#") if sign == "//" else None
        return Finding(
            f"`{sign}` begins no comment in Dana", "DANA102", "comments begin with `#`", fix=fix
        )
    slashes = place.back(2)
    if slashes is not None and str(slashes) == "//" and place.kind == "NAME":
        span = span_of(slashes)
        fix = Fix.replace("write `#`", span, "#")
        hint = "comments begin with `#`; `//` divides"
        return Finding("`//` begins no comment in Dana", "DANA102", hint, span, fix)
    return None


def _increment(place: Place) -> Finding | None:
    if place.kind not in {"NEWLINE", "SEMICOLON", "RPAR"}:
        return None
    last, other, name = place.back(1), place.back(2), place.back(3)
    if last is None or other is None or name is None or last.type != other.type:
        return None
    if last.type not in {"PLUS", "MINUS"} or last.start_pos != other.end_pos:
        return None
    sign = str(last)
    span = span_from(other, last)
    hint = f"write `{name} {sign}= 1`"
    fix = Fix.replace(hint, span, f" {sign}= 1") if place.index == 3 else None
    return Finding(f"`{sign}{sign}` does not exist in Dana", "DANA102", hint, span, fix)


def _brace(place: Place) -> Finding | None:
    if place.kind != "LBRACE" or "COLON" not in place.expected:
        if place.first in {"IF", "WHILE", "FOR", "DEF", "ELSE", "TRY"} and place.bracket == "{":
            assert place.opener is not None
            span = span_of(place.line[place.opener])
            return _braces(span)
        return None
    return _braces(span_of(place.token))


def _braces(span: Span) -> Finding:
    hint = "end the line with `:`, and indent the lines of the block"
    return Finding("braces around statements do not exist in Dana", "DANA128", hint, span)


def _equal(place: Place) -> Finding | None:
    if place.kind == "WALRUS":
        message = "`:=` stands in parentheses only"
        hint = "write `(n := …)`, or `n = …` as a statement"
        fix = None
        if place.index == 1 and place.inside is None:
            fix = Fix.replace("write `=`", span_of(place.token), "=")
        return Finding(message, "DANA145", hint, fix=fix)
    if place.kind != "EQUAL":
        return None
    if place.first == "FOR":
        return Finding("a `for` goes over items", "DANA110", "write `for i in range(10):`")
    compare = Fix.replace("compare with `==`", span_of(place.token), "==")
    if "COLON" in place.expected and not place.expected & _CLOSING:
        message = "`=` assigns; it cannot stand in a condition"
        return Finding(message, "DANA115", "compare with `==`", fix=compare)
    if place.bracket == "{":
        fix = Fix.replace("write `:`", span_of(place.token), ":")
        return Finding("a key and its value are joined by `:`", "DANA110", "write `:`", fix=fix)
    if place.bracket and not place.in_call and place.first not in {"DEF", "LAMBDA"}:
        message = "`=` assigns; it cannot stand in an expression"
        return Finding(message, "DANA115", "compare with `==`", fix=compare)
    return None


def _colon(place: Place) -> Finding | None:
    if place.kind == "COLON" and (place.in_policy or place.in_call):
        span = span_of(place.token)
        following = place.next
        if following is not None and following.line == span.line:
            # `timeout: 5` becomes `timeout=5`.
            span = Span(*span[:2], *span_of(following)[:2])
        fix = Fix.replace("write `=`", span, "=")
        noun = "setting" if place.in_policy else "keyword argument"
        last = place.back(1)
        if last is None or last.type != "NAME":
            return None
        return Finding(f"a {noun} is written `{last}=…`", "DANA110", "write `=`", fix=fix)
    if place.kind == "NEWLINE" and "EQUAL" in place.expected and place.first == "NAME":
        if "OPERATOR" in place.expected or not any(token.type == "COLON" for token in place.line):
            return None
        message = "a type without a value declares nothing"
        return Finding(message, "DANA144", "write `name: type = value`")
    return None


def _pipe(place: Place) -> Finding | None:
    if place.kind == "VBAR" and place.follows_operand:
        message, hint = "a pipe stands in parentheses here", "write `(… | …)`"
        return Finding(message, "DANA146", hint)
    if place.kind == "VBAR" and place.is_first:
        hint = "indent the line, or end the line before with `|`"
        return Finding("a line begins with `|`, and there is nothing to go on", "DANA110", hint)
    if place.before == "|" and place.kind in {"NEWLINE", "RPAR", "VBAR", "COMMA", "RBRACE", "RSQB"}:
        message = "a stage is missing behind `|`"
        return Finding(message, "DANA110", "write a function, a call or a block there")
    if place.before == "with" and place.expected == {"LPAR"} and place.kind == "NAME":
        last = place.line[-1]
        start, end = span_of(place.token), span_of(last)
        edits = (
            Edit(Span(start.line, start.column, start.line, start.column), "("),
            Edit(Span(end.end_line, end.end_column, end.end_line, end.end_column), ")"),
        )
        fix = Fix("write parentheses", edits)
        hint = "write `with (timeout=5)`"
        return Finding("the settings of a policy stand in parentheses", "DANA131", hint, fix=fix)
    return None


def _comma(place: Place) -> Finding | None:
    if place.kind == "COMMA" and place.before == "," and place.bracket:
        fix = Fix.replace("delete it", span_of(place.token), "")
        return Finding("one comma too many", "DANA110", "delete it", fix=fix)
    if not place.bracket or "COMMA" not in place.expected or "NEWLINE" in place.expected:
        return None
    if not place.follows_operand or not place.starts_operand:
        return None
    if place.in_field:
        hint = "text around it stands outside of the braces"
        return Finding("a field of an f-string holds one expression", "DANA106", hint)
    previous = place.previous
    assert previous is not None
    shown = f"between `{_short(str(previous))}` and `{_short(place.text)}`"
    fix = Fix.insert("insert a comma", *place.behind[:2], ",")
    is_below = place.behind.line < (place.token.line or 1)
    span = place.behind if is_below else None
    return Finding(f"a comma is missing {shown}", "DANA126", None, span, fix)


def _other(place: Place) -> Finding | None:
    if place.kind == "MINUS" and "ARROW" in place.expected and place.next == ">":
        span = span_from(place.token, place.next)
        fix = Fix.replace("write `->`", span, "->")
        return Finding("`->` is one sign, without a blank", "DANA102", "write `->`", span, fix)
    return None


def _short(text: str) -> str:
    return text if len(text) <= 20 else text[:19] + "…"
