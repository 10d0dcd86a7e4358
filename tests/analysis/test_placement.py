"""Constructs in places where they mean nothing, and in all places where they mean something."""

from __future__ import annotations

import pytest

from danac.analysis.placement import misplaced
from danac.compilation import build
from danac.source import Source


def found_in(text: str) -> list[str]:
    source = Source(text)
    return [source.text_of(finding.span) for finding in misplaced(build(source))]


@pytest.mark.parametrize(
    "text",
    [
        "while a: break",
        "for a in b:\n    if c: continue\n    else: break",
        "while a:\n    try: break\n    finally: b",
        "def f(): return 1",
        "def f():\n    for a in b: return a",
        "def f(): yield 1",
        "x = lambda :: (yield 1)",
        "async def f(): await g()",
        "async def f(): return [await g(x) for x in y]",
        "def f():\n    x = 1\n    def g():\n        nonlocal x\n",
        "a | f($$)",
        "a | f(lambda :: $$)",
        "a | f([x for x in $$])",
        "a | f(b | g($$), $$)",
        "a | {f($$), $$.b | g}",
        "a | {f'{b}': f($$)}",
        "a | (f if $$ else g)",
        "def p(x) = f($$) | g($$)",
        "def p(x) = $$.a | f",
        "a as b | c",
        "a | b as c | {d as e} | f",
        "x = (f as b | g)",
        "a | {f as b, c}",
        "def p(x) = f as b | g(b)",
        "def p(x) = f with (timeout=1)",
        "a | f(($$ | g))",
    ],
)
def test_right_places(text):
    assert found_in(text) == []


@pytest.mark.parametrize(
    ("text", "found"),
    {
        "break": ["break"],
        "if a: continue": ["continue"],
        "for a in b: c\nelse: break": ["break"],
        "while a:\n    def f(): break": ["break"],
        "return 1": ["return 1"],
        "if a: return": ["return"],
        "yield 1": ["yield 1"],
        "x = (yield from y)": ["yield from y"],
        "await f()": ["await f()"],
        "def f(): await g()": ["await g()"],
        "async def f():\n    def g(): await h()": ["await h()"],
        "async def f(): return lambda :: await g()": ["await g()"],
        "nonlocal a": ["nonlocal a"],
        "$$": ["$$"],
        "$$ | f": ["$$"],
        "f($$)": ["$$"],
        "def f(x): return $$": ["$$"],
        "def f(x=$$): return x": ["$$"],
        "def p(x=$$) = f": ["$$"],
        "a | (lambda x=$$ :: x)": [],
        "x = f() as a": ["as a"],
        "f(a as b)": ["as b"],
        "[a as b]": ["as b"],
        "a + (b as c)": ["as c"],
        "x = f() with (timeout=1)": ["with (timeout=1)"],
        "break; return; $$": ["break", "return", "$$"],
    }.items(),
)
def test_wrong_places(text, found):
    assert found_in(text) == found


def test_findings_stand_in_source_order():
    assert found_in("x = [$$, f(await g()), $$]\nbreak\n") == ["$$", "await g()", "$$", "break"]
