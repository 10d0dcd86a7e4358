"""Any function with at most one required parameter by position → what a plain call gives.

That parameter has no annotation, or the value fits it. Signatures and values are made at random.
"""

from __future__ import annotations

import types

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dana_runtime import Shape, orchestrate, plan_for

SETTINGS = settings(
    deadline=None,
    derandomize=True,
    max_examples=400,
    database=None,
    suppress_health_check=list(HealthCheck),
)

NAMES = ["a", "b", "c", "d", "e"]

atoms = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), st.text(max_size=3)
)
values = st.recursive(
    atoms,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.lists(inner, max_size=4).map(tuple),
        st.dictionaries(st.sampled_from([*NAMES, 1, ""]), inner, max_size=4),
        st.dictionaries(st.sampled_from(NAMES), inner).map(lambda d: types.SimpleNamespace(**d)),
    ),
    max_leaves=6,
)
annotations = st.sampled_from(["", "int", "float", "str", "list", "dict | None", "any", "Unknown"])


def fitting(value):
    """Return annotations that a value fits."""
    words = ["", "any", "object", "Unknown", type(value).__name__ + " | str"]
    if value is None:
        words = ["", "None", "int | None", "Optional[int]"]
    if type(value) is int:
        words += ["int", "float", "'int'", "Int", "complex | float"]
    return words


@st.composite
def cases(draw):
    """Return a function that shows how it was called, and a value."""
    value = draw(values)
    count = draw(st.integers(0, 4))
    only = draw(st.integers(0, count))
    parts = []
    for index, name in enumerate(NAMES[:count]):
        required = index == 0 and draw(st.booleans())
        note = draw(st.sampled_from(fitting(value)) if required else annotations)
        parts.append(name + (f": {note}" if note else "") + ("" if required else "='default'"))
        if index == only - 1:
            parts.append("/")
    if draw(st.booleans()):
        parts.append("*rest")
    if draw(st.booleans()):
        parts += [] if "*rest" in parts else ["*"]
        parts.append("k: int = 'default'")
    if draw(st.booleans()):
        parts.append("**options")
    scope = {"Optional": object()}
    text = f"from __future__ import annotations\ndef f({', '.join(parts)}): return locals()"
    exec(compile(text, "<case>", "exec"), scope)
    return scope["f"], value


def outcome(call):
    try:
        return call()
    except TypeError:
        # The words differ, and with them the class.
        return TypeError


@SETTINGS
@given(cases(), st.booleans())
def test_orchestrated_and_plain_calls_agree(case, of_block):
    function, value = case
    expected = outcome(lambda: function(value))
    # Names that fit must not get in the way.
    context = lambda: dict.fromkeys([*NAMES, "k"], "context")  # noqa: E731
    for _ in range(3):
        found = outcome(
            lambda: orchestrate(function, value, "stage", context, is_block_result=of_block)
        )
        assert found == expected
        assert type(found) is type(expected)


def test_functions_made_for_plans_and_plain_calls_agree(generating):
    test_orchestrated_and_plain_calls_agree()


@st.composite
def any_cases(draw):
    """Return a function of any signature that returns its arguments, and values for it."""
    count = draw(st.integers(1, 4))
    required = draw(st.integers(0, count))
    parts = []
    for index, name in enumerate(NAMES[:count]):
        note = draw(st.sampled_from(["", "int", "float", "str", "dict"]))
        parts.append(
            name + (f": {note}" if note else "") + ("" if index < required else "='default'")
        )
    if draw(st.booleans()):
        parts.append("*rest")
    if draw(st.booleans()):
        parts += [] if "*rest" in parts else ["*"]
        parts.append("k")
    scope = {}
    exec(f"def f({', '.join(parts)}): return locals()", scope)
    return scope["f"], draw(st.lists(values, min_size=1, max_size=6))


def from_source(how, key, value, names):
    """Return what a source of a plan stands for."""
    if how == "value":
        return value
    if how == "context":
        return names[key]
    return value[key] if how == "item" or isinstance(value, dict) else vars(value)[key]


@SETTINGS
@given(any_cases(), st.booleans())
def test_calls_do_what_plans_say(case, of_block):
    function, flowing = case
    names = {"a": "context a", "b": "context b", "d": "context d", "k": "context k"}
    for value in [*flowing, *flowing, *flowing]:
        plan = plan_for(function, Shape.of(value, of_block))
        try:
            found = orchestrate(function, value, "stage", lambda: names, is_block_result=of_block)
        except TypeError:
            assert plan.way == "refused" or any(
                how == "context" and key not in names for how, key in plan.sources.values()
            )
            continue
        for name, (how, key) in plan.sources.items():
            expected = from_source(how, key, value, names)
            assert found[name] is expected
        for name, given_value in found.items():
            if name not in plan.sources and name != "rest":
                assert given_value == "default"


def test_functions_made_for_plans_do_what_plans_say(generating):
    test_calls_do_what_plans_say()
