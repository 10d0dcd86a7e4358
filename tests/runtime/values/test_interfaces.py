from __future__ import annotations

import functools
import gc
import inspect
import pickle
import types
import weakref

import pytest

from dana_runtime import convert, interface, receiver, struct

Shape = interface("Shape", "What has an area.", (), ("area", 0, 0))
Scalable = interface("Scalable", None, (Shape,), ("scale", 1, 2))
Late = interface("Late", None, (lambda: LaterOn,), ("early", 0, 0))
LaterOn = interface("LaterOn", None, (lambda: Late,), ("late", 0, 0))


class Called:
    """Something that can be called, and that classes do not bind to their instances."""

    def __init__(self, function):
        self.function = function
        self.__signature__ = inspect.signature(function)

    def __call__(self, *args):
        return self.function(*args)


def with_method(function, name="area"):
    return type("Made", (), {name: function})()


class TestMethods:
    @pytest.mark.parametrize(
        ("function", "fits"),
        [
            (lambda self: 0, True),
            (lambda self, a=1: 0, True),
            (lambda *args: 0, True),
            (lambda self, *rest, **options: 0, True),
            (lambda self, *, key=1: 0, True),
            (lambda self, a: 0, False),
            (lambda: 0, False),
            (lambda self, *, key: 0, False),
            (staticmethod(lambda: 0), True),
            (staticmethod(lambda a: 0), False),
            (classmethod(lambda cls: 0), True),
            (classmethod(lambda cls, a: 0), False),
            (property(lambda self: lambda: 0), True),
            (property(lambda self: lambda a: 0), False),
            (property(lambda self: 5), False),
            (Called(lambda: 0), True),
            (Called(lambda a: 0), False),
            (functools.wraps(lambda self: 0)(lambda *args: 0), True),
            (functools.wraps(lambda self, a: 0)(lambda *args: 0), False),
            (5, False),
            (None, False),
            (dict, True),
        ],
    )
    def test_no_arguments(self, function, fits):
        assert isinstance(with_method(function), Shape) is fits

    @pytest.mark.parametrize(
        ("minimum", "maximum", "fits"),
        [
            # For `def scale(self, a, b=1)`: one or two.
            (1, 1, True),
            (2, 2, True),
            (1, 2, True),
            (0, 1, False),
            (0, 0, False),
            (2, 3, False),
            (1, None, False),
        ],
    )
    def test_the_whole_range_must_fit(self, minimum, maximum, fits):
        kind = interface("Kind", None, (), ("scale", minimum, maximum))
        assert isinstance(with_method(lambda self, a, b=1: 0, "scale"), kind) is fits

    def test_any_number(self):
        kind = interface("Kind", None, (), ("log", 1, None))
        assert isinstance(with_method(lambda self, *args: 0, "log"), kind)
        assert not isinstance(with_method(lambda self, a: 0, "log"), kind)

    def test_builtins(self):
        upper = interface("Upper", None, (), ("upper", 0, 0))
        assert isinstance("a", upper)
        assert not isinstance(5, upper)
        # dict.update has no signature.
        update = interface("Update", None, (), ("update", 1, 1))
        assert isinstance({}, update)
        assert not isinstance(None, upper)

    def test_instances_may_have_what_their_class_lacks(self):
        namespace = types.SimpleNamespace(area=lambda: 0)
        assert isinstance(namespace, Shape)
        assert not isinstance(types.SimpleNamespace(area=lambda a: 0), Shape)
        assert not isinstance(types.SimpleNamespace(), Shape)
        module = types.ModuleType("shapes")
        module.area = lambda: 0
        assert isinstance(module, Shape)

    def test_fields_and_delegates_count(self):
        @struct(("area", object))
        class Holder:
            __slots__ = ("area",)

        @struct(("_inner", object))
        class Outer:
            __slots__ = ("_inner",)

        assert isinstance(Holder(lambda: 0), Shape)
        assert not isinstance(Holder(5), Shape)
        assert isinstance(Outer(Holder(lambda: 0)), Shape)
        assert not isinstance(Outer(5), Shape)
        assert not issubclass(Holder, Shape)


class TestEmbedding:
    def test_all_methods_count(self):
        assert not isinstance(with_method(lambda self, a, b=1: 0, "scale"), Scalable)
        both = type("Both", (), {"area": lambda s: 0, "scale": lambda s, a, b=1: 0})
        assert isinstance(both(), Scalable)

    def test_later_ones_and_circles(self):
        both = type("Both", (), {"early": lambda s: 0, "late": lambda s: 0})
        assert isinstance(both(), Late)
        assert isinstance(both(), LaterOn)
        assert not isinstance(with_method(lambda s: 0, "early"), Late)

    def test_an_own_method_counts_more_than_an_embedded_one(self):
        kind = interface("Kind", None, (Shape,), ("area", 1, 1))
        assert isinstance(with_method(lambda self, a: 0), kind)
        assert not isinstance(with_method(lambda self: 0), kind)

    def test_nothing_but_interfaces(self):
        kind = interface("Kind", None, (int,), ("area", 0, 0))
        with pytest.raises(TypeError, match=r"^Kind: embeds int, which is no interface$"):
            isinstance(5, kind)

    def test_an_undefined_one(self):
        kind = interface("Kind", None, (lambda: nowhere,))  # noqa: F821
        with pytest.raises(NameError, match="nowhere"):
            isinstance(5, kind)


class TestTheInterfaceItself:
    def test_attributes(self):
        assert (Shape.__name__, Shape.__doc__) == ("Shape", "What has an area.")
        assert Shape.__module__ == __name__
        assert pickle.loads(pickle.dumps(Shape)) is Shape

    def test_has_no_instances_of_its_own(self):
        with pytest.raises(TypeError, match=r"^Shape is an interface: it has no instances"):
            Shape()

    def test_subclass_checks(self):
        class Square:
            def area(self):
                return 1

        assert issubclass(Square, Shape)
        assert not issubclass(int, Shape)
        assert issubclass(Scalable, Shape)
        assert not issubclass(Shape, Scalable)
        assert not issubclass(interface("Kind", None, (), ("area", 1, 1)), Shape)

    def test_python_classes_derive_from_it(self):
        class Square(Shape):
            def area(self):
                return 1

        assert isinstance(Square(), Shape)
        assert isinstance(Square(), Square)
        assert not isinstance(with_method(lambda self: 0), Square)
        assert issubclass(Square, Shape)
        assert not issubclass(int, Square)

    def test_typed_assignment(self):
        shape = with_method(lambda self: 0)
        assert convert(shape, Shape, "x") is shape
        with pytest.raises(TypeError, match=r"^x: expected Shape, got int \(5\)$"):
            convert(5, Shape, "x")


class TestWhatIsKept:
    def test_a_method_that_comes_later(self):
        @struct(("x", int))
        class Point:
            __slots__ = ("x",)

        assert not isinstance(Point(1), Shape)

        @receiver(Point)
        def area(p):
            return p.x

        assert isinstance(Point(1), Shape)

        @receiver(Point)
        def area(p, k):  # noqa: F811
            return p.x * k

        assert not isinstance(Point(1), Shape)

    def test_a_class_is_looked_at_once(self, monkeypatch):
        asked = []
        real = inspect.signature
        monkeypatch.setattr(inspect, "signature", lambda f: asked.append(f) or real(f))
        value = with_method(functools.wraps(lambda self: 0)(lambda *args: 0))
        assert isinstance(value, Shape)
        assert isinstance(value, Shape)
        assert len(asked) == 1

    def test_classes_are_not_kept_alive(self):
        def use():
            value = with_method(lambda self: 0)
            assert isinstance(value, Shape)
            assert not isinstance(value, Scalable)
            return weakref.ref(type(value))

        gone = use()
        gc.collect()
        assert gone() is None
