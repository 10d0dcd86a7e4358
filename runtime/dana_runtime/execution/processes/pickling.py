"""An object → the bytes it travels as, and back: cloudpickle, with large buffers beside the stream.

    packed(value) ─► Packed ─► inline()        ─► Parcel ─► rebuilt(parcel) ─► value, its scopes
                            └► in_file(…)      ─► Parcel ─┘

What a main program or a function defines travels by value, everything else by the name of its
module. A class that came from another process goes back to it by reference, so that it arrives as
the class that it was; what cloudpickle does, to set its attributes anew, would break structs.

Importing this module needs cloudpickle.
"""

from __future__ import annotations

import pickle
import sys
from collections.abc import Callable, Sequence
from types import FunctionType, ModuleType
from typing import Any, NamedTuple, TypeAlias
from uuid import uuid4
from weakref import WeakKeyDictionary, WeakValueDictionary

import cloudpickle

from dana_runtime.execution.processes.files import Buffer, Chunks, Span, mapped
from dana_runtime.scopes import Scope

# Bytes from which on something is large: it costs more to send it through a pipe than to map it.
LARGE = 1 << 20

PROTOCOL = 5

Fill: TypeAlias = Callable[[Sequence[Chunks]], list[Span]]
Take: TypeAlias = Callable[[str, Sequence[Span]], list[memoryview]]


class Parcel(NamedTuple):
    """What one object travels as: the stream, `data`, and the buffers that it refers to.

    Where there is an `address` the buffers are `spans` of the file there; without `data` the first
    one is the stream.
    """

    data: bytes | None
    buffers: tuple[bytes, ...] = ()
    address: str = ""
    spans: tuple[Span, ...] = ()


class Packed:
    """A pickled object in the memory of this process: the stream in chunks, and large buffers."""

    __slots__ = ("buffers", "chunks", "scopes")

    def __init__(
        self, chunks: list[Buffer], buffers: list[memoryview], scopes: list[Scope]
    ) -> None:
        self.chunks = chunks
        self.buffers = buffers
        # The scopes that the object refers to.
        self.scopes = scopes

    def is_large(self) -> bool:
        """Tell whether it should go through a file."""
        return bool(self.buffers) or self._stream_is_large()

    def inline(self) -> Parcel:
        """Return it as bytes, which can be sent anywhere."""
        return Parcel(b"".join(self.chunks), tuple(map(bytes, self.buffers)))

    def in_file(self, address: str, fill: Fill) -> Parcel:
        """Return it with what is large written to the file at `address`, by `fill`.

        Raises OSError if `fill` does.
        """
        data = None
        buffers: list[Chunks] = [[buffer] for buffer in self.buffers]
        if self._stream_is_large():
            # As chunks: a large bytes object is one, the object itself, and is not copied.
            buffers.insert(0, self.chunks)
        else:
            data = b"".join(self.chunks)
        return Parcel(data, (), address, tuple(fill(buffers)))

    def _stream_is_large(self) -> bool:
        return sum(map(len, self.chunks)) >= LARGE


def packed(value: object, by_value: bool = False) -> Packed:
    """Return `value` pickled; `by_value` takes along what it uses of Dana modules.

    Raises whatever the pickling of its parts raises.
    """
    pickler = _Pickler(by_value)
    # The list comes last: by then it has the scopes of all that comes before.
    pickler.dump((value, pickler.scopes))
    return Packed(pickler.chunks, pickler.buffers, pickler.scopes)


def rebuilt(parcel: Parcel, take: Take = mapped) -> tuple[Any, list[Scope]]:
    """Return the object of a parcel and the scopes that it refers to; `take` reads from files.

    Raises whatever the unpickling of its parts raises.
    """
    data: bytes | memoryview | None = parcel.data
    buffers: Sequence[Buffer] = parcel.buffers
    if parcel.address:
        views = take(parcel.address, parcel.spans)
        data, buffers = (views[0], views[1:]) if data is None else (data, views)
    assert data is not None
    value, scopes = pickle.loads(data, buffers=buffers)
    return value, scopes


class _Chunks:
    """What a pickler writes to: it keeps large bytes objects as they are."""

    __slots__ = ("write",)

    def __init__(self, chunks: list[Buffer]) -> None:
        self.write = chunks.append


class _Pickler(cloudpickle.Pickler):  # type: ignore[misc]
    def __init__(self, by_value: bool) -> None:
        self.chunks: list[Buffer] = []
        self.buffers: list[memoryview] = []
        self.scopes: list[Scope] = []
        self._by_value = by_value
        super().__init__(_Chunks(self.chunks), PROTOCOL, self._goes_inline)

    def _goes_inline(self, buffer: pickle.PickleBuffer) -> bool:
        view = buffer.raw()
        if view.nbytes < LARGE:
            return True
        self.buffers.append(view)
        return False

    def reducer_override(self, obj: Any) -> Any:
        """Return what `obj` is made of, NotImplemented to leave that to the object."""
        if type(obj) is Scope:
            if all(obj is not scope for scope in self.scopes):
                self.scopes.append(obj)
            return NotImplemented
        if isinstance(obj, type):
            return self._class(obj)
        if isinstance(obj, BaseException):
            # As exceptions say themselves. distributed registers another way with copyreg, which
            # leaves out `__init__`: the code of a SystemExit would be lost.
            return obj.__reduce_ex__(PROTOCOL)
        if self._by_value:
            if isinstance(obj, ModuleType) and _is_dana(obj.__name__):
                content = {k: v for k, v in vars(obj).items() if not k.startswith("__")}
                # The content as state, so that it may refer to the module.
                return ModuleType, (obj.__name__,), content, None, None, _fill_module
            if isinstance(obj, FunctionType) and _is_dana(obj.__module__):
                return self._dynamic_function_reduce(obj)
        return super().reducer_override(obj)

    def _class(self, obj: type) -> Any:
        key = _received.get(obj)
        if key is not None:
            return _class_of, (key,)
        if self._by_value and _is_dana(obj.__module__):
            reduced = cloudpickle.cloudpickle._dynamic_class_reduce(obj)
        else:
            reduced = super().reducer_override(obj)
        # By name (NotImplemented), one of Python's own, or the six parts of a class by value.
        if type(reduced) is not tuple or len(reduced) != 6:
            return reduced
        make, arguments, state, _, _, fill = reduced
        return make, arguments, (_key_of(obj), fill, state), None, None, _fill_class


def _is_dana(module_name: str | None) -> bool:
    """Tell whether a module other than the main program was written in Dana."""
    module = sys.modules.get(module_name or "")
    return module_name != "__main__" and getattr(module, "__dana__", False) is True


# Classes that have gone to other processes, with the keys that they are known by there.
_keys: WeakKeyDictionary[type, str] = WeakKeyDictionary()
_sent: WeakValueDictionary[str, type] = WeakValueDictionary()

# Copies of classes of other processes, with those keys.
_received: WeakKeyDictionary[type, str] = WeakKeyDictionary()


def _key_of(kind: type) -> str:
    key = _keys.get(kind)
    if key is None:
        key = _keys[kind] = uuid4().hex
        _sent[key] = kind
    return key


def _class_of(key: str) -> type:
    """Return the class that has gone to another process under `key`."""
    try:
        return _sent[key]
    except KeyError:
        raise pickle.UnpicklingError("its class does not exist any more") from None


def _fill_class(kind: type, state: tuple[str, Callable[[type, Any], None], Any]) -> None:
    key, fill, content = state
    if key not in _sent:
        fill(kind, content)
        _received[kind] = key
    # Otherwise this is the process that the class is from: nothing has to be done to it.


def _fill_module(module: ModuleType, content: dict[str, Any]) -> None:
    vars(module).update(content)
