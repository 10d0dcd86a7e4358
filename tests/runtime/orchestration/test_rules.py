"""Every rule for every kind of callable and shape: what each cell gives was written down by hand.

The functions return their `locals()`, so what a cell gives is which parameter got what. A cell is
tried twice, and then all of them in other orders: a kept plan gives what a new one gives.
"""

from __future__ import annotations

import collections
import collections.abc
import dataclasses
import enum
import functools
import random
import re
import time
import types
from typing import Any, ClassVar, NamedTuple, Optional, Union

import pytest

from dana_runtime import (
    Context,
    OrchestrationError,
    Pipeline,
    interface,
    orchestrate,
    private_scope,
    public,
    struct,
)

WHERE = "stage 2 of load | store (shop.dana:3:9)"


# --- What flows -------------------------------------------------------------------------------------


class Block(list):
    """In the table: the list that the block just before has given."""


class Pair(NamedTuple):
    a: Any
    b: Any


class Range(NamedTuple):
    low: int
    high: int


@struct(("a", object), ("b", object))
class Both:
    __slots__ = "a", "b"


@struct(("a", object), ("extra", object, lambda: "e"))
class Partly:
    __slots__ = "a", "extra"


@dataclasses.dataclass
class Data:
    a: Any
    b: Any
    c: Any = "dc"


@dataclasses.dataclass(slots=True)
class SlottedData:
    a: Any
    b: Any


@dataclasses.dataclass
class FixedData:
    a: Any
    b: Any = dataclasses.field(default="fixed", init=False)
    c: dataclasses.InitVar[Any] = "not a field"
    d: ClassVar[Any] = "not one either"


@dataclasses.dataclass
class FixedNone:
    a: Any
    b: Any = dataclasses.field(default=None, init=False)


class Private:
    """Its slot has another name in the class."""

    __slots__ = ("__a", "b")


class MoreThanBoth(Both):
    __slots__ = ("c",)


class OpenBoth(Both):
    """What is assigned goes to its `__dict__`."""


class CaseInsensitive(collections.abc.Mapping):
    """Its keys are those that it was made with, in any case."""

    def __init__(self, **items):
        self.keys_given = list(items)
        self.items_given = {key.lower(): item for key, item in items.items()}

    def __getitem__(self, key):
        return self.items_given[key.lower()]

    def __contains__(self, key):
        return key.lower() in self.items_given

    def __iter__(self):
        return iter(self.keys_given)

    def __len__(self):
        return len(self.keys_given)


class Answering:
    """It has an answer for every attribute, but that is no field."""

    __slots__ = ("a",)

    def __getattr__(self, name):
        return "an answer"


class Slots:
    __slots__ = "a", "b"


class Mixed(Slots):
    """`a` is in a slot, whatever else in its `__dict__`."""


class WithProperty:
    @property
    def a(self):
        return "property"

    b = "class attribute"


class Colour(enum.Enum):
    RED = 1


def having(made, **attributes):
    for name, value in attributes.items():
        setattr(made, name, value)
    return made


DATA = Data(1, 2)
MORE = having(MoreThanBoth(1, 2), c=3)
OPEN = having(OpenBoth(1, 2), c=3)
BOTH = Both(1, 2)
PARTLY = Partly(1)
SLOTTED = having(Slots(), a=1, b=2)
HALF_SLOTTED = having(Slots(), a=1)
MIXED = having(Mixed(), a=1, b=2, c=3)
OBJECT = having(types.SimpleNamespace(), b=2, a=1)
PROPERTY = WithProperty()
AN_ERROR = ValueError("x")
REPORT = (100, 0.95, ["warning"], {"processed": True})


class MyDict(dict):
    pass


class MyList(list):
    """It can have fields."""


class MyTuple(tuple):
    __slots__ = ()


class MyInt(int):
    pass


# --- What it flows into -----------------------------------------------------------------------------


def none():
    return locals()


def one(a):
    return locals()


def one_default(a=0):
    return locals()


def one_and_default(a, b="B"):
    return locals()


def rest(*items):
    return locals()


def options(**options):
    return locals()


def one_int(n: int):
    return locals()


def one_float(x: float):
    return locals()


def one_str(s: str):
    return locals()


def one_bool(flag: bool):
    return locals()


def one_list(warnings: list):
    return locals()


def one_dict(d: dict):
    return locals()


def one_tuple(t: tuple):
    return locals()


def one_any(v: any):
    return locals()


def one_none(v: None):
    return locals()


def one_union(n: int | None):
    return locals()


def one_optional(n: Optional[int]):  # noqa: UP045
    return locals()


def one_generic(xs: list[int]):
    return locals()


def one_word(n: Int):  # noqa: F821
    return locals()


def one_struct(p: Both):
    return locals()


def one_unknown(p: NotDefinedAnywhere):  # noqa: F821
    return locals()


def one_keyword(a, *, k):
    return locals()


def one_int_keyword(n: int, *, k="K"):
    return locals()


def int_and_default(n: int, m="M", *, k="K"):
    return locals()


def int_and_keyword(n: int, *, k):
    return locals()


def two(a, b):
    return locals()


def two_only(a, b, /):
    return locals()


def two_default(a, b, c="C"):
    return locals()


def two_rest(a, b, *rest):
    return locals()


def two_options(a, b, **options):
    return locals()


def two_keyword(a, b, *, k):
    return locals()


def two_keyword_default(a, b, *, k="K"):
    return locals()


def mixed_kinds(a, b, /, c, d="D", *, k, z="Z"):
    return locals()


def keywords_only(*, a, b):
    return locals()


def three(a, b, c):
    return locals()


def count_accuracy(count: int, accuracy: float):
    return locals()


def count_accuracy_status(count: int, accuracy: float, status: dict):
    return locals()


def int_str(n: int, s: str):
    return locals()


def int_bool(n: int, flag: bool):
    return locals()


def int_int_str(m: int, n: int, s: str):
    return locals()


def int_untyped(n: int, other):
    return locals()


def int_str_default(n: int, s: str, x: float = 0.5):
    return locals()


def str_rest(n: int, s: str, *rest):
    return locals()


def unions(a: int | str, b: Union[str, None]):  # noqa: UP007
    return locals()


def tax_rate(order, tax_rate):
    return locals()


def store(json, xml):
    return locals()


class Plain:
    def __init__(self, a, b):
        self.bound = {"a": a, "b": b}

    def method(self, a, b):
        return locals() | {"self": "self"}

    def one(self, a):
        return locals() | {"self": "self"}

    def none(self):
        return "none"

    @classmethod
    def of_class(cls, a, b):
        return {"a": a, "b": b}

    @staticmethod
    def static(a, b):
        return locals()

    def __call__(self, a, b):
        return {"a": a, "b": b}

    def __eq__(self, other):
        return type(other) is Plain and other.bound == self.bound

    __hash__ = None


class ByNew:
    def __new__(cls, a, b):
        return {"a": a, "b": b}


class Meta(type):
    def __call__(cls, a, b):
        return {"meta": True, "a": a, "b": b}


class ByMeta(metaclass=Meta):
    pass


@struct(("n", int))
class Box:
    __slots__ = ("n",)


@struct(("x", int, lambda: 0), ("y", int), ("z", int))
class Late:
    __slots__ = "x", "y", "z"


@struct(("x", int, lambda: 0), ("y", int))
class LateOne:
    __slots__ = "x", "y"


@struct(("x", int), ("y", int, lambda: 2))
class WithDefault:
    __slots__ = "x", "y"


@functools.wraps(two)
def wrapped(*args, **kwargs):
    return two(*args, **kwargs)


@functools.lru_cache
def cached(a, b):
    return {"a": a, "b": b}


plain = Plain(0, 0)
pipeline = Pipeline(("two", "noop"), lambda *args, **kwargs: two(*args, **kwargs))
pipeline.first = two
unknown_pipeline = Pipeline(("rest",), lambda *args, **kwargs: rest(*args, **kwargs))

Shape = interface("Shape", None, (), ("area", 0, 0))


class Circle:
    def area(self):
        return 3


CIRCLE = Circle()
SQUARE = types.SimpleNamespace(area=lambda: 4)
FLAT = types.SimpleNamespace(width=1)


def one_shape(shape: Shape):
    return locals()


def shape_and_text(shape: Shape, text: str):
    return locals()


def wanted(name):
    return f"nothing for {name!r}"


TWO_WAYS = "fit in more than one way"
NO_POSITION = "takes nothing by position"


class Refusal(str):
    """What an OrchestrationError says, as a regular expression."""

    __slots__ = ()


refusal = Refusal


AB = {"a": 1, "b": 2}

# Each cell: a callable, a value, and what is bound, or what the refusal says.
CELLS: list[tuple[Any, Any, Any]] = [
    # Rule 1: at most one required parameter by position, and it is unannotated or the value fits.
    (one, 5, {"a": 5}),
    (one, None, {"a": None}),
    (one, (1, 2), {"a": (1, 2)}),
    (one, (), {"a": ()}),
    (one, [1, 2], {"a": [1, 2]}),
    (one, Block([1, 2]), {"a": [1, 2]}),
    (one, {"a": 1}, {"a": {"a": 1}}),
    (one, BOTH, {"a": BOTH}),
    (one, DATA, {"a": DATA}),
    (one, Pair(1, 2), {"a": Pair(1, 2)}),
    (one_default, 5, {"a": 5}),
    (one_default, (1,), {"a": (1,)}),
    (one_default, {"a": 1}, {"a": {"a": 1}}),
    (one_and_default, (1, 2), {"a": (1, 2), "b": "B"}),
    (one_and_default, {"a": 1, "b": 2}, {"a": {"a": 1, "b": 2}, "b": "B"}),
    (rest, 5, {"items": (5,)}),
    (rest, (1, 2), {"items": ((1, 2),)}),
    (rest, Block([1, 2]), {"items": ([1, 2],)}),
    (one_int, 5, {"n": 5}),
    (one_int, MyInt(5), {"n": 5}),
    (one_float, 0.5, {"x": 0.5}),
    (one_float, 5, {"x": 5}),
    (one_str, "x", {"s": "x"}),
    (one_bool, True, {"flag": True}),
    (one_list, [1], {"warnings": [1]}),
    (one_list, Block([1]), {"warnings": [1]}),
    (one_dict, {"d": 1}, {"d": {"d": 1}}),
    (one_dict, MyDict(d=1), {"d": {"d": 1}}),
    (one_tuple, (1, 2), {"t": (1, 2)}),
    (one_tuple, Pair(1, 2), {"t": Pair(1, 2)}),
    (one_any, {"v": 1}, {"v": {"v": 1}}),
    (one_any, (1,), {"v": (1,)}),
    (one_none, None, {"v": None}),
    (one_union, None, {"n": None}),
    (one_union, 3, {"n": 3}),
    (one_optional, None, {"n": None}),
    (one_generic, ["text"], {"xs": ["text"]}),
    (one_word, 3, {"n": 3}),
    (one_struct, BOTH, {"p": BOTH}),
    (one_unknown, {"p": 1}, {"p": {"p": 1}}),
    (one_unknown, (1,), {"p": (1,)}),
    (one_shape, CIRCLE, {"shape": CIRCLE}),
    (one_shape, SQUARE, {"shape": SQUARE}),
    # Rule 1, and the value does not fit: its field of that name,
    (one_int, {"n": 5, "m": 6}, {"n": 5}),
    (one_int, {"n": "text"}, {"n": "text"}),
    (one_int, {"n": None}, {"n": None}),
    (one_int, having(types.SimpleNamespace(), n=7), {"n": 7}),
    (one_int, Box(8), {"n": 8}),
    (one_str, collections.OrderedDict(s="x"), {"s": "x"}),
    # and with it those of its other parameters' names,
    (int_and_default, {"n": 5, "m": 6, "o": 7}, {"n": 5, "m": 6, "k": "K"}),
    (int_and_default, {"n": 5, "k": 7}, {"n": 5, "m": "M", "k": 7}),
    (int_and_default, {"m": 6, "k": 7}, {"n": {"m": 6, "k": 7}, "m": "M", "k": "K"}),
    (int_and_keyword, {"n": 5, "k": 6}, {"n": 5, "k": 6}),
    (int_and_keyword, {"n": 5}, refusal(wanted("k"))),
    (int_and_keyword, 5, refusal(wanted("k"))),
    (WithDefault, {"x": 5, "y": 6}, WithDefault(5, 6)),
    (WithDefault, {"x": 5, "z": 6}, WithDefault(5, 2)),
    (one_str, having(MyList([1]), s="x"), {"s": "x"}),
    (one_str, collections.ChainMap({"s": "x"}), {"s": "x"}),
    (one_str, types.MappingProxyType({"s": "x"}), {"s": "x"}),
    (one_word, {"n": 5}, {"n": 5}),
    (one_union, {"n": 5}, {"n": 5}),
    (one_optional, {"n": 5}, {"n": 5}),
    (one_shape, {"shape": CIRCLE}, {"shape": CIRCLE}),
    # or the one item of a tuple that fits,
    (one_int, ("x", 5), {"n": 5}),
    (one_int, (True, 5), {"n": 5}),
    (one_int, (5,), {"n": 5}),
    (one_int, Block(["x", 5]), {"n": 5}),
    (one_int, MyTuple(("x", 5)), {"n": 5}),
    (one_int, Pair("x", 5), {"n": 5}),
    (one_float, ("x", 5), {"x": 5}),
    (one_float, (True, 0.5), {"x": 0.5}),
    (one_list, REPORT, {"warnings": ["warning"]}),
    (one_dict, REPORT, {"d": {"processed": True}}),
    (one_generic, REPORT, {"xs": ["warning"]}),
    (one_struct, (1, BOTH), {"p": BOTH}),
    (one_union, ("x", None), {"n": None}),
    (one_shape, (FLAT, SQUARE), {"shape": SQUARE}),
    (one_int_keyword, ("x", 5), {"n": 5, "k": "K"}),
    # or the value all the same.
    (one_int, "x", {"n": "x"}),
    (one_int, True, {"n": True}),
    (one_int, 0.5, {"n": 0.5}),
    (one_int, (1, 2), {"n": (1, 2)}),
    (one_int, ("x", "y"), {"n": ("x", "y")}),
    (one_int, (), {"n": ()}),
    (one_int, [1], {"n": [1]}),
    (one_int, {"m": 1}, {"n": {"m": 1}}),
    (one_int, {1: 2}, {"n": {1: 2}}),
    (one_int, None, {"n": None}),
    (one_bool, 1, {"flag": 1}),
    (one_float, True, {"x": True}),
    (one_float, (1, 0.5), {"x": (1, 0.5)}),
    (one_union, "x", {"n": "x"}),
    (one_none, 0, {"v": 0}),
    (one_struct, PARTLY, {"p": PARTLY}),
    (one_shape, FLAT, {"shape": FLAT}),
    (one_shape, (SQUARE, CIRCLE), {"shape": (SQUARE, CIRCLE)}),
    # Rule 2: the items of a tuple, or of what a block has given.
    (two, (1, 2), {"a": 1, "b": 2}),
    (two, (None, False), {"a": None, "b": False}),
    (two, Block([1, 2]), {"a": 1, "b": 2}),
    (two, MyTuple((1, 2)), {"a": 1, "b": 2}),
    (two, Range(1, 2), {"a": 1, "b": 2}),
    (two_only, (1, 2), {"a": 1, "b": 2}),
    (two_default, (1, 2), {"a": 1, "b": 2, "c": "C"}),
    (two_default, (1, 2, 3), {"a": 1, "b": 2, "c": 3}),
    (two_rest, (1, 2), {"a": 1, "b": 2, "rest": ()}),
    (two_rest, (1, 2, 3, 4), {"a": 1, "b": 2, "rest": (3, 4)}),
    (two_options, (1, 2), {"a": 1, "b": 2, "options": {}}),
    (two_keyword_default, (1, 2), {"a": 1, "b": 2, "k": "K"}),
    (two, ({"a": 1}, 2), {"a": {"a": 1}, "b": 2}),
    (int_str, (1, "x"), {"n": 1, "s": "x"}),
    (int_str, Block([1, "x"]), {"n": 1, "s": "x"}),
    (count_accuracy, (1, 2), {"count": 1, "accuracy": 2}),
    (count_accuracy, (1, 0.5), {"count": 1, "accuracy": 0.5}),
    (int_int_str, (1, 2, "x"), {"m": 1, "n": 2, "s": "x"}),
    (int_untyped, (1, 2), {"n": 1, "other": 2}),
    (int_untyped, ("x", 2), {"n": "x", "other": 2}),
    (int_str_default, (1, "x"), {"n": 1, "s": "x", "x": 0.5}),
    (int_str_default, (1, "x", 2), {"n": 1, "s": "x", "x": 2}),
    (str_rest, (1, "x", 2), {"n": 1, "s": "x", "rest": (2,)}),
    (str_rest, ("x", 1, 2), {"n": "x", "s": 1, "rest": (2,)}),
    # Rule 2, by type: the items do not fit in order, but in one other order.
    (int_str, ("x", 1), {"n": 1, "s": "x"}),
    (int_str, Block(["x", 1]), {"n": 1, "s": "x"}),
    (str_rest, ("x", 1), {"n": 1, "s": "x", "rest": ()}),
    (int_bool, (True, 1), {"n": 1, "flag": True}),
    (count_accuracy, (0.5, 1), {"count": 1, "accuracy": 0.5}),
    (int_str_default, (0.5, "x", 1), {"n": 1, "s": "x", "x": 0.5}),
    (int_str_default, ("x", 1), {"n": 1, "s": "x", "x": 0.5}),
    (unions, (None, "x"), {"a": "x", "b": None}),
    (count_accuracy_status, ({}, 1, 0.5), {"count": 1, "accuracy": 0.5, "status": {}}),
    (shape_and_text, ("x", SQUARE), {"shape": SQUARE, "text": "x"}),
    # in order all the same, where they fit in none,
    (int_str, ("x", "y"), {"n": "x", "s": "y"}),
    (int_str, (True, "y"), {"n": True, "s": "y"}),
    (int_bool, (True, False), {"n": True, "flag": False}),
    (int_str, (None, None), {"n": None, "s": None}),
    # and refused where they do in several.
    (int_int_str, ("x", 1, 2), refusal(TWO_WAYS)),
    (int_int_str, Block(["x", 1, 2]), refusal("items (.*) fit in more than one way: ")),
    # Rule 2, more items than parameters: each takes the one that fits.
    (
        count_accuracy_status,
        REPORT,
        {"count": 100, "accuracy": 0.95, "status": {"processed": True}},
    ),
    (count_accuracy_status, Block(REPORT), {"count": 100, "accuracy": 0.95, "status": REPORT[3]}),
    (count_accuracy, REPORT, {"count": 100, "accuracy": 0.95}),
    (int_str, (0.5, "x", 1), {"n": 1, "s": "x"}),
    (int_bool, (None, True, 1), {"n": 1, "flag": True}),
    (int_str_default, ([], "x", 1, 0.25), {"n": 1, "s": "x", "x": 0.25}),
    (int_str_default, ([], "x", 1, {}), {"n": 1, "s": "x", "x": 0.5}),
    (int_str, (1, 2, "x"), refusal(TWO_WAYS)),
    (int_str, ("x", "y", 1), refusal(TWO_WAYS)),
    (int_str, (0.5, 0.5, "x"), refusal(wanted("s"))),
    (two, (1, 2, 3), refusal(wanted("b"))),
    (int_untyped, (1, 2, 3), refusal(wanted("other"))),
    # too few of them, and lists that are data: rule 5, and nothing to fill it.
    (two, (1,), refusal(wanted("b"))),
    (two, (), refusal(wanted("b"))),
    (three, (1, 2), refusal("nothing for 'b', 'c'; the value is a tuple of int, int")),
    (two, [1, 2], refusal(wanted("b"))),
    (int_str, [1, "x"], refusal(wanted("s"))),
    (two, Block([1]), refusal(wanted("b"))),
    # Rule 3: by name.
    (two, {"b": 2, "a": 1}, {"a": 1, "b": 2}),
    (two, {"b": 2, "a": 1, "c": 3}, {"a": 1, "b": 2}),
    (two, {"a": None, "b": 0}, {"a": None, "b": 0}),
    (two, {"a": 1, "b": 2, 3: 4}, {"a": 1, "b": 2}),
    (two, MyDict(a=1, b=2), {"a": 1, "b": 2}),
    (two, collections.OrderedDict(b=2, a=1), {"a": 1, "b": 2}),
    (two, collections.ChainMap({"a": 1}, {"b": 2}), {"a": 1, "b": 2}),
    (two, types.MappingProxyType(AB), {"a": 1, "b": 2}),
    (two, collections.defaultdict(int, a=1, b=2), {"a": 1, "b": 2}),
    (two, collections.defaultdict(int, a=1), refusal(wanted("b"))),
    (two, BOTH, {"a": 1, "b": 2}),
    (two, DATA, {"a": 1, "b": 2}),
    (two, SlottedData(1, 2), {"a": 1, "b": 2}),
    (two, FixedData(1), {"a": 1, "b": "fixed"}),
    (two, having(FixedData(1), b=2), {"a": 1, "b": 2}),
    (two, FixedNone(1), {"a": 1, "b": None}),
    (
        two,
        having(Private(), b=2),
        refusal("nothing for 'a'; the value is a Private with the fields b;"),
    ),
    (two_default, FixedData(1), {"a": 1, "b": "fixed", "c": "C"}),
    (lambda a, d: (a, d), FixedData(1), refusal(wanted("d"))),
    (two_default, MORE, {"a": 1, "b": 2, "c": 3}),
    (two_default, OPEN, {"a": 1, "b": 2, "c": 3}),
    (two_default, OpenBoth(1, 2), {"a": 1, "b": 2, "c": "C"}),
    (two, CaseInsensitive(A=1, b=2), {"a": 1, "b": 2}),
    (two, CaseInsensitive(a=1, B=2), {"a": 1, "b": 2}),
    (two, CaseInsensitive(A=1), refusal(wanted("b"))),
    (one_int, CaseInsensitive(N=5), {"n": 5}),
    (two, Answering(), refusal("the value is an Answering;")),
    (two, having(Answering(), a=1), refusal(wanted("b"))),
    (lambda tm_year, tm_mon, zone=0: (tm_year, tm_mon, zone), time.gmtime(0), (1970, 1, 0)),
    (two, SLOTTED, {"a": 1, "b": 2}),
    (two, MIXED, {"a": 1, "b": 2}),
    (two, OBJECT, {"a": 1, "b": 2}),
    (two, Pair(2, 1), {"a": 2, "b": 1}),
    (two, having(MyList(), a=1, b=2), {"a": 1, "b": 2}),
    (two, having(MyDict(a=1, b=2), a=3), {"a": 1, "b": 2}),
    (two, Pair((1,), []), {"a": (1,), "b": []}),
    (two, MyList([1, 2]), refusal(wanted("b"))),
    (three, MIXED, {"a": 1, "b": 2, "c": 3}),
    (three, DATA, {"a": 1, "b": 2, "c": "dc"}),
    (two_only, {"b": 2, "a": 1}, {"a": 1, "b": 2}),
    (two_default, {"b": 2, "a": 1}, {"a": 1, "b": 2, "c": "C"}),
    (two_default, {"c": 3, "b": 2, "a": 1}, {"a": 1, "b": 2, "c": 3}),
    (two_default, {"c": None, "b": 2, "a": 1}, {"a": 1, "b": 2, "c": None}),
    (two_default, DATA, {"a": 1, "b": 2, "c": "dc"}),
    (two_rest, {"a": 1, "b": 2, "rest": 3}, {"a": 1, "b": 2, "rest": ()}),
    (two_options, {"a": 1, "b": 2, "c": 3}, {"a": 1, "b": 2, "options": {}}),
    (two_options, {"a": 1, "b": 2, "options": 3}, {"a": 1, "b": 2, "options": {}}),
    (two_keyword, {"a": 1, "b": 2, "k": 3}, {"a": 1, "b": 2, "k": 3}),
    (two_keyword_default, {"a": 1, "b": 2, "k": 3}, {"a": 1, "b": 2, "k": 3}),
    (two_keyword_default, {"a": 1, "b": 2}, {"a": 1, "b": 2, "k": "K"}),
    (
        mixed_kinds,
        {"z": 6, "k": 5, "c": 3, "b": 2, "a": 1},
        {"a": 1, "b": 2, "c": 3, "d": "D", "k": 5, "z": 6},
    ),
    (int_str, {"s": 1, "n": "x"}, {"n": "x", "s": 1}),
    (store, {"xml": "<a/>", "json": "{}"}, {"json": "{}", "xml": "<a/>"}),
    (two, {"a": 1}, refusal("nothing for 'b'; the value is a dict with the fields a")),
    (two, PARTLY, refusal("nothing for 'b'; the value is a Partly with the fields a, extra")),
    (two, HALF_SLOTTED, refusal("the value is a Slots with the fields a;")),
    (two_keyword, {"a": 1, "b": 2}, refusal(wanted("k"))),
    (three, BOTH, refusal(wanted("c"))),
    (mixed_kinds, {"a": 1}, refusal("nothing for 'b', 'c', 'k'")),
    # no field is asked for: rule 5, and nothing to fill it.
    (two, {"c": 1}, refusal("nothing for 'b'; the value is a dict with the fields c")),
    (two, {}, refusal("nothing for 'b'; the value is a dict;")),
    (two, {1: 2}, refusal(wanted("b"))),
    (two_default, {"c": 1}, refusal(wanted("b"))),
    (two, PROPERTY, refusal(wanted("b"))),
    (two, AN_ERROR, refusal("the value is a ValueError")),
    (two, Data, refusal(wanted("b"))),
    (two, having(lambda: 0, a=1, b=2), refusal(wanted("b"))),
    (two, types, refusal(wanted("b"))),
    (two, Colour.RED, refusal(wanted("b"))),
    # Rule 5: anything else.
    (two, 5, refusal("nothing for 'b'; the value is an int")),
    (two, None, refusal("the value is None")),
    (two, "ab", refusal("the value is a str")),
    (two_keyword, 5, refusal("nothing for 'b', 'k'")),
    (two_keyword, (1, 2), refusal(wanted("k"))),
    (one_keyword, 5, refusal(wanted("k"))),
    (one_keyword, {"a": 1, "k": 2}, refusal(wanted("k"))),
    (tax_rate, {"order": 1}, refusal(wanted("tax_rate"))),
    # What takes nothing by position: by name, or not at all.
    (keywords_only, AB, {"a": 1, "b": 2}),
    (keywords_only, BOTH, {"a": 1, "b": 2}),
    (keywords_only, {"a": 1}, refusal(wanted("b"))),
    (keywords_only, {"c": 1}, refusal(NO_POSITION)),
    (keywords_only, (1, 2), refusal(NO_POSITION)),
    (keywords_only, 5, refusal(NO_POSITION)),
    (none, 5, refusal(NO_POSITION)),
    (none, {}, refusal(NO_POSITION)),
    (options, {"a": 1}, refusal(NO_POSITION)),
    # Methods: `self` is given.
    (plain.method, (1, 2), {"self": "self", "a": 1, "b": 2}),
    (plain.method, AB, {"self": "self", "a": 1, "b": 2}),
    (plain.method, 5, refusal(r"method\(a, b\) gets nothing for 'b'")),
    (plain.one, (1, 2), {"self": "self", "a": (1, 2)}),
    (plain.none, 5, refusal(NO_POSITION)),
    (Plain.of_class, (1, 2), {"a": 1, "b": 2}),
    (Plain.static, AB, {"a": 1, "b": 2}),
    (Plain.one, (plain, 2), {"self": "self", "a": 2}),
    (plain, (1, 2), {"a": 1, "b": 2}),
    (plain, BOTH, {"a": 1, "b": 2}),
    (plain, 5, refusal(r": Plain\(a, b\) gets nothing for 'b'")),
    # Classes and structs.
    (Plain, (1, 2), Plain(1, 2)),
    (Plain, AB, Plain(1, 2)),
    (ByNew, AB, {"a": 1, "b": 2}),
    (ByMeta, (1, 2), {"meta": True, "a": 1, "b": 2}),
    (Both, (1, 2), Both(1, 2)),
    (Both, AB, Both(1, 2)),
    (Both, DATA, Both(1, 2)),
    (Both, 5, refusal(r"Both\(a: any, b: any\) gets nothing for 'b'")),
    (Box, 5, Box(5)),
    (Box, {"n": 5}, Box(5)),
    (Box, ("x", 5), Box(5)),
    (Range, (1, 2), Range(1, 2)),
    (Range, {"high": 2, "low": 1}, Range(1, 2)),
    (Pair, Pair(1, 2), Pair(1, 2)),
    (LateOne, 5, LateOne(y=5)),
    (Late, {"z": 3, "y": 2}, Late(y=2, z=3)),
    (Late, {"z": 3, "y": 2, "x": 1}, Late(1, 2, 3)),
    (Data, (1, 2), Data(1, 2)),
    (Data, {"a": 1, "b": 2, "c": 3}, Data(1, 2, 3)),
    # Partials: what is given is no parameter any more.
    (functools.partial(two, 1), 2, {"a": 1, "b": 2}),
    (functools.partial(two, b=2), 1, {"a": 1, "b": 2}),
    (functools.partial(two, b=2), {"a": 3, "b": 4}, {"a": {"a": 3, "b": 4}, "b": 2}),
    (functools.partial(three, 1), (2, 3), {"a": 1, "b": 2, "c": 3}),
    (functools.partial(three, c=3), {"a": 1, "b": 2, "c": 9}, {"a": 1, "b": 2, "c": 3}),
    (functools.partial(two, a=1), 5, refusal(NO_POSITION)),
    (functools.partial(two, a=1), {"b": 2}, {"a": 1, "b": 2}),
    (functools.partial(plain.method, 1), 2, {"self": "self", "a": 1, "b": 2}),
    # Decorated functions, lambdas, pipelines.
    (wrapped, (1, 2), {"a": 1, "b": 2}),
    (wrapped, AB, {"a": 1, "b": 2}),
    (cached, (1, 2), {"a": 1, "b": 2}),
    (lambda a, b: (a, b), (1, 2), (1, 2)),
    (lambda a, b: (a, b), AB, (1, 2)),
    (lambda v: v, (1, 2), (1, 2)),
    (pipeline, (1, 2), {"a": 1, "b": 2}),
    (pipeline, AB, {"a": 1, "b": 2}),
    (pipeline, 5, refusal(wanted("b"))),
    (unknown_pipeline, (1, 2), {"items": ((1, 2),)}),
    (unknown_pipeline, AB, {"items": (AB,)}),
    # Built-ins, with a signature and without.
    (pow, (2, 3), 8),
    (pow, {"exp": 3, "base": 2}, 8),
    (divmod, (7, 2), (3, 1)),
    (isinstance, (5, int), True),
    (len, (1, 2), 2),
    (sum, (1, 2), 3),
    (sorted, (2, 1), [1, 2]),
    (max, (1, 2), 2),
    (max, {"a": 1}, "a"),
    (int, "5", 5),
    (str, (1, 2), "(1, 2)"),
    (dict, {"a": 1}, {"a": 1}),
    (list, (1, 2), [1, 2]),
    (tuple, [1, 2], (1, 2)),
    ("x-{}".format, (1, 2), "x-(1, 2)"),
    (", ".join, ("a", "b"), "a, b"),
    ({"a": 1}.get, "a", 1),
]


def ident(cell):
    function, value, _ = cell
    name = getattr(function, "__name__", repr(function))
    # Addresses would give the test another name each time.
    return re.sub(" at 0x[0-9a-f]+", "", f"{name}<-{value!r}")[:70]


def check(cell):
    function, value, expected = cell
    of_block = isinstance(value, Block)
    given = list(value) if of_block else value
    if isinstance(expected, Refusal):
        with pytest.raises(OrchestrationError, match=expected):
            orchestrate(function, given, WHERE, is_block_result=of_block)
    else:
        result = orchestrate(function, given, WHERE, is_block_result=of_block)
        assert result == expected
        assert type(result) is type(expected)


@pytest.mark.parametrize("cell", CELLS, ids=ident)
def test_cell(cell):
    check(cell)
    check(cell)


@pytest.mark.parametrize("seed", range(5))
def test_kept_plans_give_what_new_ones_give(seed):
    cells = CELLS * 3
    random.Random(seed).shuffle(cells)
    for cell in cells:
        check(cell)


@pytest.mark.parametrize("seed", range(3))
def test_functions_made_for_plans_give_what_plans_give(seed, generating):
    test_kept_plans_give_what_new_ones_give(seed)


def test_the_table_is_large():
    assert len(CELLS) > 200


# --- Rule 4: the context ----------------------------------------------------------------------------

# Each: a callable, a value, local, private and public names, and what is bound or refused.
CONTEXTS: list[tuple[Any, Any, dict, dict, dict, Any]] = [
    (two, 1, {"b": 2}, {}, {}, {"a": 1, "b": 2}),
    (two, 1, {}, {"b": 2}, {}, {"a": 1, "b": 2}),
    (two, 1, {}, {}, {"b": 2}, {"a": 1, "b": 2}),
    (two, 1, {"b": 2}, {"b": 3}, {"b": 4}, {"a": 1, "b": 2}),
    (two, 1, {}, {"b": 3}, {"b": 4}, {"a": 1, "b": 3}),
    (two, 1, {"b": 0}, {"b": 3}, {"b": 4}, {"a": 1, "b": 0}),
    (two, 1, {"b": ""}, {"b": 3}, {"b": 4}, {"a": 1, "b": ""}),
    (two, 1, {"b": False}, {"b": 3}, {}, {"a": 1, "b": False}),
    (two, 1, {"b": None}, {"b": 3}, {}, {"a": 1, "b": None}),
    (two, 1, {}, {"b": 0}, {"b": 4}, {"a": 1, "b": 0}),
    (two, 1, {}, {"b": None}, {"b": 4}, {"a": 1, "b": None}),
    (two, 1, {}, {}, {"b": False}, {"a": 1, "b": False}),
    (two, 1, {"a": 9, "b": 2}, {}, {}, {"a": 1, "b": 2}),
    (two, None, {"b": 2}, {}, {}, {"a": None, "b": 2}),
    (two, [1, 2], {"b": 3}, {}, {}, {"a": [1, 2], "b": 3}),
    (two, (1, 2, 3), {"b": 4}, {}, {}, {"a": (1, 2, 3), "b": 4}),
    (two, (1, 2), {"b": 4}, {}, {}, {"a": 1, "b": 2}),
    (two, (1,), {"b": 4}, {}, {}, {"a": (1,), "b": 4}),
    (two, {"a": 1}, {"b": 2}, {}, {}, {"a": 1, "b": 2}),
    (two, {"b": 1}, {}, {"a": 2}, {}, {"a": 2, "b": 1}),
    (two, {"a": 1, "b": None}, {"b": 2}, {}, {}, {"a": 1, "b": None}),
    (two, {"c": 1}, {"a": 3, "b": 2}, {}, {}, {"a": {"c": 1}, "b": 2}),
    (two, PARTLY, {}, {}, {"b": 2}, {"a": 1, "b": 2}),
    (two, DATA, {"a": 5, "b": 6}, {}, {}, {"a": 1, "b": 2}),
    (two_only, 1, {"b": 2}, {}, {}, {"a": 1, "b": 2}),
    (two_only, {"b": 1}, {"a": 2}, {}, {}, {"a": 2, "b": 1}),
    (two_default, 1, {"b": 2, "c": 3}, {}, {}, {"a": 1, "b": 2, "c": "C"}),
    (two_default, {"a": 1}, {"b": 2, "c": 3}, {}, {}, {"a": 1, "b": 2, "c": "C"}),
    (one_default, 1, {"a": 2}, {}, {}, {"a": 1}),
    (one_and_default, 1, {"b": 2}, {"b": 3}, {"b": 4}, {"a": 1, "b": "B"}),
    (one_keyword, 1, {"k": 2}, {}, {}, {"a": 1, "k": 2}),
    (one_keyword, (1, 2), {}, {"k": 2}, {}, {"a": (1, 2), "k": 2}),
    (one_keyword, {"a": 1, "k": 2}, {"k": 3}, {}, {}, {"a": {"a": 1, "k": 2}, "k": 3}),
    (one_int_keyword, 1, {"k": 2}, {}, {}, {"n": 1, "k": "K"}),
    (two_keyword, (1, 2), {"k": 3}, {}, {}, {"a": 1, "b": 2, "k": 3}),
    (two_keyword, {"a": 1, "b": 2}, {"k": 3}, {}, {}, {"a": 1, "b": 2, "k": 3}),
    (two_keyword, 1, {"b": 2}, {"k": 3}, {}, {"a": 1, "b": 2, "k": 3}),
    (two_keyword_default, 1, {"b": 2, "k": 3}, {}, {}, {"a": 1, "b": 2, "k": "K"}),
    (two_rest, 1, {"b": 2, "rest": 3}, {}, {}, {"a": 1, "b": 2, "rest": ()}),
    (two_options, 1, {"b": 2, "options": 3}, {}, {}, {"a": 1, "b": 2, "options": {}}),
    (int_str, 1, {"s": 5}, {}, {}, {"n": 1, "s": 5}),
    (count_accuracy, "x", {"accuracy": 1}, {}, {}, {"count": "x", "accuracy": 1}),
    (keywords_only, {"a": 1}, {"b": 2}, {}, {}, {"a": 1, "b": 2}),
    (plain.method, 1, {"b": 2, "self": 3}, {}, {}, {"self": "self", "a": 1, "b": 2}),
    (Plain, 1, {"b": 2}, {}, {}, Plain(1, 2)),
    (Both, {"a": 1}, {"b": 2}, {}, {}, Both(1, 2)),
    (Late, 2, {"z": 3, "x": 9}, {}, {}, Late(y=2, z=3)),
    (functools.partial(two, b=2), 1, {"b": 3}, {}, {}, {"a": 1, "b": 2}),
    (functools.partial(three, 1), 2, {"c": 3}, {}, {}, {"a": 1, "b": 2, "c": 3}),
    (pipeline, 1, {"b": 2}, {}, {}, {"a": 1, "b": 2}),
    (pow, 2, {"exp": 3}, {}, {}, 8),
    (mixed_kinds, 1, {"b": 2}, {"c": 3}, {"k": 4}, {**AB, "c": 3, "d": "D", "k": 4, "z": "Z"}),
    (two, 1, {"B": 2}, {}, {}, refusal(r"nothing for 'b'; .*; local names: B")),
    (
        two,
        1,
        {"x": 2},
        {"y": 3},
        {"z": 4},
        refusal("local names: x; private names: y; public names: z"),
    ),
    (tax_rate, 1, {"tax_rates": 2}, {}, {}, refusal(r"Did you mean 'tax_rates'\?$")),
    (three, {"a": 1}, {"b": 2}, {}, {}, refusal(wanted("c"))),
    (int_int_str, ("x", 1, 2), {"n": 2, "s": "x"}, {}, {}, refusal(TWO_WAYS)),
    (two, 1, {}, {}, {}, refusal("no names in the context$")),
    # `system` has `depth`, and is never asked.
    (lambda a, depth: (a, depth), 1, {}, {}, {}, refusal(wanted("depth"))),
]


@pytest.mark.parametrize("cell", CONTEXTS, ids=lambda cell: ident((*cell[:2], 0)))
def test_context(cell):
    function, value, local, private, shared, expected = cell
    scope = private_scope("tests_of_context")
    for name in list(scope):
        del scope[name]
    for names, target in ((private, scope), (shared, public)):
        for name, item in names.items():
            target[name] = item
    for _ in range(2):
        context = Context(lambda: local, scope)
        if isinstance(expected, Refusal):
            with pytest.raises(OrchestrationError, match=expected):
                orchestrate(function, value, WHERE, context)
        else:
            assert orchestrate(function, value, WHERE, context) == expected


@pytest.mark.parametrize("cell", CONTEXTS, ids=lambda cell: ident((*cell[:2], 0)))
def test_context_of_functions_made_for_plans(cell, generating):
    test_context(cell)


def test_the_refusal_names_stage_signature_and_what_was_on_offer():
    with pytest.raises(OrchestrationError) as caught:
        orchestrate(mixed_kinds, {"a": 1, "order": 2}, WHERE, lambda: {"b": 0})
    assert str(caught.value) == (
        "stage 2 of load | store (shop.dana:3:9): mixed_kinds(a, b, /, c, d=…, *, k, z=…) gets "
        "nothing for 'c', 'k'; the value is a dict with the fields a, order; local names: b"
    )
    assert isinstance(caught.value, TypeError)
    assert caught.value.__context__ is None


def test_the_refusal_of_two_ways_names_both():
    with pytest.raises(OrchestrationError) as caught:
        orchestrate(int_int_str, ("x", 1, 2), WHERE)
    text = str(caught.value)
    assert "int_int_str(m: int, n: int, s: str)" in text
    assert "m = item 2, n = item 3, s = item 1" in text
    assert "m = item 3, n = item 2, s = item 1" in text
