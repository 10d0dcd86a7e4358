"""A value's shape and a stage's signature → how the one meets the other, as far as it can be decided now.

The rules are told in docs/orchestration.md. What is not decided here is decided by the runtime, by the
same rules, when the value is there.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

from danac import nodes
from danac.analysis import builtins
from danac.analysis.names import Scope
from danac.analysis.shapes import Shape
from danac.analysis.signatures import Signature, Taken, signature_of
from danac.analysis.stages import is_builtin, is_known_function

Way: TypeAlias = Literal["plain", "unpack", "keywords", "tested", "runtime", "impossible"]

# The built-ins that need two arguments or more.
_TAKING_SEVERAL = frozenset(
    {"cast", "divmod", "filter", "getattr", "hasattr", "isinstance", "issubclass"}
    | {"map", "pow", "setattr", "sum_range"}
)


@dataclass(frozen=True, slots=True)
class Plan:
    """How a value becomes the arguments of a stage.

    plain: `g(v)`; unpack: `g(*v)`; keywords: `g(**v)`; tested: `g(v)` where `type(v) is T`, T being
    `type_name`, else as the runtime decides; impossible: no value of that shape can be taken.
    """

    way: Way
    rule: str
    type_name: str | None = None
    reason: str = ""
    signature: Signature | None = None


def plan(callee: nodes.Expression, shape: Shape, scope: Scope) -> Plan:
    """Return how a value of `shape` meets what `callee` calls."""
    signature = signature_of(callee, scope)
    if signature is None:
        callee = nodes.ungrouped(callee)
        if isinstance(callee, nodes.Name) and is_builtin(callee.id, scope):
            is_plain = is_known_function(callee.id, scope) and callee.id not in _TAKING_SEVERAL
            if is_plain:
                return Plan("plain", "1")
        return Plan("runtime", "", reason="what is called is known only at run time")
    if signature.required_keywords:
        return Plan("runtime", "4", reason="keyword-only parameters", signature=signature)
    if len(signature.required) <= 1:
        return _single(signature, shape, scope)
    return _several(signature, shape, scope)


def _single(signature: Signature, shape: Shape, scope: Scope) -> Plan:
    target = signature.positional[0] if signature.positional else signature.rest
    if target is None:
        reason = "it takes no value at all"
        return Plan("impossible", "6", reason=reason, signature=signature)
    if _takes_anything(target):
        return Plan("plain", "1", signature=signature)
    wanted = _type_name(target, scope)
    if wanted is not None and shape.type_name == wanted and not shape.is_block:
        return Plan("plain", "1", signature=signature)
    if wanted is not None and shape.kind == "unknown":
        return Plan("tested", "1", wanted, signature=signature)
    return Plan("runtime", "1", reason=f"{target.name} is annotated", signature=signature)


def _several(signature: Signature, shape: Shape, scope: Scope) -> Plan:
    if shape.kind == "items":
        count = len(shape.items)
        if signature.takes_number(count) and _fit_in_order(signature, shape, scope):
            return Plan("unpack", "2", signature=signature)
        return Plan("runtime", "2", reason="the items are told by their types", signature=signature)
    if shape.kind == "fields":
        named = {
            taken.name
            for taken in (*signature.positional, *signature.keyword_only)
            if not taken.is_positional_only
        }
        required = {taken.name for taken in signature.required}
        if required <= set(shape.keys) <= named:
            return Plan("keywords", "3", signature=signature)
        return Plan("runtime", "3", reason="the keys and names differ", signature=signature)
    reason = "the value is known only at run time"
    return Plan("runtime", "", reason=reason, signature=signature)


def _fit_in_order(signature: Signature, shape: Shape, scope: Scope) -> bool:
    """Whether items surely go to the parameters in order: some are not annotated, or all of them fit."""
    required = signature.required
    if not all(taken.annotation is not None for taken in required):
        return True
    pairs = zip(signature.positional, shape.items, strict=False)
    return all(
        _takes_anything(taken) or item.type_name == _type_name(taken, scope) is not None
        for taken, item in pairs
    )


def _takes_anything(taken: Taken) -> bool:
    annotation = taken.annotation
    if annotation is None:
        return True
    return isinstance(annotation, nodes.TypeName) and annotation.name in ("any", "Any", "object")


def _type_name(taken: Taken, scope: Scope) -> str | None:
    """Return the built-in type that an annotation names, where it does."""
    annotation = taken.annotation
    if not isinstance(annotation, nodes.TypeName) or annotation.name is None:
        return None
    name = annotation.name.lower()
    is_word = name in builtins.TYPE_WORDS and scope.lookup(annotation.name) is None
    return name if is_word else None
