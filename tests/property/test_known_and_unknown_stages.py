"""A stage that the compiler knows does what the same one does that it does not know; what `check` refuses fails.

Signatures and heads of pipes are made at random: tuples, dicts, structs and blocks that are built in sight.
"""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import danac
from dana_runtime import public

NAMES = ["a", "b", "c", "d"]
TYPES = [
    "",
    "int",
    "float",
    "str",
    "list",
    "dict",
    "tuple",
    "bool",
    "P",
    "int | None",
    "any",
    "Int",
]
ATOMS = ["1", "2.5", '"x"', "[1]", '{"q": 1}', "true", "none", "(1, 2)", "P(1, 2)", "v"]

atoms = st.sampled_from(ATOMS)
keys = st.lists(st.sampled_from([*NAMES, "k", "z"]), max_size=4, unique=True)


def joined(parts, opening, closing):
    return (
        f"{opening}{', '.join(parts)}{',' if len(parts) == 1 and opening == '(' else ''}{closing}"
    )


heads = st.one_of(
    atoms,
    st.lists(atoms, max_size=4).map(lambda items: joined(items, "(", ")")),
    keys.map(lambda names: joined([f'"{name}": {ATOMS[len(name)]}' for name in names], "{", "}")),
    st.just("P(1, 2)"),
    st.just('Q(b="y", a=1)'),
    st.lists(atoms, min_size=1, max_size=3).map(
        lambda items: "1 | " + joined([f"lambda _ :: {item}" for item in items], "[ ", " ]")
    ),
    keys.filter(bool).map(
        lambda names: "1 | " + joined([f'"{name}": lambda _ :: 5' for name in names], "{ ", " }")
    ),
)


@st.composite
def signatures(draw):
    """Return the parameters of a function, and their names."""
    count = draw(st.integers(0, 4))
    required = draw(st.integers(0, count))
    slash = draw(st.sampled_from([0, 0, 0, *range(count + 1)]))
    parts = []
    for index, name in enumerate(NAMES[:count]):
        annotation = draw(st.sampled_from(TYPES))
        parts.append(name + (f": {annotation}" if annotation else ""))
        parts[-1] += "" if index < required else " = none" if annotation else '="default"'
        if index + 1 == slash:
            parts.append("/")
    if draw(st.sampled_from([True, False, False, False])):
        parts.append("*rest")
    keyword = draw(st.sampled_from(["", "", "", "k", "k=5"]))
    if keyword:
        parts += [keyword] if "*rest" in parts else ["*", keyword]
    if draw(st.sampled_from([True, False, False, False])):
        parts.append("**options")
    names = [part.split(":")[0].split("=")[0].strip("* ") for part in parts]
    return ", ".join(parts), [name for name in names if name and name != "/"]


around = st.sampled_from(["", "b = 8", "private:b = 9", "public:c = 0", "k = 0"])

PROGRAM = """
struct P:
    a: int
    b: int
struct Q:
    a: int
    b: str
    k: any = "Q"
{around}
v = {value}
def f({signature}): return [{names}]
g = [f][0]
def known(): return {head} | f
def unknown(): return {head} | g
def known_in_block(): return {head} | [ f, noop ]
def unknown_in_block(): return {head} | [ g, noop ]
"""


def outcome(function):
    """Return what a function gives, or how it fails, in words that do not depend on how it is called."""
    try:
        return repr(function())
    except TypeError as error:
        # What is on offer is told with the names that a stage may ask for; and the two stand in two lines.
        text = str(error).split(";")[0].replace("| g", "| f")
        return type(error).__name__, re.sub(r" \(<dana.*?:\d+:\d+\)", "", text)


@pytest.fixture(autouse=True)
def clean_public():
    yield
    for name in list(public):
        del public[name]


# Each compiles a program and checks it: a fifth of the usual number takes a second.
@settings(max_examples=settings().max_examples // 5)
@given(signatures(), heads, around, st.sampled_from(ATOMS[:-1]))
def test_known_and_unknown_stages_agree(signature, head, names_around, value):
    for name in list(public):
        del public[name]
    text = PROGRAM.format(
        signature=signature[0],
        names=", ".join(signature[1]),
        head=head,
        around=names_around,
        value=value,
    )
    program = danac.run_source(text)
    found = outcome(program["known"])
    assert found == outcome(program["unknown"])
    assert outcome(program["known_in_block"]) == outcome(program["unknown_in_block"])
    line = text.splitlines().index(f"def known(): return {head} | f") + 1
    findings = danac.check_source(text)
    if any(finding.code == "DANA220" and finding.span.line == line for finding in findings):
        assert isinstance(found, tuple)
