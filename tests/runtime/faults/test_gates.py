from __future__ import annotations

import pytest

from dana_runtime import EnforcementError
from dana_runtime.faults.gates import Rule

ORDER = {
    "type": "object",
    "required": ["id", "lines"],
    "properties": {
        "id": {"type": "integer", "minimum": 1},
        "state": {"enum": ["open", "paid"]},
        "code": {"type": "string", "pattern": "^[A-Z]+$", "maxLength": 4},
        "lines": {
            "type": "array",
            "minItems": 1,
            "items": {"type": "number", "exclusiveMinimum": 0},
        },
    },
    "additionalProperties": False,
}


@pytest.mark.parametrize(
    ("rule", "value"),
    [
        (int, 5),
        ((int, str), "x"),
        (bool, True),
        (object, True),
        (lambda value: value > 3, 5),
        (ORDER, {"id": 1, "lines": [2, 0.5], "state": "paid", "code": "AB"}),
        ({"type": ["string", "null"]}, None),
        ({"type": "integer"}, 2.0),
        ({"minimum": 3}, "no number"),
        ({}, "anything"),
    ],
)
def test_what_passes(rule, value):
    Rule(rule).check(value, "f")


@pytest.mark.parametrize(
    ("rule", "value", "reason"),
    [
        (int, "5", "f gave '5', which is str, not int"),
        (int, True, "f gave True, which is bool, not int"),
        ((int, str), None, "f gave None, which is NoneType, not int or str"),
        (str.isdigit, "x", "f gave 'x', which does not pass the rule isdigit"),
        (lambda value: value["a"], {}, "for which the rule <lambda> fails: KeyError('a')"),
        (ORDER, [], "which does not fit the schema: it is list, not object"),
        (ORDER, {"id": 1}, "it lacks 'lines'"),
        (ORDER, {"id": 0, "lines": [1]}, "id is 0, below the minimum 1"),
        (ORDER, {"id": True, "lines": [1]}, "id is bool, not integer"),
        (ORDER, {"id": 1, "lines": []}, "lines is [], with fewer items than 1"),
        (ORDER, {"id": 1, "lines": [3, 0]}, "lines[1] is 0, not above 0"),
        (ORDER, {"id": 1, "lines": [1], "state": "x"}, "state is 'x', none of ['open', 'paid']"),
        (ORDER, {"id": 1, "lines": [1], "code": "ab"}, "code is 'ab', without the pattern"),
        (ORDER, {"id": 1, "lines": [1], "more": 1}, "more should not be there"),
        ({"const": 1}, True, "it is True, not 1"),
    ],
)
def test_what_does_not(rule, value, reason):
    with pytest.raises(EnforcementError) as caught:
        Rule(rule).check(value, "f")
    assert reason in str(caught.value)


def test_long_values_are_shortened():
    with pytest.raises(EnforcementError) as caught:
        Rule(int).check("x" * 10_000, "f")
    assert len(str(caught.value)) < 120


@pytest.mark.parametrize(
    ("rule", "error", "message"),
    [
        (5, TypeError, "enforce must be a type, a predicate or a schema, not 5"),
        ((), TypeError, "enforce must be"),
        ({"anyOf": []}, ValueError, "the word 'anyOf', which enforce does not know"),
        ({"type": "int"}, ValueError, "the schema has no type 'int'"),
        ({"properties": {"a": {"kind": 1}}}, ValueError, "the schema, a has the word 'kind'"),
        ({"items": 5}, ValueError, "items must be a mapping"),
    ],
)
def test_rules_that_make_no_sense(rule, error, message):
    with pytest.raises(error, match=message):
        Rule(rule)
