"""Expressions and scopes → the struct or interface that they are instances of, where that is known.

Known is what the program says: a constructor's call, an annotation, `self`. Annotations are not enforced, but
they are what their author means, which is what an editor is asked for.
"""

from __future__ import annotations

from typing import TypeAlias

from danac import nodes
from danac.analysis.names import Binding, Names, Scope
from danac.language_server.scoped_nodes import nodes_in_scopes

FunctionNode: TypeAlias = nodes.Function | nodes.Declaration
TypeNode: TypeAlias = nodes.Struct | nodes.Interface
Member: TypeAlias = nodes.Field | nodes.MethodSignature | FunctionNode

_MOST_STEPS = 20


class Members:
    """What is known of the structs of one program and of the values that are instances of them."""

    def __init__(self, names: Names) -> None:
        """Look through the program whose scopes are `names`."""
        self.names = names
        self._owners: dict[nodes.Node, nodes.Struct] = {}
        self._annotations: dict[nodes.Node, tuple[nodes.TypeExpression, Scope]] = {}
        self._receivers: list[tuple[FunctionNode, Scope]] = []
        for node, scope in nodes_in_scopes(names):
            match node:
                case nodes.Struct(methods=methods):
                    self._owners.update(dict.fromkeys(methods, node))
                case nodes.TypedAssignment(target=target, annotation=annotation):
                    self._annotations[target] = annotation, scope
                case nodes.Function() | nodes.Declaration() if node.receiver is not None:
                    self._receivers.append((node, scope))

    def owner_of(self, function: nodes.Node) -> nodes.Struct | None:
        """Return the struct in whose body `function` stands, if it does in one."""
        return self._owners.get(function)

    def scope_of_receiver_function(self, member: nodes.Node) -> Scope | None:
        """Return the scope around `member` if it is a `def (p: Point) …`, which is a function, too."""
        return next((scope for found, scope in self._receivers if found is member), None)

    def table(self, kind: TypeNode) -> dict[str, Member]:
        """Return the members of a type by name: what its definition lists, then methods by receiver."""
        parts: list[Member] = []
        if isinstance(kind, nodes.Struct):
            parts += kind.fields
        parts += kind.methods
        found = {part.name: part for part in parts}
        for function, scope in self._receivers:
            annotation = None if function.receiver is None else function.receiver.annotation
            if kind in self._types_in(annotation, scope):
                found.setdefault(function.name, function)
        return found

    def called(self, call: nodes.Call, scope: Scope) -> FunctionNode | nodes.Struct | None:
        """Return the function or struct of this program that `call` surely calls."""
        if not isinstance(call.function, nodes.Name):
            return None
        found = scope.lookup(call.function.id)
        if found is None or found[1].writes != 1:
            return None
        node = found[1].node
        is_known = isinstance(node, nodes.Function | nodes.Declaration | nodes.Struct)
        return node if is_known else None  # type: ignore[return-value]

    def type_of(self, value: nodes.Node, scope: Scope, steps: int = 0) -> TypeNode | None:
        """Return the struct or interface that `value` is an instance of, if the program says so."""
        if steps > _MOST_STEPS:
            return None
        match value:
            case nodes.Group(value=inner):
                return self.type_of(inner, scope, steps + 1)
            case nodes.Name(id=name):
                found = scope.lookup(name)
                return None if found is None else self._type_of_binding(*found, steps)
            case nodes.Call():
                target = self.called(value, scope) or self._method(value.function, scope, steps)
                if isinstance(target, nodes.Struct):
                    return target
                return None if target is None else self._result(target)
            case nodes.Attribute(value=inner, name=name):
                owner = self.type_of(inner, scope, steps + 1)
                member = None if owner is None else self.table(owner).get(name)
                if isinstance(member, nodes.Field):
                    return self._first_type(member.annotation, self.names.module)
            case nodes.Pipe(stages=(_, *_, last)) if isinstance(last.value, nodes.Name):
                call = nodes.Call(last.span, last.value, (), ())
                return self.type_of(call, scope, steps + 1)
        return None

    def _method(self, function: nodes.Expression, scope: Scope, steps: int) -> FunctionNode | None:
        if not isinstance(function, nodes.Attribute):
            return None
        owner = self.type_of(function.value, scope, steps + 1)
        member = None if owner is None else self.table(owner).get(function.name)
        return member if isinstance(member, nodes.Function | nodes.Declaration) else None

    def _type_of_binding(self, scope: Scope, binding: Binding, steps: int) -> TypeNode | None:
        node = binding.node
        if isinstance(node, nodes.Parameter):
            function = scope.node
            if isinstance(function, nodes.Function | nodes.Declaration):
                owner = self._owners.get(function)
                if owner is not None and node is function.parameters[0]:
                    return owner
            return self._first_type(node.annotation, scope.parent or scope)
        if binding.value is not None and binding.writes == 1:
            return self.type_of(binding.value, scope, steps + 1)
        if node in self._annotations:
            return self._first_type(*self._annotations[node])
        return None

    def _result(self, function: FunctionNode) -> TypeNode | None:
        around = self.names.scope_of(function).parent or self.names.module
        return self._first_type(function.returns, around)

    def _first_type(self, annotation: nodes.TypeExpression | None, scope: Scope) -> TypeNode | None:
        found = self._types_in(annotation, scope)
        return found[0] if len(found) == 1 else None

    def _types_in(self, annotation: nodes.TypeExpression | None, scope: Scope) -> list[TypeNode]:
        match annotation:
            case nodes.TypeName(name=str(name)):
                found = scope.lookup(name)
                node = None if found is None else found[1].node
                return [node] if isinstance(node, nodes.Struct | nodes.Interface) else []
            case nodes.TypeUnion(members=members):
                return [kind for member in members for kind in self._types_in(member, scope)]
        return []
