"""A value's shape and a stage's signature → how the one meets the other, as far as it can be decided now.

The rules are the runtime's own, on what is known of the value; docs/orchestration.md tells them. What is
not decided here is decided by them when the value is there.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

from dana_runtime.orchestration.plans import CONTEXT, REFUSED, SPREAD, WHOLE, Arrangement
from dana_runtime.orchestration.rules import decide
from danac import nodes
from danac.analysis import builtins
from danac.analysis.known_types import KnownTypes, UndecidedError
from danac.analysis.names import Scope
from danac.analysis.shapes import Shape
from danac.analysis.signatures import Signature, Taken, signature_of
from danac.analysis.stages import is_builtin, is_known_function

Way: TypeAlias = Literal["plain", "unpack", "keywords", "placed", "tested", "runtime", "impossible"]

# Types whose values are told by a plain `type(x) is T`.
_PLAIN_TYPES = frozenset({"str", "bool", "list", "dict", "tuple", "set", "int", "float"})

# The built-ins that need two arguments or more, or none by position.
_NOT_OF_ONE_VALUE = frozenset(
    {"cast", "divmod", "filter", "getattr", "hasattr", "isinstance", "issubclass", "map"}
    | {"parallel_config", "pow", "RemoteError", "setattr", "sum_range", "validate_args"}
)


@dataclass(frozen=True, slots=True)
class Plan:
    """How a value becomes the arguments of a stage.

    plain: `g(v)`; unpack: `g(*v)`; keywords: `g(**v)`; placed: parts of `v` by position and keyword, as
    `arrangement` says; tested: `g(v)` where `type(v) is T`, T being `type_name`, else as the runtime decides;
    impossible: no value of that shape can be taken. `left_open` are the required parameters that the value
    surely does not give; `text` says in words what is decided.
    """

    way: Way
    rule: str
    type_name: str | None = None
    reason: str = ""
    signature: Signature | None = None
    arrangement: Arrangement | None = None
    left_open: tuple[str, ...] = ()
    text: str = ""


def plan(callee: nodes.Expression, shape: Shape, scope: Scope) -> Plan:
    """Return how a value of `shape` meets what `callee` calls."""
    signature = signature_of(callee, scope)
    if signature is None:
        return _of_unknown(callee, scope)
    types = KnownTypes(scope)
    known = types.signature(signature)
    try:
        decided = decide(known, types.shape(shape))
    except UndecidedError:
        return _undecided(signature, shape, scope)
    rule = str(decided.rule)
    if decided.way == REFUSED:
        return Plan("impossible", rule, reason=decided.problem, signature=signature)
    arrangement = Arrangement(decided, known)
    left_open = arrangement.keys(CONTEXT)
    if left_open:
        reason = f"{', '.join(left_open)} from the names around"
        return Plan("runtime", "4", reason=reason, signature=signature, left_open=left_open)
    way: Way = "placed"
    if decided.way == WHOLE:
        way = "plain"
    elif decided.way == SPREAD:
        way = "unpack"
    elif _may_be_keywords(signature, shape):
        way = "keywords"
    return Plan(way, rule, signature=signature, arrangement=arrangement, text=decided.text)


def _of_unknown(callee: nodes.Expression, scope: Scope) -> Plan:
    callee = nodes.ungrouped(callee)
    if isinstance(callee, nodes.Name) and is_builtin(callee.id, scope):
        is_plain = is_known_function(callee.id, scope) and callee.id not in _NOT_OF_ONE_VALUE
        if is_plain:
            return Plan("plain", "1", text="rule 1: the value is the argument")
    return Plan("runtime", "", reason="what is called is known only at run time")


def _undecided(signature: Signature, shape: Shape, scope: Scope) -> Plan:
    """Return the plan where too little is known of the value, or of the types that are asked for."""
    if shape.kind == "unknown" and len(signature.required) == 1 and not signature.required_keywords:
        wanted = _type_name(signature.required[0], scope)
        if wanted is not None and signature.required[0] is signature.positional[0]:
            return Plan("tested", "1", wanted, signature=signature)
    if shape.kind == "unknown":
        return Plan(
            "runtime", "", reason="the value is known only at run time", signature=signature
        )
    reason = "the types decide, and not all of them are known before"
    return Plan("runtime", "", reason=reason, signature=signature)


def _may_be_keywords(signature: Signature, shape: Shape) -> bool:
    """Whether a dict can be given as it is: all of its keys are parameters, and have the required among them."""
    named = {
        taken.name
        for taken in (*signature.positional, *signature.keyword_only)
        if not taken.is_positional_only
    }
    is_dict = shape.kind == "fields" and shape.struct is None
    return is_dict and set(shape.keys) <= named


def _type_name(taken: Taken, scope: Scope) -> str | None:
    """Return the built-in type that an annotation names, where it does."""
    annotation = taken.annotation
    if not isinstance(annotation, nodes.TypeName) or annotation.name is None:
        return None
    name = annotation.name.lower()
    is_word = name in builtins.TYPE_WORDS and scope.lookup(annotation.name) is None
    return name if is_word else None
