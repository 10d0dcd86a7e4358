"""Each bad member of a struct or an interface is an error, not the first alone."""

from __future__ import annotations

import pytest

import danac
from danac.diagnostics import DanaSyntaxError

TEXT = "struct P:\n    Foo\n    x: int\n    Bar\n    m(a) -> int\n\ninterface I:\n    x: int\n    y: int\n"


def test_each_is_told_of():
    found = [(one.span.line, one.code) for one in danac.check_source(TEXT)]
    expected = [(2, "DANA141"), (4, "DANA141"), (5, "DANA141"), (8, "DANA142"), (9, "DANA142")]
    assert found == expected


def test_compiling_raises_the_first():
    with pytest.raises(DanaSyntaxError) as caught:
        danac.compile_source(TEXT)
    assert caught.value.lineno == 2
