"""Command-line texts → the arguments of a program's `__main__` function, converted and checked.

The conversions are those of a typed assignment, for the words `int float str bool list dict` and
unions of them; every other annotation takes the value as it is.
"""

from __future__ import annotations

import inspect
import os
from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any

from dana_runtime import semantic_bool
from danac.loading.errors import UsageError, unreadable


def call_with_text(function: Any, texts: Mapping[str, str]) -> Any:
    """Call `function` with `texts`, converted by its annotations; a coroutine is run to its end.

    Raises `UsageError` for an unknown or missing parameter and for text that does not convert.
    """
    arguments = bind(inspect.signature(function), texts)
    result = function(*arguments.args, **arguments.kwargs)
    if inspect.iscoroutine(result):
        import asyncio

        return asyncio.run(result)
    return result


def bind(signature: inspect.Signature, texts: Mapping[str, str]) -> inspect.BoundArguments:
    """Return the arguments that `texts` are for a function of that signature; see above."""
    known = {
        name: parameter
        for name, parameter in signature.parameters.items()
        if parameter.kind not in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD)
    }
    rest = [p for p in signature.parameters.values() if p.kind is p.VAR_KEYWORD]
    missing = [n for n, p in known.items() if p.default is p.empty and n not in texts]
    if missing:
        raise UsageError(f"missing parameter {', '.join(missing)} {_usage(known)}")
    values: dict[str, Any] = {}
    extra: dict[str, Any] = {}
    for name, text in texts.items():
        if name in known:
            values[name] = convert(name, known[name].annotation, _value_of(name, text))
        elif rest:
            extra[name] = convert(name, rest[0].annotation, _value_of(name, text))
        else:
            raise UsageError(f"unknown parameter {name} {_usage(known)}")
    if extra:
        values[rest[0].name] = extra
    bound = inspect.BoundArguments(signature, {})
    bound.arguments = {name: values[name] for name in signature.parameters if name in values}
    return bound


def convert(name: str, annotation: object, value: object) -> object:
    """Return `value` as a parameter `name` with that annotation takes it; raises `UsageError`."""
    words = _words(annotation)
    if not words or any(word not in _CONVERSIONS for word in words):
        return value
    if any(_CONVERSIONS[word].takes(value) for word in words):
        return value
    for word in words:
        try:
            return _CONVERSIONS[word].convert(value)
        except (ValueError, TypeError, OverflowError, RecursionError):
            continue
    expected = " | ".join(words)
    raise UsageError(f"{name}: expected {expected}, got {type(value).__name__} ({value!r})")


def _usage(known: Mapping[str, inspect.Parameter]) -> str:
    if not known:
        return "(__main__ takes no parameters)"
    shown = (str(parameter.replace(kind=parameter.KEYWORD_ONLY)) for parameter in known.values())
    return f"(__main__ takes {', '.join(shown)})"


def _words(annotation: object) -> list[str]:
    """Return the members of an annotation, generics by their heads: `list[int] | None` is two.

    An empty list stands for an annotation that says nothing about the value.
    """
    if annotation is inspect.Parameter.empty:
        return []
    text = annotation.__name__ if isinstance(annotation, type) else str(annotation)
    heads = []
    depth = 0
    head = ""
    for character in text.strip("'\"") + "|":
        if character == "|" and depth == 0:
            heads.append(head.strip().lower())
            head = ""
        elif character == "[":
            depth += 1
        elif character == "]":
            depth -= 1
        elif depth == 0:
            head += character
    return ["none" if head in ("null", "nonetype") else head for head in heads]


class _Conversion:
    """One row of the table: which values a type takes as they are, and how others become one."""

    def __init__(self, types: tuple[type, ...], convert: Callable[[Any], object]) -> None:
        self._types = types
        self.convert = convert

    def takes(self, value: object) -> bool:
        return value is None or isinstance(value, self._types)


def _to_int(value: object) -> int:
    if isinstance(value, str | float):
        return int(value)
    raise TypeError(value)


def _to_float(value: object) -> float:
    if isinstance(value, str | int):
        return float(value)
    raise TypeError(value)


def _to_text(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float | list | dict):
        return str(value)
    raise TypeError(value)


def _to_bool(value: object) -> bool:
    if isinstance(value, int | float):
        return value != 0
    if isinstance(value, str):
        return semantic_bool(value)
    raise TypeError(value)


def _from_json(kind: type) -> Callable[[object], object]:
    def parse(value: object) -> object:
        import json

        if isinstance(value, str):
            result = json.loads(value)
            if isinstance(result, kind):
                return result
        raise TypeError(value)

    return parse


def _never(value: object) -> object:
    raise TypeError(value)


_CONVERSIONS = {
    "int": _Conversion((int,), _to_int),
    "float": _Conversion((float,), _to_float),
    "str": _Conversion((str,), _to_text),
    "bool": _Conversion((bool,), _to_bool),
    "list": _Conversion((list,), _from_json(list)),
    "dict": _Conversion((dict,), _from_json(dict)),
    "none": _Conversion((), _never),
}


def _value_of(name: str, text: str) -> object:
    """Return what stands behind `key=`: the text itself, or for `@file` what the file holds."""
    if text.startswith("@@"):
        return text[1:]
    if not text.startswith("@"):
        return text
    path = text[1:]
    try:
        return _load(path)
    except OSError as error:
        raise unreadable(f"{path} for parameter {name}", error) from error
    except (ValueError, RecursionError) as error:
        first_line = str(error).partition("\n")[0]
        raise UsageError(f"cannot read {path} for parameter {name}: {first_line}") from error


def _load(path: str) -> object:
    """Return the content of a data file by its ending: .json, .yaml, .csv, anything else as text.

    Raises `OSError` and, for content that is not what the ending says, `ValueError`.
    """
    ending = os.path.splitext(path)[1].lower()
    with open(path, encoding="utf-8-sig", newline="") as file:
        if ending == ".json":
            import json

            return json.load(file)
        if ending in (".yaml", ".yml"):
            return _load_yaml(path, file.read())
        if ending == ".csv":
            import csv

            return [dict(row) for row in csv.DictReader(file)]
        return file.read()


def _load_yaml(path: str, text: str) -> object:
    try:
        yaml = import_module("yaml")
    except ImportError:
        raise UsageError(f"reading {path} needs PyYAML (pip install pyyaml)") from None
    try:
        return yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise ValueError(" ".join(str(error).split())) from error
