"""First stages of declarative functions that cannot take the parameters."""

from __future__ import annotations

import pytest

import danac


def findings_in(program):
    return [found for found in danac.check_source(program) if found.code == "DANA220"]


GIVEN = """\
def one(a): a
def two(a, b): a
def some(a, b=1): a
def many(a, *rest): a
def named(a, *, key): a
def nothing(): 1
struct Pair:
    a: int
    b: int
"""


@pytest.mark.parametrize(
    ("declared", "problem"),
    [
        ("p(x, y = 2) = one | str", "the first stage gets 2 arguments, and takes 1"),
        ("p(x, y, z) = Pair | str", "the first stage gets 3 arguments, and takes 2"),
        ("p(x) = two | str", "the first stage gets 1 argument, and needs 2"),
        ("p() = two | str", "the first stage gets no arguments, and needs 2"),
        ("p(x) = nothing | str", "the first stage gets 1 argument, and takes none"),
        ("p(x) = named | str", "nothing gives this stage its 'key'"),
        ("p(x, y) = (lambda a :: a) | str", "the first stage gets 2 arguments, and takes 1"),
        ("p(x, y) = { two, one } | str", "the first stage gets 2 arguments, and takes 1"),
        ("p(x, y) = one", "the first stage gets 2 arguments, and takes 1"),
    ],
)
def test_a_wrong_number_is_told(declared, problem):
    program = f"{GIVEN}def {declared}\n"
    [finding] = findings_in(program)
    assert finding.message == problem
    assert finding.severity == "error"
    needed = declared[declared.index("(") + 1 : declared.index(")")].count(",") + (
        "()" not in declared
    )
    with pytest.raises(TypeError):
        danac.run_source(f"{program}p({', '.join('1' * needed)})")


@pytest.mark.parametrize(
    "declared",
    [
        "p(x) = one | str",
        "p(x, y) = two | str",
        "p(x, y) = one(x) | str",
        "p(x, y) = x | one",
        "p(x) = some | str",
        "p(x, y) = some | str",
        "p(x, y, z) = many | str",
        "p(*x) = one | str",
        "p(x, **more) = one | str",
        "p(x, y) = unknown | str",
        "p(x, y) = { two, one(x) } | str",
        "p(x, one) = one | str",
        "p() = nothing | str",
        "p(x, y) = max | str",
        "(s: Pair) p(x) = two | str",
    ],
)
def test_what_may_succeed_is_left_alone(declared):
    assert findings_in(f"{GIVEN}def {declared}\n") == []


def test_the_call_that_was_probably_meant_is_written_out():
    [finding] = findings_in("def one(a): a\ndef p(b, a) = one | str\n")
    assert (
        finding.hint
        == "all parameters of `p` go to its first stage; write `one(a)` for some of them"
    )
    [finding] = findings_in("def one(a): a\ndef p(x, y) = one | str\n")
    assert (
        finding.hint
        == "all parameters of `p` go to its first stage; write `one(x)` for some of them"
    )
    assert (finding.span.line, finding.span.column) == (2, 15)
