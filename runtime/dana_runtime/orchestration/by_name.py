"""A signature and how fields are read → the runner for the values of a class, which looks up by its fields.

Of those matter the ones that are parameters: a plan is found by which of them are there.
"""

from __future__ import annotations

from dana_runtime.orchestration.by_items import MOST_PLANS
from dana_runtime.orchestration.fitting import ABSENT
from dana_runtime.orchestration.generated import EACH, for_fields
from dana_runtime.orchestration.performing import perform
from dana_runtime.orchestration.plans import FIELD, Arrangement
from dana_runtime.orchestration.rules import decide
from dana_runtime.orchestration.shapes import Shape

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from dana_runtime.orchestration.fields import Fields
    from dana_runtime.orchestration.generated import Install
    from dana_runtime.orchestration.parameters import Signature
    from dana_runtime.orchestration.performing import Runner


def by_name(signature: Signature, fields: Fields, install: Install) -> Runner:
    """Return the runner for values with fields, of which those matter that are parameters."""
    names = [p.name for p in signature.parameters]
    # Which are there → the arrangement, and which of them it uses.
    known: dict[tuple[bool, ...], tuple[Arrangement, list[int]]] = {}
    find = fields.find
    calls = 0

    def run(stage: Any, value: Any, where: str, context: Any, of_block: bool) -> Any:
        nonlocal calls
        calls += 1
        found = [find(value, name) for name in names]
        present = tuple([item is not ABSENT for item in found])
        entry = known.get(present)
        if entry is None:
            there = [name for name, is_there in zip(names, present, strict=True) if is_there]
            shape = Shape.of(value, of_block, fields=there)
            arrangement = Arrangement(decide(signature, shape), signature)
            entry = arrangement, [names.index(name) for name in arrangement.keys(FIELD)]
            if len(known) >= MOST_PLANS:
                known.clear()
            known[present] = entry
        arrangement, used = entry
        if not calls % EACH:
            absent = [name for name, is_there in zip(names, present, strict=True) if not is_there]
            install(for_fields(arrangement, fields, absent))
        taken = [found[index] for index in used]
        return perform(arrangement, signature, stage, value, taken, where, context, of_block)

    return run
