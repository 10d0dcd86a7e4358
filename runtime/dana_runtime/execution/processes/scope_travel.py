"""The scopes as a branch sees them → bytes → layers over the scopes of the worker that runs it.

    layer of the branch ─► collected ─► [(scope, {name: pickled value, or why not})], the layers
                                                        │
    layer in the worker ◄── laid_over ◄─────────────────┘

Every value travels for itself and is rebuilt when it is first read: most are not read by a given
branch, and one that cannot travel is in nobody's way until somebody reads it.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, TypeAlias

from dana_runtime.execution.block import Block
from dana_runtime.execution.processes.pickling import Parcel, packed, rebuilt
from dana_runtime.scopes import Layer, Scope, Travelled, all_scopes, overlay, snapshot

# A value as a parcel, or the reason why there is none.
Sent: TypeAlias = Parcel | str
Collected: TypeAlias = list[tuple[Scope, dict[str, Sent]]]

# Where a branch stands: its block and index there, from the outermost block to its own.
Place: TypeAlias = list[tuple[Block | None, int]]


def collected(layer: Layer | None, seen: Iterable[Scope], by_value: bool = False) -> Collected:
    """Return what a branch with `layer` sees of all scopes, those in `seen` included."""
    scopes = dict.fromkeys([*seen, *all_scopes()])
    found: Collected = []
    for scope in scopes:
        names = snapshot(scope, layer)
        if names:
            found.append((scope, {name: _sent(names[name], by_value) for name in names}))
    return found


def place(layer: Layer | None) -> Place:
    """Return where the branch with `layer` stands."""
    places: Place = []
    while layer is not None:
        places.insert(0, (layer.block, layer.index))
        layer = layer.parent
    return places


def laid_over(scopes: Collected, places: Place) -> Layer:
    """Return the layer of a branch that stands at `places` and sees `scopes`."""
    layer = outermost = Layer(None, *places[0]) if places else Layer(None)
    for block, index in places[1:]:
        layer = Layer(layer, block, index)
    # In the outermost one: those inside of it are there to say where the branch stands.
    for scope, names in scopes:
        overlay(outermost, scope, {name: _Received(sent) for name, sent in names.items()})
    return layer


def _sent(value: Any, by_value: bool) -> Sent:
    if isinstance(value, _Received):
        # From one process on to the next.
        return value.sent
    try:
        return packed(value, by_value).inline()
    except Exception as error:
        return f"{type(error).__name__}: {error}"


_UNREAD = object()


class _Received(Travelled):
    """A value of the sending process, rebuilt when it is read."""

    __slots__ = ("_value", "sent")

    def __init__(self, sent: Sent) -> None:
        self.sent = sent
        self._value: Any = _UNREAD

    def value(self, name: str) -> Any:
        if isinstance(self.sent, str):
            raise TypeError(
                f"{name} did not travel to this process: it cannot be pickled ({self.sent})"
            )
        if self._value is not _UNREAD:
            return self._value
        try:
            # Two threads of the branch may come here at once: the first value counts for both.
            value, _ = rebuilt(self.sent)
        except Exception as error:
            raise TypeError(
                f"{name} did not travel to this process: it cannot be rebuilt here"
            ) from error
        self._value = value
        return value
