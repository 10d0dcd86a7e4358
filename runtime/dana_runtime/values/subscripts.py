"""A failed `xs[5]` → what there is in `xs`, for the note below the traceback."""

from __future__ import annotations

from itertools import islice

TYPE_CHECKING = False
if TYPE_CHECKING:
    from dis import Instruction
    from types import FrameType
    from typing import Any

# Keys of a mapping that a note shows.
_SHOWN_KEYS = 5

# The instructions that put a variable on the stack.
_LOADS = frozenset(
    {
        "LOAD_CLASSDEREF",
        "LOAD_DEREF",
        "LOAD_FAST",
        "LOAD_FAST_CHECK",
        "LOAD_FROM_DICT_OR_DEREF",
        "LOAD_FROM_DICT_OR_GLOBALS",
        "LOAD_GLOBAL",
        "LOAD_NAME",
    }
)


def subscript_note(error: BaseException) -> str | None:
    """Return what is in `xs` if `error` is the failure of a subscript `xs[…]` of a plain variable.

    `the list has 3 items`, or for a mapping `its keys begin with: 'a', 'b', …`; None for all
    other errors. Meant for errors that nobody catches, when they are printed: the exception is
    left as it is, and the variable is taken from its frame as that was left.
    """
    entry = error.__traceback__
    if entry is None or not isinstance(error, (LookupError, TypeError)):
        return None
    while entry.tb_next is not None:
        entry = entry.tb_next
    loaded = _subscripted_variable(entry.tb_frame, entry.tb_lasti, isinstance(error, TypeError))
    if loaded is None:
        return None
    frame = entry.tb_frame
    for names in (frame.f_globals,) if loaded.is_global else (frame.f_locals, frame.f_globals):
        if loaded.name in names:
            return _contents(names[loaded.name])
    return None


class _Loaded:
    """A variable that an instruction puts on the stack."""

    __slots__ = ("is_global", "name")

    def __init__(self, name: str, is_global: bool) -> None:
        self.name = name
        self.is_global = is_global


def _subscripted_variable(frame: FrameType, offset: int, only_read: bool) -> _Loaded | None:
    """Return the variable of the subscript at `offset`, None if it is no subscript of one.

    Read from the bytecode, because the source may be gone, and need not say what the variable is
    called in Python. A container's instructions begin where the subscript begins: if that is
    one that loads a variable, the container is that variable.
    """
    from dis import get_instructions

    operations = (
        {"BINARY_SUBSCR"} if only_read else {"BINARY_SUBSCR", "STORE_SUBSCR", "DELETE_SUBSCR"}
    )
    before: list[Instruction] = []
    loaded = None
    cleared: set[str] = set()
    for instruction in get_instructions(frame.f_code):
        if instruction.opname == "LOAD_FAST_AND_CLEAR":
            cleared.add(instruction.argval)
        if instruction.offset < offset:
            before.append(instruction)
        elif instruction.offset == offset and instruction.opname in operations:
            loaded = _container(before, instruction)
    # Since 3.12, variables of comprehensions are variables of the function that are restored when
    # the comprehension fails: what the frame has under that name now is something else.
    return None if loaded is None or loaded.name in cleared else loaded


def _container(before: list[Instruction], subscript: Instruction) -> _Loaded | None:
    start, end = _span(subscript)
    if start is None or end is None:
        return None
    within = len(before)
    while within and _is_inside(before[within - 1], start, end):
        within -= 1
    # `xs[i] += 1` copies what it has put on the stack, to store there.
    first = [
        found for found in before[within:] if _span(found)[0] == start and found.opname != "COPY"
    ]
    if len(first) == 1:
        return _loaded(first[0], 0)
    if not first and 0 < within == len(before) - 1:
        # 3.13 joins two loads to one instruction, at the place of the first: `a + xs[i]`.
        return _loaded(before[within - 1], 1)
    return None


def _loaded(instruction: Instruction, index: int) -> _Loaded | None:
    name = instruction.argval
    if isinstance(name, tuple) and instruction.opname.endswith("LOAD_FAST"):
        return _Loaded(name[index], False)
    if index == 0 and instruction.opname in _LOADS:
        return _Loaded(name, instruction.opname == "LOAD_GLOBAL")
    return None


def _span(instruction: Instruction) -> tuple[tuple[int, int] | None, tuple[int, int] | None]:
    """Return (line, column) of the start and of the end of what `instruction` comes from."""
    place = instruction.positions
    if place is None or place.lineno is None or place.col_offset is None:
        return None, None
    if place.end_lineno is None or place.end_col_offset is None:
        return None, None
    return (place.lineno, place.col_offset), (place.end_lineno, place.end_col_offset)


def _is_inside(instruction: Instruction, start: tuple[int, int], end: tuple[int, int]) -> bool:
    own_start, own_end = _span(instruction)
    return own_start is not None and own_end is not None and start <= own_start <= own_end <= end


def _contents(value: Any) -> str | None:
    """Return what a note says of a container; None for what has no length."""
    from collections.abc import Mapping

    from dana_runtime.wording import short_repr

    try:
        size = len(value)
        if size and isinstance(value, Mapping):
            keys = [short_repr(key) for key in islice(value, _SHOWN_KEYS)]
            more = ", …" if size > len(keys) else ""
            return f"its keys {'begin with' if more else 'are'}: {', '.join(keys)}{more}"
    except Exception:
        # A container of the program's own, whose failure is not what is reported here.
        return None
    unit = "character" if isinstance(value, str) else "item"
    return f"the {type(value).__name__} has {size or 'no'} {unit}{'' if size == 1 else 's'}"
