from __future__ import annotations

import copy
import gc
import pickle
import weakref

import pytest

from dana_runtime import struct, type_of


@struct(("x", int))
class Point:
    """A place."""

    __slots__ = ("x",)


def test_prints_as_its_name():
    for value, name in ((5, "int"), (Point(1), "Point"), ("", "str"), (None, "NoneType")):
        kind = type_of(value)
        assert str(kind) == repr(kind) == f"{kind}" == f"{kind!r}" == name
    assert f"{type_of(5):>5}|" == "  int|"
    assert "%s" % type_of(5) == "int"  # noqa: UP031


def test_equals_the_class():
    kind = type_of(Point(1))
    assert kind == Point == kind == type_of(Point(2))
    assert kind != type_of(5) != int | str
    assert kind != "Point"
    assert {Point: 1}[kind] == {kind: 1}[Point] == 1


def test_is_one_object_while_it_is_used():
    assert type_of(5) is type_of(6)
    first = type_of(Point(1))
    assert type_of(Point(2)) is first


def test_has_the_attributes_of_the_class():
    kind = type_of(Point(1))
    assert kind.__name__ == kind._type.name == "Point"
    assert kind.__doc__ == "A place."
    assert kind.__module__ == Point.__module__
    assert kind.__mro__ == Point.__mro__
    assert kind.to_dict(Point(1)) == {"x": 1}
    assert "to_dict" in dir(kind)
    with pytest.raises(AttributeError, match="nothing"):
        kind.nothing  # noqa: B018


def test_makes_instances():
    assert type_of(Point(1))(x=5) == Point(5)
    assert type_of(5)("7") == 7


def test_may_stand_for_the_class():
    integer, point = type_of(5), type_of(Point(1))
    assert isinstance(5, integer)
    assert isinstance(5, (str, integer))
    assert not isinstance("5", integer)
    assert issubclass(bool, integer)
    assert issubclass(type_of(True), integer)
    assert issubclass(integer, int)
    assert issubclass(type_of(True), int)
    assert not issubclass(integer, str)
    assert not issubclass(integer, bool)
    assert isinstance(integer, type)

    class Derived(point):
        pass

    assert Derived.__mro__[1] is Point


def test_type_of_a_type():
    assert {type_of(int), type_of(type_of(5))} == {type}


def test_copies_and_pickles():
    for kind in (type_of(5), type_of(Point(1))):
        assert copy.copy(kind) is copy.deepcopy([kind])[0] is kind
        for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
            assert pickle.loads(pickle.dumps(kind, protocol)) is kind


def test_keeps_no_class_alive():
    def use():
        local = type("Local", (), {})
        assert str(type_of(local())) == "Local"
        return weakref.ref(local)

    gone = use()
    gc.collect()
    assert gone() is None
