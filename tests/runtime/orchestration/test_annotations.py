from __future__ import annotations

import collections.abc
import numbers
import re
import sys
import typing
from types import NoneType

import pytest

from dana_runtime.orchestration.annotations import UnresolvedError, annotation_text, kinds_of
from dana_runtime.orchestration.fitting import Expected

T = typing.TypeVar("T")
UserId = typing.NewType("UserId", int)


class Point:
    class Inner:
        pass


NAMES = {
    "Point": Point,
    "typing": typing,
    "collections": collections,
    "Alias": int | None,
    "number": 5,
}
NAMES |= {
    name: getattr(typing, name) for name in ("Any", "Optional", "Union", "Annotated", "Literal")
}

EVERYTHING = (object,)


@pytest.mark.parametrize(
    ("annotation", "kinds"),
    [
        (int, (int,)),
        (None, (NoneType,)),
        (int | None, (int, NoneType)),
        (list[int], (list,)),
        (type[int], (type,)),
        (any, EVERYTHING),
        (object, EVERYTHING),
        (5, EVERYTHING),
        (T, EVERYTHING),
        (UserId, (int,)),
        (typing.Any, EVERYTHING),
        (typing.List[int], (list,)),  # noqa: UP006
        (typing.Optional[int], (int, NoneType)),  # noqa: UP045
        (typing.Union[int, "Point"], (int, Point)),
        (typing.Annotated[int, "seconds"], (int,)),
        (typing.Literal["a"], EVERYTHING),
        (typing.ForwardRef("Point"), (Point,)),
        (collections.abc.Iterable[int], (collections.abc.Iterable,)),
        ("int", (int,)),
        ("Int", (int,)),
        ("List", (list,)),
        ("any", EVERYTHING),
        ("None", (NoneType,)),
        ("null", (NoneType,)),
        ("Point", (Point,)),
        ("'Point'", (Point,)),
        ("Point.Inner", (Point.Inner,)),
        ("Point.Missing", EVERYTHING),
        ("number", EVERYTHING),
        ("Exception", (Exception,)),
        ("int | Point | None", (int, Point, NoneType)),
        ("'Point | None'", (Point, NoneType)),
        ("int | 'Point'", (int, Point)),
        ("list[Nowhere]", (list,)),
        ("dict[str, list[int]] | None", (dict, NoneType)),
        ("Alias", (int, NoneType)),
        ("Any", EVERYTHING),
        ("Optional[Point]", (Point, NoneType)),
        ("typing.Optional[Point]", (Point, NoneType)),
        ("Union[int, str]", (int, str)),
        ("Annotated[int, launch()]", (int,)),
        ("Literal['a', 'b']", EVERYTHING),
        ("collections.abc.Iterable[int]", (collections.abc.Iterable,)),
        ("launch()", EVERYTHING),
        ("in seconds", EVERYTHING),
        ("", EVERYTHING),
    ],
    ids=str,
)
def test_kinds(annotation, kinds):
    assert kinds_of(annotation, NAMES) == kinds


@pytest.mark.parametrize("text", ["Nowhere", "Nowhere.x", "int | Nowhere", "Optional[Nowhere]"])
def test_names_that_are_not_there(text):
    with pytest.raises(UnresolvedError) as caught:
        kinds_of(text, NAMES)
    assert caught.value.name == "Nowhere"


@pytest.mark.skipif(sys.version_info < (3, 12), reason="`type X = …` is new in Python 3.12")
def test_type_statements():
    scope = {}
    exec("type Number = int | float", scope)
    assert kinds_of("Number", scope) == (int, float)


@pytest.mark.parametrize(
    ("annotation", "text"),
    [
        (int, "int"),
        ("'Point'", "Point"),
        (list[int], "list[int]"),
        (typing.Optional[int], ("int | None", "Optional[int]")),  # noqa: UP045
        ("x" * 100, "x" * 59 + "…"),
    ],
    ids=str,
)
def test_texts(annotation, text):
    assert annotation_text(annotation) in (text if isinstance(text, tuple) else (text,))


class Liar:
    @property
    def __class__(self):
        return int


@typing.runtime_checkable
class HasArea(typing.Protocol):
    def area(self): ...


class NotCheckable(typing.Protocol):
    def area(self): ...


class Record(typing.TypedDict):
    x: int


class Square:
    def area(self): ...


@pytest.mark.parametrize(
    ("kind", "value", "fits"),
    [
        (int, 5, True),
        (int, True, False),
        (float, 5, True),
        (float, True, False),
        (float, "5", False),
        (bool, True, True),
        (bool, 1, False),
        (complex, 5, False),
        (numbers.Number, 5, True),
        (numbers.Number, "5", False),
        (object, None, True),
        (collections.abc.Iterable, [1], True),
        (collections.abc.Iterable, 5, False),
        (int, Liar(), True),
        (HasArea, Square(), True),
        (HasArea, 5, False),
        (NotCheckable, 5, True),
        (Record, {}, True),
    ],
    # Without addresses, which would give the test another name each time.
    ids=lambda value: re.sub(" at 0x[0-9a-f]+", "", str(value)),
)
def test_fitting(kind, value, fits):
    assert Expected("", (kind,)).takes(type(value), value) is fits


@pytest.mark.parametrize(
    ("kind", "value_kind", "asks"),
    [
        (int, int, True),
        (Point, Point, True),
        (numbers.Number, int, True),
        (int, Liar, False),
        (HasArea, Square, False),
    ],
    ids=str,
)
def test_which_annotations_ask_the_class_only(kind, value_kind, asks):
    assert Expected("", (kind,)).asks_class(value_kind) is asks


def test_a_class_that_is_gone_takes_nothing():
    import gc

    kind = type("Gone", (), {})
    expected = Expected("Gone", (kind,))
    assert expected.takes(kind)
    del kind
    gc.collect()
    assert not expected.takes(int)
