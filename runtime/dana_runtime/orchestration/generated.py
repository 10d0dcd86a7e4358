"""A plan that is used again and again → a function made for it, which does what it says and nothing else.

    if len(value) == 2:                      the guard: is it a value for which this is the plan?
        i0, i1 = value                       its parts
        if type(i0) is T0 and type(i1) is T1:
            return stage(i1, i0)             the call
    return otherwise(stage, value, …)        the runner that was there before, which knows all plans

Such a function takes half the time of `perform`, but to compile it takes as long as a hundred calls:
a runner asks for one only once in `EACH` calls, for the plan of that call. What it holds is text, classes
that last, and the runner behind it.
"""

from __future__ import annotations

from functools import lru_cache
from types import FunctionType

from dana_runtime.orchestration.context import as_context
from dana_runtime.orchestration.fields import is_plain_name
from dana_runtime.orchestration.fitting import ABSENT
from dana_runtime.orchestration.plans import CONTEXT, FIELD, ITEM, REFUSED, SPREAD, VALUE, WHOLE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from types import CodeType
    from typing import Any, TypeAlias

    from dana_runtime.orchestration.fields import Fields
    from dana_runtime.orchestration.performing import Runner
    from dana_runtime.orchestration.plans import Arrangement

    # Makes the function in front of a runner; None if there is none for this plan.
    Make: TypeAlias = Callable[[Runner], Runner | None]
    # Puts what is made in front of the runner that is there.
    Install: TypeAlias = Callable[[Make | None], None]

# Of so many calls that come to a runner, one asks for a function for its plan.
EACH = 64

# A call of more arguments, or a tuple of more items, is left to `perform`.
_LONGEST = 12

_OTHERWISE = "return otherwise(stage, value, where, context, of_block)"

# No file: it only says that these functions are part of the runtime.
_FILE = f"{__file__}/plan"

_BLOCK, _DATA = "of_block", "not of_block"


def for_all(arrangement: Arrangement, kind: type) -> Make:
    """Return what makes the function for a plan that all values of a class have."""
    guards = [_DATA] if kind is list else []
    return lambda otherwise: _made(arrangement, otherwise, guards)


def for_items(arrangement: Arrangement, value: Any, *, by_class: bool) -> Make | None:
    """Return what makes the function for values with as many items as `value`, `by_class` of the same classes.

    The classes must last.
    """
    # A class of the program's own may unpack to anything.
    if type(value) not in (tuple, list) or not 0 < len(value) <= _LONGEST:
        return None
    guards = [_BLOCK] if type(value) is list else []
    guards.append(f"len(value) == {len(value)}")
    names = [f"i{index}" for index in range(len(value))]
    reading = [f"{', '.join(names)}, = value"]
    kinds = {}
    if by_class:
        kinds = {f"T{index}": type(item) for index, item in enumerate(value)}
    tests = [f"type(i{index}) is T{index}" for index in range(len(kinds))]
    return lambda otherwise: _made(arrangement, otherwise, guards, reading, tests, names, kinds)


def for_fields(arrangement: Arrangement, fields: Fields, absent: Sequence[str]) -> Make:
    """Return what makes the function for values that have the fields of the plan, and none of `absent`."""

    def make(otherwise: Runner) -> Runner | None:
        names = arrangement.keys(FIELD)
        reads = [fields.text(name) for name in names]
        tests = [fields.text_of_absence(name) for name in absent]
        if None in reads or None in tests:
            return None
        reading = [f"f{index} = {read}" for index, read in enumerate(reads)]
        return _made(arrangement, otherwise, [], reading, [test for test in tests if test])

    return make


def _made(
    arrangement: Arrangement,
    otherwise: Runner,
    guards: Sequence[str],
    reading: Sequence[str] = (),
    tests: Sequence[str] = (),
    items: Sequence[str] = (),
    classes: Mapping[str, type] | None = None,
) -> Runner | None:
    """Return the function: if the `guards` hold, `reading` succeeds and the `tests` hold, the call."""
    call = _call(arrangement, items)
    if call is None:
        return None
    lines = [*_context(arrangement), f"return {call}"]
    if tests:
        lines = [f"if {' and '.join(tests)}:", *_indented(lines)]
    if reading:
        lines = [
            "try:",
            *_indented(reading),
            "except (KeyError, AttributeError, ValueError):",
            "    pass",
            "else:",
            *_indented(lines),
        ]
    if guards:
        lines = [f"if {' and '.join(guards)}:", *_indented(lines)]
    lines = ["def run(stage, value, where, context, of_block):", *_indented([*lines, _OTHERWISE])]
    scope = {
        "otherwise": otherwise,
        "around": _around,
        "ABSENT": ABSENT,
        "FunctionType": FunctionType,
        **(classes or {}),
    }
    exec(_compiled("\n".join(lines)), scope)
    run: Runner = scope.pop("run")
    return run


@lru_cache(maxsize=256)
def _compiled(text: str) -> CodeType:
    return compile(text, _FILE, "exec", dont_inherit=True)


def _indented(lines: Sequence[str]) -> list[str]:
    return [f"    {line}" for line in lines]


def _call(arrangement: Arrangement, items: Sequence[str]) -> str | None:
    """Return the text of the call; None if it is none that can be written down."""
    plan, names = arrangement.plan, arrangement.names
    if plan.way == REFUSED or len(arrangement.sources) > _LONGEST:
        return None
    if not all(map(is_plain_name, names)):
        return None
    texts = _argument_texts(arrangement)
    if plan.way == WHOLE:
        positional = ["value"]
    elif plan.way == SPREAD:
        positional = list(items)
    else:
        positional = texts[: arrangement.count]
    keywords = [
        f"{name}={text}" for name, text in zip(names, texts[arrangement.count :], strict=True)
    ]
    return f"stage({', '.join([*positional, *keywords])})"


def _argument_texts(arrangement: Arrangement) -> list[str]:
    texts = []
    number_of_field = 0
    for index, (how, key) in enumerate(arrangement.sources):
        if how == FIELD:
            texts.append(f"f{number_of_field}")
            number_of_field += 1
        else:
            texts.append({VALUE: "value", ITEM: f"i{key}", CONTEXT: f"c{index}"}[how])
    return texts


def _context(arrangement: Arrangement) -> list[str]:
    """Return the lines that take what the names around give; they leave by `otherwise` if one is missing."""
    names = [(index, key) for index, (how, key) in enumerate(arrangement.sources) if how == CONTEXT]
    if not names:
        return []
    lines = ["names = context() if type(context) is FunctionType else {}"]
    for index, key in names:
        lines += [
            f"c{index} = names.get({key!r}, ABSENT)",
            f"if c{index} is ABSENT:",
            f"    c{index} = around(context, names, {key!r})",
            f"    if c{index} is ABSENT:",
            f"        {_OTHERWISE}",
        ]
    return lines


def _around(context: Any, names: Mapping[str, Any], name: str) -> Any:
    return as_context(context, names).find(name)
