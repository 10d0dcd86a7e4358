"""Text before the cursor and the names there are → what the word under the cursor may become.

Nothing is called on the way: what hides behind a property or a call is not looked at.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterable, Mapping
from types import FunctionType, GetSetDescriptorType, MemberDescriptorType
from typing import NamedTuple

from danac.analysis import builtins
from danac.syntax.keywords import RESERVED_WORDS

_NAME = r"[^\W\d]\w*"
_KEY = re.compile(rf"({_NAME}(?:\.{_NAME})*)\[\s*(['\"])([^'\"]*)$")
_CHAIN = re.compile(rf"({_NAME}(?:\.{_NAME})*)\.(\w*)$")
_WORD = re.compile(rf"(?<![\w.])(?:{_NAME})?$")
_MISSING = object()


class Completions(NamedTuple):
    """The length of what stands there already, and what it may become, in order."""

    typed: int
    words: list[str]


def complete(before: str, namespace: Mapping[str, object]) -> Completions:
    """Return the names, fields, attributes or keys that go on from the text `before` the cursor."""
    if (found := _KEY.search(before)) is not None:
        value = _value(found[1], namespace)
        keys = value if type(value) is dict else {}
        texts = [key for key in keys if isinstance(key, str) and found[2] not in key]
        return _starting(found[3], texts, sort=False)
    if (found := _CHAIN.search(before)) is not None:
        return _starting(found[2], _fields(_value(found[1], namespace)), sort=False)
    word = _WORD.search(before)
    if word is None:
        return Completions(0, [])
    own = {name for name in namespace if not name.startswith("_dana_")}
    return _starting(word[0], own | builtins.NAMES | RESERVED_WORDS)


def _starting(typed: str, words: Iterable[str], *, sort: bool = True) -> Completions:
    """Return the words that begin as typed; those with an underscore only where one is typed."""
    hidden = "" if typed.startswith("_") else "_"
    found = [
        word
        for word in dict.fromkeys(words)
        if word.startswith(typed) and not (hidden and word.startswith(hidden))
    ]
    return Completions(len(typed), sorted(found) if sort else found)


def _value(chain: str, namespace: Mapping[str, object]) -> object:
    first, *rest = chain.split(".")
    value = namespace.get(first, _MISSING)
    for name in rest:
        value = _step(value, name)
    return value


def _step(value: object, name: str) -> object:
    if type(value) is dict and name in value:
        return value[name]
    static = inspect.getattr_static(value, name, _MISSING)
    if isinstance(static, MemberDescriptorType | GetSetDescriptorType | FunctionType):
        try:
            return getattr(value, name)
        except AttributeError:
            return _MISSING
    return _MISSING if hasattr(type(static), "__get__") else static


def _fields(value: object) -> list[str]:
    """Return what may stand behind `value.`: keys first, since they come first in Dana, too."""
    if value is _MISSING:
        return []
    keys: list[str] = []
    if type(value) is dict:
        keys = [key for key in value if isinstance(key, str) and key.isidentifier()]
    try:
        found = sorted(name for name in dir(value) if not name.startswith("_dana_"))
    except Exception:
        # A `__dir__` of the program's may fail in any way; then there is nothing to offer.
        found = []
    return [*keys, *found]
