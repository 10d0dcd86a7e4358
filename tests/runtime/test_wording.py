from __future__ import annotations

import functools

from dana_runtime.wording import REPR_LENGTH, callable_text, not_callable, short_repr


class Unprintable:
    def __repr__(self):
        raise RuntimeError("no")


class Called:
    __name__ = 5

    def __call__(self):
        pass

    def __repr__(self):
        return "<called>"


def test_short_repr():
    assert short_repr("abc") == "'abc'"
    assert short_repr(list(range(1000))).startswith("[0, 1, 2")
    assert len(short_repr(list(range(1000)))) == REPR_LENGTH
    assert "Unprintable object" in short_repr(Unprintable())


def test_callable_text():
    assert callable_text(len) == "len"
    assert callable_text(Unprintable) == "Unprintable"
    assert callable_text(lambda: 0) == "<lambda>"
    assert callable_text([].append) == "append"
    assert callable_text(functools.partial(len)) == "len(…)"
    assert callable_text(Called()) == "<called>"


def test_not_callable():
    error = not_callable("stage 2 of x | 5", 5)
    assert isinstance(error, TypeError)
    assert str(error) == "stage 2 of x | 5 is not callable: 5 (int)"
