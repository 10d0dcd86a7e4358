"""Functions of one name with receivers of several types, joined into one → the one signature they have.

    def (p: Point) scale(k: int)      ┐
    def (c: Circle) scale(k: float)   ┘──► scale(p: Point | Circle, k: int | float)

Which of them is called is decided by the first argument, when it is there. So they have a signature
together if as many parameters are required by position, and the same ones by keyword.
"""

from __future__ import annotations

from dana_runtime.orchestration.fitting import Expected
from dana_runtime.orchestration.parameters import EITHER, POSITIONAL_ONLY, Parameter, Signature

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from types import FunctionType
    from typing import Any

# Under which `values.methods` keeps what it knows of a function.
_KEY = "_dana_receivers"


def joined_functions(function: FunctionType) -> list[FunctionType]:
    """Return the functions that `function` chooses between; none if it is no joined one."""
    receivers: Any = function.__dict__.get(_KEY)
    # functools.wraps copies attributes: this one counts only on the function it was made for.
    if receivers is None or receivers.owner is not function:
        return []
    found = dict.fromkeys(method for _, method in receivers.entries)
    return [] if function in found else list(found)


def joined_signature(
    name: str,
    functions: Sequence[FunctionType],
    signature_of: Callable[[Any], Signature | None],
) -> Signature | None:
    """Return what the signatures of joined functions have in common; None if they differ too much."""
    signatures = [signature for function in functions if (signature := signature_of(function))]
    first, *others = signatures
    if any(
        len(other.parameters) != len(first.parameters)
        or len(other.required) != len(first.required)
        or len(other.positional) != len(first.positional)
        for other in others
    ):
        return None
    parameters: list[Parameter] = []
    for together in zip(*[signature.parameters for signature in signatures], strict=True):
        parameter = _joined(together, is_first=not parameters)
        if parameter is None:
            return None
        parameters.append(parameter)
    return Signature(name, parameters, first.rest if all(s.rest for s in signatures) else "")


def _joined(together: Sequence[Parameter], *, is_first: bool) -> Parameter | None:
    """Return what stands for the parameters in one place; None if they cannot stand together."""
    first = together[0]
    names = list(dict.fromkeys(parameter.name for parameter in together))
    kinds = {parameter.kind for parameter in together}
    if len(kinds) > 1 or len({parameter.required for parameter in together}) > 1:
        return None
    kind = first.kind
    if len(names) > 1:
        if not (is_first and kind in (EITHER, POSITIONAL_ONLY)):
            return None
        # The receiver, which each may call differently: no name means it in all of them.
        kind = POSITIONAL_ONLY
    expected = [parameter.expected for parameter in together]
    known = [one for one in expected if one is not None]
    union = Expected.any_of(known) if len(known) == len(expected) else None
    return Parameter(" or ".join(names), kind, first.required, union)
