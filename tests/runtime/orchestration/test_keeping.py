"""What is kept for callables and classes: right after changes, gone with them, and bounded."""

from __future__ import annotations

import contextlib
import functools
import gc
import sys
import threading
import types
import weakref

import pytest

from dana_runtime import OrchestrationError, orchestrate, public, struct
from dana_runtime.orchestration import calls
from dana_runtime.orchestration.by_items import MOST_PLANS
from dana_runtime.orchestration.generated import EACH

WHERE = "stage 2 of x | f"


def made(text, **names):
    """Return the function that a text defines in globals of its own."""
    scope = {"__name__": "made", **names}
    exec(text, scope)
    return scope["f"]


def sizes():
    return [len(table) for table in calls._TABLES]


class Adder:
    def __init__(self, k):
        self.k = k

    def add(self, a, b):
        return a + b + self.k

    def __call__(self, a, b):
        return a * b * self.k


@struct(("a", object), ("b", object))
class Both:
    __slots__ = "a", "b"


# --- Nothing is kept alive --------------------------------------------------------------------------


def callables():
    """Make one of each kind of callable."""
    function = made("def f(a: int, b: str): return a, b")
    local = made("class P: pass\ndef f(p: P, n: int): return p, n\n")
    return [
        function,
        local,
        made("def f(a): return a"),
        made("def f(a: 'Later', b: int): return a, b"),
        functools.partial(made("def f(a, b, c): return a, b")),
        type("C", (), {"__init__": made("def f(self, a, b): self.a = a")}),
        struct(("a", object), ("b", object))(type("S", (), {"__slots__": ("a", "b")})),
        functools.wraps(function)(lambda *args: function(*args)),
        types.MethodType(function, 5),
    ]


VALUES = [(1, "x"), ("x", 1), {"a": 1, "b": 2}, 5, [1], None]


@pytest.mark.parametrize("index", range(len(callables())))
def test_a_callable_can_end(index):
    gc.collect()
    before = sizes()
    function = callables()[index]
    for value in VALUES:
        with contextlib.suppress(TypeError):
            orchestrate(function, value, WHERE)
    del value
    kept = function.__func__ if isinstance(function, types.MethodType) else function
    gone = weakref.ref(kept)
    del kept, function
    gc.collect()
    assert gone() is None
    assert sizes() == before


def test_the_class_of_a_value_can_end():
    def f(a, b):
        return a, b

    def g(a: int, b: object):
        return a, b

    kind = type("Gone", (), {"__slots__": ("a", "b")})
    for function in (f, g):
        with pytest.raises(TypeError):
            orchestrate(function, kind(), WHERE)
        orchestrate(function, (kind(), kind()), WHERE)
        orchestrate(function, (1, kind()), WHERE)
    gone = weakref.ref(kind)
    del kind
    gc.collect()
    assert gone() is None


def test_classes_that_end_leave_no_plans():
    def f(a: int, b: str, c: object):
        return a, b, c

    for _ in range(3 * MOST_PLANS):
        kind = type("Passing", (), {})
        item = kind()
        assert orchestrate(f, ("x", 1, item), WHERE) == (1, "x", item)
        del kind, item
    gc.collect()
    assert list(calls.found[id(f)]) == [id(tuple)]


# --- Bounded ----------------------------------------------------------------------------------------


def closures(runner):
    """Return what the closure of a runner holds, and the closures of functions in it.

    The runner is the one behind those that were generated for a plan each.
    """
    number = 0
    while "otherwise" in runner.__globals__:
        runner = runner.__globals__["otherwise"]
        number += 1
    assert number <= calls._MOST_IN_FRONT
    found = [cell.cell_contents for cell in runner.__closure__]
    inner = [c for c in found if isinstance(c, types.FunctionType) and c.__closure__]
    found += [cell.cell_contents for c in inner for cell in c.__closure__]
    return [held for held in found if not isinstance(held, calls.Runners)]


def test_the_classes_of_values_are_bounded():
    def f(a: int, *, k=1):
        return a

    kinds = [type("K", (), {}) for _ in range(3 * MOST_PLANS)]
    for kind in kinds:
        value = kind()
        assert orchestrate(f, value, WHERE) is value
        assert len(calls.found[id(f)]) <= MOST_PLANS


def test_the_shapes_of_tuples_are_bounded():
    def f(a: int, b: object, *rest):
        return (a, b, *rest)

    kinds = [type("K", (), {}) for _ in range(MOST_PLANS)]
    for length in range(2, 2 * MOST_PLANS):
        assert orchestrate(f, (0,) * length, WHERE) == (0,) * length
    for one in kinds[:8]:
        for other in kinds:
            items = (1, one(), other())
            assert orchestrate(f, items, WHERE) == items
    tables = [
        table
        for table in closures(calls.found[id(f)][id(tuple)])
        if hasattr(table, "__len__") and not isinstance(table, types.FunctionType)
    ]
    assert len(tables) == 1
    assert all(0 < len(table) <= MOST_PLANS for table in tables)


def test_the_fields_that_there_are_are_bounded():
    names = [f"p{number}" for number in range(10)]
    f = made(
        f"def f(a, b, {', '.join(f'{name}=0' for name in names)}): return [{', '.join(names)}]"
    )
    for bits in range(1 << 10):
        fields = {name: 1 for number, name in enumerate(names) if bits >> number & 1}
        expected = [fields.get(name, 0) for name in names]
        assert orchestrate(f, {"a": 1, "b": 2, **fields}, WHERE) == expected
    known = [t for t in closures(calls.found[id(f)][id(dict)]) if isinstance(t, dict)]
    assert [0 < len(table) <= MOST_PLANS for table in known] == [True]


# --- Right after changes ----------------------------------------------------------------------------


def test_a_function_that_is_defined_anew_gets_a_new_plan():
    for text, expected in [
        ("def f(a, b): return a, b", (1, 2)),
        ("def f(a): return a", {"a": 1, "b": 2}),
        ("def f(b, a): return b, a", (2, 1)),
        ("def f(*, b, a): return [b, a]", [2, 1]),
    ] * 20:
        # Mostly at the address of the one before.
        assert orchestrate(made(text), {"a": 1, "b": 2}, WHERE) == expected


def test_objects_of_one_class_with_different_fields():
    def f(a, b, c=0):
        return a, b, c

    one = types.SimpleNamespace(a=1, b=2)
    more = types.SimpleNamespace(c=3, b=2, a=1)
    other = types.SimpleNamespace(x=1)
    for _ in range(3):
        assert orchestrate(f, one, WHERE) == (1, 2, 0)
        assert orchestrate(f, more, WHERE) == (1, 2, 3)
        assert orchestrate(f, other, WHERE, lambda: {"b": 5}) == (other, 5, 0)
    one.c = 4
    assert orchestrate(f, one, WHERE) == (1, 2, 4)
    del one.a
    assert orchestrate(f, one, WHERE, lambda: {"a": 6}) == (6, 2, 4)


def test_a_deleted_field_is_none():
    @struct(("a", object), ("b", object))
    class Fields:
        __slots__ = "a", "b"

    def f(a, b):
        return a, b

    value = Fields(1, 2)
    assert orchestrate(f, value, WHERE) == (1, 2)
    del value.b
    assert orchestrate(f, value, WHERE, lambda: {"b": 3}) == (1, 3)


def test_an_interface_looks_at_each_value():
    from dana_runtime import interface

    shape = interface("Shape", None, (), ("area", 0, 0))

    def f(shape: shape, other: int):
        return shape, other

    f.__annotations__["shape"] = shape
    round_one, flat = types.SimpleNamespace(area=lambda: 1), types.SimpleNamespace(width=1)
    for _ in range(3):
        assert orchestrate(f, (5, round_one), WHERE) == (round_one, 5)
        # It fits nowhere, so the items stay in order.
        assert orchestrate(f, (5, flat), WHERE) == (5, flat)


def test_a_name_that_an_annotation_lacks_may_come_later():
    f = made("def f(a: 'Point', b: object): return a, b")
    point = type("Point", (), {})()
    # It takes everything, so there is nothing wrong with this order.
    assert orchestrate(f, (5, point), WHERE) == (5, point)
    assert orchestrate(f, (5, 6), WHERE) == (5, 6)
    f.__globals__["Point"] = type(point)
    for _ in range(2):
        assert orchestrate(f, (5, point), WHERE) == (point, 5)
    assert id(f) in calls.found
    assert id(f) not in calls._provisional


def test_the_type_of_a_field_may_be_defined_later():
    scope = {}
    inner = eval("lambda: Inner", scope)
    outer = struct(("inner", inner), ("other", object))(
        type("Outer", (), {"__slots__": ("inner", "other")})
    )
    kind = type("Inner", (), {})
    item = kind()
    assert orchestrate(outer, (5, item), WHERE).inner == 5
    scope["Inner"] = kind
    for _ in range(2):
        assert orchestrate(outer, (5, item), WHERE) == outer(item, 5)
    assert id(outer) in calls.found


def test_methods_share_plans_whatever_object_they_are_of():
    for k in range(5):
        assert orchestrate(Adder(k).add, (1, 2), WHERE) == 3 + k
        assert orchestrate(Adder(k), {"b": 3, "a": 2}, WHERE) == 6 * k
    assert id(Adder.add) in calls._found_bound
    assert id(Adder.__call__) in calls._found_bound
    # Unbound, `self` is a parameter like others.
    assert orchestrate(Adder.add, (Adder(1), 2, 3), WHERE) == 6
    assert orchestrate(Adder(1).add, (2, 3), WHERE) == 6


def test_built_in_methods_are_of_their_own_object():
    first, second = [], []
    for number in range(3):
        orchestrate(first.append, number, WHERE)
        orchestrate(second.append, (number, number), WHERE)
    assert first == [0, 1, 2]
    assert second == [(0, 0), (1, 1), (2, 2)]
    assert orchestrate({"a": 1}.get, "a", WHERE) == 1
    assert orchestrate(dict.fromkeys, "ab", WHERE) == {"a": None, "b": None}


def test_callables_that_nothing_refers_to_weakly():
    class Slotted:
        __slots__ = ("__signature__",)

        def __call__(self, *args):
            return args

    import inspect

    slotted = Slotted()
    gc.collect()
    before = sizes()
    for _ in range(2):
        slotted.__signature__ = inspect.signature(lambda a, b: 0)
        assert orchestrate(slotted, (1, 2), WHERE) == (1, 2)
        slotted.__signature__ = inspect.signature(lambda a: 0)
        assert orchestrate(slotted, (1, 2), WHERE) == ((1, 2),)
    assert sizes() == before


def test_unhashable_callables():
    class Unhashable:
        __hash__ = None

        def __call__(self, a, b):
            return a, b

    assert orchestrate(Unhashable(), (1, 2), WHERE) == (1, 2)


def test_a_stage_that_is_not_callable():
    with pytest.raises(TypeError, match=r"^stage 2 of x \| f is not callable: 5 \(int\)$"):
        orchestrate(5, 1, WHERE)


# --- Functions of one code --------------------------------------------------------------------------


def signatures_read(monkeypatch):
    """Return the list of the callables whose signatures are read from now on."""
    read = []
    signature_of = calls.signature_of
    monkeypatch.setattr(calls, "signature_of", lambda f: read.append(f) or signature_of(f))
    return read


def test_a_closure_that_is_made_anew_is_planned_once(monkeypatch):
    read = signatures_read(monkeypatch)

    def adder(k):
        def add(a: int, b: Adder, *, c: int = 0):
            return a, b, k + c

        return add

    adders = [adder(k) for k in range(5)]
    item = Adder(0)
    for _ in range(100):
        for k, add in enumerate([*adders, adder(5)]):
            assert orchestrate(add, (item, 1), WHERE) == (1, item, k)
            assert orchestrate(add, {"a": 1, "b": 2, "c": 3}, WHERE) == (1, 2, k + 3)
    assert len(read) == 1


@pytest.mark.parametrize("first", range(9))
def test_functions_of_one_code_that_are_not_alike(first):
    def wide(a, b=0, *, c=0, d=0):
        return a, b, c, d

    def made(*defaults, annotations=None, name="f", **keywords):
        function = types.FunctionType(wide.__code__, {}, name, defaults)
        function.__kwdefaults__ = keywords or None
        function.__annotations__ = annotations or {}
        return function

    kind = type("Kind", (), {})
    wrapper = made(0)
    wrapper.__wrapped__ = lambda a, b, c: None
    value = {"a": 1, "b": 2, "c": 3, "d": 4}
    odd = made(annotations={"a": dict, "b": kind}, c=0, d=0)
    cases = [
        (made(0, c=0, d=0), value, (value, 0, 0, 0)),
        (made(c=0, d=0), value, (1, 2, 3, 4)),
        (made(0, c=0), {"a": 1}, OrchestrationError),
        (made(0, d=0), {"a": 1}, OrchestrationError),
        (made(0, annotations={"a": int}, c=0, d=0), value, (1, 2, 3, 4)),
        (made(0, annotations={"a": "int"}, c=0, d=0), value, (1, 2, 3, 4)),
        (made(0, annotations={"a": dict}, c=0, d=0), value, (value, 0, 0, 0)),
        (odd, (kind, value), (kind, value, 0, 0)),
        (wrapper, value, TypeError),
    ]
    for function, given, expected in (cases[first:] + cases[:first]) * 3:
        if isinstance(expected, type):
            with pytest.raises(expected):
                orchestrate(function, given, WHERE)
        else:
            assert orchestrate(function, given, WHERE) == expected


def test_a_name_in_a_text_is_that_of_the_functions_own_module():
    for text in ("Point", "Point | None", "list[Point]", "m.Point"):
        code = compile(f"def f(a: {text!r}, b: object): return a, b", "<f>", "exec")
        for _ in range(3):
            point = list if text == "list[Point]" else type("Point", (), {})
            scope = {"Point": point, "m": types.SimpleNamespace(Point=point)}
            exec(code, scope)
            item = point()
            for _ in range(2):
                assert orchestrate(scope["f"], (5, item), WHERE) == (item, 5)
            # A function that is defined anew sees what the name means by then.
            scope["Point"] = scope["m"].Point = str
            exec(code, scope)
            if text != "list[Point]":
                assert orchestrate(scope["f"], (5, "x"), WHERE) == ("x", 5)


def test_an_error_names_the_function_itself():
    def made(name):
        def f(a, b):
            return a, b

        f.__name__ = name
        return f

    for name in ("one", "two", "one"):
        with pytest.raises(OrchestrationError, match=rf": {name}\(a, b\) gets"):
            orchestrate(made(name), 1, WHERE)


def test_a_closure_that_stays_is_found_by_itself():
    def made():
        return lambda a, b: (a, b)

    orchestrate(made(), (1, 2), WHERE)
    staying = made()
    for _ in range(calls._CLOSURES + 1):
        orchestrate(staying, (1, 2), WHERE)
    assert calls.found[id(staying)] is calls._found_by_code[id(staying.__code__)].runners


# --- Functions that are made for a plan -------------------------------------------------------------


def test_a_plan_that_is_used_often_gets_a_function_of_its_own():
    def f(a: int, b: str, c=0):
        return a, b, c

    for _ in range(3 * EACH):
        assert orchestrate(f, ("x", 1), WHERE) == (1, "x", 0)
        assert orchestrate(f, {"b": 2, "a": 1}, WHERE) == (1, 2, 0)
        assert orchestrate(f, Both(1, "x"), WHERE) == (1, "x", 0)
        assert orchestrate(f, [1, "x"], WHERE, is_block_result=True) == (1, "x", 0)
        assert orchestrate(f, 5, WHERE, lambda: {"b": "y"}) == (5, "y", 0)
    runners = calls.found[id(f)]
    for kind in (tuple, dict, Both, list, int):
        assert "otherwise" in runners[id(kind)].__globals__
    # What it was not made for still meets the other rules.
    assert orchestrate(f, (1, "x"), WHERE) == (1, "x", 0)
    assert orchestrate(f, (1, "x", 3), WHERE) == (1, "x", 3)
    assert orchestrate(f, {"b": 2, "a": 1, "c": 3}, WHERE) == (1, 2, 3)
    assert orchestrate(f, {"b": 2}, WHERE, lambda: {"a": 4}) == (4, 2, 0)
    assert orchestrate(f, [1, "x"], WHERE, lambda: {"b": 4}) == ([1, "x"], 4, 0)
    public["b"] = 6
    assert orchestrate(f, 5, WHERE, lambda: {}) == (5, 6, 0)
    del public["b"]
    with pytest.raises(OrchestrationError, match="nothing for 'b'"):
        orchestrate(f, 5, WHERE, lambda: {})


def test_functions_for_plans_are_bounded():
    def f(a: object, b: object, c: object):
        return a, b, c

    values = [0, 0.5, "x", None, [], {}, ()]
    for _ in range(EACH):
        for a in values:
            for b in values:
                assert orchestrate(f, (a, b, a), WHERE) == (a, b, a)
    number = 0
    runner = calls.found[id(f)][id(tuple)]
    while "otherwise" in runner.__globals__:
        runner = runner.__globals__["otherwise"]
        number += 1
    assert number == calls._MOST_IN_FRONT


@pytest.mark.parametrize("name", ["_x", "__x", "é", "match"])
def test_fields_with_unusual_names(name):
    f = made(f"def f({name}, b, *, c=0): return {name}, b, c")
    kind = struct((name, object), ("b", object))(type("S", (), {"__slots__": (name, "b")}))
    for _ in range(2 * EACH):
        assert orchestrate(f, {name: 1, "b": 2}, WHERE) == (1, 2, 0)
        assert orchestrate(f, types.SimpleNamespace(**{name: 1, "b": 2, "c": 3}), WHERE) == (
            1,
            2,
            3,
        )
        assert orchestrate(f, kind(1, 2), WHERE) == (1, 2, 0)


# --- What a stage raises ----------------------------------------------------------------------------


@pytest.mark.parametrize("value", [(1, 2), {"a": 1, "b": 2}, types.SimpleNamespace(a=1, b=2), 5])
@pytest.mark.parametrize("raised", [TypeError("mine"), KeyError("a"), AttributeError("a")])
def test_what_a_stage_raises_is_unchanged(value, raised):
    calls_made = []

    def f(a, b):
        calls_made.append(a)
        raise raised

    for count in (1, 2, 3):
        with pytest.raises(type(raised)) as caught:
            orchestrate(f, value, WHERE, lambda: {"b": 2})
        assert caught.value is raised
        assert caught.value.__context__ is None
        assert len(calls_made) == count


def test_a_context_is_asked_once_and_only_where_it_is_needed():
    asked = []

    def local():
        asked.append(1)
        return {"b": 2, "c": 3}

    def f(a, b, c):
        return a, b, c

    for _ in range(2):
        assert orchestrate(f, (1, 2, 3), WHERE, local) == (1, 2, 3)
        assert orchestrate(f, {"a": 1, "b": 2, "c": 3}, WHERE, local) == (1, 2, 3)
    assert asked == []
    assert orchestrate(f, 1, WHERE, local) == (1, 2, 3)
    assert asked == [1]


# --- Threads ----------------------------------------------------------------------------------------


def test_threads_plan_the_same_function_at_the_same_time():
    rounds, workers = 30, 4
    functions = [
        made("def f(n: int, s: str, x: float = 0.5): return n, s, x") for _ in range(rounds)
    ]
    barrier = threading.Barrier(workers)
    failures = []

    def work():
        try:
            for function in functions:
                barrier.wait(30)
                for _ in range(20):
                    assert orchestrate(function, ("x", 1), WHERE) == (1, "x", 0.5)
                    assert orchestrate(function, (1, "x", 2), WHERE) == (1, "x", 2)
                    assert orchestrate(function, {"n": 1, "s": "x"}, WHERE) == (1, "x", 0.5)
                    assert orchestrate(function, {"s": "x", "x": 1, "n": 2}, WHERE) == (2, "x", 1)
                    assert orchestrate(function, 1, WHERE, lambda: {"s": 7}) == (1, 7, 0.5)
        except BaseException as error:
            failures.append(error)
            barrier.abort()

    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    try:
        threads = [threading.Thread(target=work) for _ in range(workers)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
    finally:
        sys.setswitchinterval(interval)
    assert not failures
    assert not any(thread.is_alive() for thread in threads)


def test_threads_while_classes_come_and_go():
    def f(a: int, b: object):
        return a, b

    failures = []

    def work():
        try:
            for _ in range(300):
                item = type("Passing", (), {})()
                assert orchestrate(f, (item, 1), WHERE) == (1, item)
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert not failures
