"""A value → what of it decides how it meets a signature: its class, its items' classes, its fields."""

from __future__ import annotations

from dana_runtime.orchestration.fields import fields_of
from dana_runtime.orchestration.fitting import ABSENT

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection
    from typing import Any

    from dana_runtime.orchestration.fitting import Expected


class Shape:
    """What is known of a value that flows into a stage.

    `kind` is its class, `items` are the classes of its items where these may become arguments
    (tuples, and the list that a block gives), else None, and `fields` the names of its fields.
    """

    __slots__ = ("_value", "fields", "items", "kind")

    def __init__(
        self,
        kind: type,
        items: tuple[type, ...] | None = None,
        fields: Collection[str] = (),
    ) -> None:
        self.kind = kind
        self.items = items
        self.fields = fields
        self._value: Any = ABSENT

    @classmethod
    def of(
        cls, value: Any, is_block_result: bool = False, fields: Collection[str] | None = None
    ) -> Shape:
        """Return the shape of a value; a list has items only as the result of a block.

        `fields` are the names of its fields, where somebody has found them already.
        """
        kind = type(value)
        has_items = isinstance(value, tuple) or (is_block_result and kind is list)
        if fields is None:
            reader = fields_of(kind)
            fields = () if reader is None else dict.fromkeys(reader.names(value))
        shape = cls(kind, tuple(map(type, value)) if has_items else None, fields)
        # Some annotations look at the value itself.
        shape._value = value
        return shape

    def fits(self, expected: Expected) -> bool:
        """Tell whether the value fits an annotation."""
        return expected.takes(self.kind, self._value)

    def item_fits(self, index: int, expected: Expected) -> bool:
        """Tell whether the item at `index` fits an annotation."""
        assert self.items is not None
        item = ABSENT if self._value is ABSENT else self._value[index]
        return expected.takes(self.items[index], item)

    def asks_only_classes(self, expected: Expected) -> bool:
        """Tell whether whatever has this shape meets an annotation as this value does."""
        return all(map(expected.asks_class, (self.kind, *(self.items or ()))))
