"""A branch of a block → whether it is pure, as far as can be proved, and if not why, and where that shows.

Pure: given values of exact built-in types it waits for nothing, its siblings cannot see it, and it cannot see
them. The proof holds for such values only, since an operator of any other object may do anything: the
runtime looks at the type of what flows in. Within the proof all values are plain ones, containers of those,
and functions that are pure themselves, so what is looked for is a name or a statement that leads out.

Each function is looked through once (`_Facts`): the first thing that speaks against it, and what it calls. A
branch is pure if nothing speaks against any function that it reaches; recursion needs no care then.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal, NamedTuple, TypeAlias

from danac import nodes
from danac.analysis.builtins import EXCEPTIONS, MODULE_NAMES
from danac.analysis.local_values import is_own
from danac.analysis.names import Binding, Names, Scope
from danac.analysis.pure_names import (
    CHANGING_METHODS,
    IMPURE_BUILTINS,
    IMPURE_MODULES,
    PURE_BUILTINS,
    PURE_MEMBERS,
    PURE_METHODS,
)
from danac.analysis.stages import is_builtin, is_known_coroutine, is_known_function, is_module
from danac.identifiers import python_name
from danac.source import Span

Kind: TypeAlias = Literal["pure", "impure", "unknown"]
Code: TypeAlias = nodes.Function | nodes.Declaration | nodes.Lambda


class Verdict(NamedTuple):
    """What is known of a branch; `reason` says why it is not pure, and `span` shows where."""

    kind: Kind
    reason: str = ""
    span: Span | None = None

    @property
    def text(self) -> str:
        """The verdict in one line: `impure: it calls print (12:5)`."""
        if self.span is None:
            return self.kind
        return f"{self.kind}: {self.reason} ({self.span.line}:{self.span.column})"


_PURE = Verdict("pure")


@dataclass(slots=True)
class _Facts:
    """What one function does by itself: the first thing against it, and the functions that it may call."""

    against: Verdict | None = None
    calls: list[Code] = field(default_factory=list)


class Purity:
    """The verdicts of one program."""

    def __init__(self, names: Names) -> None:
        """Nothing is looked through before a verdict is asked for."""
        self._names = names
        self._of_imports: dict[nodes.Node, str] | None = None
        self._facts: dict[Code, _Facts] = {}

    def of_branch(self, branch: nodes.Branch, scope: Scope) -> Verdict:
        """Return the verdict of a branch that stands in `scope`."""
        stages = branch.stages
        if len(stages) == 1:
            # A policy of the whole branch is the business of the block.
            stages = (nodes.Stage(stages[0].span, stages[0].value, None, None),)
        first = _Search(self, scope)
        first.look_through([(stage, scope) for stage in stages])
        return self._reached_from(first.facts)

    def _reached_from(self, facts: _Facts) -> Verdict:
        """Return the first thing against what is reached, nearest functions first."""
        seen: set[Code] = set()
        todo = [facts]
        for found in todo:
            if found.against is not None:
                return found.against
            for code in found.calls:
                if code not in seen:
                    seen.add(code)
                    todo.append(self._facts_of(code))
        return _PURE

    def _facts_of(self, code: Code) -> _Facts:
        facts = self._facts.get(code)
        if facts is None:
            scope = self._names.scope_of(code)
            assert scope.parent is not None
            search = _Search(self, scope.parent)
            facts = self._facts[code] = search.facts
            search.look_through([(part, scope) for part in _body_of(code)])
            facts.against = facts.against or _against_defaults(code.parameters)
        return facts

    def scope_of(self, node: nodes.Node) -> Scope:
        """Return the scope that `node` opens."""
        return self._names.scope_of(node)

    def imported_from(self, item: nodes.Node) -> str:
        """Return the module that a `from m import name` takes `name` from, `""` for a relative one."""
        if self._of_imports is None:
            self._of_imports = {
                name: statement.path if not statement.level else ""
                for statement in nodes.walk(self._names.module.node)
                if isinstance(statement, nodes.FromImport)
                for name in statement.names
            }
        return self._of_imports.get(item, "")


def _body_of(code: Code) -> tuple[nodes.Node, ...]:
    match code:
        case nodes.Function(body=body):
            return body
        case nodes.Declaration(pipe=pipe):
            return (pipe,)
        case nodes.Lambda(body=value):
            return (value,)


Todo: TypeAlias = list[tuple[nodes.Node, Scope]]


class _Search:
    """One function, or one branch, as it is looked through; `around` is the scope that it stands in."""

    def __init__(self, purity: Purity, around: Scope) -> None:
        self.purity = purity
        self.facts = _Facts()
        self._outside = set(_chain(around))

    def look_through(self, parts: Todo) -> None:
        """Find what there is to say, in the order of the text."""
        # A stack of its own, so that depth is no matter.
        todo = parts[::-1]
        while todo:
            node, scope = todo.pop()
            found = self._look_at(node, scope)
            if isinstance(found, Verdict):
                self.facts.against = found
                return
            todo += found[::-1]

    def _look_at(self, node: nodes.Node, scope: Scope) -> Todo | Verdict:
        """Return what speaks against a node, or the parts of it that are to be looked at."""
        match node:
            case nodes.Name():
                return self._name(node, scope)
            case nodes.Call():
                return self._call(node, scope)
            case nodes.Attribute():
                return self._attribute(node, scope)
            case nodes.Stage():
                return self._stage(node, scope)
            case nodes.Lambda():
                defaults = _defaults(node.parameters, scope)
                return [*defaults, (node.body, self.purity.scope_of(node))]
            case nodes.Comprehension():
                return self._comprehension(node, scope)
            case nodes.Function() | nodes.Declaration():
                if node.decorators:
                    return _unknown(f"{node.name} is decorated", node)
                return _defaults(node.parameters, scope)
            case nodes.Assignment(targets=targets, value=value):
                return self._targets(targets, scope) or [(value, scope)]
            case nodes.TypedAssignment(target=target, value=value):
                return self._targets((target,), scope) or [(value, scope)]
            case nodes.NamedExpression(target=target, value=value):
                return self._targets((target,), scope) or [(value, scope)]
            case nodes.AugmentedAssignment(target=target, value=value):
                return self._augmented(node, scope) or [(value, scope)]
            case nodes.For(target=target):
                rest = [child for child in nodes.children(node) if child is not target]
                against = self._targets((target,), scope)
                if node.is_async:
                    against = _unknown("it waits for an iterator", node)
                return against or [(child, scope) for child in rest]
            case nodes.Delete(targets=targets):
                return self._deleted(targets, scope) or []
            case nodes.Handler(kinds=kinds, body=body):
                heads: list[nodes.Node] = [] if kinds is None else [kinds]
                return [(part, scope) for part in (*heads, *body)]
            case _ if (why := _REFUSED.get(type(node))) is not None:
                kind, reason = why
                return Verdict(kind, reason, node.span)
            case nodes.ScopedName(scope=prefix, id=name):
                return _impure(f"it reads {prefix}:{name}", node)
            case _:
                return [(child, scope) for child in nodes.children(node)]

    # --- Names ------------------------------------------------------------------------------------

    def _name(self, node: nodes.Name, scope: Scope) -> Todo | Verdict:
        name = node.id
        found = scope.lookup(name)
        if found is None:
            return self._builtin(node, scope)
        owner, binding = found
        if owner not in self._outside and binding.kind != "function":
            return []
        if is_known_coroutine(name, scope):
            return _unknown(f"{name} is a coroutine function", node)
        if isinstance(binding.node, nodes.Function | nodes.Declaration):
            return self._function(node, binding, scope)
        return self._variable(node, binding)

    def _builtin(self, node: nodes.Name, scope: Scope) -> Todo | Verdict:
        name = node.id
        if name in PURE_BUILTINS | EXCEPTIONS | MODULE_NAMES and is_builtin(name, scope):
            return []
        if name in IMPURE_BUILTINS and is_builtin(name, scope):
            return _impure(f"it calls {name}", node)
        return _unknown(f"nothing is known of {name}", node)

    def _function(self, node: nodes.Name, binding: Binding, scope: Scope) -> Todo | Verdict:
        code = binding.node
        assert isinstance(code, nodes.Function | nodes.Declaration)
        if code.decorators:
            return _unknown(f"{node.id} is decorated", node)
        if code.receiver is not None:
            return _unknown(f"{node.id} is a method", node)
        if not is_known_function(node.id, scope) or binding.is_deleted:
            return _unknown(f"{node.id} may be bound to something else", node)
        self.facts.calls.append(code)
        return []

    def _variable(self, node: nodes.Name, binding: Binding) -> Todo | Verdict:
        """Judge a name that is bound outside of the function: its value may be anything, and may change."""
        name = node.id
        if binding.kind == "import":
            module = self.purity.imported_from(binding.node) if binding.is_from_import else ""
            if isinstance(binding.node, nodes.ImportedName) and binding.writes == 1:
                return _member(module, binding.node.path, node) if module else _imported(node)
            return _imported(node)
        if isinstance(binding.node, nodes.Struct | nodes.Interface):
            return _unknown(f"it makes a {name}, whose fields may be anything", node)
        if binding.kind != "assigned":
            return _unknown(f"the type of {name}, which is bound around it, is not known", node)
        if binding.writes != 1 or binding.is_deleted or binding.is_error:
            return _impure(f"it reads {name}, which may change", node)
        if isinstance(binding.value, nodes.Lambda):
            self.facts.calls.append(binding.value)
            return []
        if binding.value is not None and _is_constant(binding.value):
            return []
        return _unknown(f"the value of {name}, which is bound around it, may change", node)

    # --- Calls and attributes ---------------------------------------------------------------------

    def _call(self, node: nodes.Call, scope: Scope) -> Todo | Verdict:
        callee = node.function
        while isinstance(callee, nodes.Group):
            callee = callee.value
        arguments: Todo = [(part, scope) for part in (*node.positional, *node.keywords)]
        if isinstance(callee, nodes.Attribute) and not is_module(callee.value, scope):
            against = self._method(callee, scope)
            return against or [(callee.value, scope), *arguments]
        if isinstance(callee, nodes.Name):
            found = scope.lookup(callee.id)
            if found is not None and found[0] not in self._outside:
                is_function = isinstance(found[1].node, nodes.Function | nodes.Declaration)
                if not is_function:
                    return _unknown(f"nothing is known of {callee.id}, which it calls", callee)
        elif not isinstance(callee, nodes.Attribute | nodes.Lambda):
            return _unknown("what it calls is made when it runs", callee)
        return [(callee, scope), *arguments]

    def _method(self, callee: nodes.Attribute, scope: Scope) -> Verdict | None:
        name = callee.name
        if scope.lookup(python_name(name)) is not None:
            return _unknown(f"{name} may be a method that the program defines", callee)
        if name in CHANGING_METHODS:
            if is_own(callee.value, scope, self._outside):
                return None
            return _impure(f"its call of {name} may change what others have", callee)
        if name not in PURE_METHODS:
            return _unknown(f"nothing is known of the method {name}", callee)
        return None

    def _attribute(self, node: nodes.Attribute, scope: Scope) -> Todo | Verdict:
        if is_module(node.value, scope):
            return _member(_path_of(node.value, scope), node.name, node)
        if node.name in CHANGING_METHODS:
            return _unknown(f"{node.name} may change what others have", node)
        if _is_defined_code(nodes.ungrouped(node.value), scope):
            return _unknown(f"{node.name} may be set on a function from anywhere", node)
        return [(node.value, scope)]

    def _stage(self, node: nodes.Stage, scope: Scope) -> Todo | Verdict:
        if node.policy is not None:
            return _unknown("a stage of it has a policy", node.policy)
        value = node.value
        while isinstance(value, nodes.Group):
            value = value.value
        if isinstance(value, nodes.Name):
            found = scope.lookup(value.id)
            code = None if found is None else found[1].node
            if isinstance(code, nodes.Function | nodes.Declaration) and _required(code) != 1:
                # The runtime may look in the scopes for what is missing.
                return _unknown(f"{value.id} does not take one argument", value)
        return [(node.value, scope)]

    def _comprehension(self, node: nodes.Comprehension, scope: Scope) -> Todo | Verdict:
        inner = self.purity.scope_of(node)
        parts: Todo = []
        for index, clause in enumerate(node.clauses):
            if clause.is_async:
                return _unknown("it waits for an iterator", clause)
            against = self._targets((clause.target,), inner)
            if against is not None:
                return against
            parts.append((clause.iterable, scope if index == 0 else inner))
            parts += [(condition, inner) for condition in clause.conditions]
        parts += [(part, inner) for part in (node.key, node.element) if part is not None]
        return parts

    # --- What is bound and changed ----------------------------------------------------------------

    def _targets(self, targets: tuple[nodes.Expression, ...], scope: Scope) -> Verdict | None:
        """Return what speaks against an assignment to `targets`."""
        for target in targets:
            match target:
                case nodes.Name(id=name):
                    found = scope.lookup(name)
                    if found is None or found[0] in self._outside:
                        return _impure(f"it binds {name}, which others see", target)
                case nodes.TupleDisplay(items=items) | nodes.ListDisplay(items=items):
                    against = self._targets(items, scope)
                    if against is not None:
                        return against
                case nodes.Starred(value=value):
                    against = self._targets((value,), scope)
                    if against is not None:
                        return against
                case _:
                    against = self._changed(target, scope)
                    if against is not None:
                        return against
        return None

    def _changed(self, target: nodes.Expression, scope: Scope) -> Verdict | None:
        """Return what speaks against changing in place what `target` names."""
        match target:
            case nodes.Name(id=name):
                if self._targets((target,), scope) is None and is_own(target, scope, self._outside):
                    return None
                return _impure(f"it changes {name}, which others may see", target)
            case nodes.Subscript(value=value) if is_own(value, scope, self._outside):
                inner = _Search(self.purity, scope)
                inner._outside = self._outside
                inner.look_through([(target.index, scope)])
                self.facts.calls += inner.facts.calls
                return inner.facts.against
            case nodes.Subscript():
                return _impure("it changes an item of what others may have", target)
            case nodes.ScopedName(scope=prefix, id=name):
                return _impure(f"it writes {prefix}:{name}", target)
            case _:
                return _impure("it changes an attribute", target)

    def _augmented(self, node: nodes.AugmentedAssignment, scope: Scope) -> Verdict | None:
        target = node.target
        if isinstance(target, nodes.Subscript) and not _is_number(node):
            # The item may be a list of somebody else, which `+=` and `*=` change.
            return _impure("it changes an item in place, which others may have", target)
        return self._changed(target, scope)

    def _deleted(self, targets: tuple[nodes.Expression, ...], scope: Scope) -> Verdict | None:
        for target in targets:
            is_name = isinstance(target, nodes.Name)
            against = self._targets((target,), scope) if is_name else self._changed(target, scope)
            if against is not None:
                return against
        return None


# Kinds of nodes that end the proof wherever they stand.
_REFUSED: dict[type[nodes.Node], tuple[Kind, str]] = {
    nodes.CaptureRead: ("unknown", "it reads a capture, whose type is not known"),
    nodes.ParallelBlock: ("unknown", "it runs a block of its own"),
    nodes.Await: ("unknown", "it awaits something"),
    nodes.Yield: ("unknown", "it is a generator"),
    nodes.YieldFrom: ("unknown", "it is a generator"),
    nodes.With: ("unknown", "it uses a context manager"),
    nodes.Import: ("impure", "it imports a module"),
    nodes.FromImport: ("impure", "it imports a module"),
    nodes.Struct: ("unknown", "it defines a struct"),
    nodes.Interface: ("unknown", "it defines an interface"),
}


def _chain(scope: Scope | None) -> Iterator[Scope]:
    while scope is not None:
        yield scope
        scope = scope.parent


def _defaults(parameters: tuple[nodes.Parameter, ...], scope: Scope) -> Todo:
    return [(taken.default, scope) for taken in parameters if taken.default is not None]


def _against_defaults(parameters: tuple[nodes.Parameter, ...]) -> Verdict | None:
    """Return what speaks against values that were made, once, when a function was defined."""
    for taken in parameters:
        if taken.default is not None and not _is_constant(taken.default):
            return _unknown(f"the default of {taken.name} may be anything", taken.default)
    return None


def _is_defined_code(value: nodes.Expression, scope: Scope) -> bool:
    """Whether `value` is the name of a function of the program, which may have attributes."""
    found = scope.lookup(value.id) if isinstance(value, nodes.Name) else None
    return found is not None and (
        isinstance(found[1].node, Code) or isinstance(found[1].value, nodes.Lambda)
    )


def _required(code: nodes.Function | nodes.Declaration) -> int:
    return sum(taken.kind == "plain" and taken.default is None for taken in code.parameters)


def _is_number(node: nodes.AugmentedAssignment) -> bool:
    value = node.value
    return (
        isinstance(value, nodes.Constant)
        and isinstance(value.value, (int, float))
        and node.operator != "*"
    )


def _is_constant(value: nodes.Expression) -> bool:
    """Whether `value` is the same, and cannot be changed, for as long as it is there."""
    match value:
        case nodes.Constant():
            return True
        case nodes.Group(value=inner) | nodes.UnaryOperation(operand=inner):
            return _is_constant(inner)
        case nodes.BinaryOperation(left=left, right=right):
            return _is_constant(left) and _is_constant(right)
        case nodes.TupleDisplay(items=items):
            return all(_is_constant(item) for item in items)
        case _:
            return False


def _path_of(module: nodes.Expression, scope: Scope) -> str:
    """Return the path of the module that an expression is: `os.path`, also where it was imported `as p`."""
    names: list[str] = []
    while isinstance(module, nodes.Attribute):
        names.append(module.name)
        module = module.value
    assert isinstance(module, nodes.Name)
    found = scope.lookup(module.id)
    first = module.id
    if found is not None and isinstance(found[1].node, nodes.ImportedName) and found[1].node.alias:
        first = found[1].node.path
    return ".".join([first, *reversed(names)])


def _member(module: str, name: str, node: nodes.Node) -> Todo | Verdict:
    if name in PURE_MEMBERS.get(module, ()):
        return []
    if module.partition(".")[0] in IMPURE_MODULES:
        return _impure(f"it uses {module}.{name}", node)
    return _unknown(f"nothing is known of {module}.{name}", node)


def _imported(node: nodes.Name) -> Verdict:
    return _unknown(f"nothing is known of {node.id}, which is imported", node)


def _impure(reason: str, node: nodes.Node) -> Verdict:
    return Verdict("impure", reason, node.span)


def _unknown(reason: str, node: nodes.Node) -> Verdict:
    return Verdict("unknown", reason, node.span)
