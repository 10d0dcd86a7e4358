"""The fields of a struct → its `__init__`: source for exactly these fields, compiled once.

It is generated because it has to be fast: the values that fit are recognised by their exact type,
and everything else is left to `StructType`. For `x: int` and `y: float = 0.0` it reads

    def __init__(self, /, x=MISSING, y=MISSING, *extra, **unknown):
     if extra or unknown: refuse((x, y, ), extra, unknown)
     if y is MISSING: y = default_1()
     if type(y) is int: y = widened(y)
     if not (type(x) is kind_0 and type(y) is kind_1): x, y, = settle((x, y, ))
     set_0(self, x)
     set_1(self, y)
"""

from __future__ import annotations

import os

from dana_runtime.values.struct_types import MISSING, Field, StructType

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FunctionType
    from typing import Any

# From this number of fields on, slots are stored by plain assignments while the object is of a
# class that does not check them; below it by the slots' own setters. On CPython 3.11 a setter
# takes 37 ns, the two changes of class 95 ns together, and an assignment between them 5 ns.
_MANY_FIELDS = 3

# As if the code were in a file of this folder, so that tracebacks leave out its frames.
_FOLDER = os.path.dirname(__file__)


def make_init(
    cls: type, known: StructType, slots: dict[str, str], setters: dict[str, Callable[..., None]]
) -> FunctionType:
    """Return the function `__init__` for the struct `cls`.

    `slots` are the names of the fields, in order, with those of their slots; `setters` store a
    value in the slot of that name without checking it.
    """
    # Fields may be called as keywords or as the names used here are. In the source they are v0,
    # v1, …, and in the finished code those names are replaced.
    fields = {f"v{index}": known.declared[name] for index, name in enumerate(slots)}
    namespace: dict[str, Any] = {
        "__builtins__": {},
        "__name__": cls.__module__,
        "MISSING": MISSING,
        "int": int,
        "type": type,
        "refuse": known.refuse,
        "settle": known.settle,
        "widened": _widened,
    }
    parameters = "".join([f"{name}=MISSING, " for name in fields])
    values = "".join([f"{name}, " for name in fields])
    lines = [
        f"def __init__(self, /, {parameters}*extra, **unknown):",
        f" if extra or unknown: refuse(({values}), extra, unknown)",
        *_defaults(fields, namespace),
    ]
    tests = _quick_tests(fields, namespace)
    if tests:
        lines.append(f" if not ({' and '.join(tests)}): {values}= settle(({values}))")
    for index, name in enumerate(slots.values()):
        namespace[f"set_{index}"] = setters[name]
    lines += _stores(list(fields), cls, namespace)
    file = os.path.join(_FOLDER, f"<struct {cls.__name__}>")
    exec(compile("\n".join(lines), file, "exec"), namespace)
    function: FunctionType = namespace.pop("__init__")
    _rename(function, dict(zip(fields, slots.items(), strict=True)))
    function.__qualname__ = f"{cls.__qualname__}.__init__"
    return function


def _defaults(fields: dict[str, Field], namespace: dict[str, Any]) -> list[str]:
    """Return the lines that evaluate defaults and make floats of ints."""
    lines = []
    for name, field in fields.items():
        if field.default is not None:
            namespace[f"default_{name}"] = field.default
            lines.append(f" if {name} is MISSING: {name} = default_{name}()")
        if float in field.kinds and int not in field.kinds:
            lines.append(f" if type({name}) is int: {name} = widened({name})")
    return lines


def _widened(value: int) -> float:
    try:
        return float(value)
    except OverflowError:
        # Too large: the check that follows says so, together with all else that is wrong.
        return value


def _quick_tests(fields: dict[str, Field], namespace: dict[str, Any]) -> list[str]:
    """Return the tests that hold for the usual values that fit."""
    tests = []
    for name, field in fields.items():
        if object in field.kinds:
            if field.default is None:
                tests.append(f"{name} is not MISSING")
        elif len(field.kinds) == 1:
            namespace[f"kind_{name}"] = field.kinds[0]
            tests.append(f"type({name}) is kind_{name}")
        else:
            # Of a type that is not defined yet, `kinds` is empty until the first value comes.
            namespace[f"field_{name}"] = field
            tests.append(f"type({name}) in field_{name}.kinds")
    return tests


def _stores(names: list[str], cls: type, namespace: dict[str, Any]) -> list[str]:
    """Return the lines that store the fields; an ordinary assignment would check them again."""
    setting = [f"set_{index}(self, {name})" for index, name in enumerate(names)]
    if len(names) < _MANY_FIELDS:
        return [f" {line}" for line in setting] or [" pass"]
    # No slots of its own, so that an object can be of either class; only stores happen in between.
    namespace["unchecked"] = type(cls)(
        cls.__name__,
        (cls,),
        {"__slots__": (), "__module__": cls.__module__, "__setattr__": object.__setattr__},
    )
    namespace["checked"] = cls
    # The setter of __class__ itself would be faster by 20 ns; but it cannot be pickled, and what
    # pickles classes by value (cloudpickle) comes by here.
    namespace["store"] = object.__setattr__
    return [
        " if type(self) is checked:",
        "  store(self, '__class__', unchecked)",
        *[f"  self.{name} = {name}" for name in names],
        "  self.__class__ = checked",
        " else:",
        *[f"  {line}" for line in setting],
    ]


def _rename(function: FunctionType, names: dict[str, tuple[str, str]]) -> None:
    """Put the names of fields, for parameters, and of slots, for attributes, into the code."""
    code = function.__code__
    # Fields cannot have names that begin with _dana_, so these are in no field's way.
    parameters = [names[name][0] if name in names else f"_dana_{name}" for name in code.co_varnames]
    attributes = [names[name][1] if name in names else name for name in code.co_names]
    function.__code__ = code.replace(co_varnames=tuple(parameters), co_names=tuple(attributes))
