"""The decisions about a program's stages → a text for people: which rule is applied where."""

from __future__ import annotations

from collections.abc import Iterator

from danac import nodes
from danac.analysis.decisions import judged
from danac.analysis.names import Names
from danac.analysis.plan_words import in_words
from danac.analysis.stages import kind_of
from danac.analysis.walking import with_scopes
from danac.compilation import build
from danac.identifiers import dana_name
from danac.source import Source


def show_plans(source: Source) -> str:
    """Return one line a stage that is called with values alone: place, text, and how the two meet."""
    module = build(source)
    names = Names(module)
    found = [
        *(
            (decision.stage, in_words(decision, problem))
            for decision, problem in judged(module, names)
        ),
        *_first_stages(module, names),
    ]
    found.sort(key=lambda pair: pair[0].span)
    lines = [_line(stage, words, source) for stage, words in found]
    return "\n".join(lines) or "no stage is called with a value alone"


def _first_stages(module: nodes.Module, names: Names) -> Iterator[tuple[nodes.Stage, str]]:
    """Yield the first stages that surely are functions, each with what it gets in words."""
    declared = {
        node.pipe: node for node in nodes.walk(module) if isinstance(node, nodes.Declaration)
    }
    for node, scope in with_scopes(module, names):
        if not isinstance(node, nodes.Pipe):
            continue
        first = node.stages[0]
        # The branches of a block have lines of their own.
        is_block = isinstance(first.value, nodes.ParallelBlock)
        if is_block or kind_of(first.value, scope) != "callable":
            continue
        declaration = declared.get(node)
        yield first, "given by the caller" if declaration is None else _parameters(declaration)


def _parameters(declaration: nodes.Declaration) -> str:
    given = [dana_name(found.name) for found in declaration.parameters if found.name is not None]
    if not given:
        return "given nothing"
    return f"given by the caller: {', '.join(given)}"


def _line(stage: nodes.Stage, words: str, source: Source) -> str:
    span = stage.value.span
    text = " ".join(source.text_of(span).split())
    return f"{source.basename}:{span.line}:{span.column}  {text:20}  {words}"
