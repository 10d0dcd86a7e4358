"""Dana nodes → the pipelines that a picture shows, in the order of the text."""

from __future__ import annotations

import re
from collections.abc import Iterator

from danac import nodes
from danac.analysis.cases import case_of
from danac.analysis.names import Names, Scope
from danac.analysis.stages import kind_of
from danac.graph.model import Block, Box, Flow, Form, Lane, Role, Step
from danac.source import Source, Span

_FORMS: dict[str, Form] = {"list": "parallel", "keyed": "parallel", "in order": "in order"}
# A text, which may hold a `#`, or a comment.
_TEXT_OR_COMMENT = re.compile(
    r'("{3}[\s\S]*?"{3}|\'{3}[\s\S]*?\'{3}|"(?:[^"\\\n]|\\.)*"|\'(?:[^\'\\\n]|\\.)*\')|#[^\n]*'
)


def flows(module: nodes.Module, source: Source) -> list[Flow]:
    """Return all pipelines of a program: declarative functions, and pipes wherever they stand.

    A pipe inside a pipe is part of it where it stands as a stage, else a pipeline of its own.
    """
    return sorted(_Finder(module, source).find(), key=lambda flow: flow.line)


class _Finder:
    def __init__(self, module: nodes.Module, source: Source) -> None:
        self._module = module
        self._source = source
        self._names = Names(module)
        # Pipes that are drawn as parts of other ones.
        self._drawn: set[nodes.Node] = set()

    def find(self) -> Iterator[Flow]:
        todo: list[tuple[nodes.Node, Scope, str]] = [(self._module, self._names.module, "")]
        while todo:
            node, scope, inside = todo.pop()
            yield from self._flows_of(node, scope, inside)
            below = [(child, scope, inside) for child in nodes.children(node)]
            match node:
                case nodes.Function() | nodes.Declaration():
                    inner = self._names.scope_of(node)
                    name = f"{inside}.{node.name}" if inside else node.name
                    below = [(child, inner, name) for child in nodes.children(node)]
                case nodes.Struct():
                    name = f"{inside}.{node.name}" if inside else node.name
                    below = [(child, scope, name) for child in nodes.children(node)]
                case nodes.Lambda() | nodes.Comprehension():
                    inner = self._names.scope_of(node)
                    below = [(child, inner, inside) for child in nodes.children(node)]
            todo.extend(reversed(below))

    def _flows_of(self, node: nodes.Node, scope: Scope, inside: str) -> Iterator[Flow]:
        match node:
            case nodes.Declaration():
                yield self._declared(node, inside)
            case (
                nodes.Assignment(targets=(target, *_), value=value)
                | nodes.TypedAssignment(target=target, value=value)
            ):
                if (pipe := _pipe_in(value)) is not None and pipe not in self._drawn:
                    yield self._flow(self._text(target.span), pipe, scope, inside)
            case nodes.Pipe() if node not in self._drawn:
                yield self._flow("", node, scope, inside)

    def _declared(self, node: nodes.Declaration, inside: str) -> Flow:
        self._drawn.add(node.pipe)
        scope = self._names.scope_of(node)
        named = [p for p in node.parameters if p.name is not None]
        parameters = ", ".join(f"{p.kind.strip('plain/')}{p.name}" for p in named)
        first = node.pipe.stages[0]
        root = _root(first.value)
        is_value = isinstance(root, nodes.Name) and any(root.id == p.name for p in named)
        steps = self._steps(node.pipe.stages, scope)
        if is_value or (kind_of(first.value, scope) == "data" and not _mentions_flow(first.value)):
            steps = (self._box(first, "value"), *steps[1:])
        elif parameters:
            steps = (Box(parameters, "value", node.span.line), *steps)
        name = node.name if node.receiver is None else self._method(node, node.receiver)
        return Flow(f"{name}({parameters})", inside, node.name_span.line, steps)

    def _method(self, node: nodes.Declaration, receiver: nodes.Parameter) -> str:
        of = receiver.annotation
        return node.name if of is None else f"{self._text(of.span)}.{node.name}"

    def _flow(self, name: str, pipe: nodes.Pipe, scope: Scope, inside: str) -> Flow:
        self._drawn.add(pipe)
        steps = self._steps(pipe.stages, scope)
        first = pipe.stages[0]
        if isinstance(steps[0], Box) and _pipe_in(first.value) is None:
            kind = kind_of(first.value, scope)
            role: Role = "stage" if kind == "callable" else "value" if kind == "data" else "open"
            steps = (self._box(first, role), *steps[1:])
        return Flow(name, inside, pipe.span.line, steps)

    def _steps(self, stages: tuple[nodes.Stage, ...], scope: Scope) -> tuple[Step, ...]:
        return tuple(step for stage in stages for step in self._step(stage, scope))

    def _step(self, stage: nodes.Stage, scope: Scope) -> tuple[Step, ...]:
        if isinstance(stage.value, nodes.ParallelBlock):
            lanes = tuple(
                Lane(self._key(branch), self._steps(branch.stages, scope))
                for branch in stage.value.branches
            )
            return (self._block(stage, _FORMS[stage.value.form], lanes),)
        if arms := _arms(stage.value, scope):
            lanes = tuple(self._arm(condition, arm, scope) for condition, arm in arms)
            return (self._block(stage, "choice", lanes),)
        pipe = _pipe_in(stage.value)
        if pipe is None:
            return (self._box(stage, "stage"),)
        self._drawn.add(pipe)
        inner = self._steps(pipe.stages, scope)
        if stage.policy is None and stage.capture is None:
            return inner
        return (self._block(stage, "group", (Lane(None, inner),)),)

    def _arm(self, condition: nodes.Expression | None, arm: nodes.Expression, scope: Scope) -> Lane:
        key = "else" if condition is None else self._text(condition.span)
        return Lane(key, self._step(nodes.Stage(arm.span, arm, None, None), scope))

    def _block(self, stage: nodes.Stage, form: Form, lanes: tuple[Lane, ...]) -> Block:
        line = stage.value.span.line
        return Block(form, lanes, line, self._policy(stage), self._capture(stage))

    def _box(self, stage: nodes.Stage, role: Role) -> Box:
        text = self._text(stage.value.span)
        line = stage.value.span.line
        return Box(text, role, line, self._policy(stage), self._capture(stage))

    def _policy(self, stage: nodes.Stage) -> str | None:
        if stage.policy is None:
            return None
        return ", ".join(self._text(setting.span) for setting in stage.policy.settings)

    @staticmethod
    def _capture(stage: nodes.Stage) -> str | None:
        return None if stage.capture is None else stage.capture.name

    def _key(self, branch: nodes.Branch) -> str | None:
        if branch.key is None:
            return None
        if isinstance(branch.key, nodes.Constant) and isinstance(branch.key.value, str):
            return re.sub(r"\s+", " ", branch.key.value)
        return self._text(branch.key.span)

    def _text(self, span: Span) -> str:
        """Return the program's text at `span` on one line, without comments."""
        text = self._source.text_of(span)
        if "\n" in text:
            text = _TEXT_OR_COMMENT.sub(lambda found: found[1] or "", text)
        return re.sub(r"\s+", " ", text).strip()


def _pipe_in(value: nodes.Expression) -> nodes.Pipe | None:
    """Return the pipe that `value` is, parentheses aside."""
    value = nodes.ungrouped(value)
    return value if isinstance(value, nodes.Pipe) else None


def _arms(
    value: nodes.Expression, scope: Scope
) -> list[tuple[nodes.Expression | None, nodes.Expression]]:
    """Return the stages between which `value` chooses, each with its condition; none if it is no choice."""
    value = nodes.ungrouped(value)
    if (case := case_of(value, scope)) is not None:
        return [*case.pairs, *([] if case.fallback is None else [(None, case.fallback)])]
    arms: list[tuple[nodes.Expression | None, nodes.Expression]] = []
    while isinstance(value, nodes.Conditional):
        arms.append((value.test, value.body))
        value = nodes.ungrouped(value.otherwise)
    return [*arms, (None, value)] if arms else []


def _root(value: nodes.Expression) -> nodes.Expression:
    """Return what an attribute or an item is reached from: of a parameter it is data, as that is."""
    while isinstance(value, nodes.Attribute | nodes.Subscript):
        value = value.value
    return value


def _mentions_flow(value: nodes.Expression) -> bool:
    return any(isinstance(found, nodes.FlowValue) for found in nodes.walk(value))
