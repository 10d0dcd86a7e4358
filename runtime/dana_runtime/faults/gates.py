"""A rule and a result → nothing, or the EnforcementError that shows both.

    enforce=float                                            a type, or several: (int, float)
    enforce=lambda r: r["total"] >= 0                        a predicate; not true, or raising, is a failure
    enforce={"type": "object", "required": ["total"], …}     a schema

Schemas are mappings with these words of JSON Schema, checked on Python's values: `type`, `enum`, `const`,
`minimum`, `maximum`, `exclusiveMinimum`, `exclusiveMaximum`, `minLength`, `maxLength`, `pattern`, `minItems`,
`maxItems`, `items`, `required`, `properties` and `additionalProperties`. Another word is an error when the
function is decorated, so that no rule is silently left out.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from dana_runtime.errors import EnforcementError
from dana_runtime.wording import callable_text, short_repr

# What is wrong with a value at a path, as text; None for nothing.
_Check = Callable[[Any, str], str | None]


class Rule:
    """What a result has to be: a type or several, a predicate, or a schema. `given` is what it was made of."""

    __slots__ = ("_wrong", "given", "is_of_first")

    def __init__(self, given: Any, is_of_first: bool = False) -> None:
        """`is_of_first`: the rule is about the first item of results that are pairs.

        Raises TypeError for what is no rule, ValueError for a schema that cannot be understood.
        """
        self.given = given
        self.is_of_first = is_of_first
        self._wrong = _wrong_of(given)

    def check(self, result: Any, where: str) -> None:
        """Raise EnforcementError for a result that does not pass; `where` names what gave it."""
        if self.is_of_first:
            result = result[0]
        try:
            wrong = self._wrong(result)
        except EnforcementError as error:
            raise _refused(where, result, str(error)) from error.__cause__
        if wrong is not None:
            raise _refused(where, result, wrong)

    def of_first(self) -> Rule:
        """Return the same rule for the first item of results that are pairs."""
        return Rule(self.given, is_of_first=True)

    def __repr__(self) -> str:
        return f"Rule({short_repr(self.given)})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Rule) and self.given is other.given

    def __hash__(self) -> int:
        return id(self.given)

    def __reduce__(self) -> tuple[Any, ...]:
        return Rule, (self.given, self.is_of_first)


# Returns what is wrong with a result, None for nothing.
_Wrong = Callable[[Any], str | None]


def _wrong_of(rule: Any) -> _Wrong:
    kinds = rule if isinstance(rule, tuple) else (rule,)
    if kinds and all(isinstance(kind, type) for kind in kinds):
        return _of_types(kinds)
    if isinstance(rule, Mapping):
        return _of_schema(rule)
    if callable(rule):
        return _of_predicate(rule)
    raise TypeError(
        f"enforce must be a type, a predicate or a schema, not {short_repr(rule)} ({type(rule).__name__})"
    )


def _refused(where: str, result: Any, reason: str) -> EnforcementError:
    return EnforcementError(f"{where} gave {short_repr(result)}, {reason}")


def _of_types(kinds: tuple[type, ...]) -> _Wrong:
    names = " or ".join([kind.__name__ for kind in kinds])
    takes_bool = bool in kinds or object in kinds

    def wrong(result: Any) -> str | None:
        # As everywhere in Dana, True is no int here.
        if not isinstance(result, kinds) or (isinstance(result, bool) and not takes_bool):
            return f"which is {type(result).__name__}, not {names}"
        return None

    return wrong


def _of_predicate(predicate: Callable[[Any], Any]) -> _Wrong:
    name = callable_text(predicate)

    def wrong(result: Any) -> str | None:
        try:
            passes = bool(predicate(result))
        except Exception as error:
            raise EnforcementError(f"for which the rule {name} fails: {error!r}") from error
        return None if passes else f"which does not pass the rule {name}"

    return wrong


def _of_schema(schema: Mapping[str, Any]) -> _Wrong:
    check_value = _schema(schema, "the schema")

    def wrong(result: Any) -> str | None:
        found = check_value(result, "")
        return None if found is None else f"which does not fit the schema: {found}"

    return wrong


# --- Schemas --------------------------------------------------------------------------------------


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _is_list(value: Any) -> bool:
    return isinstance(value, (list, tuple))


_TYPES: dict[str, Callable[[Any], bool]] = {
    "null": lambda value: value is None,
    "boolean": lambda value: isinstance(value, bool),
    "integer": lambda value: _is_number(value) and value == value // 1,
    "number": _is_number,
    "string": lambda value: isinstance(value, str),
    "array": _is_list,
    "object": lambda value: isinstance(value, Mapping),
}


def _same(value: Any, wanted: Any) -> bool:
    return bool(value == wanted) and isinstance(value, bool) == isinstance(wanted, bool)


def _search(value: str, pattern: str) -> bool:
    import re

    return re.search(pattern, value) is not None


# word: (what it is about, whether a value passes, the complaint). Other values pass.
_SIMPLE: dict[str, tuple[Callable[[Any], bool], Callable[[Any, Any], bool], str]] = {
    "minimum": (_is_number, lambda value, least: value >= least, "below the minimum"),
    "maximum": (_is_number, lambda value, most: value <= most, "above the maximum"),
    "exclusiveMinimum": (_is_number, lambda value, least: value > least, "not above"),
    "exclusiveMaximum": (_is_number, lambda value, most: value < most, "not below"),
    "minLength": (_TYPES["string"], lambda text, least: len(text) >= least, "shorter than"),
    "maxLength": (_TYPES["string"], lambda text, most: len(text) <= most, "longer than"),
    "pattern": (_TYPES["string"], _search, "without the pattern"),
    "minItems": (_is_list, lambda items, least: len(items) >= least, "with fewer items than"),
    "maxItems": (_is_list, lambda items, most: len(items) <= most, "with more items than"),
    "const": (lambda value: True, _same, "not"),
    "enum": (
        lambda value: True,
        lambda value, values: any(_same(value, one) for one in values),
        "none of",
    ),
}
# Words that say nothing about values.
_REMARKS = {"title", "description", "$schema", "$id", "examples", "default", "$comment"}


def _schema(schema: Any, at: str) -> _Check:
    """Return the check that a schema means; raise ValueError if it means none."""
    if schema is True:
        return lambda value, path: None
    if schema is False:
        return lambda value, path: f"{_named(path)} should not be there"
    if not isinstance(schema, Mapping):
        raise ValueError(f"{at} must be a mapping, not {short_repr(schema)}")
    checks: list[_Check] = []
    for word, wanted in schema.items():
        if word in _REMARKS or word == "additionalProperties":
            continue
        if word == "type":
            checks.append(_type(wanted, at))
        elif word in _SIMPLE:
            checks.append(_simple(word, wanted))
        elif word == "required":
            checks.append(_required(wanted, at))
        elif word == "properties":
            checks.append(_properties(wanted, at))
        elif word == "items":
            checks.append(_items(_schema(wanted, f"{at}, items")))
        else:
            raise ValueError(f"{at} has the word {word!r}, which enforce does not know")
    if "additionalProperties" in schema:
        known = frozenset(schema.get("properties", ()))
        checks.append(_additional(schema["additionalProperties"], known, at))

    def check(value: Any, path: str) -> str | None:
        for one in checks:
            wrong = one(value, path)
            if wrong is not None:
                return wrong
        return None

    return check


def _named(path: str) -> str:
    return path or "it"


def _type(wanted: Any, at: str) -> _Check:
    names = [wanted] if isinstance(wanted, str) else list(wanted)
    for name in names:
        if name not in _TYPES:
            raise ValueError(f"{at} has no type {name!r}; there are {', '.join(_TYPES)}")
    tests = [_TYPES[name] for name in names]

    def check(value: Any, path: str) -> str | None:
        if any(test(value) for test in tests):
            return None
        return f"{_named(path)} is {type(value).__name__}, not {' or '.join(names)}"

    return check


def _simple(word: str, wanted: Any) -> _Check:
    concerns, passes, complaint = _SIMPLE[word]

    def check(value: Any, path: str) -> str | None:
        if not concerns(value) or passes(value, wanted):
            return None
        return f"{_named(path)} is {short_repr(value)}, {complaint} {short_repr(wanted)}"

    return check


def _required(names: Sequence[str], at: str) -> _Check:
    if not _is_list(names):
        raise ValueError(f"{at}: required must be a list of names, not {short_repr(names)}")

    def check(value: Any, path: str) -> str | None:
        if isinstance(value, Mapping):
            for name in names:
                if name not in value:
                    return f"{_named(path)} lacks {name!r}"
        return None

    return check


def _properties(schemas: Mapping[str, Any], at: str) -> _Check:
    checks = {name: _schema(schema, f"{at}, {name}") for name, schema in schemas.items()}

    def check(value: Any, path: str) -> str | None:
        if isinstance(value, Mapping):
            for name, one in checks.items():
                if name in value:
                    wrong = one(value[name], f"{path}.{name}" if path else name)
                    if wrong is not None:
                        return wrong
        return None

    return check


def _additional(schema: Any, known: frozenset[str], at: str) -> _Check:
    one = _schema(schema, f"{at}, additionalProperties")

    def check(value: Any, path: str) -> str | None:
        if isinstance(value, Mapping):
            for name in value:
                if name not in known:
                    wrong = one(value[name], f"{path}.{name}" if path else str(name))
                    if wrong is not None:
                        return wrong
        return None

    return check


def _items(one: _Check) -> _Check:
    def check(value: Any, path: str) -> str | None:
        if _is_list(value):
            for index, item in enumerate(value):
                wrong = one(item, f"{path}[{index}]")
                if wrong is not None:
                    return wrong
        return None

    return check
