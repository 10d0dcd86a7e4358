"""The names around a pipe → arguments for parameters that a value leaves open.

In this order: the local names where the pipe stands, its module's `private:` names, the `public:`
ones. A name that is there counts whatever its value is.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import FunctionType

from dana_runtime.orchestration.fitting import ABSENT
from dana_runtime.scopes import Scope, public

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any, TypeAlias

    LocalTable: TypeAlias = Callable[[], Mapping[str, object]]
    _Names = Mapping[str, object]
else:
    _Names = Mapping

# The variable in which generated code keeps the private scope of its module.
_PRIVATE = "_dana_private"


class Context:
    """Where the parameters come from that a value leaves open.

    `local`, if there is one, is called when a name is first looked for and gives the local names;
    `private` is the private scope of the module that the pipe stands in. One context serves one
    call of one stage.
    """

    __slots__ = ("_names", "local", "private")

    def __init__(self, local: LocalTable | None = None, private: Scope | None = None) -> None:
        self.local = local
        self.private = private
        self._names: Mapping[str, object] | None = None

    def find(self, name: str) -> Any:
        """Return the value of `name`, ABSENT if it is nowhere."""
        names = self._names
        if names is None:
            names = self._local_names()
        value = names.get(name, ABSENT)
        if value is ABSENT and self.private is not None:
            value = self.private.get(name, ABSENT)
        return public.get(name, ABSENT) if value is ABSENT else value

    def offers(self) -> dict[str, list[str]]:
        """Return the names that there are: those of `local`, `private` and `public`."""
        return {
            "local": [name for name in self._local_names() if not name.startswith("_dana_")],
            "private": [] if self.private is None else list(self.private),
            "public": list(public),
        }

    def _local_names(self) -> Mapping[str, object]:
        if self._names is None:
            self._names = {} if self.local is None else self.local()
        return self._names


def as_context(context: Any, names: Mapping[str, object]) -> Context:
    """Return what `orchestrate` was given for a context, as one.

    `names` are what it gave if it is a function; the private scope that belongs to a function is
    found in its module.
    """
    if type(context) is Context:
        return context
    found = Context(context)
    if context is not None:
        around = getattr(context, "__globals__", None)
        found.private = around and around.get(_PRIVATE)
    if type(context) is FunctionType:
        found._names = names
        if found.private is None and isinstance(names, LocalNames):
            # A function that came to another process brings only those globals that it mentions.
            found.private = names.private
    return found


class LocalNames(_Names):
    """Local names that may not be bound yet: name → a function that reads it.

    `lambda: LocalNames({"a": lambda: a, "b": lambda: b})` is a local table of two variables.
    Iterating over it gives the bound ones. `outer` gives the names around these, which they hide;
    None in the place of a function hides a name and gives nothing for it. `private` is the private
    scope of the module whose names these are.
    """

    __slots__ = ("_outer", "_private", "_readers")

    def __init__(
        self,
        readers: Mapping[str, Callable[[], object] | None],
        outer: LocalTable | None = None,
        private: Scope | None = None,
    ) -> None:
        self._readers = readers
        self._outer = outer
        self._private = private

    @property
    def private(self) -> Scope | None:
        """The private scope that belongs to these names or to those around them."""
        if self._private is not None or self._outer is None:
            return self._private
        around = self._outer()
        return around.private if isinstance(around, LocalNames) else None

    def get(self, name: str, default: Any = None) -> Any:
        """Return the value of a name, `default` if it has none."""
        reader = self._readers.get(name, ABSENT)
        if reader is ABSENT:
            return default if self._outer is None else self._outer().get(name, default)
        try:
            return default if reader is None else reader()
        except NameError:
            return default

    def __getitem__(self, name: str) -> object:
        value = self.get(name, ABSENT)
        if value is ABSENT:
            raise KeyError(name)
        return value

    def __iter__(self) -> Iterator[str]:
        yield from (name for name in self._readers if name in self)
        if self._outer is not None:
            yield from (name for name in self._outer() if name not in self._readers)

    def __len__(self) -> int:
        return sum(1 for _ in self)
