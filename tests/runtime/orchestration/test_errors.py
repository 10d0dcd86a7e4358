"""What an error of orchestration says in a Dana program: stage, place, signature, what is on offer, near names."""

from __future__ import annotations

import traceback

import pytest

import danac
from dana_runtime import OrchestrationError

PROGRAM = """
def tax(total, tax_rate): return total * tax_rate
looked_up = [tax][0]
def known(größe, tax_rates): return größe | tax
def unknown(größe, tax_rates): return größe | looked_up
def in_branch(v, tax_rates): return v | { noop | tax, noop }
async def awaited(v, tax_rates): return await (v | looked_up)
def twice(items): return items | [ambiguous][0]
def ambiguous(a: int, b: int): return a
"""


@pytest.fixture(scope="module")
def program():
    return danac.run_source(PROGRAM, "shop.dana")


def failure(function, *arguments):
    with pytest.raises(OrchestrationError) as caught:
        function(*arguments)
    return caught.value


@pytest.mark.parametrize(
    ("name", "place"), [("known", "4:45"), ("unknown", "5:47"), ("in_branch", "6:50")]
)
def test_place_signature_offers_and_a_near_name(program, name, place):
    error = failure(program[name], 200, 0)
    text = str(error)
    assert f" (shop.dana:{place}): tax(total, tax_rate) gets nothing for 'tax_rate'" in text
    assert "the value is an int; " in text
    if name != "in_branch":
        # The function of a branch has names of its own.
        assert "tax_rates" in text.partition("local names: ")[2]
        assert text.endswith("Did you mean 'tax_rates'?")
    [frame, *_] = [f for f in traceback.extract_tb(error.__traceback__) if f.name == name]
    assert frame.filename == "shop.dana"
    assert frame.lineno == int(place.partition(":")[0])


def test_in_await(program):
    with pytest.raises(OrchestrationError, match=r"\(shop\.dana:7:52\).*Did you mean 'tax_rates'"):
        program["awaited"](200, 0).send(None)


def test_two_ways(program):
    text = str(failure(program["twice"], (1, 2, 3)))
    assert "(shop.dana:8:34): ambiguous(a: int, b: int): items (int, int, int) fit in more" in text


def test_from_python_the_caller_says_where(program):
    from dana_runtime import orchestrate

    text = str(failure(orchestrate, program["tax"], 5, "my stage"))
    assert text.startswith("my stage: tax(total, tax_rate) gets nothing for 'tax_rate'; ")
