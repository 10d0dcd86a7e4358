"""Findings → those that do not follow from a misspelt capture, which is a finding of its own."""

from __future__ import annotations

from collections.abc import Iterable

from danac import nodes
from danac.analysis.captures import captures_of
from danac.diagnostics import Diagnostic
from danac.identifiers import dana_name
from danac.source import Span


def without_consequences(
    findings: list[Diagnostic], undefined: list[Diagnostic], module: nodes.Module
) -> list[Diagnostic]:
    """Return `findings` without what goes when a capture is spelt as the hints of `undefined` have it.

    A capture that is misspelt where it is read seems to be read by nobody (DANA211), and what it stands in
    seems to be data, which is no stage (DANA172).
    """
    if not undefined or not any(found.code in _CONSEQUENCES for found in findings):
        return findings
    follows = set(_places(undefined, module))
    return [found for found in findings if (found.code, found.span) not in follows]


_CONSEQUENCES = frozenset({"DANA172", "DANA211"})


def _places(undefined: list[Diagnostic], module: nodes.Module) -> Iterable[tuple[str, Span]]:
    misspelt: dict[str, list[Span]] = {}
    for found in undefined:
        if found.hint is not None and found.hint.startswith("did you mean `"):
            misspelt.setdefault(found.hint.split("`")[1], []).append(found.span)
    for pipe in nodes.walk(module):
        if not isinstance(pipe, nodes.Pipe):
            continue
        for index, stage in enumerate(pipe.stages):
            for capture in captures_of(stage):
                readers = misspelt.get(dana_name(capture.name), ())
                for later in pipe.stages[index + 1 :]:
                    if any(_is_inside(reader, later.value.span) for reader in readers):
                        yield "DANA211", capture.span
                        yield "DANA172", later.value.span


def _is_inside(inner: Span, outer: Span) -> bool:
    return outer[:2] <= inner[:2] and inner[2:] <= outer[2:]
