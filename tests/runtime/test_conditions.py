from __future__ import annotations

import pytest

from dana_runtime import holds, is_even, no_case


def test_holds():
    assert holds(4, is_even) is True
    assert holds(3, is_even) is False
    assert holds(3, [1]) == [1]
    assert holds(3, None) is None


def test_no_case():
    with pytest.raises(ValueError, match="no condition of case holds for 5, and it has no"):
        no_case(5)


def test_nothing_else_is_loaded(run_python):
    program = """
import sys
from dana_runtime import holds, no_case, text
holds(1, callable), text(5)
print(*(name for name in ("functools", "operator", "collections") if name in sys.modules))
"""
    assert run_python(program, "-S").stdout == "\n"
