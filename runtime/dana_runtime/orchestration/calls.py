"""`orchestrate(stage, value, where)` → what the stage gives for the value, by its kept plans.

    id(stage) ──► TAKES_IT_WHOLE                    stage(value)
              ──► id(type(value)) ──► runner        which knows what to do with such values
              ──► nothing: `find` reads the signature, or finds who has the same one

What is kept for a callable ends with it, and holds neither it nor the classes of values. A callable
is looked at once: what is assigned to `__defaults__`, `__signature__` or `__wrapped__` later is not
seen. No locks: each step is one operation of a dict, and two threads that make the same plan at
the same time make two of which one is kept.
"""

from __future__ import annotations

from _weakref import ref
from types import BuiltinFunctionType, FunctionType, MethodDescriptorType, MethodType

from dana_runtime.orchestration.by_items import MOST_PLANS
from dana_runtime.orchestration.closures import Likeness
from dana_runtime.orchestration.fitting import is_lasting
from dana_runtime.orchestration.rules import decide
from dana_runtime.orchestration.runners import runner_for
from dana_runtime.orchestration.signatures import call_of, is_outdated, signature_of
from dana_runtime.wording import not_callable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from dana_runtime.orchestration.context import Context, LocalTable
    from dana_runtime.orchestration.generated import Install, Make
    from dana_runtime.orchestration.parameters import Signature
    from dana_runtime.orchestration.performing import Runner
    from dana_runtime.orchestration.plans import Plan
    from dana_runtime.orchestration.shapes import Shape

    _Runners = dict[int, Runner]
else:
    _Runners = dict


class Runners(_Runners):
    """The runners of one callable, by the id of the class of a value.

    A class that is not there yet has the runner that makes one for it.
    """

    __slots__ = ("signature",)

    def __init__(self, signature: Signature | None) -> None:
        self.signature = signature

    def __missing__(self, key: int) -> Runner:
        return self._first

    def _first(self, stage: Any, value: Any, where: str, context: Any, of_block: bool) -> Any:
        return self._add(value)(stage, value, where, context, of_block)

    def is_still_right_for(self, stage: Any) -> bool:
        """Tell whether the names that its annotations lacked are still not there."""
        return self.signature is None or not is_outdated(stage, self.signature)

    def _add(self, value: Any) -> Runner:
        """Make the runner for the class of a value, and keep it until that class ends."""
        kind = type(value)
        key = id(kind)
        runner = runner_for(self.signature, value, self._install_for(key))

        def forget(_: object) -> None:
            self.pop(key, None)

        # On the runner itself, so that the two go together whoever removes or replaces it.
        vars(runner)["until"] = ref(kind, forget)
        if len(self) >= MOST_PLANS:
            self.clear()
        self[key] = runner
        return runner

    def _install_for(self, key: int) -> Install:
        """Return what puts functions in front of the runner for the class with the id `key`."""
        number = 0

        def install(make: Make | None) -> None:
            nonlocal number
            behind = self.get(key)
            if make is None or behind is None or number >= _MOST_IN_FRONT:
                return
            number += 1
            run = make(behind)
            if run is not None:
                vars(run)["until"] = vars(behind)["until"]
                self[key] = run

        return install


# What stands for the runners of a callable whose only argument every value is.
TAKES_IT_WHOLE: Any = "whole"

# Of so many calls of functions with the same code, one is of a function that is kept by its own id.
_CLOSURES = 64

# Functions for one plan each that stand in front of one another.
_MOST_IN_FRONT = 4

# id(callable) → its runners, for bound methods those of the function behind them. An entry goes
# before its callable does, so no other one has that id.
found: dict[int, Any] = {}
_found_bound: dict[int, Any] = {}
# The same, while a name in an annotation is not there yet.
_provisional: dict[int, Runners] = {}
_provisional_bound: dict[int, Runners] = {}
# id(code) → what functions with this code have in common with the one that was looked up last.
_found_by_code: dict[int, Likeness] = {}
_references: dict[int, ref[Any]] = {}
_TABLES = (found, _found_bound, _provisional, _provisional_bound, _found_by_code, _references)


def orchestrate(
    stage: Any,
    value: Any,
    where: str,
    context: Context | LocalTable | None = None,
    *,
    is_block_result: bool = False,
) -> Any:
    """Call `stage` with `value`, which meets its signature by the rules of orchestration.

    `where` names the stage in errors: `"stage 2 of load | store (shop.dana:3:9)"`. `context` is
    where parameters come from that the value leaves open: a function without parameters that gives
    the local names, called only if it is needed, or a `Context`; the `public:` names are always
    there. `is_block_result` says that the value is what the parallel block just before gave.

    Returns what the stage returns, a coroutine too. Raises OrchestrationError if the value does not
    meet the signature, TypeError if the stage is not callable, and whatever the stage raises.
    """
    # `pipelines.call_stage` does the same: another call in between would be a fifth of the time.
    runners = found.get(id(stage))
    if runners is None:
        runners = find(stage, where)
    if runners is TAKES_IT_WHOLE:
        return stage(value)
    return runners[id(type(value))](stage, value, where, context, is_block_result)


def plan_for(stage: Any, shape: Shape) -> Plan:
    """Return how values of a shape meet the signature of a callable; its `text` says it in words."""
    return decide(signature_of(stage), shape)


def find(stage: Any, where: str) -> Any:
    """Return the runners of what was not found by its own id, or TAKES_IT_WHOLE.

    Raises TypeError if the stage is not callable.
    """
    kind = type(stage)
    if kind is FunctionType:
        likeness = _found_by_code.get(id(stage.__code__))
        if likeness is not None and likeness.is_of(stage):
            likeness.count += 1
            if not likeness.count % _CLOSURES:
                # It may be one that stays, though most closures are gone after a call.
                _keep(stage, found, likeness.runners)
            return likeness.runners
    elif kind is MethodType:
        runners = _found_bound.get(id(stage.__func__))
        if runners is not None:
            return runners
    return _looked_up(stage, where)


def _looked_up(stage: Any, where: str) -> Any:
    if not callable(stage):
        raise not_callable(where, stage)
    kept, is_bound = _kept(stage)
    key = id(kept)
    table, provisional = (_found_bound, _provisional_bound) if is_bound else (found, _provisional)
    runners = table.get(key)
    if runners is not None:
        return runners
    runners = provisional.get(key)
    if runners is not None and runners.is_still_right_for(stage):
        return runners
    signature = signature_of(stage)
    if signature is None or signature.is_plain():
        runners = TAKES_IT_WHOLE
    else:
        runners = Runners(signature)
        if signature.unresolved:
            return _keep(kept, provisional, runners)
    provisional.pop(key, None)
    if kept is stage and type(stage) is FunctionType:
        _keep_by_code(stage, runners)
    return _keep(kept, table, runners)


def _keep_by_code(function: FunctionType, runners: Any) -> None:
    """Keep runners for the functions that a `def` or lambda gives when it is run again."""
    likeness = Likeness.of(function, runners)
    if likeness is not None:
        code = function.__code__
        if id(code) in _found_by_code:
            _found_by_code[id(code)] = likeness
        else:
            _keep(code, _found_by_code, likeness)


def _kept(stage: Any) -> tuple[Any, bool]:
    """Return the callable under which a stage's runners are kept, and whether it is bound there.

    Methods are made anew each time they are looked up, and so are often objects with `__call__`:
    the functions behind them are not.
    """
    kind = type(stage)
    if kind is MethodType:
        return stage.__func__, True
    if kind is BuiltinFunctionType:
        # `items.append`: the same for all lists.
        method = getattr(type(stage.__self__), stage.__name__, None)
        if type(method) is MethodDescriptorType and is_lasting(method.__objclass__):
            return method, True
    elif kind is not FunctionType and not isinstance(stage, type):
        call = call_of(stage)
        if call is not None:
            return call, True
    return stage, False


def _keep(kept: Any, table: dict[int, Any], runners: Any) -> Any:
    """Put runners into a table until their callable ends, and return them."""
    key = id(kept)

    # The tables as a default: the names may be gone when the interpreter ends.
    def forget(_: object, tables: tuple[dict[int, Any], ...] = _TABLES) -> None:
        for each in tables:
            each.pop(key, None)

    try:
        _references[key] = ref(kept, forget)
    except TypeError:
        # Nobody would tell when it ends: its signature is read at each call.
        if type(kept) is not MethodDescriptorType:
            return runners
    table[key] = runners
    return runners
