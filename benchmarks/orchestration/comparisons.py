"""What is compared: an orchestrated call, and the call that one would write by hand for the same value.

The orchestrated side is what the compiler emits for a stage that it knows nothing of, `value | stage`:
the call of `call_stage`, with the table of local names where a name is asked for.

The tiny function does nothing, so its figures are those of the calls alone: whatever stands between caller
and function, be it one call that does nothing itself, doubles them. The small one formats a text of two
parts, some 300 ns, as the shortest of useful stages do: for it the goals hold.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from benchmarks.measure import Side, value_of

import dana_runtime

# A call of the small function may take this many times as long as by hand, and this many nanoseconds longer.
GOAL_RATIO = 3.0
GOAL_ADDED = 500

DEFINITIONS = """
from types import SimpleNamespace

def tiny_one(a): return a
def tiny(a, b): return a
def tiny_default(a, b, c=3): return a
def tiny_typed(a: int, b: float): return a

def small_one(a): return f"{a!s:>8}|{a!r}"
def small(a, b): return f"{a!s:>8}|{b:8.2f}"
def small_default(a, b, c=3): return f"{a!s:>8}|{b:8.2f}"
def small_typed(a: int, b: float): return f"{a!s:>8}|{b:8.2f}"

class Adder:
    def tiny(self, a, b): return a
    def small(self, a, b): return f"{a!s:>8}|{b:8.2f}"

@struct(("a", int), ("b", int))
class Point:
    __slots__ = "a", "b"

adder = Adder()
point = Point(1, 2)
item = SimpleNamespace(a=1, b=2)
two = (1, 2)
given = [1, 2]
typed = (1, 2.0)
turned = (2.0, 1)
many = (1, "x", 2.0, [3])
order = {"a": 1, "b": 2}
larger = {"x": 0, "b": 2, "y": 0, "a": 1, "z": 0}
half = {"a": 1}
b = 2
variables = (lambda names: lambda: names)(LocalNames({"a": lambda: a, "b": lambda: b}))
"""

# What flows, the call by hand, and the orchestrated one; NAME is tiny or small.
CALLS = [
    ("a value into one parameter", "NAME_one(two)", "call_stage(two, NAME_one, where)"),
    ("a tuple", "NAME(*two)", "call_stage(two, NAME, where)"),
    ("a tuple, all annotated", "NAME_typed(*typed)", "call_stage(typed, NAME_typed, where)"),
    (
        "a tuple in another order, by type",
        "NAME_typed(turned[1], turned[0])",
        "call_stage(turned, NAME_typed, where)",
    ),
    (
        "two of four items, by type",
        "NAME_typed(many[0], many[2])",
        "call_stage(many, NAME_typed, where)",
    ),
    (
        "what a block gave",
        "NAME(*given)",
        "call_stage(given, NAME, where, None, True)",
    ),
    ("a dict of two keys", 'NAME(a=order["a"], b=order["b"])', "call_stage(order, NAME, where)"),
    (
        "a dict of five keys",
        'NAME(a=larger["a"], b=larger["b"])',
        "call_stage(larger, NAME, where)",
    ),
    (
        "a dict, and a default is kept",
        'NAME_default(a=order["a"], b=order["b"])',
        "call_stage(order, NAME_default, where)",
    ),
    ("a struct", "NAME(a=point.a, b=point.b)", "call_stage(point, NAME, where)"),
    ("an object", "NAME(a=item.a, b=item.b)", "call_stage(item, NAME, where)"),
    ("a tuple into a method", "adder.NAME(*two)", "call_stage(two, adder.NAME, where)"),
    (
        "a tuple into a new closure each time",
        "(lambda a, b: NAME(a, b))(*two)",
        "call_stage(two, lambda a, b: NAME(a, b), where)",
    ),
    (
        "a number, and a name of the function",
        "NAME(5, b)",
        'call_stage(5, NAME, where, lambda: {"b": b})',
    ),
    ("a number, and a name of the module", "NAME(5, b)", "call_stage(5, NAME, where, variables)"),
    (
        "a dict, and a name of the module",
        'NAME(half["a"], b)',
        "call_stage(half, NAME, where, variables)",
    ),
]


@dataclass(frozen=True)
class Comparison:
    """One line of the table: the same call, orchestrated and by hand."""

    name: str
    function: str
    by_hand: str
    orchestrated: str

    @property
    def id(self) -> str:
        """The name by which one comparison is run."""
        return f"{self.function}: {self.name}"

    def sides(self) -> tuple[Side, Side]:
        """Return the two calls; raises AssertionError if they do not give the same."""
        names = ("LocalNames", "call_stage", "struct")
        namespace = {name: getattr(dana_runtime, name) for name in names}
        namespace |= {"__name__": "by_hand", "where": "stage 2 of x | f"}
        exec(compile(DEFINITIONS, "<by hand>", "exec", dont_inherit=True), namespace)
        sides = Side(self.orchestrated, namespace), Side(self.by_hand, namespace)
        given = [value_of(side, side.statement) for side in sides]
        assert given[0] == given[1], f"{self.id} gives {given[0]}, not {given[1]}"
        return sides

    def described(self, first: Side, second: Side) -> dict[str, Any]:
        """Return what the table says besides the figures."""
        return {"function": self.function, "name": self.name, "by_hand": self.by_hand}


COMPARISONS = [
    Comparison(
        name, function, by_hand.replace("NAME", function), orchestrated.replace("NAME", function)
    )
    for function in ("tiny", "small")
    for name, by_hand, orchestrated in CALLS
]
