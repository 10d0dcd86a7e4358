"""A value that does not meet a signature → the OrchestrationError that says what is on offer."""

from __future__ import annotations

from dana_runtime.errors import OrchestrationError
from dana_runtime.orchestration.shapes import Shape
from dana_runtime.spelling import nearest

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from typing import Any

    from dana_runtime.orchestration.context import Context
    from dana_runtime.orchestration.signatures import Signature

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
    parts = [f"nothing for {_listed(map(repr, names))}", f"the value is {_shape_text(shape)}"]
    parts += [f"{scope} names: {_listed(found)}" for scope, found in offers.items() if found]
    if not any(offers.values()):
        parts.append("no names in the context")
    known = [*shape.fields, *(name for found in offers.values() for name in found)]
    near = [nearest(name, known) for name in names]
    hint = "".join(f". Did you mean {name!r}?" for name in near[:1] if name is not None)
    return OrchestrationError(f"{where}: {signature} gets {'; '.join(parts)}{hint}")


def refused(where: str, signature: Signature, problem: str, value: Any) -> OrchestrationError:
    """Return the error for a plan that gives no call."""
    shape = _shape_text(Shape.of(value))
    return OrchestrationError(f"{where}: {signature}: {problem}; the value is {shape}")


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
