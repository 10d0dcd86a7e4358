"""`private:x`, `public:x`, `system:x` → the values of these names, as the running branch sees them.

    private:x = 1   ──► the running branch's layer; outside of branches the scope itself
    private:x       ◄── that layer ◄── the layer around it ◄── … ◄── the scope itself

Each branch of a parallel block has a `Layer` in its context. It is made with the branch, since
what a branch starts in a copy of its context (an asyncio task, say) belongs to the branch; what it
holds ends with that context.

No locks: each reading and each writing is one operation of a dict, which is atomic on builds with
a GIL and on free-threaded ones. As with Python's globals, `private:x += 1` is two of them.
"""

from __future__ import annotations

import sys
from contextvars import ContextVar

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import FrameType
    from typing import Any, NoReturn

    from dana_runtime.execution.block import Block

# The variable in which generated code keeps the private scope of its module.
_VARIABLE = "_dana_private"

_ABSENT = object()
_DELETED = object()


class Layer:
    """What one branch, `index` of `block`, has written to the scopes, over that of its parent.

    Contexts that a program keeps refer to it: it refers to nothing of its block's run.
    """

    __slots__ = ("block", "index", "names", "parent")

    def __init__(self, parent: Layer | None, block: Block | None = None, index: int = 0) -> None:
        self.parent = parent
        self.block = block
        self.index = index
        self.names: dict[tuple[Scope, str], Any] = {}


class Travelled:
    """What a layer holds of a value that came from another process: `value` gives it, or raises.

    Subclasses know how; a value is rebuilt when it is first read, and most are never read.
    """

    __slots__ = ()

    def value(self, name: str) -> Any:
        """Return the value of the scoped `name`; raise TypeError if it could not travel."""
        raise NotImplementedError


# The layer of the running branch, None outside of branches.
current_layer: ContextVar[Layer | None] = ContextVar("dana_layer", default=None)


class Scope:
    """The names that one prefix stands for: `scope["x"]` is `private:x` or `public:x`.

    Reading, assigning and deleting names works as on a dict, but in a branch only the branch
    itself sees what it has written and deleted. A name that is not there is a NameError whose
    `name` has the prefix: by the bare `x`, Python would suggest names that are no scoped ones.
    """

    __slots__ = ("_names", "module", "prefix")

    def __init__(self, prefix: str, module: str = "") -> None:
        self.prefix = prefix
        self.module = module
        self._names: dict[str, Any] = {}

    def __getitem__(self, name: str) -> Any:
        if current_layer.get() is None:
            try:
                return self._names[name]
            except KeyError:
                raise self._undefined(name) from None
        value = self._find(name)
        if value is _DELETED:
            raise self._undefined(name)
        return value.value(f"{self.prefix}:{name}") if isinstance(value, Travelled) else value

    def __setitem__(self, name: str, value: Any) -> None:
        layer = current_layer.get()
        if layer is not None:
            layer.names[self, name] = value
            if not _is_importing(sys._getframe(1)):
                return
        self._names[name] = value

    def __delitem__(self, name: str) -> None:
        layer = current_layer.get()
        if layer is None:
            try:
                del self._names[name]
            except KeyError:
                raise self._undefined(name) from None
            return
        if self._find(name) is _DELETED:
            raise self._undefined(name)
        layer.names[self, name] = _DELETED
        if _is_importing(sys._getframe(1)):
            self._names.pop(name, None)

    def get(self, name: str, default: Any = None) -> Any:
        """Return the value of `name`, `default` if it is not defined."""
        value = self._find(name)
        if isinstance(value, Travelled):
            return value.value(f"{self.prefix}:{name}")
        return default if value is _DELETED else value

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and self._find(name) is not _DELETED

    def __iter__(self) -> Iterator[str]:
        return iter(self._visible())

    def __len__(self) -> int:
        return len(self._visible())

    def __bool__(self) -> bool:
        # It is a namespace, not a container: an empty one is one, too.
        return True

    def __repr__(self) -> str:
        of_module = f" of {self.module}" if self.module else ""
        return f"<{self.prefix} scope{of_module}: {', '.join(self) or 'empty'}>"

    def __reduce__(self) -> str | tuple[Callable[[str], Scope], tuple[str]]:
        # By reference, as functions: in another process it is the namespace of that process.
        return (_of_module, (self.module,)) if self.module else self.prefix

    def _find(self, name: str) -> Any:
        """Return the value of `name` for the running branch, _DELETED if there is none."""
        layer = current_layer.get()
        if layer is not None:
            key = (self, name)
            while layer is not None:
                value = layer.names.get(key, _ABSENT)
                if value is not _ABSENT:
                    return value
                layer = layer.parent
        return self._names.get(name, _DELETED)

    def _visible(self) -> list[str]:
        """Return the names that the running branch can read, the scope's own ones first."""
        # Copied before they are walked through: other threads may write at the same time.
        names = dict.fromkeys(self._names.copy())
        layer = current_layer.get()
        while layer is not None:
            names.update((name, None) for scope, name in layer.names.copy() if scope is self)
            layer = layer.parent
        return [name for name in names if self._find(name) is not _DELETED]

    def _undefined(self, name: str) -> NameError:
        return _undefined(self.prefix, name, self)


class SystemScope:
    """`system:x`: what the runtime says of itself; it can be read only.

    `depth` is the number of parallel blocks around the running code, `branch` the source text of
    the running branch, and `pipeline` the name of the pipeline that its block stands in; None
    where there is none.
    """

    __slots__ = ()

    prefix = "system"

    def __getitem__(self, name: str) -> Any:
        read = _STATUS.get(name)
        if read is None:
            raise _undefined(self.prefix, name, self)
        return read(current_layer.get())

    def __setitem__(self, name: str, value: Any) -> NoReturn:
        raise self._refusal(name)

    def __delitem__(self, name: str) -> NoReturn:
        raise self._refusal(name)

    def get(self, name: str, default: Any = None) -> Any:
        """Return the value of `name`, `default` if there is no such name."""
        read = _STATUS.get(name)
        return default if read is None else read(current_layer.get())

    def __contains__(self, name: object) -> bool:
        return name in _STATUS

    def __iter__(self) -> Iterator[str]:
        return iter(_STATUS)

    def __len__(self) -> int:
        return len(_STATUS)

    def __repr__(self) -> str:
        return f"<system scope: {', '.join(self)}>"

    def __reduce__(self) -> str:
        return self.prefix

    def _refusal(self, name: str) -> NameError | TypeError:
        if name in self:
            return TypeError(f"system:{name} can only be read")
        message = f"system:{name} is not defined; the names of system are {', '.join(self)}"
        return NameError(message, name=f"system:{name}")


def _depth(layer: Layer | None) -> int:
    depth = 0
    while layer is not None:
        depth += 1
        layer = layer.parent
    return depth


def _branch(layer: Layer | None) -> str | None:
    if layer is None or layer.block is None:
        return None
    return layer.block.branches[layer.index][0]


def _pipeline(layer: Layer | None) -> str | None:
    return None if layer is None or layer.block is None else layer.block.pipeline or None


_STATUS: dict[str, Callable[[Layer | None], Any]] = {
    "branch": _branch,
    "depth": _depth,
    "pipeline": _pipeline,
}

public = Scope("public")
system = SystemScope()


def private_scope(module_name: str) -> Scope:
    """Return the private scope of the module whose code calls this, `module_name`.

    It lasts as long as the module's globals: a module that is reloaded, and the next entry at a
    prompt, find what they left there, as they find their globals; a program that is run anew in
    the same process, with globals of its own, starts with an empty scope.
    """
    return _kept_in(sys._getframe(1).f_globals, module_name)


def _of_module(module_name: str) -> Scope:
    module = sys.modules.get(module_name)
    if module is not None:
        return _kept_in(vars(module), module_name)
    # The module has not come along with its functions; all of them share one scope all the same.
    return _without_module.setdefault(module_name, Scope("private", module_name))


_without_module: dict[str, Scope] = {}

# The names of the modules that have had a private scope.
_scoped_modules: dict[str, None] = {}


def all_scopes() -> list[Scope]:
    """Return `public` and the private scopes of the modules that are imported."""
    found = [public]
    # Copied, because other threads may import.
    for module_name in list(_scoped_modules):
        module = sys.modules.get(module_name)
        scope = None if module is None else vars(module).get(_VARIABLE)
        if isinstance(scope, Scope):
            found.append(scope)
    return found


def snapshot(scope: Scope, layer: Layer | None) -> dict[str, Any]:
    """Return the names of `scope` with their values, as a branch with `layer` sees them."""
    names = scope._names.copy()
    chain = []
    while layer is not None:
        chain.append(layer.names.copy())
        layer = layer.parent
    for layer_names in reversed(chain):
        names.update(
            (name, value) for (owner, name), value in layer_names.items() if owner is scope
        )
    return {name: value for name, value in names.items() if value is not _DELETED}


def overlay(layer: Layer, scope: Scope, names: dict[str, Any]) -> None:
    """Let `names` be all that branches with `layer` see of `scope`."""
    layer.names.update(((scope, name), _DELETED) for name in scope._names.copy())
    layer.names.update(((scope, name), value) for name, value in names.items())


def _kept_in(module_globals: dict[str, Any], module_name: str) -> Scope:
    known = module_globals.get(_VARIABLE)
    if isinstance(known, Scope) and known.module == module_name:
        return known
    scope = module_globals[_VARIABLE] = Scope("private", module_name)
    _scoped_modules[module_name] = None
    return scope


def _is_importing(frame: FrameType) -> bool:
    """Tell whether the code of `frame` runs while its module is being imported.

    A module runs once, for the whole program, although a branch may be the first to import it:
    what it writes then must not end with that branch.
    """
    # importlib's own mark, in every Python so far; without it the branch keeps the writes.
    return getattr(frame.f_globals.get("__spec__"), "_initializing", False) is True


def lookup(name: str, private: Scope, variable: str | None = None) -> Any:
    """Return the value of a bare `name` that the compiler has found nowhere.

    In this order: a global of the calling module (a star import or setattr may have put it there),
    one of Python's builtins, `private:name`, `public:name`. `variable` is the global's name where
    it is another than Dana's. Raises NameError.
    """
    frame = sys._getframe(1)
    for names in (frame.f_globals, frame.f_builtins):
        value = names.get(variable or name, _ABSENT)
        if value is not _ABSENT:
            return value
    for scope in (private, public):
        if name in scope:
            return scope[name]
    from dana_runtime.tracebacks import RaisedByCaller

    bare = [*frame.f_locals, *frame.f_globals, *frame.f_builtins]
    message = f"name {name!r} is not defined{_scoped_hint(name, bare, private)}"
    del frame
    # Python's printer suggests the nearest name that the innermost frame of the traceback knows: that
    # has to be the calling one.
    with RaisedByCaller(NameError):
        raise NameError(message, name=name)


def _scoped_hint(name: str, bare: list[str], private: Scope) -> str:
    """Return the suggestion of a scoped name, `""` where Python's printer adds one by itself."""
    from dana_runtime.spelling import nearest

    if nearest(name, bare) is None and name not in sys.stdlib_module_names:
        for scope in (private, public):
            near = nearest(name, list(scope))
            if near is not None:
                return _did_you_mean(scope.prefix, near)
    return ""


def _undefined(prefix: str, name: str, scope: Scope | SystemScope) -> NameError:
    """Return the error for `prefix:name`, with the name that may have been meant."""
    from dana_runtime.spelling import nearest

    hint = ""
    near = nearest(name, list(scope))
    if near is not None:
        hint = _did_you_mean(prefix, near)
    elif prefix != "public" and name in public:
        hint = _did_you_mean("public", name)
    return NameError(f"{prefix}:{name} is not defined{hint}", name=f"{prefix}:{name}")


def _did_you_mean(prefix: str, name: str) -> str:
    return f". Did you mean: '{prefix}:{name}'?"
