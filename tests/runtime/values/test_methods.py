from __future__ import annotations

import collections
import copy
import functools
import gc
import pickle
import weakref

import pytest

from dana_runtime import attribute, bound, call_method, interface, method_of, receiver, struct
from dana_runtime.values.class_tables import ClassTable
from dana_runtime.values.type_expressions import Deferred

Shape = interface("Shape", None, (), ("area", 0, 0))


@struct(("x", int))
class Point:
    __slots__ = ("x",)

    def own(self, k=1):
        return "own", self.x, k


@struct(("radius", int))
class Circle:
    __slots__ = ("radius",)


@struct(("_inner", object), ("handler", object, lambda: None))
class Outer:
    __slots__ = ("_inner", "handler")


@receiver(Point)
def double(p):
    """Twice the point."""
    return Point(p.x * 2)


@receiver(Point)
def scale(p, k):
    """Scale."""
    return Point(p.x * k)


scale_of_points = scale


@receiver((Circle, Deferred(lambda: int)), scale)
def scale(c, k):
    return "circle", k


class TestReceiver:
    def test_one_function(self):
        def function(p, k):
            return p.x * k

        assert receiver(Point)(function) is function
        assert Point.function is function
        assert Point(2).function(3) == function(Point(2), 3) == 6
        assert double(Point(2)) == Point(2).double() == Point(4)

    def test_several_functions_are_one(self):
        assert scale is not scale_of_points
        assert Point(2).scale(3) == scale(Point(2), 3) == Point(6)
        assert Circle(2).scale(k=3) == scale(Circle(2), k=3) == scale(5, 3) == ("circle", 3)
        assert scale(p=Point(2), k=3) == Point(6)
        assert scale(c=5, k=3) == ("circle", 3)

    def test_name_and_documentation(self):
        assert (scale.__name__, scale.__qualname__) == ("scale", "scale")
        assert scale.__module__ == __name__
        assert scale.__doc__ == "Scale."
        assert pickle.loads(pickle.dumps(scale)) is scale

    def test_base_classes(self):
        class Derived(Point):
            pass

        assert scale(Derived(2), 3) == Derived(2).scale(3) == Point(6)
        assert scale(True, 3) == ("circle", 3)

        @receiver(bool, scale)
        def bool_scale(b, k):
            return "bool"

        assert (bool_scale(True, 1), bool_scale(1, 1)) == ("bool", ("circle", 1))

    def test_other_types(self):
        with pytest.raises(TypeError) as caught:
            scale("abc", 3)
        assert str(caught.value) == "scale: expected Point | Circle | int, got str ('abc')"
        with pytest.raises(TypeError, match=r"^scale: missing the value whose method it is$"):
            scale(k=3)

    def test_a_new_definition_for_the_same_types(self):
        def first(p):
            return 1

        def second(p):
            return 2

        receiver((int, None))(first)
        assert receiver((None, int), first)(second) is second
        both = receiver(int, first)(second)
        assert (both(5), both(None)) == (2, 1)
        three = receiver(str, both)(lambda text: 3)
        assert (three(5), three(None), three("")) == (2, 1, 3)

    @pytest.mark.parametrize("previous", [None, 5, len, print, lambda p: 0, Point])
    def test_what_was_no_method_is_replaced(self, previous):
        def function(p):
            return 1

        assert receiver(str, previous)(function) is function

    def test_what_was_wrapped_is_no_method(self):
        wrapper = functools.wraps(scale)(lambda *args: 0)

        def function(p):
            return 1

        assert receiver(str, wrapper)(function) is function

    def test_a_field_of_that_name(self):
        def radius(c):
            return 0

        with pytest.raises(TypeError) as caught:
            receiver((Point, Circle))(radius)
        assert str(caught.value) == "method 'radius' of Circle: Circle has a field 'radius'"
        assert not hasattr(Point, "radius")
        assert Circle(5).radius == 5

    def test_undefined_types(self):
        with pytest.raises(NameError, match="nowhere"):
            receiver(Deferred(lambda: nowhere))(lambda p: 0)  # noqa: F821

    def test_lambdas_get_a_name(self):
        dx = receiver(Point, None, "dx")(lambda p: p.x + 1)
        assert (dx.__name__, dx(Point(1)), Point(1).dx()) == ("dx", 2, 2)
        assert dx.__qualname__.endswith("<locals>.dx")

    def test_other_callables(self):
        both = receiver(Point, None, "partial")(functools.partial(lambda a, p, k: (a, p.x, k), "a"))
        assert both(Point(1), 2) == Point(1).partial(2) == ("a", 1, 2)

    def test_foreign_classes_are_left_alone(self):
        class Foreign:
            pass

        @receiver((Foreign, list, None))
        def describe(value):
            return "described"

        assert not hasattr(Foreign, "describe")
        for value in (Foreign(), [], None):
            assert call_method(value, "describe", describe) == "described"

    def test_interfaces(self):
        @receiver(Shape)
        def describe(shape):
            return "shape"

        @receiver(int, describe)
        def describe(number):
            return "number"

        class Square:
            def area(self):
                return 1

        assert (describe(Square()), describe(5)) == ("shape", "number")
        assert call_method(Square(), "describe", describe) == "shape"
        with pytest.raises(TypeError, match=r"^describe: expected Shape \| int, got str"):
            describe("a")


def unannotated(value, k=1):
    return "unannotated", value, k


def of_int(value: int, k=1):
    return "of_int", value, k


def of_union(value: str | list[int] | None):
    return "of_union", value


def quoted(value: "Point | STR"):  # noqa: F821, UP037
    return "quoted", value


def of_any(value: any):
    return "of_any", value


def of_local(value: Hidden):
    return "of_local", value


def of_dotted(value: collections.OrderedDict):
    return "of_dotted", value


def of_elsewhere(value: elsewhere.OrderedDict):  # noqa: F821
    return "of_elsewhere", value


def of_shape(value: Shape):
    return "of_shape", value


class Hidden:
    pass


def eager(value, k):
    return "eager", k


eager.__annotations__ = {"value": int | None}


@functools.wraps(of_int)
def wrapped(*args, **kwargs):
    return ("wrapped", *of_int(*args, **kwargs))


class TestMethodOf:
    """What is called later is what `call_method` would call now."""

    def test_a_receiver_function_comes_first(self):
        assert method_of(Point(2), "scale", scale)(3) == Point(6)
        assert method_of(5, "scale", scale)(k=3) == ("circle", 3)

    def test_then_the_object_s_own_attribute(self):
        assert method_of(Point(2), "own", unannotated)(5) == ("own", 2, 5)
        assert method_of("a", "upper", quoted)() == "A"
        assert list(method_of({"keys": 5}, "keys", unannotated)()) == ["keys"]
        assert method_of("a", "upper", "no function")() == "A"

    def test_then_a_delegated_one(self):
        assert method_of(Outer(Point(2)), "double", unannotated)() == Point(4)

    def test_then_a_function_in_scope(self):
        point = Point(2)
        assert method_of(point, "m", unannotated)(7) == ("unannotated", point, 7)
        assert method_of(point, "m", of_int)() == ("of_int", point, 1)

    def test_else_it_is_missing(self):
        with pytest.raises(AttributeError, match="scale"):
            method_of("a", "scale", scale)


class TestCallMethod:
    def test_a_receiver_function_comes_first(self):
        class Shadowed(Point):
            def scale(self, k):
                return "shadowed"

        # The function in scope, not what the class has.
        assert call_method(Shadowed(2), "scale", scale, 3) == Point(6)
        assert call_method(5, "scale", scale, k=3) == ("circle", 3)

        @receiver(str)
        def upper(text):
            return "mine"

        assert call_method("a", "upper", upper) == "mine"

    def test_then_the_object_s_own_attribute(self):
        assert call_method(Point(2), "own", unannotated, 5) == ("own", 2, 5)
        assert call_method(Point(2), "own", unannotated, k=6) == ("own", 2, 6)
        assert call_method("a", "upper", quoted) == "A"
        assert call_method(Outer(5, lambda k: k + 1), "handler", unannotated, 2) == 3
        # A key of a dict is no method.
        assert list(call_method({"keys": 5}, "keys", unannotated)) == ["keys"]

    def test_then_a_delegated_one(self):
        assert call_method(Outer(Point(2)), "own", unannotated, 5) == ("own", 2, 5)
        assert call_method(Outer(Point(2)), "double", unannotated) == Point(4)
        assert call_method(Outer("a"), "upper", unannotated) == "A"

    @pytest.mark.parametrize(
        ("value", "function", "expected"),
        [
            (5, of_int, ("of_int", 5, 1)),
            (True, of_int, ("of_int", True, 1)),
            ("a", of_union, ("of_union", "a")),
            ([1], of_union, ("of_union", [1])),
            (None, of_union, ("of_union", None)),
            ("a", quoted, ("quoted", "a")),
            (Hidden(), of_local, "of_local"),
            (collections.OrderedDict(), of_dotted, "of_dotted"),
            (collections.OrderedDict(), of_elsewhere, "of_elsewhere"),
            (Hidden(), of_shape, None),
            ("a", of_int, None),
            (5.0, of_int, None),
            ({}, of_dotted, None),
            (5, unannotated, None),
            (5, of_any, None),
            (5, scale_of_points, None),
            (5, wrapped, ("wrapped", "of_int", 5, 1)),
            (None, eager, "eager"),
        ],
    )
    def test_then_an_annotated_function(self, value, function, expected):
        arguments = [1] if function is eager else []
        for _ in range(2):
            if expected is None:
                with pytest.raises(AttributeError, match="object has no attribute 'm'"):
                    call_method(value, "m", function, *arguments)
            else:
                result = call_method(value, "m", function, *arguments)
                assert expected in (result, result[0])

    def test_then_for_structs_any_function(self):
        point, outer = Point(2), Outer(5)
        assert call_method(point, "m", unannotated, 7) == ("unannotated", point, 7)
        assert call_method(point, "m", of_int) == ("of_int", point, 1)
        assert call_method(outer, "m", unannotated) == ("unannotated", outer, 1)
        for function in (len, print, 5, None, functools.partial(unannotated)):
            with pytest.raises(AttributeError, match="'Point' object has no attribute 'm'"):
                call_method(point, "m", function)

    def test_a_method_of_other_types_is_none_of_this_one(self):
        with pytest.raises(AttributeError, match="'Outer' object has no attribute 'scale'"):
            call_method(Outer(5), "scale", scale, 2)
        with pytest.raises(AttributeError, match="'str' object has no attribute 'scale'"):
            call_method("a", "scale", scale, 2)

    def test_one_function_under_several_names(self):
        assert call_method("a", "upper", of_union) == "A"
        assert call_method("a", "m", of_union) == ("of_union", "a")
        assert call_method("a", "upper", of_union) == "A"

    def test_attributes_that_come_and_go(self):
        hidden = Hidden()
        assert call_method(hidden, "m", of_local) == ("of_local", hidden)
        hidden.m = lambda: "instance"
        assert call_method(hidden, "m", of_local) == "instance"
        del hidden.m
        assert call_method(hidden, "m", of_local) == ("of_local", hidden)

    def test_annotated_with_an_interface(self):
        class Square:
            def area(self):
                return 1

        square = Square()
        assert call_method(square, "m", of_shape) == ("of_shape", square)

    def test_errors_of_the_method_are_its_own(self):
        def failing(value: int):
            raise AttributeError("inside")

        with pytest.raises(AttributeError, match=r"^inside$") as caught:
            call_method(5, "m", failing)
        assert caught.value.__context__ is None

        class Broken:
            @property
            def m(self):
                raise AttributeError("in the property")

            def n(self):
                raise AttributeError("in the method")

        def fallback(value: Broken):
            return "fallback"

        with pytest.raises(AttributeError, match="in the property"):
            call_method(Broken(), "m", fallback)
        with pytest.raises(AttributeError, match="in the method"):
            call_method(Broken(), "n", fallback)

    def test_arguments_of_any_name(self):
        @receiver(float)
        def m(value, **options):
            return options

        options = {"obj": 1, "name": 2, "function": 3, "self": 4}
        assert call_method(1.5, "m", m, **options) == options


class TestWhatIsKept:
    def test_classes_are_not_kept_alive(self):
        def use():
            @struct(("x", int))
            class Local:
                __slots__ = ("x",)

            assert call_method(Local(1), "m", unannotated)[0] == "unannotated"
            with pytest.raises(AttributeError):
                call_method(type("Other", (), {})(), "m", of_int)
            derived = type("Derived", (int,), {})
            assert scale(derived(5), 1) == ("circle", 1)
            assert call_method(derived(5), "m", of_int)[0] == "of_int"
            return weakref.ref(Local), weakref.ref(derived)

        gone = use()
        gc.collect()
        assert [reference() for reference in gone] == [None, None]

    def test_functions_are_not_kept_alive(self):
        def use():
            def first(value):
                return 1

            def second(value):
                return 2

            both = receiver(list, receiver(tuple)(first))(second)
            assert (both([]), both(())) == (2, 1)
            assert call_method([], "m", both) == 2
            return [weakref.ref(function) for function in (first, second, both)]

        gone = use()
        gc.collect()
        assert [reference() for reference in gone] == [None, None, None]

    def test_a_class_table(self):
        table = ClassTable()
        local = type("Local", (), {})
        table[local], table[int] = 1, 2
        table[local] = 3
        assert (table[local], table[int], table[str], len(table)) == (3, 2, None, 2)
        assert len(pickle.loads(pickle.dumps(table))) == len(copy.copy(table)) == 0
        del local
        gc.collect()
        assert len(table) == 1


class TestAttribute:
    def test_keys_of_dicts(self):
        assert attribute({"a": 1}, "a") == 1
        assert attribute({"keys": 1}, "keys") == 1
        assert attribute(collections.defaultdict(list, a=1), "a") == 1
        assert attribute({"a": None}, "a") is None
        table = {}
        assert attribute(table, "keys") == table.keys
        with pytest.raises(AttributeError, match="'dict' object has no attribute 'b'"):
            attribute({"a": 1}, "b")
        with pytest.raises(AttributeError):
            attribute(collections.defaultdict(list), "b")

    def test_attributes(self):
        assert attribute(Point(5), "x") == 5
        assert attribute(Outer(Point(5)), "x") == 5
        assert attribute(collections.OrderedDict, "fromkeys") == collections.OrderedDict.fromkeys


def test_bound_gives_none_for_a_name_without_a_value():
    assert bound(lambda: not_there_yet) is None  # noqa: F821
    assert bound(lambda: scale) is scale
