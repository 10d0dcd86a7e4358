"""Functions and modules whose names Python reserves, under the names that Dana has for them."""

from __future__ import annotations

import inspect
import pickle
import sys
from types import ModuleType

import pytest

from dana_runtime import (
    attribute,
    attributes_of,
    import_names,
    import_path,
    interface,
    named,
    struct,
)


@named({"class_": "class", "other_": "class_"})
def class_(class_: int, *, other_: str = "x", plain=1):
    return lambda: (class_, other_, plain)


def test_parameters_and_the_function_have_their_dana_names():
    assert class_.__name__ == "class"
    assert list(inspect.signature(class_).parameters) == ["class", "class_", "plain"]
    assert class_.__annotations__ == {"class": "int", "class_": "str"}
    assert class_(**{"class": 1})() == class_(1)() == (1, "x", 1)
    assert class_(1, class_="y", plain=2)() == (1, "y", 2)
    with pytest.raises(TypeError, match="'other_'"):
        class_(1, other_="y")


def test_a_renamed_function_can_be_pickled():
    assert pickle.loads(pickle.dumps(class_)) is class_


@struct(("class_", int), name="class", methods={"_dana_class": "class"})
class room_:  # noqa: N801
    __slots__ = ("class_",)

    @named({"_dana_class": "class"})
    def _dana_class(self):
        return self.class_


Class = interface("class", None, (), ("class", 0, 0), variable="Class")


def test_structs_methods_and_interfaces_have_their_dana_names():
    room = room_(class_=3)
    assert (repr(room), room_.__name__) == ("class(class_=3)", "class")
    method = getattr(room, "class")
    assert (method(), method.__name__) == (3, "class")
    assert isinstance(room, Class)
    assert not hasattr(room, "_dana_class")
    for value in (room, room_, Class):
        assert pickle.loads(pickle.dumps(value)) == value


@pytest.fixture
def module(monkeypatch):
    made = ModuleType("made_for_this_test")
    vars(made).update(_dana_names={"class_": "class", "class__": "class_"}, class_=1, class__=2)
    monkeypatch.setitem(sys.modules, made.__name__, made)
    return made


def test_globals_of_a_dana_module(module):
    assert (attribute(module, "class"), attribute(module, "class_")) == (1, 2)
    assert import_path(module.__name__) is module
    assert import_names(module.__name__, None, "class", "class_") == (1, 2)
    view = attributes_of(module)
    view["class"] = 5
    assert (view["class"], module.class_) == (5, 5)
    del view["class_"]
    assert not hasattr(module, "class__")


def test_globals_of_other_modules_keep_their_names(module):
    del module._dana_names
    assert import_names(module.__name__, None, "class_") == (1,)
    with pytest.raises(ImportError, match="cannot import name 'class' from 'made_for_this_test'"):
        import_names(module.__name__, None, "class")
