"""Nodes → the constructs that stand where they mean nothing: `break`, `return`, `$$`, `as`, `with (…)` …

The grammar lets them stand anywhere, which keeps it small; here they are refused with their position.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from danac import nodes
from danac.diagnostics import Diagnostic


@dataclass(frozen=True, slots=True)
class _Where:
    """What surrounds a node."""

    in_function: bool = False
    in_async: bool = False
    in_loop: bool = False
    in_stage: bool = False
    in_branch: bool = False


def misplaced(module: nodes.Module) -> list[Diagnostic]:
    """Return an error for each construct of `module` that stands in the wrong place, in source order."""
    return sorted(_Placement().check(module), key=lambda finding: finding.span)


# The nodes that may be misplaced, or that change what may stand in them.
_CONCERNED = frozenset(
    {
        nodes.Await,
        nodes.Break,
        nodes.Continue,
        nodes.Declaration,
        nodes.FlowValue,
        nodes.For,
        nodes.Function,
        nodes.Lambda,
        nodes.ParallelBlock,
        nodes.Pipe,
        nodes.Return,
        nodes.ScopeDeclaration,
        nodes.While,
        nodes.Yield,
        nodes.YieldFrom,
    }
)


class _Placement:
    def __init__(self) -> None:
        self._findings: list[Diagnostic] = []
        self._todo: list[tuple[nodes.Node, _Where]] = []

    def check(self, module: nodes.Module) -> list[Diagnostic]:
        self._later(_Where(), *module.body)
        while self._todo:
            node, where = self._todo.pop()
            if type(node) in _CONCERNED:
                self._judge(node, where)
                self._descend(node, where)
            else:
                self._todo.extend([(child, where) for child in nodes.children(node)])
        return self._findings

    def _later(self, where: _Where, *found: nodes.Node | None) -> None:
        self._todo.extend((node, where) for node in found if node is not None)

    def _refuse(self, node: nodes.Node, message: str, code: str, hint: str | None = None) -> None:
        self._findings.append(Diagnostic(code, message, "error", node.span, hint))

    def _judge(self, node: nodes.Node, where: _Where) -> None:
        match node:
            case nodes.Break() if not where.in_loop:
                self._refuse(node, "`break` outside a loop", "DANA160")
            case nodes.Continue() if not where.in_loop:
                self._refuse(node, "`continue` outside a loop", "DANA160")
            case nodes.Return() if not where.in_function:
                self._refuse(node, f"`{node.word}` outside a function", "DANA161")
            case nodes.Yield() | nodes.YieldFrom() if not where.in_function:
                self._refuse(node, "`yield` outside a function", "DANA161")
            case nodes.Await() if where.in_branch:
                message = "`await` in a branch of a block"
                self._refuse(node, message, "DANA161", "await it before the pipe")
            case nodes.Await() if not where.in_async:
                self._refuse(node, "`await` outside an `async def`", "DANA161")
            case nodes.FlowValue() if not where.in_stage:
                hint = "it is the value that flows into a stage: `5 | f($$, 2)`"
                self._refuse(node, "`$$` outside a stage of a pipe", "DANA162", hint)
            case nodes.Pipe(stages=(stage,)):
                suffix = "as" if stage.capture is not None else "with (…)"
                place = stage.capture or stage.policy or node
                hint = "write `value | stage as name`"
                self._refuse(place, f"`{suffix}` belongs behind a stage of a pipe", "DANA163", hint)
            case nodes.ScopeDeclaration(kind="nonlocal") if not where.in_function:
                self._refuse(node, "`nonlocal` outside a function", "DANA161")

    def _descend(self, node: nodes.Node, where: _Where) -> None:
        match node:
            case nodes.Function():
                self._later(where, *node.decorators)
                self._parameters(node.parameters, where)
                self._later(_Where(in_function=True, in_async=node.is_async), *node.body)
            case nodes.Declaration():
                self._later(where, *node.decorators)
                self._parameters(node.parameters, where)
                inside = _Where(in_function=True, in_stage=True)
                for stage in node.pipe.stages:
                    self._stage(stage, inside)
            case nodes.Lambda():
                self._parameters(node.parameters, where)
                self._later(
                    replace(
                        where, in_function=True, in_async=False, in_loop=False, in_branch=False
                    ),
                    node.body,
                )
            case nodes.Pipe():
                head, *rest = node.stages
                self._stage(head, where)
                for stage in rest:
                    self._stage(stage, replace(where, in_stage=True))
            case nodes.ParallelBlock():
                for branch in node.branches:
                    self._later(where, branch.key)
                    for stage in branch.stages:
                        self._stage(stage, replace(where, in_stage=True, in_branch=True))
            case nodes.While() | nodes.For():
                heads = (
                    (node.test,) if isinstance(node, nodes.While) else (node.target, node.iterable)
                )
                self._later(where, *heads, *node.otherwise)
                self._later(replace(where, in_loop=True), *node.body)
            case _:
                self._later(where, *nodes.children(node))

    def _stage(self, stage: nodes.Stage, where: _Where) -> None:
        self._later(where, stage.value)
        if stage.policy is not None:
            self._later(where, *stage.policy.settings)

    def _parameters(self, parameters: tuple[nodes.Parameter, ...], where: _Where) -> None:
        self._later(where, *(parameter.default for parameter in parameters))
