"""Nodes → scopes: which names each function, lambda, comprehension and the module bind, and how.

The rules are Python's: a name that is bound anywhere in a function is local to it, comprehensions and
lambdas have scopes of their own, `global` and `nonlocal` move a binding outwards.
"""

from __future__ import annotations

import sys
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from danac import nodes
from danac.identifiers import python_name

BindingKind: TypeAlias = Literal["parameter", "assigned", "function", "struct", "import", "target"]
BY_ASSIGNMENT: tuple[BindingKind, ...] = ("assigned", "parameter")
"""The kinds of bindings that stages may ask for by name."""
ScopeKind: TypeAlias = Literal["module", "function", "lambda", "comprehension"]


@dataclass(slots=True)
class Binding:
    """What is known of one name in one scope: the first node that binds it, and how often it is bound."""

    kind: BindingKind
    node: nodes.Node
    writes: int = 1
    value: nodes.Expression | None = None
    """What it is bound to, where its first binding is an assignment to the name alone."""
    is_error: bool = False
    """Whether an `except … as` binds it."""
    is_from_import: bool = False
    """Whether `from … import` binds it."""
    modules: set[str] = field(default_factory=set)
    """The dotted paths below it that surely are modules: `os` and `os.path` for `import os.path`."""
    receivers: list[nodes.TypeExpression] = field(default_factory=list)
    """The receivers of the functions and lambdas that it is bound to."""
    is_deleted: bool = False
    """Whether a `del` may take it away."""

    def node_is_import_of(self, root: str) -> bool:
        """Whether its first node is an `import` that binds the package `root`."""
        node = self.node
        is_plain = isinstance(node, nodes.ImportedName) and node.alias is None
        return is_plain and not self.is_from_import and root in self.modules


@dataclass(slots=True, eq=False)
class Scope:
    """One scope with the names that it binds."""

    kind: ScopeKind
    node: nodes.Node
    parent: Scope | None
    bindings: dict[str, Binding] = field(default_factory=dict)
    globals: set[str] = field(default_factory=set)
    nonlocals: set[str] = field(default_factory=set)
    star_import: nodes.Node | None = None
    """The last `from m import *` of the scope: it may bind any name."""
    meets_structs: bool = False
    """Whether the program defines structs, or imports modules that may."""
    has_private: bool = False
    """Whether the program mentions `private:` names; like `meets_structs`, a matter of the module's scope."""
    mentioned: set[str] = field(default_factory=set)
    """The names in statements with errors, which may bind them; a matter of the module's scope, too."""
    is_method: bool = False
    """Whether it is that of a method in a struct, whose name no scope has."""
    instance_parameters: set[nodes.Node] = field(default_factory=set)
    """The first parameters of methods in structs, which hold an instance; what a decorator passes is unknown."""

    def bind(self, name: str, kind: BindingKind, node: nodes.Node) -> Binding:
        """Record that `node` binds `name`, in this scope or where `global` and `nonlocal` say."""
        scope = self._owner(name)
        binding = scope.bindings.get(name)
        if binding is None:
            binding = scope.bindings[name] = Binding(kind, node)
        else:
            binding.writes += 1
        binding.is_error |= isinstance(node, nodes.Handler)
        return binding

    def _owner(self, name: str) -> Scope:
        if name in self.globals:
            return self.module
        if name in self.nonlocals:
            outer = self.parent
            while outer is not None and (outer.kind != "function" or name not in outer.bindings):
                outer = outer.parent
            return outer or self
        return self

    @property
    def module(self) -> Scope:
        """The scope of the module."""
        scope = self
        while scope.parent is not None:
            scope = scope.parent
        return scope

    def lookup(self, name: str) -> tuple[Scope, Binding] | None:
        """Return the scope and the binding that `name` means when it is read here, if any."""
        scope: Scope | None = self.module if name in self.globals else self
        while scope is not None:
            if (binding := scope.bindings.get(name)) is not None:
                return scope, binding
            scope = scope.parent
        return None

    def visible(self) -> Iterator[str]:
        """Yield the names that can be read here, nearest first, built-ins aside."""
        scope: Scope | None = self
        while scope is not None:
            yield from scope.bindings
            scope = scope.parent


class Names:
    """The scopes of one program."""

    def __init__(self, module: nodes.Module) -> None:
        """Find the scopes and bindings of `module`."""
        self.module = Scope("module", module, None)
        self._scopes: dict[nodes.Node, Scope] = {module: self.module}
        _Binder(self._scopes).bind(module, self.module)

    def scope_of(self, node: nodes.Node) -> Scope:
        """Return the scope that `node` (a module, function, lambda or comprehension) opens."""
        return self._scopes[node]


# The nodes that bind names or open scopes; of all others only the children matter.
_BINDING = frozenset(
    {
        nodes.Assignment,
        nodes.AugmentedAssignment,
        nodes.Comprehension,
        nodes.Declaration,
        nodes.Delete,
        nodes.Export,
        nodes.For,
        nodes.FromImport,
        nodes.Function,
        nodes.Handler,
        nodes.Import,
        nodes.Interface,
        nodes.Lambda,
        nodes.NamedExpression,
        nodes.ScopeDeclaration,
        nodes.ScopedName,
        nodes.Struct,
        nodes.TypedAssignment,
        nodes.WithItem,
        nodes.Wrong,
    }
)


class _Binder:
    """Walks nodes with a stack of its own, so that depth is no matter."""

    def __init__(self, scopes: dict[nodes.Node, Scope]) -> None:
        self._scopes = scopes
        self._todo: list[tuple[nodes.Node, Scope]] = []
        self._bodies: deque[tuple[Scope, tuple[nodes.Node, ...]]] = deque()

    def bind(self, module: nodes.Module, scope: Scope) -> None:
        """Bind the names of each scope before those of the functions in it.

        A `nonlocal` must find the binding that it means, and that may stand behind the function.
        """
        self._bodies.append((scope, module.body))
        while self._bodies:
            scope, body = self._bodies.popleft()
            self._later(scope, *body)
            while self._todo:
                node, current = self._todo.pop()
                if type(node) in _BINDING:
                    self._visit(node, current)
                else:
                    self._todo.extend([(child, current) for child in nodes.children(node)][::-1])

    def _later(self, scope: Scope, *found: nodes.Node | None) -> None:
        self._todo.extend((node, scope) for node in reversed(found) if node is not None)

    def _visit(self, node: nodes.Node, scope: Scope) -> None:
        match node:
            case nodes.Function() | nodes.Declaration():
                self._function(node, scope)
            case nodes.Lambda():
                self._open("lambda", node, scope, node.parameters, [node.body])
            case nodes.Comprehension():
                self._comprehension(node, scope)
            case nodes.Struct():
                scope.bind(node.name, "struct", node)
                scope.module.meets_structs = True
                for default in node.fields:
                    self._later(scope, default.default)
                self._later(scope, *node.decorators)
                for method in node.methods:
                    self._method(method, scope)
            case nodes.Interface():
                scope.bind(node.name, "struct", node)
            case nodes.ScopedName(scope="private"):
                scope.module.has_private = True
            case nodes.ScopeDeclaration():
                (scope.globals if node.kind == "global" else scope.nonlocals).update(node.names)
            case _:
                self._bind_names(node, scope)
                self._later(scope, *nodes.children(node))

    def _bind_names(self, node: nodes.Node, scope: Scope) -> None:
        match node:
            case nodes.Assignment(
                targets=(nodes.Name(id=name),), value=nodes.Lambda(receiver=r)
            ) if r:
                binding = scope.bind(name, "assigned", node)
                if r.annotation is not None:
                    binding.receivers.append(r.annotation)
            case nodes.Assignment(targets=(nodes.Name(id=name) as target,), value=value):
                binding = scope.bind(name, "assigned", target)
                if binding.node is target:
                    binding.value = value
            case nodes.Assignment(targets=targets):
                self._targets(scope, *targets)
            case nodes.Delete(targets=targets):
                for binding in self._targets(scope, *targets):
                    binding.is_deleted = True
            case nodes.TypedAssignment(target=target) | nodes.AugmentedAssignment(target=target):
                self._targets(scope, target)
            case nodes.For(target=target):
                self._targets(scope, target)
            case nodes.NamedExpression(target=target):
                while scope.kind == "comprehension" and scope.parent is not None:
                    scope = scope.parent
                self._targets(scope, target)
            case nodes.WithItem(target=nodes.Expression() as target):
                self._targets(scope, target)
            case nodes.Handler(name=str(name)):
                scope.bind(name, "assigned", node)
            case nodes.Export():
                scope.bind("__exports__", "assigned", node)
            case nodes.Wrong(names=names):
                scope.module.mentioned.update(names)
            case nodes.Import(names=imported):
                for item in imported:
                    _bind_module(scope, item)
                    scope.module.meets_structs |= not _is_standard(item.path)
            case nodes.FromImport(names=imported):
                scope.star_import = node if not imported else scope.star_import
                scope.module.meets_structs |= bool(node.level) or not _is_standard(node.path)
                for item in imported:
                    name = item.alias or item.path
                    scope.bind(name, "import", item).is_from_import = True

    def _targets(self, scope: Scope, *targets: nodes.Expression) -> list[Binding]:
        bound = []
        for target in targets:
            match target:
                case nodes.Name():
                    bound.append(scope.bind(target.id, "assigned", target))
                case nodes.TupleDisplay(items=items) | nodes.ListDisplay(items=items):
                    bound += self._targets(scope, *items)
                case nodes.Starred(value=value):
                    bound += self._targets(scope, value)
        return bound

    def _function(self, node: nodes.Function | nodes.Declaration, scope: Scope) -> None:
        binding = scope.bind(node.name, "function", node)
        self._body(node, scope)
        if node.receiver is not None and node.receiver.annotation is not None:
            binding.receivers.append(node.receiver.annotation)

    def _method(self, node: nodes.Function | nodes.Declaration, scope: Scope) -> None:
        """Visit a method: its name is the struct's attribute, and no name of the scope around it."""
        self._body(node, scope)
        self._scopes[node].is_method = True
        if node.parameters and node.parameters[0].kind == "plain" and not node.decorators:
            self._scopes[node].instance_parameters.add(node.parameters[0])

    def _body(self, node: nodes.Function | nodes.Declaration, scope: Scope) -> None:
        self._later(scope, *node.decorators)
        body = node.body if isinstance(node, nodes.Function) else (node.pipe,)
        self._open("function", node, scope, node.parameters, body)

    def _open(
        self,
        kind: ScopeKind,
        node: nodes.Node,
        outer: Scope,
        parameters: tuple[nodes.Parameter, ...],
        body: tuple[nodes.Node, ...] | list[nodes.Node],
    ) -> None:
        scope = self._scopes[node] = Scope(kind, node, outer)
        for parameter in parameters:
            self._later(outer, parameter.default)
            if parameter.name is not None:
                scope.bind(parameter.name, "parameter", parameter)
        # `global` and `nonlocal` count for the whole body, wherever in it they stand.
        for inner in body:
            for found in nodes.walk(inner, _stays_in_scope):
                if isinstance(found, nodes.ScopeDeclaration):
                    self._visit(found, scope)
        self._bodies.append((scope, tuple(body)))

    def _comprehension(self, node: nodes.Comprehension, scope: Scope) -> None:
        inner = self._scopes[node] = Scope("comprehension", node, scope)
        for index, clause in enumerate(node.clauses):
            self._targets(inner, clause.target)
            # Python evaluates the first iterable in the surrounding scope.
            self._later(scope if index == 0 else inner, clause.iterable)
            self._later(inner, clause.target, *clause.conditions)
        self._later(inner, node.key, node.element)


def _bind_module(scope: Scope, item: nodes.ImportedName) -> None:
    first, dot, rest = item.path.partition(".")
    root = python_name(first)
    known = scope.bindings.get(root)
    binding = scope.bind(item.alias or root, "import", item)
    if item.alias is not None:
        binding.modules.add(item.alias)
        return
    if binding is known and binding.node_is_import_of(root):
        # `import a.b` and `import a.c` bind the same `a`.
        binding.writes -= 1
    parts = (root + dot + rest).split(".")
    binding.modules.update(".".join(parts[:end]) for end in range(1, len(parts) + 1))


def _is_standard(path: str) -> bool:
    """Whether the module is one of Python's own."""
    return path.partition(".")[0] in sys.stdlib_module_names


def _stays_in_scope(node: nodes.Node) -> bool:
    return not isinstance(
        node, nodes.Function | nodes.Declaration | nodes.Lambda | nodes.Expression
    )
