from __future__ import annotations

import copy
import gc
import inspect
import pickle
import sys
import weakref
from typing import NamedTuple

import pytest

from dana_runtime import interface, struct
from dana_runtime.tracebacks import without_runtime_frames
from dana_runtime.values.struct_types import DictSlot


@struct(("x", int), ("y", float, lambda: 0.0))
class Point:
    """A place."""

    __slots__ = ("x", "y")

    def norm(self):
        return abs(self.x) + abs(self.y)


@struct(
    ("name", str),
    ("place", lambda: (Point, None), lambda: None),
    ("tags", lambda: (list, None), lambda: []),
    ("extra", object, lambda: None),
    ("next", lambda: (Node, None), lambda: None),
)
class Node:
    __slots__ = ("extra", "name", "next", "place", "tags")


@struct()
class Empty:
    __slots__ = ()


def make_struct(name="Made", *fields, **body):
    """Return a struct; what it stores and how does not depend on where it is made."""
    slots = tuple(field[0] for field in fields)
    return struct(*fields)(type(name, (), {"__slots__": slots, **body}))


class TestConstruction:
    def test_by_keyword_and_in_field_order(self):
        for point in (Point(1, 2.0), Point(1, y=2.0), Point(y=2.0, x=1)):
            assert (point.x, point.y) == (1, 2.0)
        assert Point(5).y == 0.0

    def test_the_class_is_the_same_object(self):
        plain = type("Plain", (), {"__slots__": ("x",), "__doc__": "Documented."})
        assert struct(("x", int))(plain) is plain
        assert plain.__doc__ == "Documented."
        assert not hasattr(plain(1), "__dict__")

    def test_no_fields(self):
        assert repr(Empty()) == "Empty()"
        assert Empty() == Empty()
        with pytest.raises(TypeError, match=r"^Empty: 0 fields, but 1 values by position$"):
            Empty(1)

    @pytest.mark.parametrize("count", range(1, 12))
    def test_any_number_of_fields(self, count):
        names = [f"f{index}" for index in range(count)]
        made = make_struct("Made", *[(name, int) for name in names])
        values = dict(zip(names, range(count), strict=True))
        for instance in (made(*range(count)), made(**values)):
            assert type(instance) is made
            assert instance.to_dict() == values
            with pytest.raises(TypeError, match=r"^Made.f0: expected int, got str \('a'\)$"):
                instance.f0 = "a"
        with pytest.raises(TypeError, match=r"^Made: f0: expected int, got str"):
            made(**{**values, "f0": "a"})

    def test_defaults_are_evaluated_for_each_instance_in_order(self):
        events = []

        def default(value):
            return lambda: events.append(value) or value

        made = make_struct(
            "Made", ("a", int, default(1)), ("b", int), ("c", int, default(3)), ("d", list, list)
        )
        assert repr(made(b=2)) == "Made(a=1, b=2, c=3, d=[])"
        assert events == [1, 3]
        assert made(5, 6).a == 5
        assert events == [1, 3, 3]
        assert made(b=1).d is not made(b=1).d

    def test_errors_of_defaults_are_their_own(self):
        made = make_struct("Made", ("a", int, lambda: 1 // 0))
        with pytest.raises(ZeroDivisionError):
            made()

    def test_a_default_is_checked(self):
        made = make_struct("Made", ("a", int, lambda: "x"), ("b", float, lambda: 5))
        with pytest.raises(TypeError, match=r"^Made: a: expected int, got str \('x'\)$"):
            made()
        assert type(made(1).b) is float

    def test_required_after_a_default_is_given_by_keyword(self):
        made = make_struct("Made", ("a", int, lambda: 1), ("b", int))
        assert made(b=2).a == 1
        with pytest.raises(TypeError, match=r"^Made: missing field 'b' \(int\)$"):
            made()

    @pytest.mark.parametrize("name", ["class", "type", "int", "self", "None_", "v0", "settle"])
    @pytest.mark.parametrize("others", [0, 3])
    def test_names_that_mean_something_elsewhere(self, name, others):
        fields = [(name, int), *[(f"other{n}", int, lambda: 0) for n in range(others)]]
        made = make_struct("Made", *fields)
        instance = made(**{name: 5})
        assert getattr(instance, name) == getattr(made(5), name) == 5
        setattr(instance, name, 6)
        assert instance.to_dict()[name] == 6
        with pytest.raises(TypeError, match=f"^Made: missing field {name!r}"):
            made()

    @pytest.mark.parametrize("others", [0, 3])
    def test_names_with_two_underscores(self, others):
        more = tuple(f"other{n}" for n in range(others))

        @struct(("__secret", int), *[(name, int, lambda: 0) for name in more])
        class _Vault:
            __slots__ = ("__secret", *more)

            def reveal(self):
                return self.__secret

            def change(self):
                self.__secret = "text"

        vault = _Vault(5)
        assert vault.reveal() == getattr(vault, "__secret") == 5
        setattr(vault, "__secret", 6)
        assert vault.reveal() == 6
        assert vault.to_dict()["__secret"] == 6
        with pytest.raises(TypeError, match=r"^_Vault.__secret: expected int"):
            vault.change()
        assert copy.copy(vault) == vault

    def test_a_field_given_twice_is_python_s_error(self):
        with pytest.raises(TypeError, match=r"Point.__init__\(\) got multiple values .* 'x'"):
            Point(1, x=2)

    def test_tracebacks_end_where_the_program_made_the_struct(self):
        with pytest.raises(TypeError) as caught:
            Point("a")
        trimmed = without_runtime_frames(caught.value.__traceback__)
        assert trimmed.tb_next is None
        assert trimmed.tb_frame.f_code.co_filename == __file__


# The rows: a type, what a field of it takes as it is, and what it refuses.
AS_THEY_ARE = [
    (int, [1, True], [1.0, "1", None, []]),
    (float, [1.0], [True, "1.0", None]),
    (str, ["a"], [1, None, True]),
    (bool, [True], [1, "yes", None]),
    (list, [[1]], [(1,), "[1]", None]),
    (dict, [{1: 2}], ["{}", None]),
    (tuple, [(1,)], [[1], None]),
    (set, [{1}], [frozenset(), None]),
    (Point, [Point(1)], [Empty(), None, 1]),
    (None, [None], [0, ""]),
    ((int, None), [1, None], ["1"]),
    ((int, (str, Point)), [1, "a", Point(1)], [None, 1.5]),
    (object, [1, None, object], []),
    ((int, object), [None, ""], []),
    (lambda: (int, None), [1, True, None], ["1"]),
    (interface("Normed", None, (), ("norm", 0, 0)), [Point(1)], [Empty(), None]),
]


@pytest.mark.parametrize(("kind", "good", "bad"), AS_THEY_ARE)
@pytest.mark.parametrize("default", [False, True])
def test_values_are_taken_as_they_are(kind, good, bad, default):
    made = make_struct("Made", ("v", kind, lambda: good[0]) if default else ("v", kind))
    for value in good:
        instance = made(value)
        assert instance.v is value
        instance.v = good[0]
        instance.v = value
        assert instance.v is value
    for value in bad:
        with pytest.raises(TypeError, match=r"^Made: v: expected "):
            made(v=value)
        with pytest.raises(TypeError, match=r"^Made\.v: expected "):
            instance.v = value
    assert instance.v is good[-1]


def test_int_to_float_is_the_only_conversion():
    for kind in (float, (float, None), (str, float), lambda: float):
        made = make_struct("Made", ("v", kind))
        instance = made(5)
        assert instance.v == 5.0
        assert type(instance.v) is float
        instance.v = 6
        assert type(instance.v) is float
    assert type(make_struct("Made", ("v", (float, int)))(5).v) is int
    with pytest.raises(TypeError, match=r"^Made: v: expected float, got int \(1000"):
        make_struct("Made", ("v", float))(10**400)


class TestErrors:
    @pytest.mark.parametrize(
        ("args", "kwargs", "message"),
        [
            (("a",), {}, "Point: x: expected int, got str ('a')"),
            (
                ("a", "b"),
                {},
                "Point: x: expected int, got str ('a'); y: expected float, got str ('b')",
            ),
            ((), {}, "Point: missing field 'x' (int)"),
            ((), {"y": "b"}, "Point: missing field 'x' (int); y: expected float, got str ('b')"),
            ((1,), {"Y": 2}, "Point: unknown field 'Y' (Did you mean 'y'?)"),
            ((1,), {"colour": 2}, "Point: unknown field 'colour'"),
            (
                (None,),
                {"Y": 2, "w": 3},
                "Point: x: expected int, got NoneType (None); unknown field 'Y' (Did you mean 'y'?); "
                "unknown field 'w'",
            ),
            ((1, 2.0, 3), {}, "Point: 2 fields, but 3 values by position"),
            (
                ("a", 2.0, 3),
                {"X": 1},
                "Point: x: expected int, got str ('a'); unknown field 'X' (Did you mean 'x'?); "
                "2 fields, but 3 values by position",
            ),
        ],
    )
    def test_all_problems_at_once(self, args, kwargs, message):
        with pytest.raises(TypeError) as caught:
            Point(*args, **kwargs)
        assert str(caught.value) == message

    def test_near_misses(self):
        with pytest.raises(TypeError) as caught:
            Node(nam="a", Tags=[], extra=1)
        assert str(caught.value) == (
            "Node: missing field 'name' (str); unknown field 'nam' (Did you mean 'name'?); "
            "unknown field 'Tags' (Did you mean 'tags'?)"
        )

    def test_assignment(self):
        point = Point(1)
        with pytest.raises(TypeError, match=r"^Point.x: expected int, got str \('a'\)$"):
            point.x = "a"
        node = Node("a", Point(1))
        with pytest.raises(AttributeError) as caught:
            node.nam = 5
        assert str(caught.value) == "'Node' object has no field 'nam'. Did you mean 'name'?"
        with pytest.raises(AttributeError, match=r"^'Node' object has no field 'colour'$"):
            node.colour = 5
        with pytest.raises(AttributeError):
            point.norm = 5
        assert point == Point(1)

    def test_defaults_are_not_evaluated_for_calls_that_no_field_takes(self):
        calls = []
        made = make_struct("Made", ("a", list, lambda: calls.append(1) or []))
        with pytest.raises(TypeError, match="unknown field 'b'"):
            made(b=1)
        assert calls == []


class TestForwardReferences:
    def test_resolved_once(self):
        asked = []
        made = make_struct("Made", ("v", lambda: asked.append(1) or (int, None)))
        assert [made(1).v, made(None).v, made(2).v] == [1, None, 2]
        assert asked == [1]

    def test_a_name_takes_everything_until_it_is_defined(self):
        names = {"__builtins__": {}}
        made = make_struct("Made", ("v", eval("lambda: (Later, other.Late)", names)))
        assert made("text").v == "text"
        assert made._type.fields == {"v": "Later | other | Late"}
        names["Later"], names["other"] = int, inspect
        assert made("text").v == "text"
        names["Later"], names["other"] = int, type("Module", (), {"Late": int})
        with pytest.raises(TypeError, match=r"^Made: v: expected int"):
            made("text")
        assert made._type.fields == {"v": "int | int"}

    def test_a_struct_in_itself(self):
        assert Node("a", next=Node("b")).next.name == "b"
        with pytest.raises(TypeError, match=r"^Node: next: expected Node \| None, got int"):
            Node("a", next=5)


class TestMethods:
    def test_repr(self):
        assert repr(Point(1, 2)) == str(Point(1, 2)) == "Point(x=1, y=2.0)"
        node = Node("a", Point(1))
        node.next = node
        node.tags = [node]
        assert repr(node) == (
            "Node(name='a', place=Point(x=1, y=0.0), tags=[Node(...)], extra=None, next=Node(...))"
        )
        del node.tags
        assert "tags=<not set>" in repr(node)
        assert repr(make_struct("Outer", ("a", int))(1)) == "Outer(a=1)"

    def test_equality(self):
        twin = make_struct("Point", ("x", int), ("y", float))
        assert Point(1, 2) == Point(1, 2.0)
        assert Point(1, 2) != Point(1, 3)
        assert Point(1, 2) != twin(1, 2)
        assert Point(1, 2) != (1, 2.0)
        assert Node("a", Point(1)) == Node("a", Point(1))
        assert make_struct("One", ("a", list))([1]).__eq__(5) is NotImplemented

    def test_neither_hashable_nor_ordered(self):
        with pytest.raises(TypeError, match="unhashable type: 'Point'"):
            hash(Point(1))
        with pytest.raises(TypeError, match="not supported"):
            assert Point(1) < Point(2)

    def test_type(self):
        point = Point(1)
        assert point._type is Point._type
        assert point._type.name == str(point._type) == "Point"
        assert point._type.fields == {"x": "int", "y": "float"}
        assert Node._type.fields == {
            "name": "str",
            "place": "Point | None",
            "tags": "list | None",
            "extra": "any",
            "next": "Node | None",
        }
        assert Node._type.annotations["place"] == (Point, type(None))
        assert Point._type.required == ("x",)

    def test_to_dict(self):
        class Pair(NamedTuple):
            one: object
            two: object

        node = Node("a", Point(1), [Point(2), (Point(3), {"k": Point(4)}), Pair(Point(5), 6)])
        assert node.to_dict() == {
            "name": "a",
            "place": {"x": 1, "y": 0.0},
            "tags": [
                {"x": 2, "y": 0.0},
                ({"x": 3, "y": 0.0}, {"k": {"x": 4, "y": 0.0}}),
                Pair({"x": 5, "y": 0.0}, 6),
            ],
            "extra": None,
            "next": None,
        }
        assert node.to_dict()["tags"] is not node.tags
        shared = Point(1)
        assert Node("a", shared, [shared]).to_dict()["tags"] == [{"x": 1, "y": 0.0}]
        node.next = node
        with pytest.raises(ValueError, match=r"^to_dict: Node contains itself$"):
            node.to_dict()

    def test_replace(self):
        point = Point(1, 2)
        assert point.replace(x=3) == Point(3, 2)
        assert point.replace() == point
        assert point.replace() is not point
        assert point.replace(y=5).y == 5.0
        assert point == Point(1, 2)
        with pytest.raises(TypeError, match=r"^Point: x: expected int, got str \('a'\)$"):
            point.replace(x="a")
        with pytest.raises(TypeError) as caught:
            point.replace(x="a", X=5)
        assert str(caught.value) == (
            "Point: x: expected int, got str ('a'); unknown field 'X' (Did you mean 'x'?)"
        )
        if sys.version_info >= (3, 13):
            assert copy.replace(point, x=3) == Point(3, 2)

    def test_matching_and_signature(self):
        match Point(1, 2):
            case Point(x, y):
                assert (x, y) == (1, 2.0)
        assert str(inspect.signature(Point)) == "(x: 'int', y: 'float' = Ellipsis)"
        late = make_struct("Late", ("a", int, lambda: 1), ("b", int))
        assert list(inspect.signature(late).parameters) == ["a", "b"]

        class Derived(Point):
            def __init__(self, both):
                super().__init__(both, both)

        assert str(inspect.signature(Derived)) == "(both)"

    def test_the_body_wins(self):
        def init(self, a):
            self.v = a * 2

        made = make_struct(
            "Made",
            ("v", int),
            __init__=init,
            __repr__=lambda self: "made",
            __eq__=lambda self, other: True,
            __hash__=lambda self: 5,
            to_dict=lambda self: "dict",
        )
        assert made(a=2).v == 4
        assert repr(made(1)) == "made"
        assert made(1) == made(2)
        assert hash(made(1)) == 5
        assert made(1).to_dict() == "dict"
        with pytest.raises(TypeError, match=r"^Made.v: expected int, got str"):
            made("a")

    def test_fields_win_over_methods(self):
        made = make_struct("Made", ("replace", int), ("_type", str))
        assert made(1, "t").replace == 1
        assert made(1, "t")._type == "t"
        assert repr(made(1, "t")) == "Made(replace=1, _type='t')"


class TestSubclasses:
    def test_a_python_subclass(self):
        class Named(Point):
            def __init__(self, name, *args):
                super().__init__(*args)
                self.name = name

        named = Named("n", 1, 2)
        assert (named.name, named.x, named.y) == ("n", 1, 2.0)
        assert repr(named) == "Named(x=1, y=2.0)"
        assert named != Point(1, 2)
        assert named.replace(x=5).name == "n"
        with pytest.raises(TypeError, match=r"^Named.x: expected int"):
            named.x = "a"

    def test_of_many_fields(self):
        class Derived(Node):
            __slots__ = ("more",)

        derived = Derived("a")
        derived.more = 5
        assert type(derived) is Derived
        twin = copy.deepcopy(derived)
        assert (twin.name, twin.more, type(twin)) == ("a", 5, Derived)

    def test_instances_have_the_class_of_the_call(self):
        node = Node("a")
        assert type(node) is node.__class__ is Node
        assert isinstance(node, Node)


class TestDelegation:
    @staticmethod
    def make():
        engine = make_struct(
            "Engine", ("power", int), ("name", str, lambda: "engine"), start=lambda self, n: n + 1
        )
        logger = make_struct("Logger", ("level", int), ("name", str, lambda: "logger"))
        car = make_struct("Car", ("_engine", engine), ("_logger", logger), ("wheels", int))
        return car(engine(5), logger(1), 4)

    def test_reading_calling_and_writing(self):
        car = self.make()
        assert (car.power, car.level, car.start(1)) == (5, 1, 2)
        car.level = 3
        assert car._logger.level == 3
        with pytest.raises(TypeError, match=r"^Engine.power: expected int"):
            car.power = "much"

    def test_asked_in_order_and_last(self):
        car = self.make()
        assert car.name == "engine"
        car.name = "v8"
        assert (car._engine.name, car._logger.name) == ("v8", "logger")
        assert car.to_dict()["_engine"]["name"] == "v8"

    def test_what_nobody_has(self):
        car = self.make()
        with pytest.raises(
            AttributeError, match=r"^'Car' object has no attribute 'sail'$"
        ) as caught:
            car.sail  # noqa: B018
        assert (caught.value.name, caught.value.obj) == ("sail", car)
        with pytest.raises(AttributeError) as caught:
            car.wheel = 5
        assert str(caught.value) == "'Car' object has no field 'wheel'. Did you mean 'wheels'?"
        assert not hasattr(car, "__len__")
        assert not hasattr(Point(1), "__getattr__")

    def test_copies_and_pickles(self):
        car = self.make()
        twin = copy.deepcopy(car)
        assert twin == car
        assert twin._engine is not car._engine
        assert copy.copy(car)._engine is car._engine

    def test_far_delegates_and_circles(self):
        link = make_struct(
            "Link",
            ("_one", object, lambda: None),
            ("_two", object, lambda: None),
            ("v", object, int),
        )
        first, second, third = link(), link(), link()
        first._one, second._one, second._two = second, first, Point(7)
        third._one = first
        assert (first.x, third.x, third.norm()) == (7, 7, 7)
        third.x = 8
        assert second._two.x == 8
        assert not hasattr(third, "nothing")

    def test_a_field_that_is_not_set(self):
        car = self.make()
        del car._engine
        assert car.name == "logger"
        with pytest.raises(AttributeError, match="_engine"):
            car._engine  # noqa: B018

    def test_objects_of_python(self):
        made = make_struct("Made", ("_items", list))
        instance = made([1])
        instance.append(2)
        assert instance._items == [1, 2]


class TestCopies:
    def test_copy_and_deepcopy(self):
        node = Node("a", Point(1), [1])
        node.next = node
        shallow, deep = copy.copy(node), copy.deepcopy(node)
        assert shallow.tags is node.tags
        assert deep.tags == node.tags
        assert deep.tags is not node.tags
        assert deep.next is deep

    @pytest.mark.parametrize("protocol", range(2, pickle.HIGHEST_PROTOCOL + 1))
    def test_pickles(self, protocol):
        node = Node("a", Point(1, 2), [Point(3)])
        twin = pickle.loads(pickle.dumps(node, protocol))
        assert twin == node
        with pytest.raises(TypeError, match=r"^Node.name"):
            twin.name = 5
        assert pickle.loads(pickle.dumps(Empty(), protocol)) == Empty()

    def test_pickles_in_another_process(self, tmp_path, run_python):
        module = tmp_path / "shapes.py"
        source = """
from dana_runtime import struct

@struct(("x", int), ("y", float, lambda: 1.5){more})
class Point:
    __slots__ = ("x", "y"{slot})
"""
        module.write_text(source.format(more="", slot=""))
        setup = f"import pickle, sys; sys.path.insert(0, {str(tmp_path)!r}); import shapes; "
        dump = setup + "print(pickle.dumps(shapes.Point(1), 4).hex())"
        data = run_python(dump, "-B").stdout.strip()
        load = setup + f"print(pickle.loads(bytes.fromhex({data!r})))"
        assert run_python(load, "-B").stdout == "Point(x=1, y=1.5)\n"
        # Fields that came later have their defaults.
        module.write_text(source.format(more=', ("z", list, list)', slot=', "z"'))
        assert run_python(load, "-B").stdout == "Point(x=1, y=1.5, z=[])\n"

    def test_pickles_by_value(self, run_python):
        pytest.importorskip("cloudpickle")
        program = """
import subprocess, sys
import cloudpickle
from dana_runtime import interface, receiver, struct

@struct(("x", int), ("_y", float, lambda: 0.0))
class Point:
    __slots__ = ("_y", "x")

@struct(("a", int), ("b", lambda: (Big, None), lambda: None), ("_p", Point))
class Big:
    __slots__ = ("a", "b", "_p")
    def size(self):
        return self.a

Sized = interface("Sized", None, (), ("size", 0, 0))

@receiver(Point)
def scale(p, k):
    return Point(p.x * k)

@receiver(int, scale)
def scale(p, k):
    return p * k

def work(big):
    assert isinstance(big, Sized)
    assert Big(1, _p=Point(1)) == big.replace(a=1, b=None, _p=Point(1))
    assert type(Big(1, _p=Point(1))) is Big
    try:
        Big("a", _p=Point(1))
    except TypeError as error:
        return str(error), big, big.x, scale(big._p, 3), scale(2, 3)

big = Big(1, Big(2, _p=Point(3)), Point(4))
load = "import pickle, sys; f, v = pickle.load(sys.stdin.buffer); print(f(v))"
data = cloudpickle.dumps((work, big))
sys.stdout.flush()
subprocess.run([sys.executable, "-c", load], input=data, check=True)
"""
        assert run_python(program).stdout == (
            "(\"Big: a: expected int, got str ('a')\", "
            "Big(a=1, b=Big(a=2, b=None, _p=Point(x=3, _y=0.0)), _p=Point(x=4, _y=0.0)), "
            "4, Point(x=12, _y=0.0), 6)\n"
        )


class TestDictSlots:
    """What fields are in a class that was made without slots, as cloudpickle makes them."""

    class Plain:
        field = DictSlot("field")

    def test_as_slots(self):
        plain = self.Plain()
        with pytest.raises(AttributeError, match="field"):
            plain.field  # noqa: B018
        plain.field = 5
        assert plain.field == vars(plain)["field"] == 5
        del plain.field
        assert not hasattr(plain, "field")
        assert isinstance(self.Plain.field, DictSlot)

    def test_states_go_either_way(self):
        point = Point.__new__(Point)
        point.__setstate__({"x": 5, "y": 1.0})
        assert point == Point(5, 1)


@pytest.mark.parametrize("count", [0, 1, 5])
def test_structs_go_when_nobody_needs_them(count):
    def use():
        local = make_struct("Local", *[(f"f{n}", int) for n in range(count)])
        assert local(*range(count)) == local(*range(count))
        return weakref.ref(local)

    gone = use()
    gc.collect()
    assert gone() is None


def test_loads_little(run_python):
    program = """
import sys
from dana_runtime import struct
@struct(("x", int), ("y", float, lambda: 1.0))
class Point:
    __slots__ = ("x", "y")
assert Point(1) == Point(1, 1)
names = ("functools", "typing", "inspect", "copy", "weakref", "dana_runtime.values.methods")
print(*(name for name in names if name in sys.modules))
"""
    assert run_python(program, "-S").stdout == "\n"
