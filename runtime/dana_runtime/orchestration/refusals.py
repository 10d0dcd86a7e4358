"""A value that does not meet a signature → the OrchestrationError that says what is on offer."""

from __future__ import annotations

import os
import sys
from linecache import getline
from types import BuiltinFunctionType, FunctionType, ModuleType

from dana_runtime.errors import OrchestrationError
from dana_runtime.orchestration.shapes import Shape
from dana_runtime.spelling import nearest
from dana_runtime.tracebacks import column_at, is_runtime_file

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from types import FrameType
    from typing import Any

    from dana_runtime.orchestration.context import Context
    from dana_runtime.orchestration.parameters import Signature

# What generated code calls for a stage.
_CALLERS = ("call_stage", "awaited_stage")

_NO_VALUES = (type, FunctionType, BuiltinFunctionType, ModuleType, type(annotations))

# Names that one list in a message shows.
_SHOWN = 10


def missing(
    where: str,
    signature: Signature,
    names: Sequence[str],
    value: Any,
    context: Context,
    is_block_result: bool,
) -> OrchestrationError:
    """Return the error for required parameters, `names`, that neither value nor context has."""
    shape = Shape.of(value, is_block_result)
    offers = context.offers()
    frame = _stage_frame()
    if frame is not None:
        # A stage that is known gets only the names that it may ask for; a near miss may be another one.
        offers["local"] = list(dict.fromkeys([*offers["local"], *_variables(frame)]))
    parts = [f"nothing for {_listed(map(repr, names))}", f"the value is {_shape_text(shape)}"]
    parts += [f"{scope} names: {_listed(found)}" for scope, found in offers.items() if found]
    if not any(offers.values()):
        parts.append("no names in the context")
    known = [*shape.fields, *(name for found in offers.values() for name in found)]
    near = [nearest(name, known) for name in names]
    hint = "".join(f". Did you mean {name!r}?" for name in near[:1] if name is not None)
    place = _place(frame)
    return OrchestrationError(f"{where}{place}: {signature} gets {'; '.join(parts)}{hint}")


def refused(where: str, signature: Signature, problem: str, value: Any) -> OrchestrationError:
    """Return the error for a plan that gives no call."""
    shape = _shape_text(Shape.of(value))
    place = _place(_stage_frame())
    return OrchestrationError(f"{where}{place}: {signature}: {problem}; the value is {shape}")


def _stage_frame() -> FrameType | None:
    """Return the frame of the Dana code whose stage is called just now; None if it is called otherwise."""
    frame = sys._getframe()
    inner = frame
    while frame.f_back is not None and is_runtime_file(frame.f_code.co_filename):
        inner, frame = frame, frame.f_back
    is_stage = inner.f_code.co_name in _CALLERS and frame.f_globals.get("__dana__") is True
    return frame if is_stage else None


def _place(frame: FrameType | None) -> str:
    """Return where a stage stands: ` (shop.dana:8:13)`."""
    if frame is None:
        return ""
    code, line = frame.f_code, frame.f_lineno
    column = column_at(
        code, frame.f_lasti, lambda: getline(code.co_filename, line, frame.f_globals)
    )
    return f" ({os.path.basename(code.co_filename)}:{line}:{column or 1})"


def _variables(frame: FrameType) -> list[str]:
    """Return the names in a frame that have values, functions, types and modules aside."""
    return [
        name
        for name, value in frame.f_locals.items()
        if not (name.startswith(("_dana_", "__")) or isinstance(value, _NO_VALUES))
    ]


def _shape_text(shape: Shape) -> str:
    name = shape.kind.__name__
    if shape.fields:
        return f"{_article(name)} with the fields {_listed(shape.fields)}"
    if shape.items is not None:
        return f"{_article(name)} of {_listed(kind.__name__ for kind in shape.items)}"
    return "None" if shape.kind is type(None) else _article(name)


def _article(name: str) -> str:
    return f"an {name}" if name[:1].lower() in "aeiou" else f"a {name}"


def _listed(names: Iterable[str]) -> str:
    found = list(names)
    shown = [*found[:_SHOWN], "…"] if len(found) > _SHOWN else found
    return ", ".join(shown) or "nothing"
